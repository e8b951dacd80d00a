"""Reading speed per format, beside its bare parser: ``python -m benchmarks.reading``.

Grows the readers' own cases (and tables and dumps of invented comments) to some megabytes, reads each, and prints
megabytes and records a second, and how many times longer that takes than two floors for the same bytes: the parser
alone (orjson for JSON, lexbor for HTML, lxml for XML, the csv and email modules, polars for Parquet, splitting lines
for text), and the parser with one visit in Python to everything it found (each value of JSON, each node of a page; for
text one regular expression a line), which is the least that a reader of trees can do.
"""

from __future__ import annotations

import argparse
import csv
import email
import gc
import io
import json
import os
import platform
import random
import re
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import lxml.etree
import orjson
import polars as pl
import zstandard
from selectolax.lexbor import LexborHTMLParser

from benchmarks.pipeline import invent_words
from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings

CASES = Path(__file__).parents[1] / "tests" / "cases" / "readers"
_NAMES_A_THING = re.compile(
    r"(^|_)(id|ids|key|no|resto|uri|cid|ts|ts_ms|mid|tmid|parent|root|link|path|url|permalink|number|name|cursor)$",
    re.IGNORECASE,
)
_DIGITS = re.compile(r"\d{2,}")
_LINE = re.compile(r"\[?(?:(\d+[-./ ]\d+[-./ ]\d+),? )?(\d+:\d+(?::\d+)?)\]?[- ]*<?([^>:]+)[>:] (.*)|(.*)")
# Where a comment's words begin: a value of JSON, or words between tags, with at least four words in it.
_TEXTS = {
    ".json": re.compile(
        r'("(?:body|text|content|com|cooked|message|msg|comment|selftext|textOriginal|body_markdown)": ?"(?:<p>)?)(\w)'
    ),
    ".html": re.compile(r"(>)(?=[^<>{}=;]*\w \w+ \w+ \w+[^<>{}=;]*</(?:p|div|dd|li)>)(\w)"),
    ".xml": re.compile(r"(\[CDATA\[(?:<p>)?|&lt;p&gt;)(?=\w+ \w+ \w+ \w)(\w)"),
}
_UNITS = {
    "disqus": r"<post\b.*?</post>",
    "wordpress": r"<wp:comment>.*?</wp:comment>",
    "stackexchange_xml": r"<row\b.*?/>",
}


@dataclass(frozen=True)
class Input:
    """A file to read, and what its bare parser makes of the same bytes."""

    name: str
    suffix: str
    data: bytes
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


def table_inputs(n: int) -> list[Input]:
    """Dumps and tables of n posts."""
    posts = invent_posts(n)
    dump = b"".join(orjson.dumps(post) + b"\n" for post in posts)
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
    text = "\n".join(row["text"] for row in rows).encode()

    def parse_lines(data: bytes) -> list[Any]:
        return [orjson.loads(line) for line in data.splitlines()]

    return [
        Input("reddit", ".ndjson.zst", zstandard.compress(dump), lambda: parse_lines(dump)),
        Input("reddit", ".ndjson", dump, lambda: parse_lines(dump)),
        Input("jsonl", ".jsonl", lines, lambda: parse_lines(lines)),
        Input("json", ".json", array, lambda: orjson.loads(array)),
        Input("csv", ".csv", table, lambda: list(csv.reader(io.StringIO(table.decode())))),
        Input(
            "parquet", ".parquet", columns.getvalue(), lambda: pl.read_parquet(io.BytesIO(columns.getvalue())).rows()
        ),
        Input("flat_text", ".txt", text, lambda: _split(text)),
    ]


def case_inputs(size: int) -> list[Input]:
    """The first case of every format, grown to about so many bytes."""
    inputs: dict[str, Input] = {}
    for path in sorted(CASES.glob("*/dump.*")):
        data = path.read_bytes()
        name = open_capture(path, ReadSettings()).format
        if name not in inputs and path.suffix != ".gz" and name not in ("csv", "json", "jsonl", "flat_text", "reddit"):
            grown = _grow(name, path.suffix, data, size)
            inputs[name] = Input(
                name, path.suffix, grown, _parser(path.suffix, grown), _VISITS.get(path.suffix, _visit_lines)
            )
    return list(inputs.values())


def _grow(name: str, suffix: str, data: bytes, size: int) -> bytes:
    text = _with_longer_texts(data.decode("utf-8", errors="replace"), suffix)
    copies = max(1, size // len(text))
    if suffix == ".json":
        return orjson.dumps(_grow_lists(json.loads(text), copies))
    if unit := _UNITS.get(name):
        found = list(re.finditer(unit, text, re.DOTALL))
        start, end = found[0].start(), found[-1].end()
        units = text[start:end]
        return (text[:start] + "\n".join(_renumber(units, copy) for copy in range(copies)) + text[end:]).encode()
    if suffix == ".html":
        start = text.index("<body")
        start = text.index(">", start) + 1
        end = text.rindex("</body>") if "</body>" in text else len(text)
        return (
            text[:start] + "".join(_renumber(text[start:end], copy) for copy in range(copies)) + text[end:]
        ).encode()
    return "\n".join(_renumber(text, copy) if name == "mbox" else text for copy in range(copies)).encode()


def _with_longer_texts(text: str, suffix: str) -> str:
    """The same file, its texts as long as people's comments are (the cases are terse): some thirty words more each."""
    rng = random.Random(2)
    words = invent_words(rng, 2000)

    def lengthen(found: re.Match[str]) -> str:
        more = " ".join(rng.choices(words, k=max(1, int(rng.lognormvariate(3.0, 1.0)))))
        return f"{found[1]}{more} {found[2]}"

    pattern = _TEXTS.get(suffix)
    return pattern.sub(lengthen, text) if pattern else text


def _renumber(text: str, copy: int) -> str:
    """The same text with other numbers in it: no two copies have the same ids."""
    return _DIGITS.sub(lambda found: f"{found[0]}{copy:04d}" if len(found[0]) > 4 else found[0], text) if copy else text


def _grow_lists(document: Any, copies: int) -> Any:
    """A document whose longest list of objects is so many times as long, with other ids in every copy."""
    longest: list[Any] = []
    waiting = [document]
    while waiting:
        value = waiting.pop()
        if isinstance(value, list):
            if sum(isinstance(item, dict) for item in value) > len(longest):
                longest = value
            waiting += value
        elif isinstance(value, dict):
            waiting += value.values()
    longest += [_other_ids(item, copy) for copy in range(1, copies) for item in list(longest)]
    return document


def _other_ids(value: Any, copy: int, name: str = "") -> Any:
    if isinstance(value, dict):
        return {key: _other_ids(inner, copy, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_other_ids(inner, copy, name) for inner in value]
    if _NAMES_A_THING.search(name):
        if isinstance(value, str) and value:
            return f"{value}{copy}"
        if type(value) is int and value:
            return value + copy * 1_000_000
    return value


def _parser(suffix: str, data: bytes) -> Callable[[], object]:
    if suffix == ".html":
        return lambda: LexborHTMLParser(data)
    if suffix == ".xml":
        return lambda: sum(
            1 for _, element in lxml.etree.iterparse(io.BytesIO(data), recover=True) if element.clear() is None
        )
    if suffix == ".json":
        return lambda: orjson.loads(data)
    if suffix == ".mbox":
        return lambda: [email.message_from_bytes(mail) for mail in re.split(rb"^From .*\n", data, flags=re.MULTILINE)]
    return lambda: _split(data)


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


def _visit_lines(lines: list[str]) -> int:
    return sum(_LINE.match(line) is not None for line in lines)


def _visit_nothing(_: object) -> None:
    """The parser visits everything itself."""


_VISITS: dict[str, Callable[[Any], object]] = {
    ".json": _visit_values,
    ".html": _visit_nodes,
    ".xml": _visit_nothing,
    ".mbox": _visit_nothing,
}


def _split(data: bytes) -> list[str]:
    return [line.decode(errors="replace").strip() for line in data.split(b"\n")]


def _seconds(work: Callable[[], object], times: int) -> tuple[float, float]:
    """The best of several times: seconds on the clock, and of the processor in all threads."""
    best = float("inf"), float("inf")
    for _ in range(times):
        gc.collect()
        clock, processor = time.perf_counter(), time.process_time()
        work()
        best = min(best[0], time.perf_counter() - clock), min(best[1], time.process_time() - processor)
    return best


def measure(given: Input, folder: Path, times: int) -> dict[str, object]:
    """One row of the table."""
    path = folder / f"dump{given.suffix}"
    path.write_bytes(given.data)
    records = 0

    def read() -> None:
        nonlocal records
        records = sum(batch.records.height for batch in open_capture(path, ReadSettings(format=given.name)).batches())

    clock, reading = _seconds(read, times)
    gc.disable()  # the reader does without the collector, so may the parser
    _, parsing = _seconds(given.parse, times)
    visiting = parsing
    if visit := given.visit:
        _, visiting = _seconds(lambda: visit(given.parse()), times)
    gc.enable()
    unpacked = zstandard.decompress(given.data) if given.suffix.endswith(".zst") else given.data
    megabytes = len(unpacked) / 1e6
    return {
        "format": given.name + (" .zst" if given.suffix.endswith("zst") else ""),
        "MB": round(megabytes, 1),
        "records": records,
        "MB/s": round(megabytes / clock, 1),
        "records/s": round(records / clock),
        "reader CPU s": round(reading, 3),
        "parser CPU s": round(parsing, 3),
        "x parser": round(reading / parsing, 1),
        "x parser and visit": round(reading / visiting, 1),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description="Reading speed per format, beside its bare parser.")
    parser.add_argument("--records", type=int, default=200_000, help="posts in tables and dumps")
    parser.add_argument("--megabytes", type=float, default=4, help="size of every other file")
    parser.add_argument("--times", type=int, default=3, help="each is read so often, and the best time counts")
    parser.add_argument("--only", nargs="*", help="formats to read")
    arguments = parser.parse_args()
    inputs = table_inputs(arguments.records) + case_inputs(int(arguments.megabytes * 1e6))
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        for given in inputs:
            if arguments.only and given.name not in arguments.only:
                continue
            rows.append(measure(given, Path(folder), arguments.times))
            print(rows[-1], file=sys.stderr, flush=True)
    print(f"{date.today()}, {platform.platform()}, {os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}")
    with pl.Config(tbl_rows=-1, tbl_hide_dataframe_shape=True, tbl_hide_column_data_types=True, tbl_width_chars=200):
        print(pl.DataFrame(rows))


if __name__ == "__main__":
    main()
