from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import ArchiveError
from pipeline.report.tree import GUIDE_DEPTH, guides, largest_discussions, reading_order, tree_lines
from tests.report.small_archive import ANSWER, DEEP, ELSEWHERE, HELLO, PAGE, REPLY, ROOT, STREAM, name, small_archive


def plain(given: str, limit: int = 100) -> list[str]:
    return [line.plain for line in tree_lines(small_archive(), given, limit=limit)]


def test_page_is_drawn_as_a_tree_with_marks_and_confidence():
    header, facts, blank, *posts = plain(PAGE)
    assert header == "Trams  paste"
    assert "5 posts" in facts
    assert "about 70 % of guessed parents are right" in facts
    assert blank == ""
    assert posts == [
        f"{ROOT} ada 2024-05-01 12:00 Who waters the [bold]tram[/bold] garden?",
        f"{REPLY} └─ [31mbo 62 % The conductor does.",
        f"{DEEP}    └─ 95 % (deleted) Which conductor?",
        f"{name('d')} (never seen) ",
        f"{name('e')} └─ The conductor does.",
    ]


def test_stream_shows_threads_one_after_another():
    assert [line.split()[0] for line in plain(STREAM)[3:]] == [HELLO, ANSWER, ELSEWHERE]


def test_stream_bounded_by_limit_keeps_whole_beginnings():
    assert [line.split()[0] for line in plain(STREAM, limit=1)[3:]] == [HELLO, "…"]
    assert plain(STREAM, limit=1)[-1] == "… and 2 more posts (--limit shows more)"


def test_thread_and_post_and_seed_name_their_trees():
    assert [line.split()[0] for line in plain(ELSEWHERE)[3:]] == [ELSEWHERE]
    assert plain(ANSWER)[3:] == plain(HELLO)[3:]
    assert plain(name("q")) == plain(PAGE)


def test_unknown_id_says_what_to_do():
    with pytest.raises(ArchiveError, match="threadloom tree"):
        plain(name("w"))


def test_largest_discussions_are_named_by_first_words_where_untitled():
    rows = largest_discussions(small_archive(), 10)
    assert rows.select("discussion_id", "title", "n_posts").rows() == [(PAGE, "Trams", 5), (STREAM, "hello", 3)]


@st.composite
def forests(draw: st.DrawFn) -> list[int | None]:
    """Parent of each post by index, any earlier or later one, no cycles."""
    n = draw(st.integers(0, 30))
    shuffled = draw(st.permutations(range(n)))
    parents: list[int | None] = [None] * n
    for place, post in enumerate(shuffled):
        if place and draw(st.booleans()):
            parents[post] = shuffled[draw(st.integers(0, place - 1))]
    return parents


def walk(parents: list[int | None], parent: int | None, depth: int) -> list[tuple[int, int]]:
    rows = []
    for post, above in enumerate(parents):
        if above == parent:
            rows += [(post, depth), *walk(parents, post, depth + 1)]
    return rows


@given(forests())
def test_reading_order_is_that_of_a_recursive_walk(parents):
    names = [str(i) for i in range(len(parents))]
    order = reading_order(names, [None if p is None else names[p] for p in parents])
    assert order == [post for post, _ in walk(parents, None, 0)]


@given(forests())
def test_guides_have_one_elbow_and_rails_of_ancestors_with_later_siblings(parents):
    rows = walk(parents, None, 0)
    later = {
        post: any(parents[other] == parents[post] and other > post for other in range(len(parents))) for post, _ in rows
    }
    drawn = guides([depth for _, depth in rows])
    for (post, depth), guide in zip(rows, drawn, strict=True):
        path = [post]
        while parents[path[-1]] is not None:
            path.append(parents[path[-1]])
        expected = "".join("│  " if later[above] else "   " for above in reversed(path[1:-1]))
        if depth == 0:
            assert guide == ""
        elif depth <= GUIDE_DEPTH:
            assert guide == expected + ("├─ " if later[post] else "└─ ")


def test_a_chain_of_fifty_thousand_stays_narrow():
    drawn = guides(list(range(50_000)))
    assert drawn[-1].endswith("└┄49999┄ ")
    assert max(map(len, drawn)) < 3 * GUIDE_DEPTH + 12
    names = [str(i) for i in range(50_000)]
    assert reading_order(names, [None, *names[:-1]]) == list(range(50_000))
