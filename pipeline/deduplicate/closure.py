"""Closure: which records a run decides anew, so that all others may stay as they were published.

In: hashed keys of all records, part by part, and which records are new or changed. Out: the smallest set around these
that shares no key with the rest. ``docs/decisions/0006-incremental-runs.md`` lists the keys and says why they are
enough.

>>> close_over(parts, homes, is_new, near)          # one truth value a record
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.id_sets import IdSet, find_places
from pipeline.deduplicate.identity_keys import (
    OPEN_KEYS,
    Hashes,
    Mask,
    NearHashes,
    are_open,
    column_of,
    list_keys,
)

Codes = NDArray[np.int64]

_NO_KEY = np.uint64(0)


class _Kind:
    """Keys of one kind, and which of them have been met.

    Args:
        parts: by part of the records, for every column of that kind: hashes, 0 where a record has none.
        opened: where given, only these keys count.
    """

    def __init__(self, parts: Sequence[Sequence[Hashes]], opened: IdSet | None = None) -> None:
        self._parts = parts
        self._opened = opened
        self._met = IdSet()

    def spread(self, new: Mask, mask: Mask) -> None:
        """Sets ``mask`` for the records that share a key with any of the new ones, or with those of earlier calls."""
        before = len(self._met)
        for rows, columns in self._cut():
            if new[rows].any():
                for column in columns:
                    self._add(column[new[rows]])
        if len(self._met) > before:
            for rows, columns in self._cut():
                for column in columns:
                    mask[rows] |= self._met.holds(column)

    def _cut(self) -> Iterator[tuple[slice, Sequence[Hashes]]]:
        start = 0
        for columns in self._parts:
            yield slice(start, start + columns[0].size), columns
            start += columns[0].size

    def _add(self, keys: Hashes) -> None:
        keys = keys[keys != _NO_KEY]
        self._met.add(keys if self._opened is None else keys[self._opened.holds(keys)])


def close_over(parts: Sequence[Hashes], homes: Hashes, touched: Mask, near: NearHashes) -> Mask:
    """The records that can change when some change.

    Args:
        parts: what ``hash_keys`` gives, of n records in all.
        homes: uint64 of shape (n,): the discussion in which each is published, 0 where it is not.
        touched: bool of shape (n,): the records that are new or may change by themselves.
        near: which words are nearly the same now.

    Returns:
        bool of shape (n,): whole listings, all of each discussion.
    """
    ends = np.cumsum([part.shape[1] for part in parts])[:-1]
    kinds = [_Kind([[home] for home in np.split(homes, ends)]), *_list_kinds(parts, near)]
    mask = touched.copy()
    asked = [np.zeros_like(mask) for _ in kinds]
    size = -1
    # Rounds over whole columns; as many as the longest way from a new record to one that it touches.
    while size != (size := int(mask.sum())):
        for number, kind in enumerate(kinds):
            new = mask & ~asked[number]
            if new.any():
                asked[number] = mask.copy()
                kind.spread(new, mask)
    return mask


def _list_kinds(parts: Sequence[Hashes], near: NearHashes) -> Iterator[_Kind]:
    """Keys of every kind but home, as far as any record has them."""
    opened = [are_open(part) for part in parts]
    keys = [list_keys(part, near if any(one.any() for one in opened) else None) for part in parts]
    for kind in keys[0] if keys else ():
        columns = [found[kind] for found in keys]
        if kind not in OPEN_KEYS:
            if kind != "page" or any(column.any() for part in columns for column in part):
                yield _Kind(columns)
            continue
        counts = IdSet()
        for held, (column,) in zip(opened, columns, strict=True):
            counts.add(column[held & (column != _NO_KEY)])
        yield _Kind(columns, counts)


def bind_homes(homes: Hashes, left: Hashes, right: Hashes) -> Hashes:
    """The homes, those of which neither changes without the other by one hash.

    Args:
        homes: uint64 of shape (n,).
        left, right: uint64 of shape (m,): such pairs.
    """
    names, places = np.unique(np.concatenate([left, right]), return_inverse=True)
    if not names.size:
        return homes
    bound = names[connected_components(names.size, *np.split(places, 2))]
    found = find_places(names, homes)
    return np.where(found >= 0, bound[found], homes)


def find_unsettled(parts: Sequence[Hashes], homes: Hashes, *changes: tuple[pl.DataFrame, pl.DataFrame]) -> Mask:
    """The published records whose texts are near to other texts than they were.

    That a text is near to a new one changes nothing among the old ones. Two of them must have come together or apart,
    and meet in one discussion, or stand in a listing that does not name its discussion.

    Args:
        parts, homes: as ``close_over`` takes them.
        changes: near pairs then and now, each left_key, right_key; once for every way to be near.

    Returns:
        bool of shape (n,).
    """
    mask = np.zeros(homes.size, dtype=np.bool_)
    changed = pl.concat([_changed_keys(before, after) for before, after in changes]).unique()
    old = _find_words(parts, homes, changed)
    for before, after in changes:
        mask[_find_moved(old, before, after)["row"].to_numpy()] = True
    return mask


def _find_words(parts: Sequence[Hashes], homes: Hashes, words_keys: pl.Series) -> pl.DataFrame:
    """Published records that say any of these words: row, words_key, home, is_open."""
    wanted = IdSet()
    wanted.add(words_keys.hash().to_numpy())
    found = [pl.DataFrame(schema={"row": pl.Int64, "hash": pl.UInt64, "home": pl.UInt64, "is_open": pl.Boolean})]
    start = 0
    for part in parts:
        words, own = column_of(part, "words"), homes[start : start + part.shape[1]]
        rows = np.flatnonzero(wanted.holds(words) & (own != _NO_KEY)) if len(wanted) else np.empty(0, dtype=np.int64)
        held = {"row": rows + start, "hash": words[rows], "home": own[rows], "is_open": are_open(part)[rows]}
        found.append(pl.DataFrame(held, schema=found[0].schema))
        start += part.shape[1]
    named = pl.DataFrame({"words_key": words_keys, "hash": words_keys.hash()})
    return pl.concat(found).join(named, on="hash").drop("hash")


def _changed_keys(before: pl.DataFrame, after: pl.DataFrame) -> pl.Series:
    """Texts of clusters in which a pair came or went."""
    pairs = [frame.select("left_key", "right_key") for frame in (before, after)]
    both = pl.concat(pairs)
    known = pl.concat([both["left_key"], both["right_key"]]).unique().sort()
    changed = pl.concat([pairs[i].join(pairs[1 - i], on=both.columns, how="anti") for i in (0, 1)])
    clusters = pl.DataFrame({"words_key": known, "cluster": _label(known, both)})
    touched = clusters.join(changed.select(words_key="left_key"), on="words_key", how="semi")
    return clusters.join(touched, on="cluster", how="semi")["words_key"]


def _find_moved(old: pl.DataFrame, before: pl.DataFrame, after: pl.DataFrame) -> pl.DataFrame:
    """The rows of texts of which any came together or apart, and may meet."""
    known = pl.concat([frame[name] for frame in (before, after) for name in ("left_key", "right_key")]).unique().sort()
    classes = pl.DataFrame({"words_key": known, "then": _label(known, before), "now": _label(known, after)})
    classes = classes.join(old.select("words_key"), on="words_key", how="semi")
    links = classes.select("then", "now").unique()
    moved = links.filter((pl.len().over("then") > 1) | (pl.len().over("now") > 1))
    found = old.join(classes.join(moved, on=["then", "now"], how="semi"), on="words_key")
    meets = [pl.col("words_key").n_unique().over("home", label) > 1 for label in ("then", "now")]
    return found.filter(meets[0] | meets[1] | pl.col("is_open"))


def _label(keys: pl.Series, pairs: pl.DataFrame) -> Codes:
    ends = [keys.search_sorted(pairs[name]) for name in ("left_key", "right_key")]
    return connected_components(len(keys), *ends)
