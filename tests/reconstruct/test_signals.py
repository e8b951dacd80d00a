"""Each signal on a few posts that make it speak, and on posts that do not."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs, list_candidates
from pipeline.reconstruct.context import Context, lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.signals import SIGNALS, choose_signals
from tests.reconstruct.drafts import draft, quotations

BY_NAME = {signal.name: signal for signal in SIGNALS}


def look(
    rows: list[dict[str, Any]], quoted: list[tuple[str, str, float]] | None = None, shape: str = "page"
) -> Context:
    posts = draft(rows, shape=shape, order_known="page")
    return lay_out(settle_declared(posts), posts, quotations(quoted or []), load_pack())


def pair_up(context: Context, window: int = 9, reach: bool = False) -> Pairs:
    children = np.arange(context.n_posts)
    return list_candidates(context, children, np.full(children.size, window), reach)


def column(context: Context, signal: str, feature: str, child: int) -> list[float]:
    """A feature of all candidates of a child: none, then from the nearest to the farthest."""
    pairs = pair_up(context)
    table = BY_NAME[signal].measure(context, pairs)
    at = BY_NAME[signal].features.index(feature)
    return [round(float(value), 3) for value in table[pairs.offsets[child] : pairs.offsets[child + 1], at]]


@pytest.mark.parametrize("signal", SIGNALS, ids=lambda signal: signal.name)
def test_a_signal_measures_as_many_columns_as_it_names(signal: Any) -> None:
    context = look([{"name": "a", "text": "x"}, {"name": "b", "text": "y"}])
    table: Table = signal.measure(context, pair_up(context))
    assert table.shape == (3, len(signal.features))
    assert table.dtype == np.float32
    assert len(set(signal.features)) == len(signal.features)


@pytest.mark.parametrize("name", ["quotation", "mention", "subject"])
def test_a_signal_with_nothing_to_say_is_all_zero(name: str) -> None:
    context = look([{"name": "a", "text": "geese fly south"}, {"name": "b", "text": "boats sail north"}])
    assert not BY_NAME[name].measure(context, pair_up(context)).any()


def test_text_lenses_do_without_authors_and_times() -> None:
    assert {"turns", "gap"} == {signal.name for signal in SIGNALS} - {signal.name for signal in choose_signals("text")}


def test_candidates_are_none_then_the_nearest_first() -> None:
    context = look([{"name": str(at), "text": "x", "discussion": "d" if at < 3 else "e"} for at in range(5)])
    order = [context.place[pairs_left] if pairs_left >= 0 else -1 for pairs_left in pair_up(context).left]
    by_child = np.split(np.array(order), pair_up(context).offsets[1:-1])
    assert sorted([part.tolist() for part in by_child]) == sorted([[-1], [-1, 0], [-1, 1, 0], [-1], [-1, 0]])
    assert [len(part) for part in np.split(np.arange(8), pair_up(context, 1).offsets[1:-1])] == [1, 2, 2, 1, 2]


def test_beyond_the_window_only_told_posts_are_candidates() -> None:
    rows: list[dict[str, Any]] = [{"name": str(at), "author": f"w{at}", "text": f"number {at}"} for at in range(8)]
    rows[7]["mentions"] = [{"start": 0, "end": 2, "name": "@W1"}]
    context = look(rows, [("7", "3", 1.0)], shape="stream")
    pairs = pair_up(context, window=2, reach=True)
    assert pairs.left[pairs.offsets[7] :].tolist() == [-1, 6, 5, 3, 1]
    assert pairs.left[pairs.offsets[6] : pairs.offsets[7]].tolist() == [-1, 5, 4]


def test_quotation_tells_the_quoted_post_from_the_others() -> None:
    texts = ["the heron stood on one leg all day", "boats", "you say it stood on one leg all day but which"]
    context = look([{"name": str(at), "text": text} for at, text in enumerate(texts)], [("2", "1", 0.9)])
    assert column(context, "quotation", "quoted", 2) == [0.0, 0.9, 0.0]
    assert column(context, "quotation", "quotes_other", 2) == [1.0, 0.0, 1.0]
    # Of its five runs of four words the child holds "stood on one leg", "on one leg all" and "one leg all day".
    assert column(context, "quotation", "held_share", 2) == [0.0, 0.0, 0.6]


def test_words_that_the_whole_discussion_has_say_less() -> None:
    texts = ["heron zugzwang", "heron quagmire", "heron", "heron zugzwang"]
    context = look([{"name": str(at), "text": text} for at, text in enumerate(texts)])
    sharp = column(context, "words", "shared_sharp", 3)
    assert sharp[0] == 0
    assert sharp[3] > 3 * sharp[1]
    assert column(context, "words", "most_shared", 3) == [0, 0, 0, 1]


def test_a_mention_is_of_an_author_of_the_same_discussion() -> None:
    named = [{"start": 0, "end": 4, "name": "u/Ada"}]
    rows: list[dict[str, Any]] = [
        {"name": "a", "author": "Ada", "text": "x"},
        {"name": "b", "author": "Bob", "text": "y"},
        {"name": "c", "author": "Cyd", "text": "z", "mentions": named},
        {"name": "d", "author": "Bob", "text": "z", "mentions": named, "discussion": "e"},
    ]
    posts = draft(rows, order_known="page")
    context = lay_out(settle_declared(posts), posts, quotations([]), load_pack())
    child = int(np.flatnonzero(context.place == 2)[0])
    assert column(context, "mention", "names_author", child) == [0, 0, 1]
    assert column(context, "mention", "names_other", child) == [1, 1, 0]
    other = int(np.flatnonzero(context.size == 1)[0])
    assert column(context, "mention", "names_unknown", other) == [1]


def test_turns_see_who_comes_back() -> None:
    rows = [{"name": str(at), "author": author, "text": "x"} for at, author in enumerate("abab")]
    context = look(rows)
    assert column(context, "turns", "same_author", 2) == [0, 0, 1]
    assert column(context, "turns", "after_own", 2) == [0, 1, 0]
    assert column(context, "turns", "candidate_returns", 2) == [0, 1, 0]
    assert column(context, "turns", "candidate_latest", 3) == [0, 1, 1, 0]
    assert not any(column(look([{"name": "a", "text": "x"}] * 1), "turns", "same_author", 0))


def test_gaps_know_what_is_too_late() -> None:
    rows = [{"name": str(at), "minute": minute, "text": "x"} for at, minute in enumerate((0, 50, 20))]
    context = look([*rows, {"name": "n", "text": "x"}])
    assert column(context, "gap", "too_late", 2) == [0, 1, 0]
    assert column(context, "gap", "gap", 2) == [0, 0, round(float(np.log1p(20)), 3)]
    assert column(context, "gap", "latest_before", 2) == [0, 0, 1]
    assert column(context, "gap", "time_unknown", 3) == [1, 1, 1, 1]


def test_subjects_are_equal_without_their_reply_marks() -> None:
    titles = ["[list] Dome motor", "Lost key", "RE: AW: dome motor"]
    context = look([{"name": str(at), "title": title, "text": "x"} for at, title in enumerate(titles)], shape="stream")
    assert column(context, "subject", "same_subject", 2) == [0, 0, 1]
    assert column(context, "subject", "top_marked", 2) == [1, 0, 0]


def test_cues_hear_a_question_and_its_answer() -> None:
    context = look([{"name": "a", "text": "Is it open?"}, {"name": "b", "text": "Yes, until six."}])
    assert column(context, "cues", "candidate_asking", 1) == [0, 1]
    assert column(context, "cues", "child_agrees", 1) == [1, 1]
    assert column(context, "cues", "above_asking", 1) == [1, 1]
