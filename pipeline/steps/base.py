"""What a run can go on from: the snapshot before, where nothing that it was made from has changed since.

In: a plan. Out: a ``Base``, or null where everything has to be made anew.

>>> base = find_base(plan)
>>> base.captures if base else "from scratch"
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipeline import __version__
from pipeline.errors import ArchiveError
from pipeline.ids import digest_texts
from pipeline.steps.plan import RunPlan
from pipeline.store.captures import KeptCapture, kept_captures
from pipeline.store.snapshot import find_snapshot, read_kept, scan_table

CAPTURES = "captures"


@dataclass(frozen=True)
class Base:
    """The snapshot before.

    Attributes:
        snapshot: its folder.
        captures: those it was made from, sorted.
    """

    snapshot: Path
    captures: tuple[str, ...]


def find_base(plan: RunPlan) -> Base | None:
    """The current snapshot, where this version, these settings and this pack made it from captures that are still kept
    as they were, and nothing is being forgotten."""
    layout = plan.layout
    try:
        snapshot = find_snapshot(layout.root)
        last = scan_table(snapshot, "runs").tail(1).collect()
    except ArchiveError:
        return None
    made = read_kept(snapshot, CAPTURES)
    if layout.forgetting.exists() or made is None or not _is_ours(last, plan):
        return None
    kept = digest_captures(kept_captures(layout))
    read_again = pl.col("capture_id").is_in([file.capture_id for file in plan.new_files])
    if made.join(kept.filter(~read_again), on=["capture_id", "digest"], how="anti").height:
        return None
    return Base(snapshot, tuple(made["capture_id"].sort()))


def take_base(plan: RunPlan) -> Base | None:
    """What ``find_base`` gives, the same to every later step of the run; ``leave_base`` may settle that it is none."""
    if not plan.work.exists("base"):
        _settle_base(plan, find_base(plan))
    for run_id, captures in plan.work.read("base").iter_rows():
        return Base(plan.layout.snapshot(run_id), tuple(captures))
    return None


def leave_base(plan: RunPlan) -> None:
    """Have this run make everything anew."""
    _settle_base(plan, None)


def _settle_base(plan: RunPlan, base: Base | None) -> None:
    rows = [] if base is None else [(base.snapshot.name, list(base.captures))]
    schema = pl.Schema({"run_id": pl.String(), "captures": pl.List(pl.String())})
    plan.work.write("base", pl.DataFrame(rows, schema=schema, orient="row"))


def digest_captures(captures: Iterable[KeptCapture]) -> pl.DataFrame:
    """capture_id, digest: equal for captures kept as they were, wherever their files lie now."""
    facts = [(capture.capture_id, _spell_facts(capture.facts)) for capture in captures]
    frame = pl.DataFrame(facts, schema={"capture_id": pl.String, "facts": pl.String}, orient="row")
    return frame.select("capture_id", digest=digest_texts(frame["facts"]))


def _spell_facts(facts: dict[str, Any]) -> str:
    said = {name: value for name, value in facts.items() if name != "paths"}
    return orjson.dumps(said, option=orjson.OPT_SORT_KEYS).decode()


def _is_ours(last: pl.DataFrame, plan: RunPlan) -> bool:
    said = last.select("code_version", "fingerprint", "model_pack").rows()
    return said == [(__version__, plan.parameters.settings.fingerprint(), plan.pack.name)]
