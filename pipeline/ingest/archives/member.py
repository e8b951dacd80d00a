"""Members of archives: what is known of one, and the private folder it is unpacked into.

In: pieces of bytes from a stranger. Out: a file under a name of ours, within the limits that the settings set.

>>> spool = Spool(Path(folder), ReadSettings())
>>> with spool.keep(iter([b"Hello"])) as kept:
...     kept.path.read_bytes(), kept.damage
(b'Hello', None)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.records import RAW_BYTES
from pipeline.ingest.unpacking import DamagedStreamError
from pipeline.settings import ReadSettings

_SHOWN = 300
_DRIVE = re.compile(r"^[A-Za-z]:")


class LimitError(InputError):
    """An archive that holds more than the settings allow; nothing more of it is read."""


class SpoolError(InputError):
    """Members cannot be unpacked because the disk refuses: no fault of theirs."""


@dataclass(frozen=True)
class Member:
    """A file in an archive.

    Attributes:
        name: as the archive calls it, with the archives around it, fit to be shown.
        source: its bytes, until the next member is asked for; None where it is refused.
        trouble: rule and detail where it is refused.
        start: its first bytes.
        damage: why it could not be unpacked to its end.
        captured_at: when it was fetched, as written, where the archive says so.
    """

    name: str
    source: Source | None
    trouble: tuple[str, str] | None = None
    start: bytes = b""
    damage: str | None = None
    captured_at: str | None = None

    def refused(self, rule: str, detail: str) -> Member:
        """The same member, not to be read."""
        return replace(self, source=None, trouble=(rule, detail))

    def inside(self, outer: Member) -> Member:
        """The same member as it stands in a member of another archive."""
        captured_at = self.captured_at or outer.captured_at
        return replace(self, name=f"{outer.name}: member {self.name}", captured_at=captured_at)


@dataclass(frozen=True)
class Kept:
    """A member's bytes on disk, their beginning, and what is missing of them."""

    path: Path
    start: bytes
    damage: str | None


class Spool:
    """A private folder, one file at a time per depth, and what the settings leave to be unpacked into it."""

    def __init__(self, folder: Path, settings: ReadSettings) -> None:
        self.settings = settings
        self._folder = folder
        self._members = 0
        self._bytes = 0
        self._files = 0

    def count_member(self) -> None:
        """Note one more member, refused ones included. Raises LimitError where there are too many."""
        self._members += 1
        if self._members > self.settings.max_members:
            raise LimitError(
                f"It holds more than {self.settings.max_members:,} files. If you trust it, raise the setting "
                "max_members."
            )

    @contextmanager
    def keep(self, pieces: Iterator[bytes]) -> Iterator[Kept]:
        """A file of these bytes, removed at the end; where the pieces break off, of those that came.

        Raises:
            LimitError: the archive unpacks to more than the settings allow.
            SpoolError: the bytes cannot be written.
        """
        self._files += 1
        path = self._folder / f"member-{self._files}"
        start = b""
        damage: str | None = None
        try:
            with path.open("wb") as file:
                try:
                    for piece in pieces:
                        self._count_bytes(len(piece))
                        start = start if len(start) >= RAW_BYTES else (start + piece)[:RAW_BYTES]
                        file.write(piece)
                except DamagedStreamError as error:
                    damage = str(error)
            yield Kept(path, start, damage)
        except OSError as error:
            raise SpoolError(f"Members cannot be unpacked into {self._folder}: {error.strerror}.") from error
        finally:
            path.unlink(missing_ok=True)

    def _count_bytes(self, size: int) -> None:
        self._bytes += size
        if self._bytes > self.settings.max_unpacked_bytes:
            raise LimitError(
                f"It unpacks to more than {self.settings.max_unpacked_bytes:,} bytes. If you trust it, raise the "
                "setting max_unpacked_bytes."
            )


def shown_name(name: str) -> str:
    """A member's name on one line, in proper text, of bounded length."""
    text = name.encode("utf-8", errors="replace").decode()
    text = "".join(character if character.isprintable() else "\ufffd" for character in text)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 1] + "…"


def unsafe_path(name: str) -> bool:
    """Whether a name points out of the archive: absolute, with a drive, or up with '..'."""
    path = name.replace("\\", "/")
    return path.startswith("/") or bool(_DRIVE.match(path)) or ".." in path.split("/")


def passed_over(name: str) -> bool:
    """Whether a member is one that is passed over in folders as well: hidden, in a hidden folder, or a README."""
    parts = PurePosixPath(name.replace("\\", "/")).parts
    hidden = any(part.startswith(".") and part not in (".", "..") for part in parts)
    return hidden or (bool(parts) and parts[-1].startswith("README")) or "__MACOSX" in parts
