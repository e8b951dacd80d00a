"""What an evaluation found, for people and for programs.

In: an `Evaluation`. Out: rich renderables, or JSON.

>>> evaluation_lines(judge_links(corpus, "page-text"))[0].plain
'reddit, page-text: 9,141 posts whose parent is known and was to be found'
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING

import orjson
from rich import box
from rich.table import Table
from rich.text import Text

from pipeline.evaluate import Evaluation

if TYPE_CHECKING:
    from rich.console import RenderableType

# What measures are called, and how many decimals they are told with.
_NAMES: dict[str, tuple[str, int]] = {
    "accuracy": ("parent accuracy", 3),
    "link_precision": ("link precision", 3),
    "link_recall": ("link recall", 3),
    "link_f1": ("link F1", 3),
    "ancestor_f1": ("ancestor F1", 3),
    "variation": ("conversations: VI, scaled", 1),
    "one_to_one": ("conversations: one-to-one", 1),
    "adjusted_rand": ("conversations: adjusted Rand", 3),
    "exact_f1": ("conversations: exact F1", 1),
    "kendall_tau": ("reading order: Kendall τ", 3),
}


def evaluation_lines(found: Evaluation) -> list[RenderableType]:
    """A heading, the figures beside those of both baselines, and what confidences are worth."""
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for name in ("measure", "found", "all previous", "all root"):
        table.add_column(name, justify="left" if name == "measure" else "right")
    for key, (name, decimals) in _NAMES.items():
        row = (found.found[key], found.all_previous[key], found.all_root[key])
        table.add_row(name, *(f"{value:.{decimals}f}" for value in row))
    sure = found.confidence
    risk = "  ".join(f"{cover:.0%} {wrong:.3f}" for cover, wrong in found.risk)
    return [
        Text(f"{found.corpus}, {found.lens}: {found.posts:,} posts whose parent is known and was to be found", "bold"),
        table,
        Text(f"confidence: ECE {sure['ece']:.3f}, Brier {sure['brier']:.3f} (base rate {sure['base_brier']:.3f})"),
        Text(f"confidence of 0.9 or more: {sure['sure']:.1%} of posts, {sure['sure_accuracy']:.3f} right"),
        Text(f"share wrong among the surest: {risk}"),
        Text(""),
    ]


def evaluation_json(found: Sequence[Evaluation]) -> str:
    """All evaluations as one JSON array."""
    told = [
        {
            **asdict(one),
            "bins": [bin_._asdict() for bin_ in one.bins],
            "risk": [{"cover": cover, "wrong": wrong} for cover, wrong in one.risk],
        }
        for one in found
    ]
    return orjson.dumps(told, option=orjson.OPT_INDENT_2 | orjson.OPT_SERIALIZE_NUMPY).decode() + "\n"
