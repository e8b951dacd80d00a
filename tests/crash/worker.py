"""What runs in the process that is killed: one batch of dumps after another is taken in."""

from __future__ import annotations

from multiprocessing.connection import Connection
from pathlib import Path

from pipeline.settings import RunParameters
from pipeline.steps import run_direct


def take_in(archive: Path, batches: list[Path], first: int, said: Connection) -> None:
    """Takes in the batches, each with all before it, as nightly runs over a growing folder do.

    Begins with batch ``first``: what a dead run has read of it is kept, and a run over fewer would publish that.
    Sends 0 when everything is loaded, and the number of each batch that is published.
    """
    said.send(0)
    for number in range(first, len(batches) + 1):
        run_direct(RunParameters(raw=list(batches[:number]), out=archive))
        said.send(number)
