"""RawRecords from a few values, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import polars as pl

from pipeline.normalise.records import normalise_records
from pipeline.pack import ModelPack
from pipeline.tables import Quarantine, RawRecords, Records, check_table, empty_table, fit_table

CAPTURE = "capture2capture2"
PACK = ModelPack(
    name="of the tests",
    words=pl.DataFrame(
        {"word": ["the", "rain", "well"], "bits": [1.5, 8.5, 5.0]}, schema={"word": pl.String, "bits": pl.Float32}
    ),
    unseen_bits=12.0,
    links={},
)


@dataclass(frozen=True)
class Facts:
    source: str | None = "weatherboard"
    shape: str | None = "page"
    order_known: str = "page"
    paragraphs: bool = False


def raw_records(rows: Sequence[dict[str, Any]]) -> pl.DataFrame:
    """One record per dictionary; what a dictionary lacks is as dull as it can be."""
    dull = {"listing": 0, "parent_known": False, "markup": "plain"}
    complete = [{"ordinal": i, "location": f"line {i + 1}", **dull, **row} for i, row in enumerate(rows)]
    if not complete:
        return empty_table(RawRecords)
    names = dict.fromkeys(name for row in complete for name in row)
    return fit_table(
        RawRecords, pl.DataFrame({name: [row.get(name) for row in complete] for name in names}, strict=False)
    )


def normalise(rows: Sequence[dict[str, Any]], **facts: Any) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Records and rejected of rows, both proven to keep their contract, and n together."""
    records, rejected = normalise_records(raw_records(rows), CAPTURE, Facts(**facts), PACK)
    assert records.height + rejected.height == len(rows)
    return check_table(Records, records), check_table(Quarantine, rejected)


def normalise_bodies(*bodies: str, markup: str = "plain", **facts: Any) -> pl.DataFrame:
    """Records of bodies that have ids, so that none is rejected."""
    rows = [{"native_id": str(i), "body": body, "markup": markup} for i, body in enumerate(bodies)]
    return normalise(rows, **facts)[0]
