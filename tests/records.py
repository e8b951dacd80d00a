"""Records for tests, made by the real normaliser from rows written by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.ids import digest_chunks
from pipeline.normalise.records import normalise_records
from pipeline.pack import load_pack
from pipeline.tables import RawRecords, check_table


@dataclass(frozen=True)
class Facts:
    """What ingest knows of a capture."""

    source: str | None = None
    shape: str | None = None
    order_known: str = "unknown"
    paragraphs: bool = False


def make_records(rows: list[dict[str, Any]], capture: str = "one", facts: Facts | None = None) -> pl.DataFrame:
    """Records of one capture: rows of RawRecords columns, whatever is absent being null."""
    defaults = {"listing": 0, "parent_known": False, "markup": "plain"}
    full = [{**defaults, "ordinal": i, "location": f"line {i + 1}", **row} for i, row in enumerate(rows)]
    dtypes = {name: column.dtype for name, column in RawRecords.columns().items()}
    raw = pl.DataFrame([{name: row.get(name) for name in dtypes} for row in full], schema=dtypes)
    records, _ = normalise_records(
        check_table(RawRecords, raw), digest_chunks([capture.encode()]), facts or Facts(), load_pack()
    )
    return records


def make_paragraphs(lines: list[str], capture: str = "one") -> pl.DataFrame:
    """Records of a flat text."""
    return make_records(
        [{"body": line} for line in lines], capture, Facts(shape="page", order_known="page", paragraphs=True)
    )


def no_pairs() -> pl.DataFrame:
    """Near duplicates of texts that have none."""
    return pl.DataFrame(
        schema={"left_key": pl.String, "right_key": pl.String, "similarity": pl.Float32, "method": pl.String}
    )
