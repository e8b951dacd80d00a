"""What the phrases of a text say about its part in a discussion: its words, and pairs of words that follow each other.

In: folded texts, and the weights of hashed phrases. Out: four scores of each text, one for each of `scoring.ROLES`.

>>> weigh_phrases(phrases, pl.Series(["thank you", "why is that"])).shape
(2, 4)

Words alone leave out much of what tells a question to all from an answer to one: "do you" from "you do". Phrases are
kept as hashes (Weinberger et al. 2009), so no text can be read off a model. A phrase counts once a text, by its rarity;
a text's phrases have a length of 1 together.
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import dataclass

import numpy as np
import polars as pl
from numba import njit, uint64

from pipeline.algorithms.hashed_words import Hashes, split_texts
from pipeline.reconstruct.arrays import Floats, Ints, Ragged, Table

BUCKETS = 1 << 16
_START, _MIX = 0x9E3779B97F4A7C15, 0xFF51AFD7ED558CCD


@dataclass(frozen=True, eq=False)
class Phrases:
    """Weights of hashed phrases.

    Attributes:
        rarity: float32[BUCKETS], 0 for what the model does not know.
        weights: float32[BUCKETS, 4]; bias: float32[4].
    """

    rarity: Table
    weights: Table
    bias: Table


def cut_phrases(texts: pl.Series) -> Ragged:
    """The buckets of each text's phrases, each once."""
    split = split_texts(texts)
    return Ragged(*_bucket(split.rows, split.hashes))


@njit(cache=True, nogil=True)
def _bucket(rows: Ints, hashes: Hashes) -> tuple[Ints, Ints]:
    n = rows.size - 1
    offsets, values = np.zeros(n + 1, dtype=np.int64), np.empty(2 * hashes.size, dtype=np.int64)
    seen = np.full(BUCKETS, -1, dtype=np.int64)
    found = 0
    for text in range(n):
        before = uint64(_START)
        for at in range(rows[text], rows[text + 1]):
            pair = (before ^ hashes[at]) * uint64(_MIX)
            for phrase in (hashes[at] * uint64(_MIX), pair):
                bucket = np.int64((phrase ^ (phrase >> uint64(32))) & uint64(BUCKETS - 1))
                if seen[bucket] != text:
                    seen[bucket] = text
                    values[found] = bucket
                    found += 1
            # Two words the other way round are another phrase.
            before = (hashes[at] ^ uint64(_START)) * uint64(_MIX)
        offsets[text + 1] = found
    return offsets, values[:found].copy()


def weigh_phrases(phrases: Phrases, texts: pl.Series) -> Floats:
    """What the phrases of each text say of its roles: float64[texts, 4], log odds."""
    cut = cut_phrases(texts)
    found: Floats = _add(cut.offsets, cut.values, phrases.rarity, phrases.weights) + phrases.bias
    return found


@njit(cache=True, nogil=True)
def _add(offsets: Ints, values: Ints, rarity: Table, weights: Table) -> Floats:
    out = np.zeros((offsets.size - 1, weights.shape[1]))
    for text in range(offsets.size - 1):
        square = 0.0
        for at in range(offsets[text], offsets[text + 1]):
            bucket = values[at]
            share = np.float64(rarity[bucket])
            square += share * share
            for role in range(weights.shape[1]):
                out[text, role] += share * weights[bucket, role]
        if square > 0.0:
            out[text] /= np.sqrt(square)
    return out


def save_phrases(phrases: Phrases) -> dict[str, str]:
    """The bytes of each array as half floats, little-endian, as base64."""
    return {
        name: b64encode(getattr(phrases, name).astype("<f2").tobytes()).decode()
        for name in ("rarity", "weights", "bias")
    }


def load_phrases(saved: dict[str, str]) -> Phrases:
    """What `save_phrases` wrote down."""
    arrays = {name: np.frombuffer(b64decode(text), dtype="<f2").astype(np.float32) for name, text in saved.items()}
    return Phrases(arrays["rarity"], arrays["weights"].reshape(BUCKETS, -1), arrays["bias"])
