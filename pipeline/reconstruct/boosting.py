"""Forests as a model pack's JSON holds them.

In: a `Forest`. Out: text, and back.

>>> load_forest(save_forest(forest)).feature.tolist() == forest.feature.tolist()
True
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from dataclasses import fields, replace

import numpy as np

from pipeline.algorithms.forests import Forest

VALUE_DECIMALS = 5  # of what a leaf adds
_KINDS = {
    "starts": "<i4",
    "feature": "<i2",
    "threshold": "<f4",
    "low": "<i4",
    "high": "<i4",
    "lost_low": "|b1",
    "value": "<f4",
}


def save_forest(forest: Forest) -> dict[str, str]:
    """The bytes of each array, little-endian, as base64."""
    short = replace(forest, value=np.round(forest.value, VALUE_DECIMALS))
    return {name: b64encode(getattr(short, name).astype(kind).tobytes()).decode() for name, kind in _KINDS.items()}


def load_forest(saved: dict[str, str]) -> Forest:
    """What `save_forest` wrote down."""
    arrays = {name: np.frombuffer(b64decode(saved[name]), dtype=kind) for name, kind in _KINDS.items()}
    arrays["feature"] = arrays["feature"].astype(np.int32)
    return Forest(**{field.name: arrays[field.name] for field in fields(Forest)})
