"""The model pack: every statistic and weight that decides anything, frozen, with a card that says where it comes from.

In: the name of a pack. Out: word rarities and link models. Nothing in a pack depends on the dumps of a run, so that
tonight's dump cannot change last year's links.

>>> load_pack("default").unseen_bits > 10
True
"""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from importlib.resources import files
from typing import Any

import orjson
import polars as pl

from pipeline.errors import SettingError

DEFAULT_PACK = "default"


@dataclass(frozen=True, eq=False)
class StreamWeights:
    """The model of one family of streams, as a pack holds it.

    Attributes:
        family: its name.
        facts: columns, how many candidates are kept, calibration and accuracy, as read from JSON.
        nodes: one row per node of its trees: forest, tree, feature, threshold, low, lost_low, value.
    """

    family: str
    facts: dict[str, Any]
    nodes: pl.DataFrame


@dataclass(frozen=True, eq=False)
class ModelPack:
    """Frozen statistics and weights.

    Attributes:
        name: what runs record.
        words: columns word (String), bits (Float32): minus log2 of the share of posts that have the word.
        unseen_bits: bits of a word that is not listed.
        links: link models by lens, as read from JSON.
        streams: models of streams by family ("chat", "mail").
    """

    name: str
    words: pl.DataFrame
    unseen_bits: float
    links: dict[str, Any]
    streams: dict[str, StreamWeights] = field(default_factory=dict)


@cache
def load_pack(name: str = DEFAULT_PACK) -> ModelPack:
    """The pack of that name that ships with the package. Raises SettingError where there is none."""
    folder = files("pipeline") / "packs" / name
    if not (folder / "pack.json").is_file():
        known = sorted(entry.name for entry in (files("pipeline") / "packs").iterdir() if entry.is_dir())
        raise SettingError(f"There is no model pack {name!r}; there are: {', '.join(known)}")
    facts = orjson.loads((folder / "pack.json").read_bytes())
    words = pl.read_parquet((folder / "words.parquet").read_bytes())
    links = {key: orjson.loads((folder / file).read_bytes()) for key, file in facts["links"].items()}
    streams = {
        family: StreamWeights(
            family,
            orjson.loads((folder / f"{family}.json").read_bytes()),
            pl.read_parquet((folder / f"{family}.parquet").read_bytes()),
        )
        for family in facts.get("streams", [])
    }
    return ModelPack(facts["name"], words, float(facts["unseen_bits"]), links, streams)
