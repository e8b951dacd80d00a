"""Pairs of texts that say the same or do not, to train the verifier of words on.

In: the data folder. Out: one table of pairs, columns source, kind, same, left, right (folded), group, other_group.

Rewritten sentences and versions of posts say the same. Posts damaged on purpose do not, nor do posts with light edits
on top of the damage, nor do sentences with the same words in another order. Lightly edited posts do.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.algorithms.similarity import edit_ratio
from pipeline.algorithms.text import fold_words
from pipeline.deduplicate.candidates import MIN_CHARACTERS, candidate_pairs
from pipeline.settings import Settings

CORPORA = (
    "trees/reddit_college", "trees/youtube_bvgm", "trees/wikitalk_discussiontools", "mail/usrp_users", "mail/r_lists",
    "chat/irc_ubuntu",
)  # fmt: skip
POSTS, DAMAGED, EDITED, OTHERS = 2000, 250, 500, 300  # of a corpus: posts drawn; pairs of each kind
SCHEMA = {
    "source": pl.String, "kind": pl.String, "same": pl.Boolean, "left": pl.String, "right": pl.String,
    "group": pl.String, "other_group": pl.String,
}  # fmt: skip

Damage = Callable[[str, random.Random, dict[str, list[str]]], str | None]

_SMALL_WORDS = """
the i to a is and it you in that of for on not but have with this be if my can has or at as do are an so from what just
your get there how all its like me no was when dont any one will would am now some by which then about also up out only
does could they them than into where because still did may very been even these those were their while again being over
who him his her she he we our us each few more most other such own same too
"""
_SMALL = frozenset(_SMALL_WORDS.split())
_LETTERS = "etaoinshrdlu"
_GLUE_WORDS = "the a of in to and that is it for on as with at by this so just very also then but i you"
_GLUE = tuple(_GLUE_WORDS.split())
_VERB = re.compile(r"\b(is|are|was|were|do|does|did|can|could|will|would|should|have|has|had)\b(?! not|n't)")


def _tokens(text: str) -> list[str]:
    return re.findall(r"\w+|\W+", text)


def _content(tokens: Sequence[str]) -> list[int]:
    return [i for i, word in enumerate(tokens) if word.isalpha() and len(word) >= 4 and word.lower() not in _SMALL]


def swap_words(text: str, rng: random.Random, _: dict[str, list[str]]) -> str | None:
    """Two words that tell something change places."""
    tokens = _tokens(text)
    places = _content(tokens)
    pairs = [(i, j) for n, i in enumerate(places) for j in places[n + 1 : n + 9] if tokens[i] != tokens[j]]
    if not pairs:
        return None
    i, j = rng.choice(pairs)
    tokens[i], tokens[j] = tokens[j], tokens[i]
    return "".join(tokens)


def add_not(text: str, rng: random.Random, _: dict[str, list[str]]) -> str | None:
    found = list(_VERB.finditer(text))
    if found:
        end = rng.choice(found).end()
        return text[:end] + rng.choice([" not", "n't", " never"]) + text[end:]
    words = text.split(" ")
    place = rng.randrange(1, len(words) + 1)
    return " ".join([*words[:place], "not", *words[place:]])


def drop_not(text: str, rng: random.Random, _: dict[str, list[str]]) -> str | None:
    found = list(re.finditer(r" not\b|n['’]t\b|\bnever |\bno ", text))
    if not found:
        return None
    dropped = rng.choice(found)
    return text[: dropped.start()] + text[dropped.end() :]


def _names(text: str) -> list[re.Match[str]]:
    return list(re.finditer(r"(?<=[a-z,] )[A-Z][a-z]{2,}\b", text))


def change_name(text: str, rng: random.Random, pool: dict[str, list[str]]) -> str | None:
    found = _names(text)
    if not found:
        return None
    name = rng.choice(found)
    other = rng.choice(pool["names"])
    return None if other.lower() == name.group().lower() else text[: name.start()] + other + text[name.end() :]


def change_word(text: str, rng: random.Random, pool: dict[str, list[str]]) -> str | None:
    tokens = _tokens(text)
    places = _content(tokens)
    if not places:
        return None
    place, other = rng.choice(places), rng.choice(pool["words"])
    if other.lower() == tokens[place].lower():
        return None
    tokens[place] = other
    return "".join(tokens)


DAMAGES: dict[str, Damage] = {
    "swapped": swap_words, "denied": add_not, "affirmed": drop_not, "renamed": change_name, "reworded": change_word,
}  # fmt: skip


def misspell(word: str, rng: random.Random) -> str:
    if len(word) < 4:
        return word
    i = rng.randrange(1, len(word) - 1)
    return rng.choice(
        [
            word[:i] + word[i + 1] + word[i] + word[i + 2 :],
            word[:i] + word[i + 1 :],
            word[:i] + rng.choice(_LETTERS) + word[i:],
            word[:i] + rng.choice(_LETTERS) + word[i + 1 :],
        ]
    )


def edit_lightly(text: str, rng: random.Random, n: int) -> str:
    """`n` slips or corrections: of spelling, of small words, of endings."""
    words = text.split(" ")
    for _ in range(n):
        if len(words) < 4:
            break
        i, kind = rng.randrange(len(words)), rng.randrange(6)
        small = words[i].lower() in _GLUE
        if kind <= 2:
            words[i] = misspell(words[i], rng)
        elif kind == 3 and small:
            del words[i]
        elif kind == 3:
            words.insert(i, rng.choice(_GLUE))
        elif kind == 4 and len(words[i]) > 3 and words[i].isalpha():
            words[i] = words[i][:-1] if words[i].endswith("s") else words[i] + "s"
        elif kind == 5 and small:
            words[i] = rng.choice(_GLUE)
    return " ".join(words)


def fold(texts: Sequence[str]) -> pl.Series:
    return pl.select(fold_words(pl.lit(pl.Series(texts, dtype=pl.String)))).to_series()


def draw_posts(path: Path, split: str, n: int, seed: int) -> list[str]:
    """At most n different texts of a corpus, long enough to be compared by their words."""
    posts = pl.read_parquet(path).filter(
        (pl.col("split") == split) & (fold_words(pl.col("text")).str.len_chars() >= MIN_CHARACTERS)
    )
    texts = posts["text"].unique().sort()
    return texts.sample(min(n, texts.len()), seed=seed).to_list()


def damage_posts(texts: list[str], seed: int, most: int) -> list[tuple[str, str, str]]:
    """Kind, text and damaged text; of half of them the damaged text is lightly edited as well."""
    rng = random.Random(seed)
    pool = {
        "names": [name.group() for text in texts for name in _names(text)] or ["Obama", "Texas"],
        "words": [tokens[i] for text in texts for tokens in [_tokens(text)] for i in _content(tokens)] or ["tram"],
    }
    found = []
    for kind, damage in DAMAGES.items():
        n = 0
        for text in rng.sample(texts, len(texts)):
            damaged = damage(text, rng, pool) if n < most else None
            if damaged is not None:
                n += 1
                if rng.random() < 0.5:
                    damaged = edit_lightly(damaged, rng, rng.choice([1, 1, 2, 2, 3]))
                found.append((kind, text, damaged))
    return found


def edit_posts(texts: list[str], seed: int, most: int) -> list[tuple[str, str, str]]:
    """Kind, text and edited text; a quarter of the long ones have words of another post behind them."""
    rng = random.Random(seed)
    found = []
    for text in texts[:most]:
        n_words = len(text.split())
        edited = edit_lightly(text, rng, max(1, min(rng.randrange(1, 6), n_words // 3)))
        if n_words > 15 and rng.random() < 0.25:
            more = rng.choice(texts).split()[: max(1, n_words // rng.randrange(6, 20))]
            more = [word for word in more if not re.search(r"\d|n.t$|^not$|^no$", word)]
            edited = f"{edited} {' '.join(more)}"
        found.append(("edited", text, edited))
    return found


def _pair_up(source: str, same: bool, rows: list[tuple[str, str, str]]) -> pl.DataFrame:
    kinds, left, right = zip(*rows, strict=True)
    groups = [f"{source}:{number}" for number in fold(left).hash(1).to_list()]
    columns = {"kind": list(kinds), "left": fold(left), "right": fold(right), "group": groups, "other_group": groups}
    return pl.DataFrame(columns).with_columns(source=pl.lit(source), same=pl.lit(same)).select(*SCHEMA)


def _pair_others(source: str, texts: list[str]) -> pl.DataFrame:
    """Different posts that are somewhat alike."""
    words = fold(texts).unique().sort()
    pairs = candidate_pairs(words, Settings())
    left, right = words.gather(pairs[:, 0]), words.gather(pairs[:, 1])
    ratio = edit_ratio(left, right)
    found = np.flatnonzero((ratio > 0.5) & (ratio < 0.75))[:OTHERS]
    rows = [("others", a, b) for a, b in zip(left.gather(found), right.gather(found), strict=True)]
    return _pair_up(source, False, rows) if rows else pl.DataFrame(schema=SCHEMA)


def gather_rewritten(data: Path) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The distinct sentences of `edits/jfleg_edits` (words, gold), and their candidate pairs as lessons."""
    sentences = (
        pl.read_parquet(data / "edits/jfleg_edits.parquet")
        .select("gold", words=fold_words(pl.col("text")))
        .unique("words", keep="first", maintain_order=True)
        .filter(pl.col("words").str.len_chars() >= MIN_CHARACTERS)
        .sort("words")
    )
    pairs = candidate_pairs(sentences["words"], Settings())
    gold = sentences["gold"].cast(pl.String)
    one, other = gold.gather(pairs[:, 0]), gold.gather(pairs[:, 1])
    lessons = pl.DataFrame(
        {
            "source": "jfleg", "kind": "rewritten", "same": one == other,
            "left": sentences["words"].gather(pairs[:, 0]), "right": sentences["words"].gather(pairs[:, 1]),
            "group": one, "other_group": other,
        }
    )  # fmt: skip
    return sentences, lessons


def gather_permuted(data: Path) -> pl.DataFrame:
    """The pairs of `edits/paws_pairs` that do not say the same."""
    found = pl.read_parquet(data / "edits/paws_pairs.parquet").filter(pl.col("label") == 0)
    pair = pl.concat_str(pl.lit("paws:"), pl.col("pair").cast(pl.String))
    return found.select(
        source=pl.lit("paws"), kind=pl.lit("permuted"), same=pl.lit(False),
        left=fold_words(pl.col("text1")), right=fold_words(pl.col("text2")), group=pair, other_group=pair,
    )  # fmt: skip


def gather_versions(data: Path) -> pl.DataFrame:
    """Versions of posts in `edits/discourse_delving_edits` that follow each other and are much alike."""
    versions = (
        pl.read_parquet(data / "edits/discourse_delving_edits.parquet")
        .filter(~pl.col("text").str.contains("deleted by author"))
        .sort("post_id", "version")
        .with_columns(right=fold_words(pl.col("text")))
        .with_columns(left=pl.col("right").shift(1).over("post_id"))
        .drop_nulls("left")
    )
    alike = pl.Series(edit_ratio(versions["left"], versions["right"])) > 0.8
    return versions.filter(alike).select(
        source=pl.lit("delving"), kind=pl.lit("version"), same=pl.lit(True), left="left", right="right",
        group="post_id", other_group="post_id",
    )  # fmt: skip


def gather_lessons(data: Path) -> pl.DataFrame:
    """All lessons that the data folder gives, pairs of equal words left out."""
    parts = [gather_rewritten(data)[1], gather_permuted(data), gather_versions(data)]
    for name in CORPORA:
        source = name.split("/")[1]
        texts = draw_posts(data / f"{name}.parquet", "train", POSTS, seed=3)
        parts.append(_pair_up(source, False, damage_posts(texts, 5, DAMAGED)))
        parts.append(_pair_up(source, True, edit_posts(texts, 7, EDITED)))
        parts.append(_pair_others(source, texts))
    return pl.concat([part.select(*SCHEMA).cast(SCHEMA) for part in parts]).filter(pl.col("left") != pl.col("right"))
