"""WhatsApp chats exported as text, from Android or iOS, in any language.

**What is read.** Lines that begin with date and time, in brackets or before a dash, then "Name: words". All lines until
the next such line belong to the message.

**What is kept.** Author and words; the time in ISO 8601, without a zone. There are no ids, so author and time identify.
A group's name is its title where a first line says it. ``extra`` says what is media, edited, and ``date_guessed``.

**What bites.** 12/9/20 may be September or December. The order of day and month is found from the whole file: one that
all dates allow, then one in which days never run backwards; where both are, the one that makes the chat shorter, and
last, dates without zeroes are taken for American; then every record is marked. Months, am and pm come in many scripts,
digits too; dates are spread with invisible marks. Lines without a name ("Ada added Bo", encryption) are no posts: they
are counted in ``skipped``; on iOS they carry the name of the group or of whoever acted, and a mark before the words.
"This message was deleted" in the larger languages is a deletion.

A file is such an export when it begins with such lines, one in twenty of its lines is one, and most of them name an
author.

>>> READER.recognise(Head("chat.txt", b"12/9/20, 23:55 - Bo: Hi\\n12/9/20, 23:56 - Ada: Hi\\n", complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.reader import CaptureFacts, Reader
from pipeline.ingest.readers.chat_json import stream_facts
from pipeline.ingest.readers.record_stream import RecordStream
from pipeline.ingest.readers.whatsapp_lines import ChatLine, DayOrder, parse_date, parse_line
from pipeline.ingest.records import Batch

_LINES_LOOKED_AT = 500
_LONGEST = 20  # lines of messages, on average
_SYSTEM_LINES_FIRST = 5  # among the first of them stands the one that tells the group's name
_QUOTED = re.compile(r"[\"“„«]([^\"“”„«»]{1,100})[\"”“»]")
_SECRET = re.compile(
    r"end-to-end|ende-zu-ende|de bout en bout|extremo a extremo|ponta a ponta|uçtan uca|crittografia|versleutel|şifre"
    r"|szyfrowan|šifrov|krypter|salatt|titkos|сквозн|مشفّ?رة|מוצפנ|端到端|端對端|エンドツーエンド|종단간",
    re.IGNORECASE,
)
_DELETED = re.compile(
    r"(?:this message was deleted|you deleted this message|diese nachricht wurde gelöscht"
    r"|du hast diese nachricht gelöscht|se eliminó este mensaje|este mensaje fue eliminado|eliminaste este mensaje"
    r"|ce message a été supprimé|vous avez supprimé ce message|questo messaggio è stato eliminato"
    r"|hai eliminato questo messaggio|mensagem apagada|essa mensagem foi apagada|você apagou esta mensagem"
    r"|dit bericht (?:is|werd) verwijderd|usunięto tę wiadomość|tato zpráva byla odstraněna"
    r"|táto správa bola odstránená|bu mesaj silindi|pesan ini (?:telah )?dihapus|данное сообщение удалено"
    r"|вы удалили данное сообщение|此消息已被删除|このメッセージは削除されました|삭제된 메시지입니다)[\s.]*",
    re.IGNORECASE,
)
_REMOVED = re.compile(r"this message was deleted by admin .{1,80}", re.IGNORECASE)
_EDITED = re.compile(
    r"\s*\u200e?<(?:This message was edited|Diese Nachricht wurde bearbeitet|Se editó este mensaje\.?)>"
)
_MEDIA = re.compile(
    r"<[^<>]{3,60}>|\u200e?[\w.-]+\.(?:jpe?g|png|webp|gif|mp4|opus|m4a|mp3|pdf|vcf|docx?|xlsx?) \([^()]{4,40}\)"
    r"|<[^<>:]{3,20}: [^<>]{3,100}>|IMG-\d{8}-WA\d+\.\w+.*",
)
_LONGEST_NOTICE = 200  # characters of one that a message was deleted, with room for stops and blanks behind it
_MEDIA_WORDS = 3  # "image omitted", "Bild weggelassen", "audio omis"


def recognise(head: Head) -> bool:
    """Whether the file begins with messages, and at least two of them have an author."""
    if b"\0" in head.data:
        return False
    texts = [decode_line(line[:1000])[0] for line in head.lines()[:_LINES_LOOKED_AT]]
    parsed = [parse_line(text) for text in texts]
    begun = [line for line in parsed if line]
    authors = [line for line in begun if line.author]
    # What stands before the first message may be the rest of one, in a file cut at its beginning.
    first = next((place for place, line in enumerate(parsed) if line), len(parsed))
    regular = first <= len(begun) and 2 * len(authors) >= len(begun) and _LONGEST * len(begun) >= len(texts)
    return regular and len(authors) >= min(2, len(begun)) > 0


def describe(source: Source) -> CaptureFacts:
    """A stream by time."""
    return stream_facts(source, "whatsapp")


@dataclass
class _Held:
    """A message that may go on below."""

    place: str
    line: ChatLine
    repaired: bool
    more: list[str] = field(default_factory=list)


def read(source: Source) -> Iterator[Batch]:
    """One record per message that has an author."""
    longest = source.settings.record_bytes
    order = _find_order(source)
    title = _find_title(source.head())
    rows = RecordStream()
    held: _Held | None = None
    number = size = 0
    lines = source.lines()
    for number, raw in enumerate(lines, start=1):
        size += len(raw)
        if len(raw) > longest or b"\0" in raw:
            rule, detail = ("nul", "holds NUL bytes") if len(raw) <= longest else ("too_long", f"over {longest} bytes")
            rows.reject(f"line {number}", rule, detail, raw)
            continue
        text, repaired = decode_line(raw)
        text = text.rstrip("\r\n")
        line = parse_line(text)
        if line is None:
            if held is not None and size <= longest:
                held.more.append(text)
                held.repaired |= repaired
            elif text.strip():
                rows.reject(f"line {number}", "no_header", "belongs to no message", raw)
            continue
        _let_go(held, rows, order, title)
        if rows.is_full:
            yield from rows.ready()
        held = _Held(f"line {number}", line, repaired)
        size = len(raw)
    _let_go(held, rows, order, title)
    if lines.damage:
        rows.reject(f"after line {number}", "damaged_file", lines.damage, b"")
    yield from rows.finish()


def _let_go(held: _Held | None, rows: RecordStream, order: DayOrder, title: str | None) -> None:
    if held is None:
        return
    line = held.line
    if line.author is None or _is_system(line):
        rows.skip("system")
        return
    words = "\n".join([line.words, *held.more]).rstrip()
    edited = _EDITED.search(words) if "<" in words else None
    words = words[: edited.start()] if edited else words
    bare = words.strip("\u200e\u200f \n")
    extra: dict[str, Any] = {}
    if _is_media(bare) or (line.marked and _is_short(bare)):
        extra["media"] = True
    if edited:
        extra["edited"] = True
    if order.guessed:
        extra["date_guessed"] = True
    if held.repaired:
        extra["text_repaired"] = True
    deletion = _deletion_of(bare) if len(bare) <= _LONGEST_NOTICE else None
    rows.add(
        held.place,
        discussion_title=title,
        author=line.author,
        posted_at_raw=order.write(line),
        body=None if deletion else words.strip() or None,
        deletion=deletion,
        extra=extra,
    )


def _is_media(words: str) -> bool:
    """Whether words without marks around them stand for a file."""
    may_be = words.startswith(("<", "IMG-")) or words.endswith(")")  # the pattern takes longer
    return may_be and _MEDIA.fullmatch(words) is not None


def _deletion_of(words: str) -> str | None:
    """Who took a message back, where words say nothing but that."""
    if words[:4].lower() == "this" and _REMOVED.fullmatch(words):
        return "moderator"
    return "author" if _DELETED.fullmatch(words) else None


def _is_short(words: str) -> bool:
    return len(words.split()) <= _MEDIA_WORDS


def _is_system(line: ChatLine) -> bool:
    """Whether a line with a name is WhatsApp's own: marked, and neither media nor a deletion, link or place."""
    if not line.marked:
        return False
    bare = line.words.strip("\u200e\u200f ")
    if _SECRET.search(bare):
        return True
    said = _MEDIA.search(bare) or _DELETED.match(bare) or _REMOVED.match(bare) or "http" in bare or _is_short(bare)
    return not said and not bare.isupper() and ":" not in bare


def _find_order(source: Source) -> DayOrder:
    """How the whole file writes its dates."""
    dates: list[tuple[str, str, str]] = []
    dotted = False
    half_days = False
    for raw in source.lines():
        # The date stands in the first characters of a line.
        if found := parse_date(decode_line(raw[:200])[0]):
            half_days |= found[1]
            dotted |= found[2]
            if not dates or dates[-1] != found[0]:
                dates.append(found[0])
    return DayOrder.of(dates, half_days=half_days, dotted=dotted)


def _find_title(head: Head) -> str | None:
    """The name of the group: quoted in one of the first system lines, or in the author's place on iOS."""
    seen = 0
    for raw in head.lines():
        line = parse_line(decode_line(raw)[0])
        if line is None or (line.author and not _is_system(line)):
            continue
        if line.author:
            return line.author if _SECRET.search(line.words) else None
        quoted = _QUOTED.findall(line.words)
        if len(quoted) == 1:
            return str(quoted[0])
        seen += 1
        if seen == _SYSTEM_LINES_FIRST:
            break
    return None


READER = Reader(
    name="whatsapp",
    version=2,
    title="WhatsApp chats exported as text",
    extensions=(".txt",),
    replies="nothing; parents are inferred from names, times and words",
    recognise=recognise,
    describe=describe,
    read=read,
)
