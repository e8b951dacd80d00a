"""Where the candidate stands: how far above the child, and how much of the discussion is above and below.

In: context and pairs. Out: float32 columns. Always has something to say.
"""

from __future__ import annotations

import numpy as np

from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals.signal import Signal

FEATURES = (
    "top",
    "above",
    "second_above",
    "distance",
    "far",
    "place",
    "candidate_first",
    "size",
    "from_end",
    "stream",
    "top_place",
    "has_submission",
    "top_first",
    "top_stream",
    "above_stream",
)


def measure(context: Context, pairs: Pairs) -> Table:
    """Distances count posts; they and places are taken as logarithms."""
    top = pairs.is_top
    child = pairs.right
    distance = np.where(top, 0, child - pairs.left)
    place, size = context.place[child], context.size[child]
    stream = context.is_stream[child]
    columns = (
        top,
        distance == 1,
        distance == 2,
        np.log1p(distance),
        distance > 10,
        np.log1p(place),
        ~top & (distance == place),
        np.log(size),
        np.log(size - place),
        stream,
        top * np.log1p(place),
        context.submission[child] >= 0,
        top & (place == 0),
        top & stream,
        (distance == 1) & stream,
    )
    return np.stack(columns, axis=1).astype(np.float32)


SIGNAL = Signal("position", FEATURES, measure)
