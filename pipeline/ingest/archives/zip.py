"""Members of zip archives, by the list at their end; where that is missing, by the headers before each member.

In: a source that is a zip archive, packed once more or not. Out: its members.

An unfinished download lacks the list of members, which stands last. What came before it is found again from header to
header, as far as each says how long its data is, or ends by itself.
"""

from __future__ import annotations

import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import BinaryIO

from pipeline.ingest.archives.member import Kept, LimitError, Member, Spool, passed_over, shown_name, unsafe_path
from pipeline.ingest.containers import Source
from pipeline.ingest.unpacking import CHUNK, DamagedStreamError

_LISTS = frozenset({"users.json", "channels.json", "groups.json"})  # of Slack
_LONGEST_LIST, _MOST_LISTS = 32 << 20, 8  # bytes, and folders that have any
_LIST_ENTRY = 256  # bytes of a list entry, taken large: a list of more than that for every file allowed is refused
_END, _END_64 = b"PK\x05\x06", b"PK\x06\x06"
_LONGEST_COMMENT = 1 << 16
_LOCAL = struct.Struct("<4xHHH4x4xIIHH")  # version, flags, method, packed and unpacked size, lengths of name and extra
_LOCAL_MARK = b"PK\x03\x04"
_ENCRYPTED, _SIZE_FOLLOWS, _IS_UTF8 = 0x1, 0x8, 0x800
# All that zipfile raises of a member that is broken, encrypted or packed in a way it does not know.
_UNREADABLE = (zipfile.BadZipFile, zlib.error, OSError, EOFError, ValueError, NotImplementedError, RuntimeError)


def zip_members(source: Source, spool: Spool) -> Iterator[Member]:
    """The files of a zip archive. Folders are passed over, as are the files that folders pass over.

    Raises:
        InputError: neither list nor headers can be read, or it holds too much.
    """
    if source.packing:
        with spool.keep(source.unpacked()) as kept:
            yield from _members(source, kept.path, spool)
    else:
        yield from _members(source, source.path, spool)


def _members(source: Source, path: Path, spool: Spool) -> Iterator[Member]:
    with path.open("rb") as file:
        _check_list(file, spool.settings.max_members)
        try:
            archive = zipfile.ZipFile(file)
        except _UNREADABLE as error:
            file.seek(0)
            yield from _headed_members(source, file, spool)
            raise DamagedStreamError(f"Its list of members cannot be read ({error}): is it complete?") from error
        with archive:
            lists = _read_lists(source, archive)
            for info in archive.infolist():
                if not info.filename.endswith("/") and not passed_over(info.filename):
                    spool.count_member()
                    folder = info.filename.rpartition("/")[0].rpartition("/")[0]
                    yield from _listed_member(source, archive, info, spool, lists.get(folder))


def _check_list(file: BinaryIO, most: int) -> None:
    """Refuse a list of members that would fill the memory before anything can be counted."""
    size = file.seek(0, 2)
    file.seek(max(0, size - _LONGEST_COMMENT - 100))
    tail = file.read()
    end = tail.rfind(_END)
    length = int.from_bytes(tail[end + 12 : end + 16], "little") if end >= 0 else 0
    if length == 0xFFFFFFFF and (wide := tail.rfind(_END_64, 0, end)) >= 0:
        length = int.from_bytes(tail[wide + 40 : wide + 48], "little")
    if length > _LIST_ENTRY * most:
        raise LimitError(f"It lists more than {most:,} files. If you trust it, raise the setting max_members.")


def _read_lists(source: Source, archive: zipfile.ZipFile) -> dict[str, dict[str, bytes]]:
    """By folder the lists that an export keeps above the folders of its channels, as far as they can be read."""
    found: dict[str, dict[str, bytes]] = {}
    for info in archive.infolist():
        folder, _, name = info.filename.rpartition("/")
        if name not in _LISTS or len(found) >= _MOST_LISTS or info.flag_bits & _ENCRYPTED:
            continue
        most = min(info.compress_size * source.settings.expansion_ratio + CHUNK, _LONGEST_LIST)
        try:
            found.setdefault(folder, {})[name] = b"".join(_unpacked(archive, info, most))
        except DamagedStreamError:
            continue  # is told of when its turn as a member comes
    return found


def _listed_member(
    source: Source, archive: zipfile.ZipFile, info: zipfile.ZipInfo, spool: Spool, beside: dict[str, bytes] | None
) -> Iterator[Member]:
    name = shown_name(info.filename)
    trouble = _trouble(info.filename, info.flag_bits, info.external_attr >> 16)
    if trouble:
        yield Member(name, None, trouble)
        return
    most = info.compress_size * source.settings.expansion_ratio + CHUNK
    with spool.keep(_unpacked(archive, info, most)) as kept:
        yield _member(source, name, kept, beside)


def _member(source: Source, name: str, kept: Kept, beside: dict[str, bytes] | None = None) -> Member:
    if kept.damage and not kept.start:
        return Member(name, None, ("damaged_file", kept.damage))
    inner = Source(kept.path, source.settings, name=name, beside=beside)
    return Member(name, inner, start=kept.start, damage=kept.damage)


def _trouble(name: str, flags: int, mode: int) -> tuple[str, str] | None:
    if unsafe_path(name):
        return "unsafe_path", "its name points out of the archive"
    if flags & _ENCRYPTED:
        return "encrypted", "it is encrypted: unpack it with its password first"
    if stat.S_IFMT(mode) not in (0, stat.S_IFREG):
        return "not_a_file", "it is a link or a device, no file"
    return None


def _unpacked(archive: zipfile.ZipFile, info: zipfile.ZipInfo, most: int) -> Iterator[bytes]:
    total = 0
    try:
        with archive.open(info) as member:
            while piece := member.read(CHUNK):
                total += len(piece)
                if total > most:
                    raise DamagedStreamError(
                        "It unpacks to more than allowed, as hostile files do. If you trust it, raise the setting "
                        "expansion_ratio."
                    )
                yield piece
    except _UNREADABLE as error:
        raise DamagedStreamError(f"It cannot be unpacked: {error}.") from error


def _headed_members(source: Source, file: BinaryIO, spool: Spool) -> Iterator[Member]:
    """Members found by the headers that stand before them, for as long as one follows another."""
    while file.read(4) == _LOCAL_MARK:
        file.seek(-4, 1)
        header = file.read(_LOCAL.size)
        if len(header) < _LOCAL.size:
            return
        _, flags, method, packed, _, name_length, extra_length = _LOCAL.unpack(header)
        encoding = "utf-8" if flags & _IS_UTF8 else "cp437"
        name = file.read(name_length).decode(encoding, errors="replace")
        file.seek(extra_length, 1)
        place = file.tell()
        open_ended = bool(flags & _SIZE_FOLLOWS) and packed == 0
        if method not in (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED) or (open_ended and method == zipfile.ZIP_STORED):
            return
        reading = _Headed(file, method, None if open_ended else packed, source.settings.expansion_ratio)
        trouble = _trouble(name, flags, 0)
        if trouble is None and not name.endswith("/") and not passed_over(name):
            spool.count_member()
            with spool.keep(reading.pieces()) as kept:
                yield _member(source, shown_name(name), kept)
                if kept.damage:
                    return
        elif open_ended:
            return
        elif trouble:
            spool.count_member()
            yield Member(shown_name(name), None, trouble)
        file.seek(place + reading.length if open_ended else place + packed)
        if open_ended:
            _pass_descriptor(file)


def _pass_descriptor(file: BinaryIO) -> None:
    """Sizes that follow the data: 12 or 20 bytes, with or without a mark before them."""
    following = file.read(28)
    marked = 4 if following.startswith(b"PK\x07\x08") else 0
    for length in (12, 20):
        if following[marked + length : marked + length + 2] == b"PK":
            file.seek(marked + length - len(following), 1)
            return


class _Headed:
    """The data of one member behind its header; ``length`` is how much of the file it took."""

    def __init__(self, file: BinaryIO, method: int, packed: int | None, ratio: int) -> None:
        self._file = file
        self._unpacker = zlib.decompressobj(wbits=-15) if method == zipfile.ZIP_DEFLATED else None
        self._packed = packed
        self._ratio = ratio
        self.length = 0

    def pieces(self) -> Iterator[bytes]:
        """Unpacked pieces. Raises DamagedStreamError where they break off."""
        total = 0
        while self._packed is None or self.length < self._packed:
            wanted = 16 << 10 if self._packed is None else min(16 << 10, self._packed - self.length)
            data = self._file.read(wanted)
            if not data:
                raise DamagedStreamError("It breaks off, as an unfinished download does.")
            self.length += len(data)
            try:
                piece = data if self._unpacker is None else self._unpacker.decompress(data)
            except zlib.error as error:
                raise DamagedStreamError(f"It cannot be unpacked: {error}.") from error
            total += len(piece)
            if total > self.length * self._ratio + CHUNK:
                raise DamagedStreamError("It unpacks to more than allowed, as hostile files do.")
            yield piece
            if self._unpacker is not None and self._unpacker.eof:
                self.length -= len(self._unpacker.unused_data)
                return
