"""Small DraftPosts frames for the tests of this folder."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import polars as pl

from pipeline.algorithms.text import fold_words
from pipeline.ids import digest_columns
from pipeline.tables import DraftPosts, Quotations, check_table, empty_table, fit_table

START = datetime(2026, 3, 1, tzinfo=UTC)


def name_post(name: str) -> str:
    return str(digest_columns(pl.DataFrame({"name": [name]}), "post").item())


def name_discussion(name: str) -> str:
    return str(digest_columns(pl.DataFrame({"name": [name]}), "discussion").item())


def draft(rows: Sequence[dict[str, Any]], shape: str = "page", order_known: str = "unknown") -> pl.DataFrame:
    """DraftPosts from short rows: name, and any of discussion, parent (None: a root), minute, author, text …"""
    drafts = []
    for order, row in enumerate(rows):
        parent = row.get("parent")
        minute, author = row.get("minute"), row.get("author")
        drafts.append(
            {
                "post_id": name_post(row["name"]),
                "discussion_id": name_discussion(row.get("discussion", "d")),
                "order": row.get("order", order),
                "shape": row.get("shape", shape),
                "order_known": row.get("order_known", order_known),
                "parent_known": "parent" in row,
                "declared_parent_id": name_post(parent) if parent else None,
                "listed_depth": row.get("depth"),
                "is_submission": row.get("is_submission", False),
                "author": author,
                "author_key": author.lower() if author else None,
                "posted_at": START + timedelta(minutes=minute) if minute is not None else None,
                "posted_precision": "second" if minute is not None else None,
                "title": row.get("title"),
                "text": row.get("text", ""),
                "quotes": row.get("quotes", []),
                "mentions": row.get("mentions", []),
                "n_sightings": 0 if row.get("is_placeholder") else 1,
                "is_placeholder": row.get("is_placeholder", False),
                "flags": row.get("flags", []),
            }
        )
    frame = pl.DataFrame(drafts, infer_schema_length=None).with_columns(fold_words(pl.col("text")).alias("words"))
    return check_table(DraftPosts, fit_table(DraftPosts, frame))


def quotations(rows: Sequence[tuple[str, str, float]]) -> pl.DataFrame:
    """Quotations from (post, quoted post, share)."""
    if not rows:
        return empty_table(Quotations)
    return fit_table(
        Quotations,
        pl.DataFrame(
            {
                "post_id": [name_post(row[0]) for row in rows],
                "quoted_id": [name_post(row[1]) for row in rows],
                "share": [row[2] for row in rows],
                "n_words": [9] * len(rows),
            }
        ),
    )
