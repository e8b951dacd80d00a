"""What a signal of streams is: a reason why one line may answer another, measured on many pairs at once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.streams.layout import Stream


@dataclass(frozen=True)
class StreamSignal:
    """One reason.

    Attributes:
        name: as `links.evidence` shows it.
        features: names of the columns it measures.
        measure: (stream, pairs) to float32[pairs, features]; NaN where it has nothing to say.
    """

    name: str
    features: tuple[str, ...]
    measure: Callable[[Stream, Pairs], Table]
