"""Bytes of mail to text, whatever charset they claim: header fields, and the text parts of a body.

In: raw header values and parsed messages. Out: text, and whether its bytes had to be read otherwise than declared.

>>> decode_header("=?iso-8859-1?Q?Caf=E9?= =?utf-8?b?4oKs?=")
'Café€'
>>> unflow("Long lines are \\nbroken\\n> quoted \\n> too", delsp=False)
'Long lines are broken\\n> quoted too'
"""

from __future__ import annotations

import binascii
import re
from dataclasses import dataclass, field
from email.message import Message
from email.quoprimime import header_decode

from pipeline.ingest.decoding import decode_line
from pipeline.ingest.readers.charsets import decode_bytes

_FOLD = re.compile(r"\r?\n[ \t]*|\r")
_ENCODED_WORD = re.compile(r"=\?([\w.:+-]{1,40})(?:\*[\w-]*)?\?([bBqQ])\?([^?\s]*(?: [^?\s]*)*)\?=")
_GAP = re.compile(r"(\?=)\s+(?==\?)")
_PARAMETER = r";\s*{}\*?\s*=\s*(?:\"([^\"]{{0,200}})\"|([^\s;\"]{{1,200}}))"
_FOOTER = re.compile(r"\s*_{20,}\s*\n")
# What an archive puts where a part was taken out.
_SCRUBBED = re.compile(
    r"^-{8,} next part -{8,}\n(?:(?:An?|The) [^\n]{1,60} was scrubbed\.\.\.\n(?:[^\n]*\n){0,5}?URL ?:[^\n]*(?:\n|\Z))",
    re.M,
)


@dataclass
class MailText:
    """What a mail says."""

    body: str | None = None
    markup: str = "plain"
    is_repaired: bool = False
    attachments: list[str] = field(default_factory=list)
    digested: list[Message] = field(default_factory=list)  # messages of a digest, which are mails of their own


def decode_header(raw: str) -> str:
    """A header value on one line, its encoded words decoded; bytes that are no ASCII are read as best can be."""
    text = _FOLD.sub(" ", raw)
    if not text.isascii():  # the parser leaves bytes as lone surrogates
        text = decode_line(text.encode("utf-8", errors="surrogateescape"))[0]
    if "=?" in text:
        text = _decode_words(_GAP.sub(r"\1", text))
    return text.strip()


def _decode_words(text: str) -> str:
    """Text with its encoded words decoded; neighbours of one charset together, for characters may be cut in two."""
    pieces: list[str] = []
    data, charset, at = b"", "", 0
    for word in _ENCODED_WORD.finditer(text):
        if word.start() > at or word[1].lower() != charset:
            pieces += [decode_bytes(data, charset)[0], text[at : word.start()]]
            data = b""
        charset, at = word[1].lower(), word.end()
        data += _decode_word(word[2].lower(), word[3])
    return "".join([*pieces, decode_bytes(data, charset)[0], text[at:]])


def _decode_word(encoding: str, word: str) -> bytes:
    if encoding == "q":
        return header_decode(word).encode("latin-1", errors="replace")
    try:
        return binascii.a2b_base64(word + "=" * (-len(word) % 4))
    except ValueError:
        return word.encode("utf-8", errors="replace")


def read_text(mail: Message) -> MailText:
    """The words of a mail: its plain parts, else its HTML."""
    found = MailText()
    plain: list[str] = []
    html: list[str] = []
    footers: list[str] = []
    for part, kind in _leaves(mail, found.digested):
        header = decode_header(str(part.get("Content-Type", "")))
        disposition = decode_header(str(part.get("Content-Disposition", ""))).lower()
        name = _parameter(header, "name") or _parameter(disposition, "filename")
        is_text = kind in ("text/plain", "text/html", "text/enriched", "text")
        if not is_text or disposition.startswith("attachment") or (name and part is not mail):
            found.attachments.append((name or kind)[:100])
            continue
        text, repaired = decode_bytes(_payload(part), _parameter(header, "charset"))
        text = _SCRUBBED.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))
        found.is_repaired |= repaired
        if kind == "text/html":
            html.append(text)
        elif part is not mail and _FOOTER.match(text):
            footers.append(text)
        else:
            flowed = (_parameter(header, "format") or "").lower() == "flowed"
            delsp = (_parameter(header, "delsp") or "").lower() == "yes"
            plain.append(unflow(text, delsp=delsp) if flowed else text)
    plain = [text for text in plain if text.strip()]
    if plain or html or footers:
        found.body = "\n\n".join(text.strip("\n") for text in plain) if plain else (html or footers)[0]
        found.markup = "html" if html and not plain else "plain"
    return found


def _leaves(mail: Message, digested: list[Message]) -> list[tuple[Message, str]]:
    """The parts that are no containers, of alternatives the one to read, and their types; digests' mails aside."""
    leaves: list[tuple[Message, str]] = []
    waiting = [mail]
    while waiting:
        part = waiting.pop()
        kind = part.get_content_type()
        inner = part.get_payload()
        if not isinstance(inner, list):
            # A container without boundaries holds its words all the same.
            leaves.append((part, "text/plain" if kind.startswith("multipart/") else kind))
            continue
        parts = [child for child in inner if isinstance(child, Message)]
        if kind == "multipart/alternative":
            parts = _best_alternative(parts)
        elif kind == "multipart/digest":
            digested.extend(inside for child in parts for inside in _mail_inside(child))
            continue
        elif kind.startswith("message/"):
            leaves.append((part, kind))
            continue
        waiting.extend(reversed(parts))
    return leaves


def _best_alternative(parts: list[Message]) -> list[Message]:
    """Plain text, else a container, else the first."""
    for wanted in ("text/plain", "multipart/", "text/"):
        for part in parts:
            if part.get_content_type().startswith(wanted):
                return [part]
    return parts[:1]


def _mail_inside(part: Message) -> list[Message]:
    inner = part.get_payload()
    return [child for child in inner if isinstance(child, Message)] if isinstance(inner, list) else []


def _payload(part: Message) -> bytes:
    data = part.get_payload(decode=True)
    return data if isinstance(data, bytes) else b""


def _parameter(header: str, name: str) -> str | None:
    found = re.search(_PARAMETER.format(name), header, re.IGNORECASE)
    value = (found[1] or found[2] or "").strip() if found else ""
    return value or None


def unflow(text: str, *, delsp: bool) -> str:
    """The text of ``format=flowed`` with its soft line breaks taken out, quote marks kept (RFC 3676)."""
    lines: list[list[str]] = []
    flowing: int | None = None  # the quote depth of a line that goes on
    for line in text.split("\n"):
        depth = len(line) - len(line.lstrip(">"))
        words = line[depth:].removeprefix(" ")
        goes_on = words.endswith(" ") and words != "-- "
        if goes_on and delsp:
            words = words[:-1]
        if flowing == depth and words != "-- ":
            lines[-1].append(words)
        else:
            lines.append([">" * depth + (" " if depth and words else "") + words])
        flowing = depth if goes_on else None
    return "\n".join(map("".join, lines))
