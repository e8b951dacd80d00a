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
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import orjson
import polars as pl

from pipeline.errors import SettingError
from pipeline.ids import digest_chunks

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
class DuplicateWeights:
    """What tells texts that say the same, as a pack holds it.

    Attributes:
        facts: columns, probability, weights of evidence, as read from JSON.
        nodes: one row per node of the trees that weigh words (`algorithms.forest_nodes`).
    """

    facts: dict[str, Any]
    nodes: pl.DataFrame


@dataclass(frozen=True)
class Agreement:
    """What it is worth that a fact agrees of two records, in bits (log2 of a likelihood ratio); unknown is worth 0.

    Attributes:
        agree, differ: bits for one post, where both have it.
    """

    agree: float
    differ: float


NO_AGREEMENT = Agreement(0.0, 0.0)


@dataclass(frozen=True, eq=False)
class ModelPack:
    """Frozen statistics and weights.

    Attributes:
        name: what runs record: its folder's name and a digest of all that is in it.
        words: columns word (String), bits (Float32): minus log2 of the share of posts that have the word.
        unseen_bits: bits of a word that is not listed.
        links: link models by lens, as read from JSON.
        streams: models of streams by family ("chat", "mail").
        duplicates: what verifies pairs of texts; null in a pack that was made without.
        linkage: what facts beside words are worth when records are linked, by name ("author", "neighbour", …).
        words_digest: digest of the words and their bits, which records depend on; empty in a pack that is being made.
    """

    name: str
    words: pl.DataFrame
    unseen_bits: float
    links: dict[str, Any]
    streams: dict[str, StreamWeights] = field(default_factory=dict)
    duplicates: DuplicateWeights | None = None
    linkage: dict[str, Agreement] = field(default_factory=dict)
    words_digest: str = ""


def list_files(name: str) -> dict[str, bytes]:
    """The files of the pack of that name that ships with the package, or that stands in the folder of that path.

    Raises:
        SettingError: there is none.
    """
    shipped = files("pipeline") / "packs"
    folder: Traversable = Path(name) if (Path(name) / "pack.json").is_file() else shipped / name
    if not (folder / "pack.json").is_file():
        known = sorted(entry.name for entry in shipped.iterdir() if entry.is_dir())
        raise SettingError(f"There is no model pack {name!r}; name a folder that has one, or: {', '.join(known)}")
    # Files by name: a pack is the same pack wherever it is installed.
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir(), key=lambda file: file.name)}


@cache
def load_pack(name: str = DEFAULT_PACK) -> ModelPack:
    """The pack of that name or in that folder. Raises SettingError where there is none."""
    content = list_files(name)
    facts = orjson.loads(content["pack.json"])
    return ModelPack(
        name=f"{facts['name']}-{digest_chunks(content.values())[:8]}",
        words=pl.read_parquet(content["words.parquet"]),
        unseen_bits=float(facts["unseen_bits"]),
        links={key: orjson.loads(content[file]) for key, file in facts["links"].items()},
        streams={
            family: StreamWeights(
                family, orjson.loads(content[f"{family}.json"]), pl.read_parquet(content[f"{family}.parquet"])
            )
            for family in facts.get("streams", [])
        },
        duplicates=_read_duplicates(content),
        linkage=_read_linkage(content),
        words_digest=digest_chunks([content["words.parquet"], str(facts["unseen_bits"]).encode()]),
    )


def _read_duplicates(content: dict[str, bytes]) -> DuplicateWeights | None:
    if "duplicates.json" not in content:
        return None
    return DuplicateWeights(orjson.loads(content["duplicates.json"]), pl.read_parquet(content["duplicates.parquet"]))


def _read_linkage(content: dict[str, bytes]) -> dict[str, Agreement]:
    weights = orjson.loads(content.get("linkage.json", b"{}"))
    return {name: Agreement(float(weight["agree"]), float(weight["differ"])) for name, weight in weights.items()}
