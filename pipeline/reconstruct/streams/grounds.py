"""Streams with known parents, laid out: what models are fitted to and measured on.

In: lessons. Out: `StreamGround`.

>>> ground = lay_stream_ground(FAMILIES["chat"], hide(corpus, "time-meta"), "meta", pack, window=100)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from pipeline.pack import ModelPack
from pipeline.reconstruct.arrays import Flags, Ints, Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import lay_out
from pipeline.reconstruct.corpus import Lesson
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.grounds import find_truth
from pipeline.reconstruct.streams.families import Family, lay_family
from pipeline.reconstruct.streams.layout import Stream


@dataclass(frozen=True, eq=False)
class StreamGround:
    """Streams of one corpus with known parents.

    Attributes:
        stream: lines from which candidates and conversations are taken.
        children: int64[C], all lines, whose parents are guessed.
        truth: (pairs) to float32[pairs], 1 at the true parent (shared where several are true), 0 for all candidates of
            a line whose parent is unknown.
        weight: what each known line counts.
        knows_none: whether "answers none" is known; else a line is known only if it answers another.
        window: lines before each that are candidates.
        kind: of the lens, "meta" or "text"; calibration is done for each.
    """

    stream: Stream
    children: Ints
    truth: Callable[[Pairs], Table]
    weight: float
    knows_none: bool
    window: int
    kind: str


def lay_stream_ground(
    family: Family,
    lesson: Lesson,
    kind: str,
    pack: ModelPack,
    window: int,
    weight: float = 1.0,
    knows_none: bool = True,
) -> StreamGround:
    """A lesson laid out for a family; the other arguments as `StreamGround` has them."""
    rows = settle_declared(lesson.posts)
    context = lay_out(rows, lesson.posts, lesson.quotations, pack)
    posts = lesson.posts[rows["source_row"].gather(context.rows[: context.n_posts])]

    def tell(pairs: Pairs) -> Table:
        truth, labelled = find_truth(context, pairs, rows, lesson.gold)
        if not knows_none:
            labelled = labelled & (truth[pairs.offsets[:-1]] == 0)
        return (truth * np.repeat(labelled, np.diff(pairs.offsets))).astype(np.float32)

    stream = lay_family(family, context, posts, pack)
    return StreamGround(stream, np.arange(context.n_posts), tell, weight, knows_none, window, kind)


def find_known(ground: StreamGround, pairs: Pairs) -> Flags:
    """bool[children]: whose true parent is known and who have more than one candidate."""
    truth = ground.truth(pairs)
    known: Flags = (np.add.reduceat(truth, pairs.offsets[:-1]) > 0) & (np.diff(pairs.offsets) > 1)
    return known
