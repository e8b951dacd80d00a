"""Near duplicates against comparing all pairs, in any order, in chunks of any size, of ten thousand versions."""

from __future__ import annotations

from itertools import product

import numpy as np
import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from pipeline.algorithms.graph import connected_components
from pipeline.algorithms.hashed_words import split_texts
from pipeline.algorithms.lsh import NO_KEY, bucket_pairs, sort_members
from pipeline.algorithms.minhash import shingles_of
from pipeline.algorithms.similarity import edit_ratio
from pipeline.algorithms.text import fold_words
from pipeline.deduplicate import candidates, near
from pipeline.deduplicate.candidates import MIN_CHARACTERS, candidate_pairs, key_texts, long_enough
from pipeline.deduplicate.near import begins_alike, near_duplicates
from pipeline.deduplicate.verification import judge_pairs, load_verifier
from pipeline.ids import digest_texts
from pipeline.pack import load_pack
from pipeline.settings import Settings

VOCABULARY = [f"{a}{b}" for a, b in product(("am", "bru", "cor", "dim", "el", "fos"), ("al", "ent", "ix", "oy", "und"))]
REPLACEMENTS = [*VOCABULARY, "the", "of", "not", "7", "seven eggs"]
SETTINGS = Settings()


def table(texts: list[str]) -> pl.DataFrame:
    words = pl.Series("words", texts, dtype=pl.String).unique(maintain_order=True)
    return pl.DataFrame([digest_texts(words).alias("words_key"), words])


def found_words(texts: pl.DataFrame, pairs: pl.DataFrame) -> set[frozenset[str]]:
    words = dict(texts.iter_rows())
    return {frozenset((words[left], words[right])) for left, right in pairs.select("left_key", "right_key").iter_rows()}


def says_the_same(left: str, right: str) -> bool:
    """One pair alone, the text of the smaller key first."""
    judged = judge_pairs(split_texts(pl.Series([left, right])), np.array([[0, 1]]), load_verifier(load_pack()))
    ratio = edit_ratio(pl.Series([left]), pl.Series([right]))[0]
    return bool(judged.accepted[0]) and ratio >= SETTINGS.edit_similarity


@st.composite
def versions(draw: st.DrawFn) -> list[str]:
    """A text and versions of it with a few words changed, at most six: too few for a bucket to leave pairs out."""
    base = draw(st.lists(st.sampled_from(VOCABULARY), min_size=1, max_size=40))
    texts = [" ".join(base)]
    for _ in range(draw(st.integers(0, 5))):
        edited = list(base)
        for _ in range(draw(st.integers(0, 4))):
            edited[draw(st.integers(0, len(base) - 1))] = draw(
                st.sampled_from([*VOCABULARY, "the", "of", "not", "7", "seven eggs"])
            )
        texts.append(" ".join(edited))
    return texts


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(versions())
def test_found_pairs_are_those_of_comparing_all(texts: list[str]) -> None:
    frame = table(texts)
    long = frame.filter(pl.col("words").str.len_chars() >= MIN_CHARACTERS)["words"].to_list()
    true, sure = set(), set()
    for i, left in enumerate(long):
        for right in long[:i]:
            if says_the_same(*sorted((left, right), key=lambda text: digest_texts(pl.Series([text])).item())):
                true.add(frozenset((left, right)))
                a, b = set(shingles_of(left, 5)), set(shingles_of(right, 5))
                # 32 bands of 4 miss one of twenty million pairs as near as that.
                if len(a & b) / len(a | b) >= 0.8:
                    sure.add(frozenset((left, right)))
    found = found_words(frame, near_duplicates(frame, SETTINGS))
    assert sure <= found <= true


def test_pairs_are_sorted_typed_and_measured() -> None:
    frame = table(
        [
            "the tram to the harbour was late again",
            "the trams to the harbour was late again",
            "a tram to the harbour was late again",
            "we grow beans on the flat roof of the bakery",
        ]
    )
    pairs = near_duplicates(frame, SETTINGS)
    assert pairs.schema == {
        "left_key": pl.String,
        "right_key": pl.String,
        "similarity": pl.Float32,
        "method": pl.String,
    }
    assert pairs.rows() == sorted(pairs.rows())
    assert len(pairs) == 3
    assert (pairs["left_key"] < pairs["right_key"]).all()
    assert pairs["method"].unique().to_list() == ["near"]
    words = dict(frame.iter_rows())
    sides = [pl.Series([words[key] for key in pairs[name]]) for name in ("left_key", "right_key")]
    assert pairs["similarity"].to_list() == edit_ratio(*sides).tolist()


def some_texts(n: int, seed: int) -> pl.DataFrame:
    """n versions of n // 10 texts."""
    rng = np.random.default_rng(seed)
    bases = [list(rng.choice(VOCABULARY, 30)) for _ in range(n // 10)]
    texts = []
    for _ in range(n):
        words = list(bases[rng.integers(len(bases))])
        slip = rng.integers(30)
        words[slip] += str(rng.choice(list("abcdefghijklmnop")))
        texts.append(" ".join(words))
    return table(texts)


def test_the_order_of_rows_does_not_matter() -> None:
    frame = some_texts(300, 1)
    pairs = near_duplicates(frame, SETTINGS)
    assert len(pairs) > 300
    for seed in range(3):
        assert near_duplicates(frame.sample(fraction=1.0, shuffle=True, seed=seed), SETTINGS).equals(pairs)


@pytest.mark.parametrize(
    "sizes",
    (
        {"buffers._SLICE_TEXTS": 7},
        {"deduplicate.candidates._KEY_BYTES": 4 * 300 * 5},  # five bands at a time
        {"deduplicate.candidates._KEY_BYTES": 1},
        {"deduplicate.candidates._PENDING_PAIRS": 10},
        {"deduplicate.near._CHUNK_PAIRS": 16, "deduplicate.near._CHUNK_BYTES": 4096},
    ),
)
def test_the_size_of_chunks_does_not_matter(monkeypatch: pytest.MonkeyPatch, sizes: dict[str, int]) -> None:
    frame = some_texts(300, 2)
    pairs = near_duplicates(frame, SETTINGS)
    for name, size in sizes.items():
        monkeypatch.setattr(f"pipeline.{name}", size)
    assert near_duplicates(frame, SETTINGS).equals(pairs)


def test_no_chunk_of_pairs_is_larger_than_allowed() -> None:
    sizes = np.array([10, 20 << 20, 30 << 20, 5], dtype=np.int64)
    pairs = np.array([[0, 1], [0, 2], [1, 2], [1, 3], [2, 3]] * 20_000)
    chunks = list(near._chunks_of(pairs[:50], sizes))
    assert np.concatenate(chunks).tolist() == pairs[:50].tolist()
    assert max(sizes[chunk].sum() for chunk in chunks) <= near._CHUNK_BYTES + sizes[1] + sizes[2]
    small = list(near._chunks_of(pairs, np.ones(4, dtype=np.int64)))
    assert max(map(len, small)) <= near._CHUNK_PAIRS
    assert sum(map(len, small)) == len(pairs)


def test_thousands_of_versions_are_one_cluster_and_linear_work() -> None:
    rng = np.random.default_rng(4)
    base = rng.choice(VOCABULARY, (40,)).astype("U16")
    letters = np.array(list("abcdefghijklmnop"))

    def slip() -> str:
        words = base.copy()
        for place in rng.integers(0, 40, 2):
            words[place] += letters[rng.integers(16)]
        return " ".join(words)

    frame = table([slip() for _ in range(3_000)]).sort("words_key")
    pairs = near_duplicates(frame, SETTINGS)
    left, right = (frame["words_key"].search_sorted(pairs[name]).to_numpy() for name in ("left_key", "right_key"))
    assert not connected_components(len(frame), left, right).any()
    assert len(pairs) < 40 * len(frame)


def test_texts_that_differ_in_a_number_are_never_paired() -> None:
    frame = table([f"your ticket for the ferry to the island has the number {i}" for i in range(500)])
    assert near_duplicates(frame, SETTINGS).is_empty()


def test_a_threshold_is_a_setting() -> None:
    frame = table(["the tram to the harbour was late again", "the trams to the harbour were late again"])
    ratio = near_duplicates(frame, SETTINGS)["similarity"].item()
    assert near_duplicates(frame, Settings(edit_similarity=ratio + 0.01)).is_empty()


def test_short_texts_are_left_alone() -> None:
    assert near_duplicates(table(["i agree with that", "i agree with thats"]), SETTINGS).is_empty()
    frame = table(["a" * (MIN_CHARACTERS - 1), "b" * MIN_CHARACTERS])
    assert long_enough(frame)["words_key"].to_list() == frame["words_key"].to_list()[1:]


def test_texts_without_spaces_between_words_are_found() -> None:
    texts = ["去港口的电车今天早上又因为老桥上的大雪晚点了", "去港口的电车今天早上又因为老桥上大雪晚点了"]
    frame = table(pl.select(fold_words(pl.lit(pl.Series(texts)))).to_series().to_list())
    assert len(near_duplicates(frame, SETTINGS)) == 1


def test_slips_in_a_short_sentence_leave_it_a_candidate() -> None:
    texts = pl.Series(["their was no trams for the hole morning", "there were no trams for the whole morning"])
    agree = np.equal(*key_texts(texts, SETTINGS).T)
    assert not agree[:32].any()
    assert agree[32:].any()
    assert candidate_pairs(texts, SETTINGS).tolist() == [[0, 1]]


def test_keys_say_what_the_pairs_say() -> None:
    words = long_enough(some_texts(200, 6))["words"]
    words = pl.concat([words.head(100), words.tail(100).str.head(100)])
    keys = key_texts(words, SETTINGS)
    long = (words.str.len_chars() > candidates.SHORT_CHARACTERS).to_numpy()
    assert 0 < long.sum() < len(long)
    headless = (words.str.len_chars() < candidates.HEAD_CHARACTERS).to_numpy()
    assert np.array_equal(keys[:48] == NO_KEY, np.outer(np.arange(48) >= 32, long))
    assert np.array_equal(keys[48] == NO_KEY, headless)
    numbers = np.arange(len(words), dtype=np.uint64)
    found = {tuple(pair) for band in keys for pair in bucket_pairs(*sort_members(band, numbers)).tolist()}
    assert sorted(found) == [tuple(pair) for pair in candidate_pairs(words, SETTINGS).tolist()]


def test_no_texts_give_no_pairs() -> None:
    assert near_duplicates(table([]), SETTINGS).is_empty()


def near_of(*texts: str) -> list[tuple[str, str]]:
    frame = pl.DataFrame({"text": texts}).select(words=fold_words(pl.col("text")))
    frame = frame.with_columns(digest_texts(frame["words"]).alias("words_key")).unique("words_key")
    words = dict(frame.select("words_key", "words").iter_rows())
    pairs = near_duplicates(frame, SETTINGS)
    return [tuple(sorted((words[left], words[right]))) for left, right in pairs.select(PAIR).iter_rows()]


PAIR = ["left_key", "right_key"]


def test_chinese_needs_no_tokens() -> None:
    post = "码头的灯已经坏了一个星期,港务局说是灯泡的问题,可是没有人去换。"
    found = near_of(post, post.replace("已经", ""), "渡轮每天早上九点开船,下午五点回来,票在码头的小亭子里买。")
    assert len(found) == 1
    assert all("港 务 局" in words for words in found[0])


def test_emoji_are_no_words_and_do_not_hide_them() -> None:
    post = "the ferry was late again and nobody told us"
    assert near_of(f"{post} 🚢🚢", f"🙄 {post}!") == [], "their folded words are equal: one text, no pair"
    assert len(near_of(f"{post} 🚢🚢", "🙄 the ferry was so late again and nobody told us")) == 1
    assert near_of("🚢🚢🚢", "🚢🚢🙄", "🙄" * 40, "🙄" * 41) == []


@pytest.mark.parametrize("long", (False, True))
def test_posts_of_one_word(long: bool) -> None:
    words = ("lighthousekeepersassistant", "lighthousekeeperssassistant") if long else ("yes", "yess")
    # A long word is like its misspelling as any text is; short ones have no evidence in them.
    assert len(near_of(*words, "no")) == int(long)


def test_empty_posts_are_like_nothing() -> None:
    assert near_of("", " ", "…", "the ferry was late again and nobody told us") == []
    # Where somebody signs them all the same, they are no bucket that draws others in.
    assert candidate_pairs(pl.Series(["", "the ferry was late again and nobody told us"]), SETTINGS).tolist() == []


def test_text_that_breaks_off_meets_the_whole_one() -> None:
    whole = "the ferry leaves from the northern quay at dawn and " + " ".join(f"word{a}" for a in VOCABULARY)
    cut, marked = whole[:90], whole[:90] + " read more"
    found = near_duplicates(
        table([whole, cut, marked, "another text about the ferry and its quay altogether"]), SETTINGS
    )
    assert found_words(table([whole, cut, marked]), found.filter(pl.col("method") == "cut")) >= {
        frozenset((whole, cut)),
        frozenset((whole, marked)),
    }


@pytest.mark.parametrize(
    ("short", "long"), (("i agree", "i agree with all of it"), (f"{'so ' * 20}7", f"{'so ' * 20}71 {'no ' * 60}"))
)
def test_set_phrases_and_halved_numbers_are_no_beginnings(short: str, long: str) -> None:
    assert not begins_alike(pl.Series([short]), pl.Series([long]))[0].any()
