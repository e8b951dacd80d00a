"""Families of streams: chats, and mail, whose letters have subjects and quote each other.

In: rows of discussions. Out: which family each belongs to, what is looked at in it, and how its streams are laid out.

>>> FAMILIES["mail"].signals[-1].name
'quotation'
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import polars as pl

from pipeline.pack import ModelPack
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.streams.layout import Stream, lay_stream
from pipeline.reconstruct.streams.letters import read_letters
from pipeline.reconstruct.streams.signals import CHAT_SIGNALS, MAIL_SIGNALS, StreamSignal

SUBJECTS = 0.5  # share of posts with a subject line from which a stream is mail


@dataclass(frozen=True)
class Family:
    """One family.

    Attributes:
        name: as packs and corpora know it.
        signals: what is looked at; has_letters: whether texts are read as letters for it.
    """

    name: str
    signals: tuple[StreamSignal, ...]
    has_letters: bool


FAMILIES = {
    family.name: family
    for family in (Family("chat", CHAT_SIGNALS, has_letters=False), Family("mail", MAIL_SIGNALS, has_letters=True))
}


def tell_family(shape: pl.Expr, has_title: pl.Expr) -> pl.Expr:
    """Whether the posts of a discussion are a page, a chat or mail; `has_title` is null where a post does not count."""
    subjects = has_title.cast(pl.Float64).mean().fill_null(0.0)
    return (
        pl.when(shape.first() != "stream")
        .then(pl.lit("page"))
        .when(subjects >= SUBJECTS)
        .then(pl.lit("mail"))
        .otherwise(pl.lit("chat"))
    )


def lay_family(family: Family, context: Context, posts: pl.DataFrame, pack: ModelPack) -> Stream:
    """The stream of a context.

    Args:
        posts: title, text, author_key of the context's posts, row by row.
    """
    stream = lay_stream(context, posts["text"], posts["author_key"], pack)
    if not family.has_letters:
        return stream
    return replace(stream, letters=read_letters(context, posts["text"], posts["title"], posts["author_key"]))
