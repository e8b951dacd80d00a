"""Parents that nobody declared, with the models that ship: right where the words say so, lawful everywhere."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from polars.testing import assert_frame_equal

from pipeline.algorithms.text import fold_words
from pipeline.ids import digest_columns
from pipeline.pack import load_pack
from pipeline.reconstruct import Reconstruction, reconstruct_links
from pipeline.settings import Settings
from pipeline.tables import Links, Reconstructed, Threads, check_table
from tests.reconstruct.drafts import draft, name_post, quotations

BREAD = (
    "The bakery on Mill Lane has started selling rye again, and the crust is better than it was before the fire.",
    "rye?",
    "Yes, rye. With caraway.",
    "I still think the ferry timetable is the bigger scandal: two boats a day and neither meets the train.",
    "Do you mean the summer timetable or the one that starts in October? The summer ferry does meet the train.",
    "The October one, of course.",
    "A neighbour told me that the fire began in the proving oven. Nobody was hurt, but the sign melted completely.",
    "So the sign melted but the oven survived? That is a strange fire.",
    "LOL",
    "Has anybody kept the old harbour map? I would pay for a copy.",
)


def reconstruct(posts: pl.DataFrame, quoted: pl.DataFrame | None = None, **chosen: Any) -> Reconstruction:
    quoted = quotations([]) if quoted is None else quoted
    found = reconstruct_links(posts, quoted, Settings(**chosen), load_pack())
    check_table(Reconstructed, found.posts)
    check_table(Threads, found.threads)
    check_table(Links, found.links)
    assert sorted(found.posts["post_id"]) == sorted(posts["post_id"])
    check_links(found)
    return found


def check_links(found: Reconstruction) -> None:
    """Every inferred post has exactly one chosen link, which is its parent, and its confidences are a part of 1."""
    inferred = found.posts.filter(pl.col("link_kind") == "inferred").sort("post_id")
    chosen = found.links.filter("is_chosen").sort("post_id")
    assert_frame_equal(
        inferred.select("post_id", "parent_id", pl.col("link_confidence").alias("confidence")),
        chosen.select("post_id", "parent_id", "confidence"),
    )
    assert set(found.links["post_id"]) == set(inferred["post_id"])
    told = found.links.filter(pl.col("evidence").list.len() > 0)
    parts = told.select(pl.col("evidence").list.eval(pl.element().struct.field("value").cast(pl.Float64)).list.sum())
    np.testing.assert_allclose(parts.to_series(), told["score"], atol=1e-3, rtol=1e-5)
    sums = found.links.group_by("post_id").agg(pl.col("confidence").sum())["confidence"]
    assert sums.is_empty() or float(sums.max()) <= 1.0001


def parents(found: Reconstruction, names: list[str]) -> list[str | None]:
    known = dict(found.posts.select("post_id", "parent_id").iter_rows())
    named = {name_post(name): name for name in names}
    above = [known[name_post(name)] for name in names]
    return [None if parent is None else named[parent] for parent in above]


def on_path(above: list[int | None]) -> bool:
    """Whether every parent stands on the path to the post just above."""
    for post, parent in enumerate(above):
        step = post - 1 if post else None
        while step is not None and step != parent:
            step = above[step]
        if step != parent:
            return False
    return True


def page(texts: tuple[str, ...] | list[str], **facts: Any) -> pl.DataFrame:
    rows = [{"name": str(at), "text": text, **facts} for at, text in enumerate(texts)]
    return draft(rows, order_known="page")


def test_short_replies_answer_what_they_follow() -> None:
    found = reconstruct(page(BREAD))
    names = [str(at) for at in range(len(BREAD))]
    above = parents(found, names)
    assert [above[at] for at in (1, 2, 4, 5, 7)] == ["0", "1", "3", "4", "6"]
    assert above[9] is None
    assert found.discussions["lens"].to_list() == ["page-text"]
    assert on_path([None if parent is None else int(parent) for parent in above])


def test_a_quotation_says_who_is_answered() -> None:
    posts = page(
        [
            "Nothing needs to be allowed by the council before it is built, it only must not be forbidden afterwards.",
            "The council never looked at the plans, as far as I know, and the plans were never shown to anybody.",
            "That happened already, it is called the planning law, and the shed was torn down because of it.",
        ]
    )
    plain = reconstruct(posts)
    found = reconstruct(posts, quotations([("2", "0", 1.0)]))
    assert parents(found, ["0", "1", "2"])[2] == "0"
    chosen = found.links.filter((pl.col("post_id") == name_post("2")) & pl.col("is_chosen"))
    evidence = {item["signal"]: item["value"] for item in chosen["evidence"].item()}
    assert evidence["quotation"] > 0.5
    at = pl.col("post_id") == name_post("2")
    silent = [
        item["value"] for items in plain.links.filter(at)["evidence"] for item in items if item["signal"] == "quotation"
    ]
    assert max(map(abs, silent), default=0.0) < evidence["quotation"] / 3
    assert chosen["confidence"].item() > 0.6
    to_first = pl.col("parent_id") == name_post("0")
    assert chosen["confidence"].item() > 3 * plain.links.filter(at & to_first)["confidence"].item()


def test_strangers_do_not_answer_each_other() -> None:
    texts = [
        "Lemon cake, always.",
        "My grandmother's plum dumplings with poppy seeds and far too much butter.",
        "Anything with cardamom.",
        "The rice pudding that they served at school on Fridays.",
        "Honestly just a ripe pear.",
        "Tiramisu, but only the one from the station café.",
        "Bread and butter pudding with marmalade.",
        "Black cherry ice cream.",
        "Treacle tart.",
        "Baklava from the corner shop, still warm.",
    ]
    found = reconstruct(page(texts))
    assert sum(parent is None for parent in parents(found, [str(at) for at in range(len(texts))])) >= 4


def test_addressing_somebody_in_a_chat_is_answering_them() -> None:
    lines = [
        ("ada", "does anybody know why the telescope dome will not close", []),
        ("bob", "I am looking for the spare key of the library", []),
        ("cyd", "ada: the motor has tripped its fuse again, look in the grey box", ["ada"]),
        ("dee", "bob: it hangs behind the clock", ["bob"]),
        ("ada", "cyd: found it, thanks", ["cyd"]),
    ]
    rows = [
        {"name": str(at), "author": author, "text": text, "minute": at, "mentions": [span(name) for name in named]}
        for at, (author, text, named) in enumerate(lines)
    ]
    found = reconstruct(draft(rows, shape="stream"))
    assert parents(found, ["0", "1", "2", "3", "4"]) == [None, None, "0", "1", "2"]
    assert found.discussions.select("listing", "lens").rows() == [("time", "time-meta")]
    assert found.threads["n_posts"].sort().to_list() == [2, 3]
    told = found.links.filter((pl.col("post_id") == name_post("2")) & pl.col("is_chosen"))["evidence"].item()
    assert "mention" in {item["signal"] for item in told}


def test_a_flat_listing_is_read_by_time_even_newest_first() -> None:
    lines = [
        "@ada no, the geese left",
        "boats again",
        "@bob I miss boats too, bob",
        "I miss boats",
        "what now",
        "do geese stay here?",
    ]
    authors = ["cyd", "dee", "eve", "bob", "fay", "ada"]
    rows = [
        {"name": str(at), "author": author, "text": text, "minute": 60 - 10 * at}
        for at, (author, text) in enumerate(zip(authors, lines, strict=True))
    ]
    rows[0]["mentions"], rows[2]["mentions"] = [span("ada")], [span("bob")]
    found = reconstruct(draft(rows))
    assert found.discussions["listing"].to_list() == ["flat"]
    above = parents(found, [str(at) for at in range(6)])
    best = found.links.drop_nulls("parent_id").group_by("post_id", maintain_order=True).first()
    told = dict(best.select("post_id", "parent_id").iter_rows())
    assert (told[name_post("0")], told[name_post("2")]) == (name_post("5"), name_post("3"))
    assert all(parent is None or int(parent) > at for at, parent in enumerate(above))


def span(name: str) -> dict[str, Any]:
    return {"start": 0, "end": len(name), "name": name}


def test_top_level_posts_answer_a_known_submission() -> None:
    rows: list[dict[str, Any]] = [{"name": "s", "is_submission": True, "text": "What is new in town?", "title": "News"}]
    rows += [{"name": str(at), "text": text} for at, text in enumerate(BREAD)]
    found = reconstruct(draft(rows, order_known="page"))
    above = parents(found, ["s", *(str(at) for at in range(len(BREAD)))])
    assert above[0] is None
    assert None not in above[1:]
    assert above[1] == "s"
    assert found.threads["root_id"].to_list() == [name_post("s")]
    assert set(found.links["parent_id"].is_null()) == {False}


def test_told_links_are_kept_and_guide_the_open_ones() -> None:
    rows: list[dict[str, Any]] = [{"name": str(at), "text": text} for at, text in enumerate(BREAD)]
    rows[3]["parent"] = "0"
    rows[9]["parent"] = "3"
    found = reconstruct(draft(rows, order_known="page"))
    above = parents(found, [str(at) for at in range(len(BREAD))])
    assert above[3] == "0"
    assert above[9] == "3"
    assert on_path([None if parent is None else int(parent) for parent in above])
    assert set(found.posts.filter(pl.col("link_kind") == "declared")["post_id"]) == {name_post("3"), name_post("9")}


def test_a_told_link_to_a_later_post_never_closes_a_circle() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "a", "text": "Do the geese come back this week?", "parent": "c", "minute": 0},
        {"name": "b", "text": "Do the geese come back? Yes, the geese come back this week.", "minute": 1},
        {"name": "c", "text": "Yes, the geese come back this week, I saw the geese.", "minute": 2},
    ]
    found = reconstruct(draft(rows, shape="stream", order_known="time"), quotations([("b", "a", 1.0), ("c", "b", 1.0)]))
    assert parents(found, ["a", "b", "c"])[0] == "c"
    assert found.posts["depth"].max() in (1, 2)


def test_a_submission_that_answers_its_own_page_is_none() -> None:
    rows: list[dict[str, Any]] = [
        {"name": "s", "text": "Geese again?", "is_submission": True, "parent": "a"},
        {"name": "a", "text": "The geese are back."},
    ]
    assert parents(reconstruct(draft(rows, order_known="page")), ["s", "a"]) == ["a", None]


WORDS = st.lists(
    st.sampled_from(["yes", "no", "goose", "ferry", "bread", "lol", "map?", "the", "of", "rye", "again"]), max_size=6
).map(" ".join)


@st.composite
def open_discussions(draw: st.DrawFn) -> pl.DataFrame:
    """A few discussions of any shape with some links told and some authors and times known."""
    rows = []
    for at in range(draw(st.integers(1, 9))):
        row: dict[str, Any] = {"name": str(at), "discussion": draw(st.sampled_from("de")), "text": draw(WORDS)}
        if draw(st.booleans()):
            row["author"] = draw(st.sampled_from(["ada", "bob"]))
        if draw(st.booleans()):
            row["minute"] = draw(st.integers(0, 9))
        if draw(st.integers(0, 4)) == 0:
            row["parent"] = draw(st.sampled_from([None, "0", "1", "5"]))
        row["is_submission"] = draw(st.integers(0, 6)) == 0
        rows.append(row)
    order_known = draw(st.sampled_from(["page", "time", "unknown", "flat"]))
    return draft(rows, shape=draw(st.sampled_from(["page", "stream"])), order_known=order_known)


@settings(max_examples=25)
@given(open_discussions(), st.randoms(use_true_random=False))
def test_any_discussion_becomes_a_lawful_forest_whatever_the_row_order(posts: pl.DataFrame, chance: Any) -> None:
    found = reconstruct(posts)
    order = list(range(posts.height))
    chance.shuffle(order)
    again = reconstruct_links(posts[order], quotations([]), Settings(), load_pack())
    for name in ("posts", "threads", "links", "discussions"):
        assert_frame_equal(getattr(found, name), getattr(again, name))


@settings(max_examples=12)
@given(st.lists(WORDS, min_size=1, max_size=12), st.integers(2, 5))
def test_page_order_is_kept_however_far_is_looked(texts: list[str], exact: int) -> None:
    found = reconstruct(page(texts), exact_page_posts=exact)
    above = parents(found, [str(at) for at in range(len(texts))])
    assert on_path([None if parent is None else int(parent) for parent in above])
    assert found.posts.sort("position")["post_id"].to_list() == [name_post(str(at)) for at in range(len(texts))]


def test_company_changes_nothing() -> None:
    one, other = (
        page(BREAD),
        draft(
            [{"name": f"x{at}", "discussion": "x", "text": text[::-1]} for at, text in enumerate(BREAD)],
            order_known="page",
        ),
    )
    alone, together = reconstruct(one), reconstruct(pl.concat([other, one]))
    ids = one["post_id"].implode()
    assert_frame_equal(alone.links, together.links.filter(pl.col("post_id").is_in(ids)))
    assert_frame_equal(alone.posts, together.posts.filter(pl.col("post_id").is_in(ids)))


def test_surer_ancestors_stand_above_the_parent() -> None:
    found = reconstruct(page(BREAD * 3))
    above = dict(found.posts.select("post_id", "parent_id").iter_rows())
    told = found.posts.drop_nulls("under_id")
    assert told.height > 0
    for post, parent, under, share, confidence in told.select(
        "post_id", "parent_id", "under_id", "under_confidence", "link_confidence"
    ).iter_rows():
        ancestors = []
        step = above[parent]
        while step is not None:
            ancestors.append(step)
            step = above[step]
        assert under in ancestors, post
        assert share > confidence


@pytest.mark.parametrize("shape", ["page", "stream"])
def test_five_thousand_posts_take_seconds(shape: str) -> None:
    chance = np.random.default_rng(3)
    vocabulary = np.array([f"w{number}" for number in range(3000)])
    texts = [" ".join(vocabulary[chance.zipf(1.3, 12) % 3000]) for _ in range(5000)]
    one = draft([{"name": "0", "text": "x"}], shape=shape, order_known="page" if shape == "page" else "time")
    posts = one.select(pl.all().repeat_by(5000).explode()).with_columns(
        digest_columns(pl.DataFrame({"number": np.arange(5000)}), "post").alias("post_id"),
        pl.Series("order", np.arange(5000)),
        pl.Series("text", texts),
    )
    posts = posts.with_columns(fold_words(pl.col("text")).alias("words"))
    start = time.process_time()
    found = reconstruct_links(posts, quotations([]), Settings(), load_pack())
    assert time.process_time() - start < 60
    assert found.posts.height == 5000
