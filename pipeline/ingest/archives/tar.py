"""Members of tar archives, read from front to back, so that a broken one gives what stands before the damage.

In: a source whose unpacked bytes are a tar archive. Out: its members.

The headers are parsed by the standard library; walking from one to the next is done here, because tarfile keeps every
header, believes every size it is told, and ends at the first header that is damaged.
"""

from __future__ import annotations

import tarfile
from collections.abc import Iterator

from pipeline.ingest.archives.member import Member, Spool, passed_over, shown_name, unsafe_path
from pipeline.ingest.archives.stream import ByteStream
from pipeline.ingest.containers import Source

_BLOCK = tarfile.BLOCKSIZE
_LONGEST_HEADER = 1 << 20
_GNU_SPARSE, _SPARSE_MORE, _SPARSE_MORE_AGAIN = b"S", 482, 504
_NO_FILES = {
    tarfile.SYMTYPE: "a symbolic link",
    tarfile.LNKTYPE: "a hard link",
    tarfile.CHRTYPE: "a device",
    tarfile.BLKTYPE: "a device",
    tarfile.FIFOTYPE: "a pipe",
}


def tar_members(source: Source, spool: Spool) -> Iterator[Member]:
    """The files of a tar archive. Folders and empty blocks are passed over, as are the files that folders pass over.

    Raises:
        InputError: the archive breaks off, or unpacks to too much.
    """
    stream = ByteStream(source.unpacked())
    said: dict[str, str] = {}  # what extended headers say of the next member
    while block := stream.read(_BLOCK):
        if block.count(0) == len(block):
            continue
        info = _parse_header(block)
        if info is None:
            lost = _skip_damage(stream)
            spool.count_member()
            detail = f"{len(block) + lost:,} bytes are no header and no file"
            yield Member("(damaged part)", None, ("damaged_archive", detail), block)
            continue
        if info.type in (tarfile.XHDTYPE, tarfile.SOLARIS_XHDTYPE, tarfile.GNUTYPE_LONGNAME):
            said |= _extended(info.type, _read_data(stream, info.size))
        elif info.type in (tarfile.XGLTYPE, tarfile.GNUTYPE_LONGLINK):
            _read_data(stream, info.size)
        else:
            yield from _read_member(source, spool, stream, block, _amended(info, said))
            said = {}


def _parse_header(block: bytes) -> tarfile.TarInfo | None:
    try:
        info = tarfile.TarInfo.frombuf(block, "utf-8", "surrogateescape")
    except (tarfile.HeaderError, ValueError):
        return None
    return info if info.size >= 0 else None


def _skip_damage(stream: ByteStream) -> int:
    """Goes on to the next block that is a header, or empty; returns the bytes passed over."""
    skipped = 0
    while block := stream.read(_BLOCK):
        if block.count(0) == len(block) or _parse_header(block) is not None:
            stream.unread(block)
            return skipped
        skipped += len(block)
    return skipped


def _read_data(stream: ByteStream, size: int) -> bytes:
    """The data of an extended header; none of one that is too long to be true."""
    padded = -(-size // _BLOCK) * _BLOCK
    if size > _LONGEST_HEADER:
        stream.skip(padded)
        return b""
    return stream.read(padded)[:size]


def _extended(kind: bytes, data: bytes) -> dict[str, str]:
    if kind == tarfile.GNUTYPE_LONGNAME:
        return {"path": data.rstrip(b"\0").decode("utf-8", errors="surrogateescape")}
    said: dict[str, str] = {}
    while data:  # "25 path=some/where.txt\n"
        length, blank, _ = data.partition(b" ")
        if not (blank and length.isdigit() and len(length) < 8 and len(length) + 1 < int(length) <= len(data)):
            break
        name, _, value = data[len(length) + 1 : int(length) - 1].partition(b"=")
        said[name.decode("utf-8", errors="replace")] = value.decode("utf-8", errors="surrogateescape")
        data = data[int(length) :]
    return said


def _amended(info: tarfile.TarInfo, said: dict[str, str]) -> tarfile.TarInfo:
    """A header with what extended headers said of it."""
    info.name = said.get("path", info.name)
    size = said.get("size", "")
    if size.isascii() and size.isdigit() and len(size) < 19:
        info.size = int(size)
    if any(name.startswith("GNU.sparse") for name in said):
        info.type = _GNU_SPARSE
    return info


def _read_member(
    source: Source, spool: Spool, stream: ByteStream, block: bytes, info: tarfile.TarInfo
) -> Iterator[Member]:
    name = shown_name(info.name)
    if info.type == _GNU_SPARSE:
        more = block[_SPARSE_MORE : _SPARSE_MORE + 1]
        while more and more != b"\0":
            more = stream.read(_BLOCK)[_SPARSE_MORE_AGAIN : _SPARSE_MORE_AGAIN + 1]
    holds_data = info.type not in (*_NO_FILES, tarfile.DIRTYPE)
    padded = -(-info.size // _BLOCK) * _BLOCK if holds_data else 0
    if info.type == tarfile.DIRTYPE or passed_over(info.name):
        stream.skip(padded)
        return
    spool.count_member()
    trouble = _trouble(info)
    if trouble:
        start = stream.read(min(padded, _BLOCK))
        stream.skip(padded - len(start))
        yield Member(name, None, trouble, start)
        return
    with spool.keep(stream.pieces(info.size)) as kept:
        member = Source(kept.path, source.settings, name=name)
        yield Member(name, member, start=kept.start, damage=kept.damage)
    stream.skip(padded - info.size)


def _trouble(info: tarfile.TarInfo) -> tuple[str, str] | None:
    if unsafe_path(info.name):
        return "unsafe_path", "its name points out of the archive"
    if info.type in _NO_FILES:
        return "not_a_file", f"it is {_NO_FILES[info.type]}, no file"
    if info.type == _GNU_SPARSE:
        return "sparse_file", "it is a sparse file: pack it again without --sparse"
    return None
