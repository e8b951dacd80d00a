"""What a reader is. To read one more format, write one module with a ``READER`` and add it to ``READERS``.

In: nothing. Out: the types that readers and the rest of the house share.

>>> READER = Reader(name="flat_text", version=1, title="…", extensions=(".txt",), replies="…",
...                 recognise=recognise, describe=describe, read=read)
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.records import Batch
from pipeline.settings import ReadSettings

Shape = Literal["page", "stream"]
Order = Literal["page", "time", "flat", "unknown"]


@dataclass(frozen=True)
class CaptureFacts:
    """What is known of a whole capture before its records are read."""

    source: str | None  # site or named source, for display
    shape: Shape | None  # what the format says of its discussions; None where it does not say
    order_known: Order  # what the format or the user says of the row order
    paragraphs: bool  # whether records are paragraphs of a flat text


@dataclass(frozen=True)
class Reader:
    """One format: how to tell it, what it says, how to read it."""

    name: str
    version: int  # raise it when the same bytes give other records
    title: str
    extensions: tuple[str, ...]  # shown to people, never trusted
    replies: str  # what tells who answers whom
    recognise: Callable[[Head], bool]
    describe: Callable[[Source], CaptureFacts]  # raises InputError where the file cannot be read as this format
    read: Callable[[Source], Iterator[Batch]]  # never raises over a single record
    # Where its words stand, for the deep audit (`pipeline.audit.words`): JSON keys, XML elements, CSS selectors
    words: tuple[str, ...] = ()


def order_of(settings: ReadSettings, otherwise: Order) -> Order:
    """The row order: what the user says, else what the format says."""
    return otherwise if settings.listing == "auto" else settings.listing
