"""What a signal is: a reason why one post may answer another, measured on many pairs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context


@dataclass(frozen=True)
class Signal:
    """One reason.

    Attributes:
        name: as `links.evidence` shows it.
        features: names of the columns it measures.
        measure: (context, pairs) to float32[pairs, features]. Where it has nothing to say, all its columns are 0; a
            column of its own says so where 0 would be a finding.
        lenses: kinds of lens ("text", "meta") in which it can have something to say.
    """

    name: str
    features: tuple[str, ...]
    measure: Callable[[Context, Pairs], Table]
    lenses: tuple[str, ...] = ("text", "meta")
