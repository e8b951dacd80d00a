"""Training the models of streams: which corpora teach which family, and what they are shown as.

In: corpora of chats or of mailing lists. Out: a model.

>>> train_streams(FAMILIES["chat"], corpora, pack).family
'chat'

A share of blocks of lines is shown without authors and times besides, so that one model serves both kinds of lens.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

import polars as pl

from pipeline.pack import ModelPack
from pipeline.reconstruct.corpus import PLAIN_VIEW, Corpus, View, draw, hide
from pipeline.reconstruct.streams.families import SUBJECTS, Family
from pipeline.reconstruct.streams.fitting import BLOCK, fit_streams
from pipeline.reconstruct.streams.grounds import StreamGround, lay_stream_ground
from pipeline.reconstruct.streams.model import StreamModel

ROUNDS = {"chat": (160, 40), "mail": (110,)}  # trees of each pass and fold
WINDOW = 100
LEAD_LINES = 250  # unlabelled lines kept before the first labelled one
BLOCK_LINES = BLOCK
TEXT_SHARE = 0.12  # of blocks that are shown without authors and times besides
USUAL_POSTS = 20_000  # a corpus of fewer posts counts for more per post
MIXTURE = View(no_authors=0.06, no_times=0.08)


def train_streams(
    family: Family,
    corpora: Sequence[Corpus],
    pack: ModelPack,
    rounds: Sequence[int] | None = None,
    say: Callable[[str], None] = lambda _: None,
) -> StreamModel:
    """The model of a family.

    Args:
        corpora: of the family (`belongs_to`), at least one.
        pack: word rarities.
        rounds: trees of each pass and fold; those of the family if left out.
        say: told of each step as it ends.
    """
    grounds = [ground for corpus in corpora for ground in _lay_corpus(family, corpus, pack)]
    say(f"{family.name}: {len(corpora)} corpora laid out")
    return fit_streams(family, grounds, rounds or ROUNDS[family.name], say=say)


def belongs_to(family: Family, corpus: Corpus) -> bool:
    """Whether a corpus is one of the family's streams."""
    subjects = corpus.posts["subject"].is_not_null().sum()
    return corpus.is_stream and (subjects >= SUBJECTS * corpus.posts.height) == family.has_letters


def _knows_none(corpus: Corpus) -> bool:
    """Whether labelled posts of the corpus start conversations: explicit replies alone say nothing of those."""
    labelled = corpus.posts.filter("labelled")
    return bool((labelled["parent_id"].is_null() & (labelled["parent_ids"].list.len().fill_null(0) == 0)).any())


def _lay_corpus(family: Family, corpus: Corpus, pack: ModelPack) -> list[StreamGround]:
    """The corpus as its kind of dump shows it, and blocks of it without authors and times."""
    line = pl.int_range(pl.len()).over("thread_id")
    lead = pl.when("labelled").then(line).min().over("thread_id") - LEAD_LINES
    posts = corpus.posts.filter(line >= lead)
    weight = (USUAL_POSTS / max(1, min(int(posts["labelled"].sum()), USUAL_POSTS))) ** 0.5
    knows_none = _knows_none(corpus)
    blocks = _cut_blocks(posts)
    return [
        lay_stream_ground(
            family, hide(replace(corpus, posts=part), f"time-{kind}", view), kind, pack, WINDOW, weight, knows_none
        )
        for part, kind, view in ((posts, "meta", MIXTURE), (blocks, "text", PLAIN_VIEW))
        if part["labelled"].any()
    ]


def _cut_blocks(posts: pl.DataFrame) -> pl.DataFrame:
    """A share of blocks of lines (of a small corpus all), each a discussion of its own; posts that answer beyond their
    block are unlabelled."""
    number = pl.int_range(pl.len()).over("thread_id") // BLOCK_LINES
    blocks = posts.with_columns(pl.format("{}, {}", "thread_id", number).alias("thread_id"))
    drawn = blocks.select(draw("thread_id", "text", TEXT_SHARE)).to_series()
    blocks = blocks.filter(drawn) if drawn.any() else blocks
    inside = pl.col("parent_id").is_null() | pl.struct("thread_id", id="parent_id").is_in(
        blocks.select(pl.struct("thread_id", "id")).to_series().implode()
    )
    return blocks.with_columns(pl.col("labelled") & inside)
