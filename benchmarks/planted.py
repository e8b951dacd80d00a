"""How well planted repetitions are found: runs the program with its defaults over what ``benchmarks.plant`` wrote.

    python -m benchmarks.plant DATA OUT && python -m benchmarks.planted OUT [--mistakes 50]

Kinds of sightings of one post (recapture, edit, truncation) are scored as pairs of sightings, quotations as pairs of
replying and quoted post, reposts and boilerplate as pairs of posts. Repetitions that stood in the corpora before
anything was planted (equal or nearly equal texts, shared runs of eight words, pages captured twice) count neither way.
``merged`` is the share of pairs of different posts of one page with equal words of less than twenty characters that
became one post, ``split`` of those seen again the share that became two. Where authors, times and ids are hidden,
nobody can tell which of several equal short posts of a page a capture shows but by what stands around it: two sightings
of such a post count in neither way unless both stand, with the same short posts, between the same two longer ones in
captures of one order. tau
is Kendall's, of the merged order of discussions seen several times in one sort order, of the pairs whose order the
captures tell (pages of a file may come in any order), a pair in two discussions counting as 0; only shapes without
times count, because posts with times may be listed by these.
"""

from __future__ import annotations

import argparse
import datetime as dt
import platform
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
import polars as pl

from pipeline.algorithms.similarity import edit_ratio
from pipeline.archive import Archive, open_archive
from pipeline.settings import RunParameters
from pipeline.steps import run_direct

KINDS = ("recapture", "edit", "truncation", "quote", "repost", "boilerplate")
SHORT = 20
HIDDEN = ("-one", "-many", "-bare")  # shapes of which nothing tells who wrote a post, or when
_MARK = r"(?m)^\s*>|\[quote|<blockquote"
ALIKE = 0.8  # edit ratio from which posts of the corpora repeat each other


def fold(text: str | pl.Expr) -> pl.Expr:
    """Letters and digits alone, in lower case."""
    column = pl.col(text) if isinstance(text, str) else text
    return column.str.to_lowercase().str.replace_all(r"[^\p{L}\p{N}]+", " ").str.strip_chars()


def run_world(world: Path, out: Path) -> tuple[Archive, pl.DataFrame]:
    """The archive of a world, and the truth of its records beside what became of them."""
    run_direct(RunParameters(raw=[world / "dumps"], out=out))
    archive = open_archive(out)
    files = archive.captures.select("capture_id", "paths").explode("paths").collect()
    files = files.with_columns(file=pl.col("paths").str.split("/").list.last()).drop("paths")
    truth = pl.read_parquet(world / "records.parquet").with_columns(pl.col("ordinal").cast(pl.Int64))
    seen = archive.sightings.select("capture_id", "ordinal", "sighting_id", "post_id", "match").collect()
    homes = archive.posts.select("post_id", "discussion_id", "position").collect()
    records = truth.join(files, on="file").join(seen, on=["capture_id", "ordinal"]).join(homes, on="post_id")
    return archive, records.with_columns(words=fold("text"))


def natural_pairs(posts: pl.DataFrame) -> tuple[set[frozenset[str]], set[frozenset[str]]]:
    """Pairs of posts that had equal words, and pairs of one discussion that shared eight words, before the planting."""
    words = posts.select("post", "thread", "said_before", "notice", words=fold("text")).with_row_index("row")
    groups = words.filter(pl.col("words") != "").group_by("words").agg("post").filter(pl.col("post").list.len() > 1)
    equal = {frozenset((a, b)) for group in groups["post"].to_list() for a in group[:200] for b in group[:200] if a < b}
    grams: dict[tuple[str, str], list[str]] = defaultdict(list)
    for post, thread, text in words.select("post", "thread", "words").iter_rows():
        tokens = text.split() if " " in text else list(text)
        for at in range(len(tokens) - 7):
            grams[thread, " ".join(tokens[at : at + 8])].append(post)
    shared = {
        frozenset((a, b)) for posts in grams.values() if 1 < len(posts) < 50 for a in posts for b in posts if a < b
    }
    return equal, shared


def natural_twins(posts: pl.DataFrame) -> pl.DataFrame:
    """Pairs of threads (thread, thread_right) that the corpus holds as one page twice: three longer texts are equal."""
    own = posts.filter(pl.col("said_before").is_null() & pl.col("notice").is_null())
    own = own.select("thread", words=fold("text")).filter(pl.col("words").str.len_chars() >= SHORT).unique()
    both = own.filter(pl.len().over("words").is_between(2, 50)).join(own, on="words", suffix="_right")
    shared = both.filter(pl.col("thread") != pl.col("thread_right")).group_by("thread", "thread_right").len()
    return shared.filter(pl.col("len") >= 3).drop("len")


def undecidable_pairs(records: pl.DataFrame) -> set[tuple[str, str]]:
    """Pairs of sightings of one post that nothing but its author, time or id could tell: its words are short, another
    post of the page has the same, and the two captures show it among other posts."""
    rows = records.filter(pl.col("role") != "quote").sort("file", "ordinal")
    short = (pl.col("words").str.len_chars() < SHORT) & (pl.col("post").n_unique().over("thread", "words") > 1)
    capture = ["file", "capture"]
    # Pages of one capture are captures of their own where each is a file.
    rows = rows.with_columns(short=short, known=pl.when(~short).then("post"))
    rows = rows.with_columns(run=pl.col("short").rle_id().over(capture))
    rows = rows.with_columns(
        above=pl.col("known").forward_fill().over(capture).fill_null(""),
        below=pl.col("known").backward_fill().over(capture).fill_null(""),
        said=pl.col("words").str.join("\n").over(*capture, "run"),
        nth=pl.int_range(pl.len()).over(*capture, "run"),
    )
    # Where a capture is sorted otherwise, equal posts may have changed places.
    turned = pl.when(pl.col("way").str.ends_with("sorted")).then("sighting_id").otherwise(pl.lit(""))
    place = pl.concat_str("above", "below", "said", "nth", turned, separator="\n")
    side = rows.filter("short").select("sighting_id", "post", place=place)
    pairs = side.join(side, on="post", suffix="_right").filter(
        (pl.col("sighting_id") < pl.col("sighting_id_right")) & (pl.col("place") != pl.col("place_right"))
    )
    return set(pairs.select("sighting_id", "sighting_id_right").iter_rows())


def version_pairs(records: pl.DataFrame, by: str) -> pl.DataFrame:
    """Pairs of sightings with an equal value in a column."""
    columns = ["sighting_id", "post", "thread", "post_id", "version", "role", "words", "match", "text"]
    side = records.filter(pl.col("role") != "quote").select(*{*columns, by})
    return side.join(side, on=by, suffix="_right").filter(pl.col("sighting_id") < pl.col("sighting_id_right"))


def score_versions(
    records: pl.DataFrame, archive: Archive, twins: pl.DataFrame
) -> tuple[dict[str, set], dict[str, set]]:
    """Pairs of sightings per kind: true, and found."""
    erased = pl.col("version").str.starts_with("erased") | pl.col("version_right").str.starts_with("erased")
    cut = (pl.col("role") == "cut") | (pl.col("role_right") == "cut")
    kind = (
        pl.when(erased)
        .then(pl.lit("erased"))
        .when(pl.col("words") == pl.col("words_right"))
        .then(pl.lit("recapture"))
        .when(cut)
        .then(pl.lit("truncation"))
        .otherwise(pl.lit("edit"))
    )
    gold = version_pairs(records, "post").with_columns(kind=kind)
    told = (
        pl.when(erased)
        .then(pl.lit("erased"))
        .when(pl.col("words") == pl.col("words_right"))
        .then(pl.lit("recapture"))
        .when((pl.col("match") == "truncation") | (pl.col("match_right") == "truncation"))
        .then(pl.lit("truncation"))
        .otherwise(pl.lit("edit"))
    )
    # A row that is taken for a quotation is said to be no version; it is scored where quotations and recaptures are.
    spoken = records.filter(pl.col("match") != "quote")
    found = version_pairs(spoken, "post_id").with_columns(kind=told)
    found = found.join(twins, on=["thread", "thread_right"], how="anti")
    loose = archive.duplicates.filter(pl.col("kind").is_in(["edit", "truncation"]) & ~pl.col("collapses")).collect()
    both = loose.select("left_post_id", "right_post_id", "kind")
    ids = records.filter(pl.col("role") != "quote").select("sighting_id", "post_id")
    apart = (
        both.join(ids, left_on="left_post_id", right_on="post_id")
        .join(ids, left_on="right_post_id", right_on="post_id", suffix="_right")
        .with_columns(
            sighting_id=pl.min_horizontal("sighting_id", "sighting_id_right"),
            sighting_id_right=pl.max_horizontal("sighting_id", "sighting_id_right"),
        )
    )
    pairs = ["sighting_id", "sighting_id_right", "kind"]
    true = {k: set(gold.filter(pl.col("kind") == k).select(pairs[:2]).iter_rows()) for k in KINDS[:3]}
    said = pl.concat([found.select(pairs), apart.select(pairs)])
    return true, {k: set(said.filter(pl.col("kind") == k).select(pairs[:2]).iter_rows()) for k in KINDS[:3]}


def score_quotes(
    world: Path, records: pl.DataFrame, archive: Archive, ignored: set[frozenset[str]]
) -> tuple[set[tuple[str, str]], set[tuple[str, str]]]:
    """Pairs of replying and quoted post: true (where some capture shows both), and found."""
    quotes = pl.read_parquet(world / "quotes.parquet")
    whole = records.filter(pl.col("role") == "post")
    shown = set(whole["post"])
    forms = {(reply, quoted): form for reply, quoted, form in quotes.iter_rows()}
    true = {pair for pair in forms if pair[0] in shown and pair[1] in shown and (_together(records, *pair))}
    names = dict(records.select("sighting_id", "post").iter_rows())
    edges = archive.duplicates.filter(pl.col("kind") == "quote").select("right_id", "left_id").collect()
    found = {(names[reply], names[quoted]) for reply, quoted in edges.iter_rows() if {reply, quoted} <= names.keys()}
    # A mark in a post of the corpus shows a quotation of the corpus, however short.
    posts = pl.read_parquet(world / "posts.parquet")
    marked = set(posts.filter(pl.col("text").str.contains(_MARK))["post"]) - set(quotes["reply"])
    found = {pair for pair in found if pair in true or pair[0] not in marked}
    return true, {pair for pair in found if pair in true or (pair not in forms and frozenset(pair) not in ignored)}


def _together(records: pl.DataFrame, reply: str, quoted: str) -> bool:
    files = [set(records.filter(pl.col("post") == name)["file"]) for name in (reply, quoted)]
    return bool(files[0] & files[1])


def score_repeats(
    world: Path, records: pl.DataFrame, archive: Archive, equal: set[frozenset[str]]
) -> tuple[dict[str, set], dict[str, set]]:
    """Pairs of posts per kind: true, and found."""
    posts = pl.read_parquet(world / "posts.parquet").filter(pl.col("post").is_in(records["post"].unique().implode()))
    first = pl.coalesce("said_before", "post")
    group = posts.with_columns(group=pl.when(pl.col("notice").is_null()).then(first))
    pairs: dict[str, set] = {"repost": set(), "boilerplate": set()}
    groups = group.drop_nulls("group").group_by("group").agg("post").filter(pl.col("post").list.len() > 1)
    bots = posts.drop_nulls("notice").group_by("notice").agg("post")
    for kind, members in (("repost", groups["post"].to_list()), ("boilerplate", bots["post"].to_list())):
        pairs[kind] = {frozenset((a, b)) for names in members for a in names for b in names if a < b}
    named = records.filter(pl.col("role") != "quote").group_by("post_id").agg(pl.col("post").mode().sort().first())
    repeats = archive.repeats.select("post_id", "canonical_id", "kind").collect()
    heads = repeats.select(post_id="canonical_id", canonical_id="canonical_id", kind="kind").unique()
    told = pl.concat([repeats, heads]).join(named, on="post_id").group_by("canonical_id", "kind").agg("post")
    found: dict[str, set] = {"repost": set(), "boilerplate": set()}
    for _, kind, names in told.iter_rows():
        found[kind] |= {frozenset((a, b)) for i, a in enumerate(names) for b in names[i + 1 :]}
    planted = pairs["repost"] | pairs["boilerplate"]
    # People vary a line or post it again with a slip: what the corpus held before is nobody's mistake.
    words = dict(posts.select("post", fold("text")).iter_rows())
    open_pairs = sorted(tuple(sorted(p)) for said in found.values() for p in said if p not in planted and len(p) == 2)
    sides = [pl.Series([words[pair[side]] for pair in open_pairs], dtype=pl.String) for side in (0, 1)]
    alike = {frozenset(pair) for pair, ratio in zip(open_pairs, edit_ratio(*sides), strict=True) if ratio >= ALIKE}
    natural = equal | alike
    return pairs, {kind: {p for p in said if p in planted or p not in natural} for kind, said in found.items()}


def count_short(records: pl.DataFrame) -> tuple[int, int, int, int]:
    """Pairs of equal short posts of a page, how many became one; short posts seen again, how many became two."""
    short = records.filter((pl.col("role") == "post") & (pl.col("text").str.len_chars() < SHORT))
    short = short.filter(~pl.col("version").str.starts_with("erased") & (pl.col("words") != ""))
    ids = short.select("thread", "words", "post", "post_id").unique()
    pairs = ids.join(ids, on=["thread", "words"], suffix="_right").filter(pl.col("post") < pl.col("post_right"))
    merged = pairs.filter(pl.col("post_id") == pl.col("post_id_right")).select("post", "post_right").n_unique()
    again = short.group_by("post").agg(n=pl.len(), ids=pl.col("post_id").n_unique()).filter(pl.col("n") > 1)
    split = again.filter(pl.col("ids") > 1).height
    return pairs.select("post", "post_right").n_unique(), merged, again.height, split


def known_order(rows: pl.DataFrame) -> np.ndarray:
    """Which posts (by place in rows of post, seat) captures show above which, in one of them or by way of others."""
    posts = rows["post"].unique(maintain_order=True)
    number = {post: at for at, post in enumerate(posts)}
    above = np.zeros((len(posts), len(posts)), dtype=np.float32)
    for capture in rows.partition_by("file", "capture", maintain_order=True):
        shown = [number[post] for post in capture.sort("ordinal")["post"].unique(maintain_order=True)]
        above[shown[:-1], shown[1:]] = 1
    for _ in range(len(posts).bit_length()):
        above = np.minimum(above + above @ above, 1)
    return above > 0


def order_taus(world: Path, records: pl.DataFrame) -> list[float]:
    """Kendall's tau of each discussion that several captures show in one order."""
    places = pl.read_parquet(world / "posts.parquet").select("post", place=pl.col("place"))
    spoken = records.filter(pl.col("role") != "quote").join(places, on="post")
    taus: list[float] = []
    for part in spoken.partition_by("thread", maintain_order=True):
        if part["capture"].n_unique() < 2 or part["way"].str.ends_with("sorted").any():
            continue
        posts = part.sort("sighting_id").unique("post", keep="first", maintain_order=True).sort("place")
        if posts.height < 3:
            continue
        position = posts["position"].to_numpy().astype(np.int64)
        home = posts["discussion_id"].rank("dense").to_numpy()
        signs = np.sign(position[None, :] - position[:, None]) * (home[None, :] == home[:, None])
        known = known_order(part.join(posts.select("post"), on="post").sort("place"))
        taus.append(float(signs[known].mean()) if known.any() else 1.0)
    return taus


def measure(world: Path, out: Path, mistakes: int) -> dict[str, list[float]]:
    """Counts of one world: true positives, false positives, false negatives per kind, and the rest."""
    archive, records = run_world(world, out)
    posts = pl.read_parquet(world / "posts.parquet")
    equal, shared = natural_pairs(posts)
    true, found = score_versions(records, archive, natural_twins(posts))
    true["quote"], found["quote"] = score_quotes(world, records, archive, shared | equal)
    repeats_true, repeats_found = score_repeats(world, records, archive, equal)
    true |= repeats_true
    found |= repeats_found
    if world.name.endswith(HIDDEN):
        for pairs in (true, found):
            pairs["recapture"] -= undecidable_pairs(records)
    texts = dict(records.select("sighting_id", "text").iter_rows()) | dict(records.select("post", "text").iter_rows())
    where = dict(records.select("sighting_id", pl.format("{}:{}", "file", "ordinal")).iter_rows())
    for kind in KINDS:
        for word, pairs in (("missed", true[kind] - found[kind]), ("wrong", found[kind] - true[kind])):
            for pair in sorted(map(tuple, pairs), key=str)[:mistakes]:
                a, b = pair if len(pair) == 2 else (pair[0], pair[0])
                said = " | ".join(repr(texts.get(one, "")[:150]) for one in (a, b))
                print(f"    {kind} {word} {where.get(a, a)} {where.get(b, b)} {said}")
    counts = {
        kind: [len(true[kind] & found[kind]), len(found[kind] - true[kind]), len(true[kind] - found[kind])]
        for kind in KINDS
    }
    timed = world.name.endswith(("-ids", "-meta"))
    taus = [] if timed else order_taus(world, records)
    return counts | {
        "short": list(count_short(records)),
        "tau": [sum(taus), len(taus), sum(tau >= 0.99 for tau in taus)],
    }


def describe(name: str, counts: dict[str, list[float]]) -> str:
    """A line of figures."""
    figures = []
    for kind in KINDS:
        right, wrong, missed = counts[kind]
        total = 2 * right + wrong + missed
        figures.append(f"{2 * right / total if total else 1:6.3f} ({right:.0f} +{wrong:.0f} -{missed:.0f})".ljust(22))
    pairs, merged, again, split = counts["short"]
    total_tau, n, _ = counts["tau"]
    figures.append(f"{merged:.0f}/{pairs:.0f}".ljust(10) + f"{split:.0f}/{again:.0f}".ljust(10))
    figures.append(f"{total_tau / n if n else 1:.4f}")
    return name.ljust(42) + "".join(figures)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("planted", type=Path)
    parser.add_argument("--only", default="", help="worlds whose name holds this")
    parser.add_argument("--mistakes", type=int, default=0, help="mistakes of each kind to print")
    asked = parser.parse_args()
    print(f"{dt.date.today()} {platform.platform()} python {platform.python_version()}")
    print("F1 (right +wrong -missed)".ljust(42) + "".join(kind.ljust(22) for kind in KINDS) + "merged    split     tau")
    sums: dict[str, dict[str, list[float]]] = defaultdict(dict)
    for world in sorted(path for path in asked.planted.iterdir() if asked.only in path.name):
        with tempfile.TemporaryDirectory() as folder:
            counts = measure(world, Path(folder) / "archive", asked.mistakes)
        print(describe(world.name, counts), flush=True)
        shape = "*-" + "-".join(world.name.split("-")[-2:])
        for total in (shape, "all"):
            for key, values in counts.items():
                known = sums[total].get(key, [0.0] * len(values))
                sums[total][key] = [a + b for a, b in zip(known, values, strict=True)]
    for name, counts in sorted(sums.items()):
        print(describe(name, counts))


if __name__ == "__main__":
    main()
