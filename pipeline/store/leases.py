"""Leases: a snapshot that somebody reads is not removed under them.

In: a snapshot. Out: a lock on its manifest, shared by readers, which the system releases when their process dies.

>>> lease = lease_snapshot(layout.snapshot(run_id))
>>> claim_snapshot(layout.snapshot(run_id)) is None
True
>>> lease.close()
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import IO

MANIFEST = "manifest.json"


def lease_snapshot(snapshot: Path) -> IO[bytes] | None:
    """Keep a snapshot from being removed until the file returned is closed.

    Returns:
        An open file, or None where the snapshot is gone or going. On a file system without locks the file is there
        and keeps nothing.

    Raises:
        OSError: the manifest is there and cannot be opened.
    """
    path = snapshot / MANIFEST
    try:
        file = path.open("rb")
    except FileNotFoundError:
        return None
    try:
        fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:
        return file
    # Between opening and locking the snapshot may have been renamed away.
    try:
        found = path.stat()
    except FileNotFoundError:
        found = None
    held = os.fstat(file.fileno())
    if found is None or (found.st_ino, found.st_dev) != (held.st_ino, held.st_dev):
        file.close()
        return None
    return file


def claim_snapshot(snapshot: Path) -> IO[bytes] | None:
    """The right to remove a snapshot, until the file returned is closed; None where somebody reads it.

    Raises:
        OSError: the manifest cannot be opened.
    """
    file = (snapshot / MANIFEST).open("rb")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    except OSError:
        pass  # no locks on this file system: nobody can have a lease
    return file
