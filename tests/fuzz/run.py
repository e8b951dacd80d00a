"""Breaks the cases of the readers in many ways and reads what is left: ``python -m tests.fuzz.run --n 200000``.

In: a number of inputs. Out: every input that is read wrongly, kept in a folder; exit code 1 where there is any.

Nothing but InputError may come out, every ordinal must be there once, tables must keep their contracts, no input may
take longer than 5 seconds of the processor or a gigabyte of memory. One input in ten (``--audit-every``) also goes
through a whole run whose archive is audited.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from pipeline.audit import audit_archive
from pipeline.settings import RunParameters, Settings
from pipeline.steps import run_direct
from tests.fuzz.reading import Contracts, Seed, break_file, find_seeds, read_broken

_CHECKED = 100  # inputs whose contracts are checked together


@dataclass(frozen=True)
class Found:
    """What came of some inputs: what is wrong, a line each; how many went through a run and its audit; the slowest."""

    wrong: list[str]
    audited: int
    slowest: tuple[float, str]


def check_inputs(seeds: Sequence[Seed], numbers: range, kept: Path, audit_every: int) -> Found:
    """Reads the broken files of these numbers, and runs and audits every so many of them; none where that is 0."""
    wrong: list[str] = []
    slowest = (0.0, "")
    audited = 0
    contracts = Contracts()
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        raw = Path(folder, "raw")
        raw.mkdir()
        for number in numbers:
            broken = break_file(list(seeds), number)
            begun = time.process_time()
            try:
                trouble = read_broken(Path(folder), broken, contracts)
            except Exception:  # noqa: BLE001 - whatever comes out is what is looked for
                trouble = traceback.format_exc()
            slowest = max(slowest, (time.process_time() - begun, f"{broken.name}, {len(broken.data):,} bytes"))
            if trouble:
                wrong.append(f"input {number} ({broken.name}, format {broken.format}): {trouble}")
                (kept / broken.name).write_bytes(broken.data)
            elif audit_every and number % audit_every == 0 and len(broken.data) < 1 << 20:
                (raw / broken.name).write_bytes(broken.data)
                audited += 1
            if number % _CHECKED == _CHECKED - 1 or number == numbers[-1]:
                for other, text in contracts.broken():
                    wrong.append(f"{other.name}, format {other.format}: {text}")
                    (kept / other.name).write_bytes(other.data)
        if audited:
            wrong += _audit_run(raw, Path(folder, "out"), numbers)
    return Found(wrong, audited, slowest)


def _audit_run(raw: Path, out: Path, numbers: range) -> list[str]:
    try:
        run_direct(RunParameters(raw=[raw], out=out, settings=Settings()), None)
        findings = audit_archive(out)
    except Exception:  # noqa: BLE001 - whatever comes out is what is looked for
        return [f"whole run of inputs {numbers}: {traceback.format_exc()}"]
    return [f"whole run of inputs {numbers}: {finding}" for finding in findings]


def main() -> int:
    parser = argparse.ArgumentParser(description="Read broken files; nothing but InputError may come of it.")
    parser.add_argument("--n", type=int, default=10_000, help="number of inputs")
    parser.add_argument("--first", type=int, default=0, help="number of the first input; numbers name inputs")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--seeds", type=Path, nargs="*", default=[], help="folders of more files to break")
    parser.add_argument("--keep", type=Path, default=Path("fuzz-findings"), help="where bad inputs are kept")
    parser.add_argument("--audit-every", type=int, default=10, help="of so many one is run and audited; 0: none")
    parser.add_argument("--together", type=int, default=1000, help="inputs that share a run and its audit")
    arguments = parser.parse_args()
    seeds = find_seeds(arguments.seeds)
    arguments.keep.mkdir(exist_ok=True)
    end = arguments.first + arguments.n
    together = arguments.together
    chunks = [range(at, min(at + together, end)) for at in range(arguments.first, end, together)]
    begun, done, wrong, audited, slowest = time.perf_counter(), 0, 0, 0, (0.0, "")
    check = partial(check_inputs, seeds, kept=arguments.keep, audit_every=arguments.audit_every)
    # Not concurrent.futures, whose workers are not always followed by new ones when they have done their tasks.
    with get_context("spawn").Pool(arguments.workers, maxtasksperchild=5) as pool:
        for chunk, found in zip(chunks, pool.imap(check, chunks), strict=True):
            audited, slowest = audited + found.audited, max(slowest, found.slowest)
            for line in found.wrong:
                wrong += 1
                print(line, flush=True)
            done += len(chunk)
            seconds = time.perf_counter() - begun
            print(f"{done:,} inputs, {wrong} wrong, {seconds:,.0f} s", file=sys.stderr, flush=True)
    print(
        f"{done:,} inputs read, {audited:,} of them in runs that were audited: {wrong} wrong. "
        f"Slowest: {slowest[0]:.2f} s ({slowest[1]})."
    )
    if not any(arguments.keep.iterdir()):
        arguments.keep.rmdir()
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
