"""Whether every dump of a folder is read whole, and twins become one: ``python -m benchmarks.formats DATA``.

DATA is a folder of raw dumps with an ``INDEX.tsv`` whose columns ``format`` and ``path`` name its files. All of them
are read by one run into a new archive. The first table says per file which reader took it, and how many posts and
declared parents there are by an independent count (`benchmarks.formats_counts`) and by the reader. The second one
takes groups of files that show the same discussion in two formats, windows or pages: how many discussions and posts
there should be and are. The third one compares talk pages with what MediaWiki's own software finds in them.

Exits with 1 where anything differs.
"""

from __future__ import annotations

import argparse
import platform
import re
import sys
import tempfile
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import polars as pl

from benchmarks.formats_counts import Answer, count_dump, list_answers
from pipeline.archive import open_archive
from pipeline.settings import RunParameters
from pipeline.steps import run_direct

_READERS = {
    "4chan_json": "imageboard",
    "askbot_html": "askbot",
    "bluesky_json": "bluesky",
    "discordchatexporter_json": "discord",
    "discourse_topic_json": "discourse",
    "disqus_xml": "disqus",
    "flat_text_paste": "pasted_text",
    "hn_firebase_json": "hackernews",
    "hn_item_html": "hackernews_page",
    "irc_log": "irc",
    "lemmy_json": "lemmy",
    "mastodon_context_json": "mastodon",
    "mattermost_json": "mattermost",
    "mbox": "mbox",
    "messenger_json": "messenger",
    "nntp": "nntp",
    "old_reddit_html": "old_reddit",
    "phpbb_html": "phpbb",
    "pushshift_ndjson": "reddit",
    "reddit_api_json": "reddit_api",
    "reddit_scraper_urs": "reddit_scrapers",
    "rocketchat_json": "rocketchat",
    "slack_json": "slack",
    "stackexchange_api_json": "stackexchange_api",
    "stackexchange_xml": "stackexchange_xml",
    "telegram_json": "telegram_json",
    "whatsapp_txt": "whatsapp",
    "wikitalk_html": "wikitalk",
    "wordpress_wxr": "wordpress",
    "youtube_api_json": "youtube",
}


@dataclass(frozen=True)
class _Group:
    """Files that show the same discussions, and what names a post in them."""

    name: str
    discussions: int
    identity: str  # regular expression of a post's id, in the files that have ids
    more: int  # posts without such an id (the submission), less what has one and is no post ("closed this topic")
    paths: tuple[str, ...]


_DISCOURSE = r'"post_number": ?(\d+)'
_GROUPS = (
    _Group(
        "Hacker News, three pages and the first as text",
        *(1, r'<a href="item\?id=(\d+)">link</a>', 1),
        (
            *("hn_item_html/first.html", "hn_item_html/second.html", "hn_item_html/last.html"),
            "flat_text_paste/hn_first_innertext_DERIVED.txt",
        ),
    ),
    _Group(
        "Discourse, topic JSON and its text",
        *(1, _DISCOURSE, -1),
        ("discourse_topic_json/the-last-english-release.7362.json", "flat_text_paste/the-last-english-release.7362.md"),
    ),
    _Group(
        "Discourse, windows of one topic",
        *(1, _DISCOURSE, 0),
        ("discourse_topic_json/t_2108_posts.json", "discourse_topic_json/t_2108_posts_pn_41.json"),
    ),
    _Group(
        "phpBB, one page under two addresses",
        *(1, r'id="p(\d+)"', 0),
        ("phpbb_html/viewtopic.php@f-10_p-170.html", "phpbb_html/viewtopic.php@f-10_t-87.html"),
    ),
    _Group(
        "askbot, two pages of one question",
        *(1, r'id="post-id-([1-9]\d*)"', 0),
        ("askbot_html/askbot_question_multipage_1.html", "askbot_html/askbot_question_multipage_2.html"),
    ),
    _Group(
        "Pushshift, plain and packed",
        *(4, r'"id": ?"(\w+)"', 0),
        ("pushshift_ndjson/RC_real_records_4.ndjson", "pushshift_ndjson/RC_real_records_4.ndjson.zst"),
    ),
)


def list_dumps(data: Path) -> pl.DataFrame:
    """The files of INDEX.tsv: format, path, and what an independent count finds in them.

    Columns reader (null: no discussion), posts, parents: what is expected; a talk page is compared by `compare_talk`.
    """
    index = pl.read_csv(data / "INDEX.tsv", separator="\t", quote_char=None, columns=["format", "path"])
    rows = [(format, path, *_expect(data, format, path)) for format, path in index.iter_rows()]
    rows.append(("", "INDEX.tsv", None, 0, 0))
    schema = {"format": pl.String, "path": pl.String, "reader": pl.String, "posts": pl.Int64, "parents": pl.Int64}
    return pl.DataFrame(rows, schema=schema, orient="row")


def _expect(data: Path, format: str, path: str) -> tuple[str | None, int | None, int | None]:
    if format == "wikitalk_html" and path.endswith(".html"):
        return _READERS[format], None, None
    found = None if format == "wikitalk_html" else count_dump(format, (data / path).read_bytes())
    return (None, 0, 0) if found is None else (_READERS[format], *found)


def compare_files(data: Path, archive: Path) -> pl.DataFrame:
    """Per file what is expected and what was read, and whether that is the same."""
    opened = open_archive(archive)
    captures = opened.captures.explode("paths").select(
        "capture_id", path=pl.col("paths").str.strip_prefix(f"{data}/"), read_by="format", rejected="n_rejected"
    )
    read = opened.sightings.group_by("capture_id").agg(
        posts_read=pl.len().cast(pl.Int64), parents_read=pl.col("declared_parent").is_not_null().sum().cast(pl.Int64)
    )
    found = captures.join(read, on="capture_id", how="left").drop("capture_id").collect()
    compared = (
        list_dumps(data)
        .join(found, on="path", how="left")
        .with_columns(pl.col("posts_read", "parents_read").fill_null(0))
    )
    counted = (pl.col("posts") == pl.col("posts_read")) & (pl.col("parents") == pl.col("parents_read"))
    same = pl.col("posts").is_null() | counted
    right = pl.col("reader").is_null() | (pl.col("reader") == pl.col("read_by"))
    return compared.with_columns(same=(same & right).fill_null(False))


def compare_groups(data: Path, archive: Path) -> pl.DataFrame:
    """Per group of files how many discussions and posts there should be and are."""
    opened = open_archive(archive)
    sightings = (
        opened.captures.explode("paths")
        .select("capture_id", path=pl.col("paths").str.strip_prefix(f"{data}/"))
        .join(opened.sightings.select("capture_id", "post_id"), on="capture_id")
        .join(opened.posts.select("post_id", "discussion_id"), on="post_id")
        .collect()
    )
    rows = []
    for group in _GROUPS:
        shown = sightings.filter(pl.col("path").is_in(list(group.paths)))
        raw = [(data / path).read_bytes().decode("utf-8", errors="replace") for path in group.paths]
        expected = len({name for text in raw for name in re.findall(group.identity, text)}) + group.more
        counts = (shown["discussion_id"].n_unique(), shown["post_id"].n_unique())
        rows.append((group.name, group.discussions, counts[0], expected, counts[1]))
    schema = ("group", "discussions", "discussions_found", "posts", "posts_found")
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        same=(pl.col("discussions") == pl.col("discussions_found")) & (pl.col("posts") == pl.col("posts_found"))
    )


def compare_talk(data: Path, archive: Path) -> pl.DataFrame:
    """Per talk page who signed and who answers whom by MediaWiki's own software, and how many of both the archive has.

    A comment that the archive puts below one whose time that software cannot read is left out.
    """
    opened = open_archive(archive)
    posts = opened.posts.select(
        "post_id", "parent_id", "author", minute=pl.col("posted_at").dt.strftime("%Y-%m-%dT%H:%M")
    )
    named = posts.select(parent_id="post_id", answered="author", answered_minute="minute")
    found = posts.join(named, on="parent_id", how="left").collect()
    rows = []
    for path in sorted(data.glob("wikitalk_html/*.json")):
        answers, signed = list_answers(path.read_bytes())
        read = {
            Answer(*row)
            for row in found.select("author", "minute", "answered", "answered_minute").iter_rows()
            if row[:2] in signed
        }
        unknown = {answer[:2] for answer in read if answer[2] is not None and answer[2:] not in signed}
        expected = {answer for answer in answers if answer[:2] not in unknown}
        known = signed & set(found.select("author", "minute").iter_rows())
        rows.append((path.stem, len(signed), len(known), len(expected), len(expected & read)))
    schema = {"talk page": pl.String} | dict.fromkeys(("signed", "signed_found", "answers", "answers_found"), pl.Int64)
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(
        same=(pl.col("signed") == pl.col("signed_found")) & (pl.col("answers") == pl.col("answers_found"))
    )


def main() -> None:
    """Reads a folder of dumps into a new archive and prints the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path, help="folder of raw dumps with its INDEX.tsv")
    parser.add_argument("--archive", type=Path, help="an archive of that folder that is there already")
    chosen = parser.parse_args()
    data = chosen.data.resolve()
    with tempfile.TemporaryDirectory() as folder:
        archive = chosen.archive or Path(folder) / "archive"
        if chosen.archive is None:
            run_direct(RunParameters(raw=[data], out=archive))
        files = compare_files(data, archive)
        others = [compare_groups(data, archive), compare_talk(data, archive)]
    print(f"{date.today()}, {platform.platform()}, Python {platform.python_version()}")
    with pl.Config(tbl_rows=-1, tbl_cols=-1, fmt_str_lengths=70, tbl_width_chars=200, tbl_hide_dataframe_shape=True):
        print(files.drop("format"), *others, sep="\n")
    wrong = sum(table.filter(~pl.col("same")).height for table in (files, *others))
    print(
        f"{files.height} files: {wrong} rows of the tables differ"
        if wrong
        else f"{files.height} files: all as expected"
    )
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
