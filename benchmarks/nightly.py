"""What a night costs: ``python -m benchmarks.nightly [--comments 1000000]``.

Makes up an archive of that many comments in twenty dumps of a site with ids, and a dump with one per cent new ones:
half in new discussions, half in the most recent fifth of the old ones, fewer the older a discussion is, as people do
(with --even spread evenly, which touches most of that fifth). Prints processor seconds and largest memory of the run
that takes the dump in, of one that finds nothing new, and of one from scratch over everything, and whether the tables
are the same. With --keep FOLDER dumps and archives stay there, and a second call takes the night in again, on a copy of
the archive as it was before.

    python -m benchmarks.nightly --partition DATA [--rows N]

cuts DATA/trees/reddit_college.parquet into ten dumps of which neighbours share a third, takes them in one by one in
three orders, with ids and without, and compares the tables with those of one run over all ten, and every id that was
published on the way with what it stands for now.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import os
import platform
import random
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import orjson
import polars as pl

from benchmarks.pipeline import invent_words
from pipeline.archive import open_archive

DUMPS = 20
PARTS = 10
NEW = 0.01
RECENT = 0.2


@dataclass(frozen=True)
class Cost:
    """Processor seconds, wall seconds and the largest resident memory (MiB) of a process."""

    processor: float
    wall: float
    memory: float

    def __str__(self) -> str:
        return f"{self.processor:8.1f} s of processor {self.wall:8.1f} s on the clock {self.memory:8,.0f} MiB"


class Site:
    """A site that goes on talking: comments of made-up words by Zipf's law, in threads of about fifty."""

    def __init__(self, seed: int = 0) -> None:
        self._rng = random.Random(seed)
        self._words = invent_words(self._rng)
        self._weights = list(itertools.accumulate(1 / (k + 5) for k in range(len(self._words))))
        self._threads: list[list[str]] = []
        self._written = 0

    def new_threads(self, n: int) -> Iterator[bytes]:
        """n comments in new threads."""
        left = n
        while left:
            self._threads.append([])
            for _ in range(min(left, self._rng.randint(2, 100))):
                yield self._say(len(self._threads) - 1)
                left -= 1

    def answers(self, n: int, recent: float, *, even: bool) -> Iterator[bytes]:
        """n comments in the newest threads: all as likely, or fewer by a factor of e for each tenth of that span."""
        last = len(self._threads)
        span = int(last * recent)
        for _ in range(n):
            age = span
            while age >= span:
                age = self._rng.randrange(span) if even else int(self._rng.expovariate(10 / span))
            yield self._say(last - 1 - age)

    def _say(self, thread: int) -> bytes:
        rng, ids = self._rng, self._threads[thread]
        name = f"c{self._written}"
        words = rng.choices(self._words, cum_weights=self._weights, k=max(1, int(rng.lognormvariate(3.3, 1.0))))
        row = {
            "id": name,
            "link_id": f"t3_s{thread}",
            "parent_id": f"t1_{rng.choice(ids)}" if ids and rng.random() < 0.6 else f"t3_s{thread}",
            "author": f"user{rng.randrange(5000)}",
            "created_utc": 1_700_000_000 + self._written,
            "body": " ".join(words),
            "score": rng.randrange(100),
            "subreddit": f"sub{thread % 200}",
            "retrieved_on": 1_800_000_000,
        }
        self._written += 1
        ids.append(name)
        return orjson.dumps(row) + b"\n"


def run(out: Path, *raw: Path, settings: tuple[str, ...] = ()) -> Cost:
    """A run in a process of its own."""
    begun = time.perf_counter()
    command = [sys.executable, "-m", "pipeline.cli", "run", *map(str, raw), "--out", str(out), "--direct", *settings]
    # As where it is installed: Python keeps the bytecode it makes.
    around = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    child = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=around)
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{' '.join(command)} ended with {os.waitstatus_to_exitcode(status)}; run it to see why")
    return Cost(used.ru_utime + used.ru_stime, time.perf_counter() - begun, used.ru_maxrss / 1024)


def measure_night(folder: Path, comments: int, *, even: bool) -> None:
    raw, before, new = folder / "raw", folder / "before", int(comments * NEW)
    if not before.exists():
        _write_dumps(folder, comments, even=even)
        # What is compiled on first use is no part of any figure; the night answers the newest threads.
        newest = raw / f"RC_{DUMPS - 1:02}.ndjson"
        run(folder / "warm", newest)
        run(folder / "warm", newest, folder / "night")
        print(f"{comments} comments, {sum(file.stat().st_size for file in raw.iterdir()) / 1e6:.0f} MB")
        print(f"  first run     {run(before, raw)}", flush=True)
    shutil.rmtree(folder / "nights", ignore_errors=True)
    shutil.copytree(before, folder / "nights", symlinks=True)
    old = {file.stat().st_ino for file in (folder / "nights" / "current").resolve().rglob("*") if file.is_file()}
    night = run(folder / "nights", raw, folder / "night")
    snapshot = (folder / "nights" / "current").resolve()
    files = [file for file in snapshot.rglob("*") if file.is_file()]
    linked = sum(file.stat().st_size for file in files if file.stat().st_ino in old)
    print(f"  {new:,} more  {night}", flush=True)
    print(f"  nothing new   {run(folder / 'nights', raw, folder / 'night')}", flush=True)
    shutil.rmtree(folder / "once", ignore_errors=True)
    scratch = run(folder / "once", raw, folder / "night")
    print(f"  from scratch  {scratch}")
    shares = night.processor / scratch.processor, night.wall / scratch.wall
    print(f"share of the run from scratch: {shares[0]:.1%} of processor, {shares[1]:.1%} on the clock")
    print(f"linked, not written: {linked / sum(file.stat().st_size for file in files):.0%} of the snapshot's bytes")
    same = open_archive(folder / "nights").digest() == open_archive(folder / "once").digest()
    print(f"tables {'the same' if same else 'DIFFER'}")


def _write_dumps(folder: Path, comments: int, *, even: bool) -> None:
    """The dumps of an archive, and that of a night."""
    site, new = Site(), int(comments * NEW)
    for name in ("raw", "night"):
        (folder / name).mkdir(parents=True)
    for number in range(DUMPS):
        with (folder / "raw" / f"RC_{number:02}.ndjson").open("wb") as file:
            file.writelines(site.new_threads(comments // DUMPS))
    with (folder / "night" / "RC_night.ndjson").open("wb") as file:
        file.writelines([*site.answers(new // 2, RECENT, even=even), *site.new_threads(new - new // 2)])


def measure_partitions(folder: Path, data: Path, rows: int | None) -> None:
    tree = pl.read_parquet(data / "trees" / "reddit_college.parquet")
    tree = tree if rows is None else tree.head(rows)
    columns = {
        "id": "id", "parent_id": "parent_id", "discussion_id": "thread_id", "author": "author",
        "created_at": "created_at", "text": "text",
    }  # fmt: skip
    table = tree.select(**columns)
    length = -(-table.height * 3 // (2 * PARTS + 1))
    for said, dropped in (("with ids", ()), ("without ids", ("id", "parent_id"))):
        raw = folder / said.replace(" ", "-")
        raw.mkdir()
        dumps = [raw / f"{number}.parquet" for number in range(PARTS)]
        for number, dump in enumerate(dumps):
            table.drop(dropped).slice(number * 2 * length // 3, length).write_parquet(dump)
        settings = ("--source", "reddit")
        run(raw / "once", *dumps, settings=settings)
        expected = open_archive(raw / "once").digest()
        for order in (1, 2, 3):
            turn = random.Random(order).sample(dumps, PARTS)
            published: set[str] = set()
            for dump in turn:
                run(raw / str(order), dump, settings=settings)
                posts = open_archive(raw / str(order)).posts.select("post_id", "discussion_id").collect()
                published |= {*posts["post_id"], *posts["discussion_id"]}
            archive = open_archive(raw / str(order))
            names = [archive.posts.select(id="post_id"), archive.discussions.select(id="discussion_id")]
            known = set(pl.concat([*names, archive.aliases.select(id="seed_id")]).collect()["id"])
            known |= set(archive.sightings.select("sighting_id").collect()["sighting_id"])
            print(
                f"{table.height} comments {said}, order {order}: tables "
                f"{'the same' if archive.digest() == expected else 'DIFFER'}, {len(published - known)} of "
                f"{len(published)} published ids lost",
                flush=True,
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=1_000_000)
    parser.add_argument("--even", action="store_true", help="old discussions are answered evenly, however old")
    parser.add_argument("--partition", type=Path, help="folder of data with trees/reddit_college.parquet")
    parser.add_argument("--rows", type=int, help="of the partitioned table, from its beginning; by default all")
    parser.add_argument("--keep", type=Path, help="folder in which the dumps and archives of a night stay")
    parser.add_argument("--scratch", type=Path, help="folder to keep everything in; by default a temporary one")
    arguments = parser.parse_args()
    print(f"{dt.date.today()} {platform.platform()} python {platform.python_version()}")
    with tempfile.TemporaryDirectory(dir=arguments.scratch) as folder:
        if arguments.partition is not None:
            measure_partitions(Path(folder), arguments.partition, arguments.rows)
        else:
            measure_night(arguments.keep or Path(folder), arguments.comments, even=arguments.even)


if __name__ == "__main__":
    main()
