"""One writer at a time: a lock on the archive that the system releases when its holder dies.

In: an archive. Out: the right to write to it, or an error that says who has it.

>>> with archive_lock(layout):
...     publish_snapshot(layout, run_id, tables)
"""

from __future__ import annotations

import fcntl
import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from pipeline.errors import ArchiveError
from pipeline.store.layout import ArchiveLayout


@contextmanager
def archive_lock(layout: ArchiveLayout) -> Iterator[None]:
    """Hold the archive's lock while the block runs.

    Raises:
        ArchiveError: another run holds it; the message names its process and start.
    """
    layout.root.mkdir(parents=True, exist_ok=True)
    # Opened for appending: until the lock is ours, what its holder wrote must stay.
    with layout.lock.open("a+", encoding="utf-8") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            file.seek(0)
            holder = file.read().strip() or "a process that has not said its name yet"
            raise ArchiveError(
                f"Another run writes to {layout.root}: {holder}. Wait until it ends, or publish into another folder."
            ) from error
        file.truncate(0)
        started = datetime.now(UTC).isoformat(timespec="seconds")
        file.write(f"process {os.getpid()} on {socket.gethostname()}, since {started}")
        file.flush()
        try:
            yield
        finally:
            file.truncate(0)
