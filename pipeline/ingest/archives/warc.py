"""Members of WARC files: the web pages and API answers that a crawler kept, each as its server sent it.

In: a source whose unpacked bytes are WARC records. Out: a member per response (or resource) with words in it.

**What is read.** The payload of every response, its transfer and content encoding undone (gzip, deflate, zstd), by the
reader that its content asks for; WARC-Date is its capture time, WARC-Target-URI its name and address. Passed over are
the records that hold no page (warcinfo, request, metadata, revisit), answers without a payload, and robots.txt.

**What bites.** A record whose length lies, or a damaged stretch, costs what stands before the next record's first line.
Headers are parsed by warcio; walking from record to record and unpacking is done here, because warcio takes lines and
chunks of any size into memory.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from io import BytesIO
from urllib.parse import urlsplit

from warcio.statusandheaders import StatusAndHeaders, StatusAndHeadersParser

from pipeline.ingest.archives.member import Member, Spool, shown_name
from pipeline.ingest.archives.stream import ByteStream
from pipeline.ingest.containers import Source
from pipeline.ingest.unpacking import CHUNK, DamagedStreamError

_HEADER_BYTES = 64 << 10
_RECORD_START = re.compile(rb"(?:^|(?<=\n))WARC/[01]\.[0-9]+\r?\n")
_BLANK_LINE = re.compile(rb"\r?\n\r?\n")
_SAID_CHARSET = re.compile(r"\bcharset\s*=\s*[\"']?([\w.:-]{1,40})", re.IGNORECASE)
_CHUNK_SIZE = re.compile(rb"\r?\n?([0-9A-Fa-f]{1,8})[ \t]*(?:;[^\n]*)?\r?\n")
_WITH_PAGES = ("response", "resource", "conversion")
_NO_WORDS = re.compile(
    r"(image|audio|video|font)/|text/(css|javascript|vtt)|application/(x-)?(javascript|ecmascript|font|wasm|pdf|"
    r"octet-stream)",
    re.IGNORECASE,
)
_UNPACKED_LATER = ("", "identity", "gzip", "x-gzip", "zstd")  # a source tells these by their first bytes


def warc_members(source: Source, spool: Spool) -> Iterator[Member]:
    """The payloads of a WARC file's responses, each named by its address.

    Raises:
        InputError: the file breaks off, or unpacks to too much.
    """
    stream = ByteStream(source.unpacked())
    while start := stream.peek(_HEADER_BYTES):
        head = _read_head(stream, start, _RECORD_START)
        length = "" if head is None else (head.get_header("Content-Length") or "")
        if head is None or not (length.isascii() and length.isdigit() and len(length) < 19):
            lost = _skip_damage(stream)
            if lost.strip():
                spool.count_member()
                yield Member("(damaged part)", None, ("damaged_archive", "no WARC record begins here"), lost)
            continue
        content = ByteStream(stream.pieces(int(length)))
        try:
            if head.get_header("WARC-Type") in _WITH_PAGES:
                yield from _read_record(source, spool, head, content)
            content.skip(int(length))
        except DamagedStreamError as damage:
            yield Member(_address(head), None, ("damaged_file", str(damage)))
        _pass_blank_lines(stream)


def _read_head(stream: ByteStream, start: bytes, first_line: re.Pattern[bytes]) -> StatusAndHeaders | None:
    """The header lines that a stream begins with, taken from it; None where it does not begin with any."""
    end = _BLANK_LINE.search(start)
    if end is None or not first_line.match(start):
        return None
    lines = stream.read(end.end())
    return StatusAndHeadersParser([], verify=False).parse(BytesIO(lines))


def _skip_damage(stream: ByteStream) -> bytes:
    """Goes on to the next first line of a record; returns the beginning of what was passed over."""
    passed = stream.read(1)
    while start := stream.peek(_HEADER_BYTES):
        found = _RECORD_START.search(start)
        if found:
            passed += stream.read(found.start())[:_HEADER_BYTES]
            break
        # The last bytes may be the beginning of a first line.
        taken = stream.read(max(1, len(start) - 16))
        passed = passed if len(passed) > _HEADER_BYTES else passed + taken
    return passed


def _pass_blank_lines(stream: ByteStream) -> None:
    start = stream.peek(16)
    stream.read(len(start) - len(start.lstrip(b"\r\n")))


def _read_record(source: Source, spool: Spool, head: StatusAndHeaders, content: ByteStream) -> Iterator[Member]:
    address = _address(head)
    answer = head
    if head.get_header("WARC-Type") == "response":
        found = _read_head(content, content.peek(_HEADER_BYTES), re.compile(rb"HTTP/"))
        if found is None:
            return  # DNS and the like
        answer = found
    if not content.peek(1) or _path_of(address) == "/robots.txt":
        return
    spool.count_member()
    name = shown_name(address)
    encoding = (answer.get_header("Content-Encoding") or "").strip().lower()
    kind = answer.get_header("Content-Type") or ""
    if encoding not in (*_UNPACKED_LATER, "deflate"):
        yield Member(name, None, ("unknown_packing", f"its content encoding is {encoding[:40]}"), content.peek(1000))
        return
    if _NO_WORDS.match(kind):
        yield Member(name, None, ("unknown_format", f"{kind[:80]} holds no posts"), content.peek(1000))
        return
    pieces = content.rest()
    if (answer.get_header("Transfer-Encoding") or "").strip().lower() == "chunked":
        pieces = _unchunked(content)
    if encoding == "deflate":
        pieces = _inflated(pieces, source.settings.expansion_ratio)
    with spool.keep(pieces) as kept:
        said = _SAID_CHARSET.search(kind)
        charset = said[1] if said else None
        member = Source(kept.path, source.settings, name=name, address=address, charset=charset)
        yield Member(name, member, start=kept.start, damage=kept.damage, captured_at=head.get_header("WARC-Date"))


def _address(head: StatusAndHeaders) -> str:
    return (head.get_header("WARC-Target-URI") or "(no address)").strip("<>")


def _path_of(address: str) -> str:
    """The path of an address; empty where it has none or is no address."""
    try:
        return urlsplit(address).path
    except ValueError:
        return ""


def _unchunked(content: ByteStream) -> Iterator[bytes]:
    """A payload without the sizes between its chunks; from the first size that is none on, as it stands."""
    while start := content.peek(1024):
        size = _CHUNK_SIZE.match(start)
        if size is None:
            break
        content.read(size.end())
        left = int(size[1], 16)
        if left == 0:
            return
        while left and (piece := content.read(min(left, CHUNK))):
            left -= len(piece)
            yield piece
    yield from content.rest()


def _inflated(pieces: Iterator[bytes], ratio: int) -> Iterator[bytes]:
    """A payload in zlib's format, or in its raw one, as servers disagree about what deflate is."""
    packed = unpacked = 0
    unpacker = None
    try:
        for piece in pieces:
            if unpacker is None:
                unpacker = zlib.decompressobj(wbits=15 if piece[0] & 0x0F == 8 else -15)
            for start in range(0, len(piece), 16 << 10):
                step = piece[start : start + (16 << 10)]
                out = unpacker.decompress(step)
                packed, unpacked = packed + len(step), unpacked + len(out)
                if unpacked > packed * ratio + CHUNK:
                    raise DamagedStreamError("It unpacks to more than the setting expansion_ratio allows.")
                yield out
    except zlib.error as error:
        raise DamagedStreamError(f"It cannot be unpacked: {error}.") from error
