"""Kills runs at random moments and looks at what they leave: ``python -m tests.crash.run --n 200``.

In: a number of kills and a seed. Out: a line per archive; exit code 1 and a reason where something was torn.

A worker takes in three batches of dumps that overlap, one after another, and is killed with -9 (or stopped with
SIGTERM) while it does. After each kill the published snapshot must be whole by its manifest and the audit, and must be
the archive of the first, the first two or all batches, by digest. A new worker then goes on in the same archive.
Meanwhile a reader opens the archive in a loop, and must never see half a run. When a worker comes to its end, the
archive must be that of a run over everything, with nothing unfinished left in its folder.
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import os
import random
import signal
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

import polars as pl

from pipeline.archive import open_archive
from pipeline.audit import audit_archive
from pipeline.errors import ArchiveError
from pipeline.settings import RunParameters
from pipeline.steps import run_direct
from pipeline.store.layout import TEMPORARY, ArchiveLayout
from tests.crash.worker import take_in
from tests.invented import invent_page

_SIGNALS = (signal.SIGKILL, signal.SIGKILL, signal.SIGTERM)
_PATIENCE = 120.0

# A server that has imported everything and started nothing forks the workers: a kill costs no second of importing.
_PROCESSES = multiprocessing.get_context("forkserver")
_PROCESSES.set_forkserver_preload(["tests.crash.worker"])


class TornError(AssertionError):
    """An archive that a killed run left in a state in which it may not be."""


@dataclass(frozen=True)
class Dumps:
    """Batches of raw files, and the digests of the archives of the first, the first two, … of them."""

    batches: list[Path]
    digests: list[dict[str, str]]


def write_batches(folder: Path, seed: int, posts: int) -> list[Path]:
    """Three folders of dumps of the same three discussions: later ones have more posts, some of them edited."""
    rng = random.Random(seed)
    pages = [invent_page(posts, seed=seed * 7 + number) for number in range(3)]
    batches = []
    for night in range(1, 4):
        batch = folder / f"night-{night}"
        batch.mkdir(parents=True)
        until = posts * night // 3
        for number, page in enumerate(pages):
            rows = [
                {"id": f"{number}-{place}", "discussion_id": f"d{number}", "author": f"a{place % 5}", "text": text}
                | ({"parent_id": f"{number}-{rng.randrange(place)}"} if place else {"parent_id": None})
                for place, text in enumerate(page[:until])
            ]
            if night == 3:
                rows[0]["text"] += " (edited)"
            (batch / f"page-{number}.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
        (batch / "paste.txt").write_text("\n".join(pages[0][: until // 2 + 1]) + "\n", encoding="utf-8")
        batches.append(batch)
    return batches


def make_dumps(folder: Path, seed: int, posts: int) -> Dumps:
    """Batches, each taken in at once by runs that nobody disturbs."""
    batches = write_batches(folder / "raw", seed, posts)
    digests = []
    for number in range(1, len(batches) + 1):
        out = folder / f"whole-{number}"
        run_direct(RunParameters(raw=list(batches[:number]), out=out))
        digests.append(open_archive(out).digest())
    return Dumps(batches, digests)


def check_archive(archive: Path, dumps: Dumps) -> int:
    """How many batches the published archive holds, 0 for none yet.

    Raises:
        TornError: what is published is not whole, or is the archive of no number of batches.
    """
    if ArchiveLayout(archive).current_run_id() is None:
        return 0
    findings = audit_archive(archive)
    if findings:
        raise TornError(f"{archive}: {findings[0]}")
    digest = open_archive(archive).digest()
    if digest not in dumps.digests:
        raise TornError(f"{archive} is not the archive of the first batches")
    return dumps.digests.index(digest) + 1


def check_end(archive: Path, dumps: Dumps) -> None:
    """The archive is complete and nothing unfinished lies in its folder.

    Raises:
        TornError: otherwise.
    """
    if check_archive(archive, dumps) != len(dumps.batches):
        raise TornError(f"{archive} lacks batches after a run that ended well")
    left = [path for path in archive.rglob("*") if path.name.endswith(TEMPORARY)]
    work = ArchiveLayout(archive).work
    left += list(work.iterdir()) if work.is_dir() else []
    if left:
        raise TornError(f"{archive}: unfinished files are left, e.g. {left[0]}")


class Reader(threading.Thread):
    """Opens the archive again and again; keeps the first thing that went wrong."""

    def __init__(self, archive: Path) -> None:
        super().__init__(daemon=True)
        self.archive, self.ended = archive, threading.Event()
        self.opened, self.trouble = 0, ""

    def run(self) -> None:
        while not self.ended.wait(0.01):
            try:
                tables = open_archive(self.archive)
            except ArchiveError as error:
                if "no run has published" not in str(error):
                    self.trouble = self.trouble or str(error)
                continue
            try:
                posts = tables.posts.select("post_id", "n_sightings").collect()
                seen = tables.sightings.select(pl.len()).collect().item()
            except (OSError, pl.exceptions.PolarsError, ArchiveError) as error:
                self.trouble = self.trouble or f"{tables.run_id}: {error}"
                continue
            if posts["n_sightings"].sum() != seen:
                self.trouble = self.trouble or f"{tables.run_id}: {posts['n_sightings'].sum()} of {seen} sightings"
            self.opened += 1


def kill_runs(folder: Path, kills: int, seed: int, posts: int = 60, longest: float = 6.0) -> str:
    """Kills runs until so many have died; says what was seen.

    Args:
        folder: scratch.
        kills: how many runs to kill.
        seed: of the dumps and the moments.
        posts: of each discussion.
        longest: seconds after which a run is killed at the latest.

    Raises:
        TornError: something was torn.
    """
    rng = random.Random(seed)
    dumps = make_dumps(folder, seed, posts)
    killed = ended = opened = 0
    found = [0] * (len(dumps.batches) + 1)
    while killed < kills:
        archive = folder / f"archive-{ended}"
        reader = Reader(archive)
        reader.start()
        done = 0
        while killed < kills:
            first = min(done + 1, len(dumps.batches))
            code = _run_and_kill(archive, dumps, first, rng.uniform(0, longest), rng.choice(_SIGNALS))
            if code == 0:
                break
            if code > 0:
                raise TornError(f"a run in {archive} failed by itself: exit code {code}")
            killed += 1
            done = check_archive(archive, dumps)
            found[done] += 1
        else:
            run_direct(RunParameters(raw=list(dumps.batches), out=archive))
        check_end(archive, dumps)
        ended += 1
        reader.ended.set()
        reader.join()
        opened += reader.opened
        if reader.trouble:
            raise TornError(f"a reader of {archive} saw: {reader.trouble}")
    published = ", ".join(
        f"{count} with {number} of {len(dumps.batches)} batches" for number, count in enumerate(found)
    )
    return (
        f"{killed} runs killed, {ended} archives completed, {opened} times opened meanwhile; "
        f"published when killed: {published}"
    )


def _run_and_kill(archive: Path, dumps: Dumps, first: int, after: float, by: signal.Signals) -> int:
    """The exit code of a worker that gets a signal so many seconds after it was ready; negative if it died of it."""
    hears, says = _PROCESSES.Pipe(duplex=False)
    worker = _PROCESSES.Process(target=take_in, args=(archive, dumps.batches, first, says))
    worker.start()
    says.close()
    with hears:
        if not hears.poll(_PATIENCE) or hears.recv() != 0:
            raise TornError(f"a run in {archive} does not start")
        worker.join(after)
        if worker.is_alive() and worker.pid is not None:
            os.kill(worker.pid, by)
        worker.join(_PATIENCE)
    if worker.exitcode is None:
        raise TornError(f"a run in {archive} lives on after {by.name}")
    return worker.exitcode


def main() -> int:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m tests.crash.run", description=__doc__.splitlines()[0])
    parser.add_argument("--n", type=int, default=200, help="runs to kill")
    parser.add_argument("--seed", type=int, default=0, help="another seed kills at other moments")
    parser.add_argument("--posts", type=int, default=60, help="posts of each of three discussions")
    parser.add_argument("--longest", type=float, default=6.0, help="seconds a run lives at most")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        try:
            said = kill_runs(Path(folder), arguments.n, arguments.seed, arguments.posts, arguments.longest)
        except TornError as error:
            sys.stderr.write(f"torn: {error}\n")
            return 1
    sys.stdout.write(f"{said}\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
