"""Mails and news articles (RFC 5322 and its elders) to records; shared by the readers of mailboxes and of articles.

In: the bytes of one message. Out: the columns of its record, and of the mails in it where it is a digest.

>>> read_mail(b"From: Ada <ada@example.org>\\nMessage-ID: <1@example.org>\\n\\nKites fly.\\n").fields["author"]
'Ada'
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from email.parser import BytesHeaderParser
from typing import Any

from pipeline.ingest.readers.charsets import decode_bytes
from pipeline.ingest.readers.mail_text import MailText, decode_header, read_text
from pipeline.ingest.readers.record_stream import RecordStream

SCOPE = "message-id"

_ID = re.compile(r"<([^<>]{1,998})>")
_BARE_ID = re.compile(r"[^\s<>,;\"()]+@[^\s<>,;\"()]+")
_REPLY = re.compile(
    r"\s*(?:\[[^\]]{1,80}\]\s*)*"
    r"(?:re|aw|antw(?:ort)?|sv|vs|odp|ynt|rif|res?p?|r|bls|atb|vá|na|ref|repl?y?|ответ|отв|回复|回覆|答复|答覆|返信)"
    r"\s*(?:\[\d+\]|\(\d+\)|\^\d+|\*\d+)?\s*[:：]",
    re.IGNORECASE,
)
_NAMED = re.compile(r"\s*(.*?)\s*<\s*([^<>]*?)\s*>[^<>]*$", re.DOTALL)
_COMMENTED = re.compile(r"\s*(\S+(?:\s+at\s+\S+|\s*@\s*\S+)?)\s*\((.*)\)\s*$", re.DOTALL)
_LIST_ID = re.compile(r"<\s*([^<>\s]{1,250})\s*>")
_ADDRESS = re.compile(r"[^\s<>,;:\"()]+@[\w.-]+")
_LIST_HEADERS = ("x-beenthere", "mailing-list", "x-mailing-list", "list-post")
_NEWSGROUP = re.compile(r"[a-z0-9][a-z0-9+_-]*(?:\.[a-z0-9+_-]+)+", re.IGNORECASE)
_HEAD_HEADER = re.compile(rb"^(List-Id|X-BeenThere|Newsgroups):[ \t]*((?:[^\n]*\n[ \t]+)?[^\n]*)", re.I | re.M)
_MOST_REFERENCES = 20
_LONGEST_HEADER = 4_000  # characters


@dataclass
class Mail:
    """A record to be: its columns, its extra, why it is no post, and the mails of a digest."""

    fields: dict[str, Any]
    extra: dict[str, Any]
    skipped: str | None = None
    digested: list[Message] = field(default_factory=list)


def add_mail(
    stream: RecordStream, raw: bytes, location: str, *, home: str | None, news: bool, sent: str | None, cut: bool
) -> None:
    """Add what one message holds: its record, and those of the mails in a digest.

    Args:
        stream: where to.
        raw: the message.
        location: where it stands.
        home: list or newsgroup that the whole file is about, where the message names several.
        news: whether a newsgroup counts more than a mailing list.
        sent: time that the mailbox noted, for mails without one.
        cut: whether the message was longer than what is read.
    """
    waiting = [(read_mail(raw, home=home, news=news), location)]
    while waiting:
        mail, place = waiting.pop()
        if mail.skipped:
            stream.skip(mail.skipped)
        else:
            if mail.fields["posted_at_raw"] is None:
                mail.fields["posted_at_raw"] = sent
            stream.add(place, extra=mail.extra | ({"cut": True} if cut else {}), **mail.fields)
        inner = [
            (_read(message, home=home, news=news), f"{place} part {n}") for n, message in enumerate(mail.digested, 1)
        ]
        for digested, _ in inner:  # a digest's list stands on its cover
            if digested.fields["native_discussion"] is None:
                for name in ("native_discussion", "discussion_scope", "discussion_title", "community"):
                    digested.fields[name] = mail.fields[name]
        waiting.extend(reversed(inner))


def read_mail(raw: bytes, *, home: str | None = None, news: bool = False) -> Mail:
    """One message as columns of RawRecords."""
    raw = raw.replace(b"\0", b"")
    try:
        message = message_from_bytes(raw)
        return _read(message, home=home, news=news)
    except (RecursionError, ValueError, LookupError):
        # Parts within parts without end, or parameters that the standard parser trips over: then its raw text.
        head, _, rest = raw.replace(b"\r\n", b"\n").partition(b"\n\n")
        message = BytesHeaderParser().parsebytes(head + b"\n\n")
        text, repaired = decode_bytes(rest, None)
        return _columns(message, MailText(text, is_repaired=repaired), home=home, news=news)


def _read(message: Message, *, home: str | None, news: bool) -> Mail:
    return _columns(message, read_text(message), home=home, news=news)


def _columns(message: Message, text: MailText, *, home: str | None, news: bool) -> Mail:
    headers = _headers(message)
    number = _first_id(headers.get("message-id", ""))
    above, others = _parent(headers, number)
    subject = headers.get("subject") or None
    author, address = _author(headers.get("from", ""))
    groups, title = _groups(headers, news=news)
    group = home if home in groups else groups[0] if groups else None
    archived = _ID.search(headers.get("archived-at", ""))
    control = headers.get("control", "").split(" ")[0].lower()
    fields = {
        "scope": SCOPE,
        "native_id": number,
        "native_discussion": group,
        "discussion_scope": SCOPE if group else None,
        "parent_known": above is not None or not _REPLY.match(subject or ""),
        "native_parent": above,
        "author": author,
        "posted_at_raw": headers.get("date") or None,
        "title": subject,
        "body": text.body,
        "markup": text.markup,
        "discussion_title": title,
        "community": group,
        "permalink": archived[1] if archived and archived[1].startswith("http") else None,
    }
    extra = {
        "address": address,
        "references": others or None,
        "groups": groups if len(groups) > 1 else None,
        "attachments": text.attachments[:10] or None,
        "text_repaired": True if text.is_repaired else None,
        "spam": True if headers.get("x-spam-flag", "").lower() == "yes" else None,
    }
    return Mail(fields, extra, control or None, text.digested)


def _headers(message: Message) -> dict[str, str]:
    """First value of every header by its name in lower case, decoded; of a long one the beginning (references: end)."""
    headers: dict[str, str] = {}
    for given, value in message.raw_items():
        name = given.strip().lower()
        if not headers.get(name):
            text = decode_header(str(value))
            headers[name] = text[-_LONGEST_HEADER:] if name == "references" else text[:_LONGEST_HEADER]
    return headers


def _ids(value: str) -> list[str]:
    """The message ids in a header, in order, without their brackets."""
    inner = [re.sub(r"\s+", "", found) for found in _ID.findall(value)]
    return [one for one in inner if one] or _BARE_ID.findall(value)


def _first_id(value: str) -> str | None:
    return next(iter(_ids(value)), None) or value.strip("<> \t") or None


def _parent(headers: dict[str, str], own: str | None) -> tuple[str | None, list[str]]:
    """The message that is answered, which is the last reference, else In-Reply-To; and what else is referred to."""
    references = [one for one in _ids(headers.get("references", "")) if one != own]
    # "Your message of Monday <ada@example.org> <1@example.org>": the id comes last.
    replied = [one for one in _ids(headers.get("in-reply-to", "")) if one != own]
    direct = references or replied
    parent = direct[-1] if direct else None
    others = [one for one in dict.fromkeys(references + replied) if one != parent]
    return parent, others[-_MOST_REFERENCES:]


def _author(value: str) -> tuple[str | None, str | None]:
    """Name and address; the address stands for a name that is missing."""
    found = _NAMED.match(value)
    if found:
        name, address = found[1], found[2]
    elif found := _COMMENTED.match(value):
        name, address = found[2], found[1]
    else:
        name, address = "", value.strip()
    name = re.sub(r"\\(.)", r"\1", name.strip().strip('"')).strip().strip("'\"").strip()
    address = address.strip()
    return name or address or None, address if name and address else None


def _groups(headers: dict[str, str], *, news: bool) -> tuple[list[str], str | None]:
    """Mailing list and newsgroups it went to, what counts most first, and the list's name in words."""
    lists: list[str] = []
    title = None
    value = headers.get("list-id", "")
    if found := _LIST_ID.search(value):
        lists = [found[1].lower()]
        title = value[: found.start()].strip().strip('"').strip() or None
    elif re.fullmatch(r"[\w.-]+\.[\w-]+", value):
        lists = [value.lower()]
    else:
        addresses = (_ADDRESS.search(headers.get(name, "").replace("mailto:", "")) for name in _LIST_HEADERS)
        lists = [found[0].replace("@", ".").lower() for found in addresses if found][:1]
    groups = [group.lower() for group in _NEWSGROUP.findall(headers.get("newsgroups", ""))]
    both = groups + lists if news else lists + groups
    return list(dict.fromkeys(both)), title if lists and (both[0] == lists[0]) else None


def find_home(head: bytes) -> str | None:
    """The list or newsgroup that most messages at the beginning of a file name; the first of equals."""
    seen: Counter[str] = Counter()
    for name, value in _HEAD_HEADER.findall(head):
        lists, _ = _groups({name.decode().lower(): decode_header(value.decode("utf-8", errors="replace"))}, news=True)
        seen.update(lists)
    most = seen.most_common(1)
    return most[0][0] if most else None
