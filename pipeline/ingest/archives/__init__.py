"""Files that hold files: zip, tar and WARC, told by their first bytes, their members handed on one after the other.

In: a source. Out: members, each a source of its own or the reason why it cannot be one.

>>> with TemporaryDirectory() as folder:
...     for member in list_members(source, "zip", Spool(Path(folder), settings)):
...         member.name, member.trouble

Nothing is unpacked but into the folder given, under names made here, and a member's file is gone when the next one is
asked for. An archive inside an archive is opened as well, down to ``settings.archive_depth``.
"""

from __future__ import annotations

import tarfile
from collections.abc import Callable, Iterator

from pipeline.errors import InputError
from pipeline.ingest.archives.member import LimitError, Member, Spool, SpoolError
from pipeline.ingest.archives.tar import tar_members
from pipeline.ingest.archives.warc import warc_members
from pipeline.ingest.archives.zip import zip_members
from pipeline.ingest.containers import Head, Source

__all__ = ["LimitError", "Member", "Spool", "SpoolError", "archive_kind", "list_members"]

_KINDS: dict[str, Callable[[Source, Spool], Iterator[Member]]] = {
    "zip": zip_members,
    "tar": tar_members,
    "warc": warc_members,
}


def archive_kind(head: Head) -> str | None:
    """What kind of archive a file is, packed or not: zip, tar, warc, or None where it is none."""
    data = head.data
    if data.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return "zip"
    if data.startswith((b"WARC/", b"filedesc://")):
        return "warc"
    if len(data) >= tarfile.BLOCKSIZE and data[:1] != b"\0":
        try:
            tarfile.TarInfo.frombuf(data[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
        except (tarfile.HeaderError, ValueError):
            return None
        return "tar"
    return None


def list_members(source: Source, kind: str, spool: Spool, depth: int = 1) -> Iterator[Member]:
    """The files in an archive in its order, those in archives inside it included.

    Args:
        source: the archive.
        kind: what `archive_kind` said.
        spool: where members are unpacked to, and how much of that is left.
        depth: 1 for a raw file, one more for each archive around this one.

    Raises:
        InputError: the archive is damaged from here on.
        LimitError: it holds more than the settings allow.
        SpoolError: there is no room to unpack members.
    """
    for member in _KINDS[kind](source, spool):
        inner = _inner_kind(member)
        if member.source is None or inner is None:
            yield member
        elif depth >= source.settings.archive_depth:
            limit = f"archives in archives are opened {source.settings.archive_depth} deep (setting archive_depth)"
            yield member.refused("nested_archive", f"it is a {inner} archive, and {limit}")
        else:
            try:
                for below in list_members(member.source, inner, spool, depth + 1):
                    yield below.inside(member)
            except (LimitError, SpoolError):
                raise
            except InputError as trouble:
                yield member.refused("damaged_archive", str(trouble))
            if member.damage:
                yield member.refused("damaged_file", member.damage)


def _inner_kind(member: Member) -> str | None:
    if member.source is None:
        return None
    try:
        return archive_kind(member.source.head())
    except InputError:
        return None
