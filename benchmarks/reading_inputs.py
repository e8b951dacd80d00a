"""Files to read, one or more per format, each with its bare parser: what `benchmarks.reading` measures.

In: the readers' own cases, a folder with real dumps (or none), sizes. Out: inputs, small files grown by repeating what
they hold with other ids, texts of the terse cases made as long as people's comments are.

>>> [given.name for given in invented_inputs(1000)][:2]
['reddit', 'reddit']
"""

from __future__ import annotations

import csv
import email
import io
import random
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import lxml.etree
import orjson
import polars as pl
import zstandard
from selectolax.lexbor import LexborHTMLParser

from benchmarks.pipeline import invent_words
from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.ingest.readers import READERS
from pipeline.settings import ReadSettings

CASES = Path(__file__).parents[1] / "tests" / "cases" / "readers"
_INVENTED = frozenset({"reddit", "jsonl", "json", "csv", "parquet", "flat_text"})
_NAMES_A_THING = re.compile(
    r"(^|_)(id|ids|key|no|resto|uri|cid|ts|ts_ms|mid|tmid|parent|root|link|path|url|permalink|number|name|cursor)$",
    re.IGNORECASE,
)
_ATTRIBUTE = re.compile(r'\b(?:id|href|name|data-[\w-]+)="[^"]*"')
_DIGITS = re.compile(r"\d+")
_LONG_DIGITS = re.compile(r"\d{5,}")
# The floor of text finds what a reader must find in every line, the time and who speaks: supybot writes T between date
# and clock and a zone behind it; in pasted pages the time stands anywhere in a line, as a date or as "3 hours ago".
_LINE = re.compile(
    r"\[?(?:(\d+[-./ ]\d+[-./ ]\d+)(?:,? |T))?(\d+:\d+(?::\d+)?)(?:[+-]\d+)?\]?[- ]*<?([^>:]+)[>:](?: (.*)|$)|(.*)"
)
_TIME_IN_LINE = re.compile(
    r"(?P<name>.*?)[|\s(]*(?:(?P<ago>\d+ (?:second|minute|hour|day|week|month|year)s? ago)"
    r"|(?P<date>\d+[-./]\d+[-./]\d+|[A-Z][a-z]+ \d+,? \d+)[T, ]*(?P<clock>\d+:\d+(?::\d+)?)?)(?P<rest>.*)"
)
# Where a comment's words begin: a value of JSON, or words between tags, with at least four words in it.
_TEXTS = {
    "json": re.compile(
        r'("(?:body|text|content|com|cooked|message|msg|comment|selftext|textOriginal|body_markdown)": ?"(?:<p>)?)(\w)'
    ),
    "html": re.compile(r"(>)(?=[^<>{}=;]*\w \w+ \w+ \w+[^<>{}=;]*</(?:p|div|dd|li)>)(\w)"),
    "xml": re.compile(r"(\[CDATA\[(?:<p>)?|&lt;p&gt;)(?=\w+ \w+ \w+ \w)(\w)"),
}
_UNITS = {
    "disqus": r"<post\b.*?</post>",
    "wordpress": r"<wp:comment>.*?</wp:comment>",
    "stackexchange_xml": r"<row\b.*?/>",
}


@dataclass(frozen=True)
class Input:
    """A file to read, and what its bare parser makes of the same bytes, with and without a visit to all it found."""

    name: str
    origin: str
    suffix: str
    data: bytes
    parser: str
    parse: Callable[[], Any]
    visit: Callable[[Any], object] | None = None


def invent_posts(n: int) -> list[dict[str, Any]]:
    """n comments in the fields of a Pushshift dump of 2018."""
    rng = random.Random(1)
    words = invent_words(rng, 5000)
    posts = []
    for number in range(n):
        body = " ".join(rng.choices(words, k=max(1, int(rng.lognormvariate(3.0, 1.0)))))
        community = f"sub{rng.randrange(300)}"
        page = f"{number // 50:05x}"
        posts.append(
            {
                "author": f"user{rng.randrange(50_000)}",
                "author_flair_css_class": None,
                "author_flair_text": rng.choice([None, None, None, None, "flair"]),
                "body": body,
                "can_gild": True,
                "controversiality": int(rng.random() < 0.02),
                "created_utc": 1514765865 + number // 3,
                "distinguished": None,
                "edited": False if rng.random() < 0.97 else 1514765865.0 + number,
                "gilded": 0,
                "id": f"ds{number:06x}",
                "is_submitter": rng.random() < 0.1,
                "link_id": f"t3_{page}",
                "parent_id": f"t3_{page}" if number % 3 == 0 else f"t1_ds{number - 1:06x}",
                "permalink": f"/r/{community}/comments/{page}/some_words_in_a_row/ds{number:06x}/",
                "retrieved_on": 1517436335,
                "score": rng.randrange(-5, 50),
                "stickied": False,
                "subreddit": community,
                "subreddit_id": "t5_2rebv",
                "subreddit_type": "public",
            }
        )
    return posts


def invented_inputs(n: int) -> list[Input]:
    """Dumps and tables of n invented posts."""
    posts = invent_posts(n)
    dump = b"".join(orjson.dumps(post) + b"\n" for post in posts)
    packed = zstandard.compress(dump)
    known = {"id": "id", "link_id": "discussion_id", "parent_id": "parent_id", "author": "author", "body": "text"}
    known |= {"created_utc": "created_at", "score": "score", "subreddit": "subreddit"}
    rows = [{ours: post[theirs] for theirs, ours in known.items()} for post in posts]
    lines = b"".join(orjson.dumps(row) + b"\n" for row in rows)
    array = orjson.dumps(rows, option=orjson.OPT_INDENT_2)
    out = io.StringIO()
    writer = csv.DictWriter(out, list(known.values()))
    writer.writeheader()
    writer.writerows(rows)
    table = out.getvalue().encode()
    columns = io.BytesIO()
    pl.DataFrame(rows).write_parquet(columns)
    parquet = columns.getvalue()
    text = "\n".join(row["text"] for row in rows).encode()
    unpack = zstandard.ZstdDecompressor().decompress

    def invented(name: str, suffix: str, data: bytes, parser: str, parse: Callable[[], Any]) -> Input:
        return Input(name, "invented", suffix, data, parser, parse)

    return [
        invented("reddit", ".ndjson.zst", packed, "zstd, orjson", lambda: _parse_lines(unpack(packed))),
        invented("reddit", ".ndjson", dump, "orjson", lambda: _parse_lines(dump)),
        invented("jsonl", ".jsonl", lines, "orjson", lambda: _parse_lines(lines)),
        invented("json", ".json", array, "orjson", lambda: orjson.loads(array)),
        invented("csv", ".csv", table, "csv", lambda: list(csv.reader(io.StringIO(table.decode())))),
        invented("parquet", ".parquet", parquet, "polars", lambda: pl.read_parquet(io.BytesIO(parquet)).rows()),
        invented("flat_text", ".txt", text, "lines", lambda: _split(text)),
    ]


def grown_inputs(size: int, data: Path | None) -> Iterator[Input]:
    """Of every other format its first case and the largest real dump, grown to about so many bytes."""
    largest: dict[str, Path] = {}
    for path in sorted(data.rglob("*")) if data is not None else []:
        if path.is_file() and (name := _format_of(path)) is not None:
            known = largest.get(name)
            largest[name] = path if known is None or path.stat().st_size > known.stat().st_size else known
    cases: dict[str, Path] = {}
    for path in sorted(CASES.glob("*/dump*")):
        if (name := _format_of(path)) is not None:
            cases.setdefault(name, path)
    for reader in READERS:
        if reader.name not in _INVENTED:
            case, dump = cases.get(reader.name), largest.get(reader.name)
            if case is not None:
                yield _grown(reader.name, f"case {case.parent.name}", case, size, is_terse=True)
            if dump is not None:
                yield _grown(reader.name, dump.name, dump, size, is_terse=False)


def _format_of(path: Path) -> str | None:
    """The format of a file that is neither packed nor damaged JSON, for only then is known what its parser is."""
    try:
        name = open_capture(path, ReadSettings()).format
    except InputError:
        return None
    return name if path.suffix not in (".gz", ".zst", ".js", ".yaml") and _kind_of(name, _text_of(path)) else None


def _text_of(path: Path) -> str:
    return path.read_bytes().decode("utf-8", errors="replace").removeprefix("\ufeff")


def _grown(name: str, origin: str, path: Path, size: int, *, is_terse: bool) -> Input:
    text = _text_of(path)
    kind = _kind_of(name, text)
    if is_terse:
        text = _with_longer_texts(text, kind)
    if kind == "html":
        text = LexborHTMLParser(text).html or ""  # else what the page leaves open holds all its copies
    copies = max(1, size // len(text))
    data = _grow(name, kind, text, copies).encode()
    suffix = path.suffix or ".json"
    if kind == "json":
        return Input(name, origin, suffix, data, "orjson", lambda: orjson.loads(data), _visit_values)
    if kind == "json lines":
        return Input(name, origin, suffix, data, "orjson", lambda: _parse_lines(data), _visit_values)
    if kind == "html":
        return Input(name, origin, suffix, data, "lexbor", lambda: LexborHTMLParser(data), _visit_nodes)
    if kind == "xml":
        return Input(name, origin, suffix, data, "lxml", lambda: _parse_xml(data))
    if kind == "mail":
        return Input(name, origin, suffix, data, "email", lambda: _parse_mails(data))
    line = _TIME_IN_LINE if name == "pasted_text" else _LINE
    return Input(name, origin, suffix, data, "lines, one regular expression", lambda: _match_lines(data, line))


def _kind_of(name: str, text: str) -> str:
    """What parses a file; empty where it is damaged JSON."""
    start = text.lstrip()[:1]
    if name in ("mbox", "nntp"):
        return "mail"
    if start in ("{", "["):
        for kind, parse in (("json", orjson.loads), ("json lines", lambda text: _parse_lines(text.encode()))):
            try:
                parse(text)
            except orjson.JSONDecodeError:
                continue
            return kind
        return "" if name != "irc" else "lines"
    if start == "<" and name not in ("irc", "pasted_text"):
        return "xml" if name in _UNITS else "html"
    return "lines"


def _grow(name: str, kind: str, text: str, copies: int) -> str:
    if kind == "json":
        return orjson.dumps(_grow_document(orjson.loads(text), copies)).decode()
    if kind == "json lines":
        rows = _parse_lines(text.encode())
        return "\n".join(orjson.dumps(_other_ids(row, copy)).decode() for copy in range(copies) for row in rows)
    if kind == "xml":
        found = list(re.finditer(_UNITS[name], text, re.DOTALL))
        start, end = found[0].start(), found[-1].end()
        units = "\n".join(unit[0] for unit in found)
        return text[:start] + "\n".join(_renumber(units, copy, _DIGITS) for copy in range(copies)) + text[end:]
    if kind == "html":
        opening = re.search(r"<body[^>]*>", text)
        start = opening.end() if opening else 0
        end = text.rindex("</body>") if "</body>" in text else len(text)
        inner = text[start:end]
        return text[:start] + "".join(_renumber_attributes(inner, copy) for copy in range(copies)) + text[end:]
    if name == "nntp":
        articles = [_renumber(text, copy, _LONG_DIGITS) for copy in range(copies)]
        return "".join(f"#! rnews {len(article.encode())}\n{article}" for article in articles)
    return "\n".join(_renumber(text, copy, _LONG_DIGITS) if kind == "mail" else text for copy in range(copies))


def _with_longer_texts(text: str, kind: str) -> str:
    """The same file, its texts as long as people's comments are: some thirty words more each."""
    rng = random.Random(2)
    words = invent_words(rng, 2000)

    def lengthen(found: re.Match[str]) -> str:
        more = " ".join(rng.choices(words, k=max(1, int(rng.lognormvariate(3.0, 1.0)))))
        return f"{found[1]}{more} {found[2]}"

    pattern = _TEXTS.get(kind.split(" ", maxsplit=1)[0])
    return pattern.sub(lengthen, text) if pattern else text


def _renumber(text: str, copy: int, digits: re.Pattern[str]) -> str:
    """The same text with other numbers in it: no two copies have the same ids."""
    return digits.sub(lambda found: f"{found[0]}{copy:04d}" if len(found[0]) > 4 else found[0], text) if copy else text


def _renumber_attributes(text: str, copy: int) -> str:
    """The same markup with other numbers in its ids and links."""
    if not copy:
        return text
    return _ATTRIBUTE.sub(lambda found: _DIGITS.sub(lambda number: f"{number[0]}{copy:04d}", found[0]), text)


def _grow_document(document: Any, copies: int) -> Any:
    """A document whose longest list (or map) of objects is so many times as long, with other ids in every copy."""
    longest: Any = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        inner = list(value.values()) if isinstance(value, dict) else value if isinstance(value, list) else []
        if sum(isinstance(item, dict) for item in inner) > len(longest) and (
            isinstance(value, list) or (len(inner) > 2 and all(isinstance(item, dict) for item in inner))
        ):
            longest = value
        waiting += inner
    if isinstance(longest, dict):
        longest |= {
            f"{key}{copy}": _other_ids(item, copy) for copy in range(1, copies) for key, item in list(longest.items())
        }
    else:
        longest += [_other_ids(item, copy) for copy in range(1, copies) for item in list(longest)]
    return document


def _other_ids(value: Any, copy: int, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _other_ids(inner, copy, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_other_ids(inner, copy, name) for inner in value]
    if copy and _NAMES_A_THING.search(name):
        if isinstance(value, str) and value:
            return f"{value}{copy}"
        if type(value) is int and value:
            return value + copy * 1_000_000
    return value


def _parse_lines(data: bytes) -> list[Any]:
    return [orjson.loads(line) for line in data.splitlines() if line]


def _parse_xml(data: bytes) -> int:
    found = lxml.etree.iterparse(io.BytesIO(data), recover=True, huge_tree=True)
    return sum(element.clear() is None for _, element in found)


def _parse_mails(data: bytes) -> list[Any]:
    mails = re.split(rb"^(?:From .*|#! rnews \d+)\n", data, flags=re.MULTILINE)
    return [email.message_from_bytes(mail) for mail in mails]


def _split(data: bytes) -> list[str]:
    return [line.decode(errors="replace").strip() for line in data.split(b"\n")]


def _match_lines(data: bytes, pattern: re.Pattern[str]) -> int:
    return sum(pattern.match(line) is not None for line in _split(data))


def _visit_values(document: Any) -> int:
    waiting, seen = [document], 0
    while waiting:
        value = waiting.pop()
        seen += 1
        if isinstance(value, dict):
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return seen


def _visit_nodes(page: LexborHTMLParser) -> int:
    return sum(node.tag != "" for node in page.root.traverse(include_text=True)) if page.root else 0
