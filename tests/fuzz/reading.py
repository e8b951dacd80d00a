"""One broken file read, and everything that must hold then.

In: bytes. Out: what is wrong in words, or nothing.

>>> read_broken(Path("dump.json"), ReadSettings())
"""

from __future__ import annotations

import resource
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType

import polars as pl

from pipeline.errors import ContractError, InputError
from pipeline.ingest import list_formats, open_capture
from pipeline.ingest.records import Batch
from pipeline.settings import ReadSettings
from pipeline.tables import Quarantine, RawRecords, check_table
from tests.fuzz.mutations import mutate

ROOT = Path(__file__).parents[2]
SECONDS = 5.0
MEMORY = 1 << 30
_NO_CASES = {"README.md", "expected.json", ".gitattributes"}
_SETTINGS = {"record_bytes": 1 << 20, "max_unpacked_bytes": 1 << 28}


@dataclass(frozen=True)
class Seed:
    """A sound file and the format that it is read as."""

    path: Path
    data: bytes
    format: str | None


@dataclass(frozen=True)
class Broken:
    """A broken file: what it was made from, and how it is to be read."""

    name: str
    data: bytes
    format: str | None


class TooSlowError(Exception):
    """Reading took longer than it may."""


class Contracts:
    """Batches of many inputs, whose contracts are checked together: one by one, that costs more than the reading."""

    def __init__(self) -> None:
        self._batches: list[tuple[Broken, Batch]] = []

    def add(self, broken: Broken, batch: Batch) -> None:
        self._batches.append((broken, batch))

    def broken(self) -> list[tuple[Broken, str]]:
        """What breaks its contract and how, of all batches since the last call."""
        batches, self._batches = self._batches, []
        try:
            _check([batch for _, batch in batches])
        except (ContractError, pl.exceptions.PolarsError):
            wrong = []
            for broken, batch in batches:
                try:
                    _check([batch])
                except (ContractError, pl.exceptions.PolarsError) as error:
                    wrong.append((broken, str(error)))
            return wrong
        return []


def _check(batches: list[Batch]) -> None:
    """Raises ContractError where a batch breaks its contract, PolarsError where it has columns of its own."""
    if not batches:
        return
    digits = str.maketrans("01", "ab")  # ids are of letters
    names = [pl.lit(f"{number:016b}".translate(digits)).alias("capture_id") for number in range(len(batches))]
    records = pl.concat([batch.records for batch in batches])
    check_table(RawRecords, records.with_columns(ordinal=pl.int_range(pl.len())))
    check_table(
        Quarantine,
        pl.concat([batch.rejected.with_columns(name) for batch, name in zip(batches, names, strict=True)]),
    )


def find_seeds(folders: list[Path]) -> list[Seed]:
    """All cases and samples, and the files of more folders, each with its format."""
    files = [file for folder in (ROOT / "tests/cases/readers", ROOT / "raw", *folders) for file in folder.rglob("*")]
    seeds = []
    for path in sorted(files):
        if path.is_file() and path.name not in _NO_CASES:
            try:
                name = open_capture(path, ReadSettings()).format
            except InputError:
                name = None
            seeds.append(Seed(path, path.read_bytes(), name))
    return seeds


def break_file(seeds: list[Seed], number: int) -> Broken:
    """The broken file of that number; the same for the same seeds."""
    random = Random(number)
    seed = random.choice(seeds)
    others = [random.choice(seeds).data for _ in range(3)]
    data = mutate(seed.data, random, others)
    names = _format_names()
    format_name = seed.format if seed.format in names and random.random() < 0.5 else None
    if random.random() < 0.05:
        format_name = random.choice(sorted(names))
    suffix = random.choice([seed.path.suffix, seed.path.suffix, ".txt", ".json", ".html", ".zip", ""])
    return Broken(f"{seed.path.stem[:40]}-{number}{suffix}", data, format_name)


@cache
def _format_names() -> frozenset[str]:
    return frozenset(list_formats()["name"])


def read_broken(folder: Path, broken: Broken, contracts: Contracts | None = None) -> str | None:
    """What is wrong about the way in which a broken file is read; None where all is well.

    Contracts are checked at once, or, where ``contracts`` is given, whenever they are asked for.
    """
    if contracts is None:
        contracts = Contracts()
        trouble = read_broken(folder, broken, contracts)
        return trouble or next((text for _, text in contracts.broken()), None)
    path = folder / broken.name
    path.write_bytes(broken.data)
    memory = _peak_memory()
    begun = time.process_time()  # for on a busy machine the clock says little
    try:
        with _no_longer_than(4 * SECONDS):
            trouble = _read(path, broken, contracts)
    except InputError:
        trouble = None
    except TooSlowError:
        trouble = f"takes longer than {4 * SECONDS} seconds"
    finally:
        path.unlink()
    seconds, grown = time.process_time() - begun, _peak_memory() - memory
    if trouble is None and seconds > SECONDS:
        trouble = f"takes {seconds:.1f} seconds for {len(broken.data):,} bytes"
    if trouble is None and grown > MEMORY:
        trouble = f"takes {grown >> 20:,} MiB of memory for {len(broken.data):,} bytes"
    return trouble


def _read(path: Path, broken: Broken, contracts: Contracts) -> str | None:
    settings = ReadSettings(format=broken.format, **_SETTINGS)
    ordinals: list[int] = []
    listings: set[int] = set()
    for part in open_capture(path, settings).parts():
        own: set[int] = set()
        for batch in part.batches():
            contracts.add(broken, batch)
            ordinals += batch.records["ordinal"].to_list() + batch.rejected["ordinal"].to_list()
            own.update(batch.records["listing"].unique().to_list())
        if own & listings:
            return "two parts share a listing"
        listings |= own
    if sorted(ordinals) != list(range(len(ordinals))):
        return f"ordinals have gaps or repetitions: {sorted(ordinals)[:20]}"
    return None


@contextmanager
def _no_longer_than(seconds: float) -> Iterator[None]:
    def stop(_: int, __: FrameType | None) -> None:
        raise TooSlowError

    before = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, before)


def _peak_memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
