"""The model of a family of streams, and how a pack keeps it: figures as JSON, trees as a table of nodes.

In: a `StreamModel`. Out: `StreamWeights`, and back.

>>> load_stream_model(save_stream_model(model)).keep == model.keep
True
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import polars as pl

from pipeline.algorithms.forest_nodes import list_nodes, read_nodes
from pipeline.algorithms.forests import Forest
from pipeline.errors import ContractError
from pipeline.pack import StreamWeights
from pipeline.reconstruct.streams.families import FAMILIES
from pipeline.reconstruct.streams.layout import Stream
from pipeline.reconstruct.streams.lexicon import Lexicon, load_lexicon, weigh_lines
from pipeline.reconstruct.streams.signals import StreamSignal, conversation

VALUE_DECIMALS = 4  # of what a leaf adds: scores keep no more


@dataclass(frozen=True, eq=False)
class StreamModel:
    """The model of one family of streams.

    Attributes:
        family: its name.
        signals: those that every pass looks at.
        lexicon: what words of lines tell; `read_stream` adds it to a stream.
        sieve: scores all candidates roughly; keep: how many of each line go on, none besides.
        passes: forests, the first over the signals' columns, later ones over those of `conversation`.
        temperature: by kind of lens ("meta", "text") what shares are flattened by (> 1) or sharpened (< 1) after each
            number of passes to be calibrated.
        accuracy: by kind of lens the share of parents found on held-out streams after each number of passes.
    """

    family: str
    signals: tuple[StreamSignal, ...]
    lexicon: Lexicon
    sieve: Forest
    keep: int
    passes: tuple[Forest, ...]
    temperature: dict[str, tuple[float, ...]]
    accuracy: dict[str, tuple[float, ...]]


def read_stream(model: StreamModel, stream: Stream) -> Stream:
    """The stream with what its words tell by the model's lexicon."""
    return replace(stream, told=weigh_lines(model.lexicon, stream.context))


def name_columns(signals: Sequence[StreamSignal]) -> list[str]:
    """Names of the columns that passes look at."""
    own = [f"{signal.name}.{feature}" for signal in signals for feature in signal.features]
    return own + [f"{conversation.NAME}.{feature}" for feature in conversation.FEATURES]


def save_stream_model(model: StreamModel) -> StreamWeights:
    """The model as a pack holds it, leaves rounded; `load_stream_model` reads it back."""
    facts = {
        "columns": name_columns(model.signals),
        "keep": model.keep,
        "lexicon": model.lexicon.store(),
        "temperature": {kind: list(values) for kind, values in sorted(model.temperature.items())},
        "accuracy": {kind: list(values) for kind, values in sorted(model.accuracy.items())},
    }
    forests = (model.sieve, *model.passes)
    return StreamWeights(
        model.family, facts, pl.concat([_number_nodes(forest, number) for number, forest in enumerate(forests)])
    )


def load_stream_model(weights: StreamWeights) -> StreamModel:
    """The model that a pack holds. Raises ContractError where its columns are not those of the signals."""
    signals = FAMILIES[weights.family].signals
    if weights.facts["columns"] != name_columns(signals):
        raise ContractError(f"The {weights.family} model was trained on other signals than there are: train it again")
    forests = [read_nodes(nodes) for nodes in weights.nodes.partition_by("forest", maintain_order=True)]
    return StreamModel(
        family=weights.family,
        signals=signals,
        lexicon=load_lexicon(weights.facts["lexicon"]),
        sieve=forests[0],
        keep=int(weights.facts["keep"]),
        passes=tuple(forests[1:]),
        temperature={kind: tuple(values) for kind, values in weights.facts["temperature"].items()},
        accuracy={kind: tuple(values) for kind, values in weights.facts["accuracy"].items()},
    )


def _number_nodes(forest: Forest, number: int) -> pl.DataFrame:
    return list_nodes(forest, VALUE_DECIMALS).select(pl.lit(number, pl.UInt8).alias("forest"), pl.all())
