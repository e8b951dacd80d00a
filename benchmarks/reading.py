"""Reading speed per format, beside its bare parser: ``python -m benchmarks.reading --data DIR``.

Reads, of every format, a dump of invented comments or the reader's own case, and the largest real file of that format
in the data folder, each grown to some megabytes with many records, for what a file costs beyond its records (about
three milliseconds) would be most of a case of ten posts. Prints megabytes and records a second, and how many times the
processor time of two floors for the same bytes that takes: unpacking and the parser that the reader uses, alone, making
its objects (zstd and orjson, lexbor, lxml, the csv and email modules, polars for Parquet, decoded lines matched with
one regular expression for text), and that parser with one visit in Python to everything it found (each value of JSON,
each node of a page), which is the least that any reader of trees can do.

Where a reader has its own way to put many lines through one parser (Reddit's dumps), the floor is still a parser that
makes an object a record.
"""

from __future__ import annotations

import argparse
import gc
import os
import platform
import sys
import tempfile
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path

import orjson
import polars as pl
import zstandard

from benchmarks.reading_inputs import Input, grown_inputs, invented_inputs
from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings

_MOST = 5.0  # no reader should take more times its bare parser


def _seconds(works: list[Callable[[], object]], times: int) -> list[tuple[float, float]]:
    """Of each the best of several times: seconds on the clock, and of the processor in all threads.

    They take turns, so that a machine that is busy for a while is busy for all of them.
    """
    best = [(float("inf"), float("inf"))] * len(works)
    for _ in range(times):
        for place, work in enumerate(works):
            gc.collect()
            clock, processor = time.perf_counter(), time.process_time()
            work()
            took = time.perf_counter() - clock, time.process_time() - processor
            best[place] = min(best[place][0], took[0]), min(best[place][1], took[1])
    return best


def measure(given: Input, folder: Path, times: int) -> dict[str, object]:
    """One row of the table."""
    path = folder / f"dump{given.suffix}"
    path.write_bytes(given.data)
    records = 0

    def read() -> None:
        nonlocal records
        records = sum(batch.records.height for batch in open_capture(path, ReadSettings(format=given.name)).batches())

    works: list[Callable[[], object]] = [read, given.parse]
    if visit := given.visit:
        works.append(lambda: visit(given.parse()))
    gc.disable()  # the reader does without the collector, so may the parser
    (clock, reading), (_, parsing), *visited = _seconds(works, times)
    gc.enable()
    visiting = visited[0][1] if visited else parsing
    unpacked = zstandard.decompress(given.data) if given.suffix.endswith(".zst") else given.data
    megabytes = len(unpacked) / 1e6
    return {
        "format": given.name + (" .zst" if given.suffix.endswith("zst") else ""),
        "from": given.origin,
        "MB": round(megabytes, 1),
        "records": records,
        "MB/s": round(megabytes / clock, 1),
        "records/s": round(records / clock),
        "CPU s": round(reading, 3),
        "parser": given.parser,
        "its CPU s": round(parsing, 3),
        "x parser": round(reading / parsing, 1),
        "x visited": round(reading / visiting, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Reading speed per format, beside its bare parser.")
    parser.add_argument("--data", type=Path, help="a folder with real dumps; without it, cases and invented ones alone")
    parser.add_argument("--records", type=int, default=200_000, help="posts in invented tables and dumps")
    parser.add_argument("--megabytes", type=float, default=8, help="size of every other file")
    parser.add_argument("--times", type=int, default=5, help="each is read so often, and the best time counts")
    parser.add_argument("--only", nargs="*", help="formats to read")
    parser.add_argument("--json", action="store_true", help="print JSON instead of a table")
    arguments = parser.parse_args()
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        invented = invented_inputs(arguments.records)
        for given in [*invented, *grown_inputs(int(arguments.megabytes * 1e6), arguments.data)]:
            if arguments.only and given.name not in arguments.only:
                continue
            try:
                rows.append(measure(given, Path(folder), arguments.times))
            except InputError as error:  # a page so often repeated is not one any more
                print(f"{given.name} ({given.origin}) cannot be measured: {error}", file=sys.stderr, flush=True)
                continue
            print(rows[-1], file=sys.stderr, flush=True)
    machine = f"{platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}"
    if arguments.json:
        print(orjson.dumps({"date": str(date.today()), "machine": machine, "formats": rows}).decode())
        return
    print(f"{date.today()}, {machine}")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True):
        pl.Config.set_tbl_width_chars(200)
        pl.Config.set_fmt_str_lengths(30)
        print(pl.DataFrame(rows))
    slow = [f"{row['format']} ({row['from']})" for row in rows if float(str(row["x parser"])) > _MOST]
    print(f"Over {_MOST:.0f} times their parser: {', '.join(slow) or 'none'}.")


if __name__ == "__main__":
    main()
