"""What to capture next, said of pages whose replies are open and of no others."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import polars as pl

from pipeline.report.advice import advise_captures
from pipeline.tables import Links, empty_table


def archive(*pages: dict[str, Any]) -> SimpleNamespace:
    """An archive of pages: id, open and sure guesses, and any of listing, captures, proven, title, shape."""
    posts, discussions, links = [], [], []
    for page in pages:
        for at in range(page.get("open", 0) + page.get("sure", 0)):
            post = f"{page['id']}{at}"
            sure = at >= page.get("open", 0)
            posts.append((post, page["id"], "inferred", 0.95 if sure else 0.6, False))
            order = [{"signal": "order", "value": 1.0}] if page.get("proven") else []
            links.append((post, order))
        captures = page.get("captures", 1)
        discussions.append(
            (page["id"], page.get("title"), page.get("listing", "page"), captures, page.get("shape", "page"))
        )
    kinds = {"post_id": pl.String, "discussion_id": pl.String, "link_kind": pl.String, "link_confidence": pl.Float32}
    columns = {"discussion_id": pl.String, "title": pl.String, "listing": pl.String, "n_captures": pl.Int64}
    evidence = Links.columns()["evidence"].dtype
    return SimpleNamespace(
        posts=pl.DataFrame(posts, schema=kinds | {"is_placeholder": pl.Boolean}, orient="row").lazy(),
        discussions=pl.DataFrame(discussions, schema=columns | {"shape": pl.String}, orient="row").lazy(),
        links=pl.DataFrame(links, schema={"post_id": pl.String, "evidence": evidence}, orient="row").lazy()
        if links
        else empty_table(Links).lazy(),
    )


def lines(*pages: dict[str, Any]) -> list[str]:
    return [line.plain for line in advise_captures(archive(*pages))]


def test_a_page_seen_in_one_order_wants_another() -> None:
    said = lines({"id": "a", "open": 12, "title": "Pears\x1b[31m"}, {"id": "b", "open": 7}, {"id": "c", "sure": 40})
    assert said[0].startswith("19 replies on 2 pages would be settled")
    assert "sorted by New" in said[0]
    assert said[1:] == ["  12 open: Pears [31m  a", "  7 open: no title  b"]


def test_sort_orders_that_leave_posts_out_want_whole_pages() -> None:
    said = lines({"id": "a", "open": 12, "captures": 2, "proven": True}, {"id": "b", "open": 9, "captures": 2})
    assert [line for line in said if "opened" in line] == [said[2]]
    assert said[3].endswith("a")
    assert said[1].endswith("b")


def test_a_flat_page_wants_its_thread_order() -> None:
    assert "are shown flat" in lines({"id": "a", "open": 12, "listing": "flat"})[0]


def test_nothing_is_said_where_no_capture_helps() -> None:
    assert lines() == []
    assert lines({"id": "a", "open": 2}, {"id": "b", "open": 50, "shape": "stream", "listing": "time"}) == []
