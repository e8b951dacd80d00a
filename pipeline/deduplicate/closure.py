"""Closure: which records a run decides anew, so that all others may stay as they were published.

In: key columns of all records, and which of them are new or changed. Out: the smallest set around these that shares no
key with the rest. ``docs/decisions/0006-incremental-runs.md`` lists the keys and says why they are enough.

>>> close_over(rows, rows["is_new"], pairs)          # one truth value a row
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
import polars as pl
from numpy.typing import NDArray

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.id_sets import Ids, IdSet
from pipeline.deduplicate.identity_keys import OPEN_KEYS, is_open, list_keys

Codes = NDArray[np.int64]
Mask = NDArray[np.bool_]

_NO_KEY = np.uint64(0)


class _Keys:
    """Keys of one kind, and which of them have been met.

    Args:
        columns: hashes of every row's keys, 0 where it has none. Equal hashes of different keys only make the set
            larger.
    """

    def __init__(self, *columns: Ids) -> None:
        self._columns = columns
        self._met = IdSet()

    def spread(self, rows: Mask) -> Mask:
        """The rows that share a key with any of these, or with rows asked about before."""
        for column in self._columns:
            keys = column[rows]
            self._met.add(keys[keys != _NO_KEY])
        found = np.zeros_like(rows)
        for column in self._columns:
            found |= self._met.holds(column)
        return found


def close_over(rows: pl.DataFrame, touched: pl.Series, joined: pl.DataFrame) -> pl.Series:
    """The rows that can change when some change.

    Args:
        rows: key columns of all records (capture_id, listing, discussion_scope, native_discussion, scope, native_id,
            native_parent, page_key, next_page_key, author_key, posted_at, posted_precision, words_key, information),
            near_key, and home: the discussion in which the record was published, null where it was not.
        touched: Boolean, the rows that are new or may change by themselves.
        joined: left, right: homes of which neither changes without the other.

    Returns:
        Boolean, one a row: whole listings, all of each discussion.
    """
    rows = rows.with_columns(_bind(rows["home"], joined))
    home = pl.when(pl.col("home").is_not_null()).then(pl.col("home").hash())
    kinds = [_hash_keys(rows, home), *_list_keys(rows)]
    mask = touched.to_numpy().astype(np.bool_)
    asked = [np.zeros_like(mask) for _ in kinds]
    size = -1
    # Rounds over whole columns; as many as the longest way from a new record to one that it touches.
    while size != (size := int(mask.sum())):
        for number, keys in enumerate(kinds):
            new = mask & ~asked[number]
            if new.any():
                asked[number] = mask
                mask = mask | keys.spread(new)
    return pl.Series("touched", mask)


def find_unsettled(rows: pl.DataFrame, *changes: tuple[pl.DataFrame, pl.DataFrame]) -> pl.Series:
    """The rows of published records whose texts are near to other texts than they were.

    That a text is near to a new one changes nothing among the old ones. Two of them must have come together or apart,
    and meet in one discussion, or stand in a listing that does not name its discussion.

    Args:
        rows: words_key, discussion_scope, native_discussion, and home, null for new records.
        changes: near pairs then and now, each left_key, right_key; once for every way to be near.

    Returns:
        Boolean, one a row.
    """
    changed = pl.concat([_changed_keys(before, after) for before, after in changes])
    mask = np.zeros(rows.height, dtype=np.bool_)
    old = rows.select("words_key", "home", "discussion_scope", "native_discussion").with_row_index("row")
    old = old.filter(pl.col("words_key").is_in(changed.implode()), pl.col("home").is_not_null())
    for before, after in changes:
        mask[_find_moved(old, before, after)["row"].to_numpy()] = True
    return pl.Series("unsettled", mask)


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
    return found.filter(meets[0] | meets[1] | is_open())


def _label(keys: pl.Series, pairs: pl.DataFrame) -> Codes:
    ends = [keys.search_sorted(pairs[name]) for name in ("left_key", "right_key")]
    return connected_components(len(keys), *ends)


def _bind(homes: pl.Series, joined: pl.DataFrame) -> pl.Series:
    """The homes, those that are joined by one name."""
    if joined.is_empty():
        return homes
    names = pl.concat([joined["left"], joined["right"]]).unique().sort()
    ends = [names.search_sorted(joined[name]) for name in ("left", "right")]
    bound = names.gather(connected_components(len(names), *ends))
    return homes.replace(names, bound)


def _list_keys(rows: pl.DataFrame) -> Iterator[_Keys]:
    """Keys of every kind but home, as far as any row has them."""
    pages = rows.select(pl.any_horizontal(pl.col("page_key", "next_page_key").is_not_null()).any()).item()
    any_open = rows.select(is_open().any()).item()
    for kind, keys in list_keys().items():
        if kind in OPEN_KEYS:
            if any_open:
                yield _hash_keys(rows, *map(_when_open, keys))
        elif kind != "page" or pages:
            yield _hash_keys(rows, *keys)


def _when_open(key: pl.Expr) -> pl.Expr:
    """The keys that a listing has which does not name its discussion."""
    return pl.when(is_open().any().over(key)).then(key)


def _hash_keys(rows: pl.DataFrame, *keys: pl.Expr) -> _Keys:
    return _Keys(*(rows.select(key.fill_null(0)).to_series().to_numpy() for key in keys))
