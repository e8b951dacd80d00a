"""Reddit's things from blocks of sound lines: parsed into columns at once, without an object for each.

In: a block of lines. Out: the columns of `readers.reddit_fields`, or None where a line wants a closer look.

>>> block_fields(Block(1, b'{"id": "c1", "link_id": "t3_s1", "body": "Soup."}'), ordinal=0, longest=1000)

polars parses the lines. It refuses what is no JSON object and what does not fit a column; what it would read in another
way than the careful parser (numbers for ids, halves of surrogate pairs, empty lines, envelopes) is looked for here.
"""

from __future__ import annotations

import numpy as np
import orjson
import polars as pl

from pipeline.ingest.blocks import Block
from pipeline.ingest.readers.reddit_fields import FIELDS, KEPT, NULL_WORDS, as_id, seen_again
from pipeline.ingest.records import EXTRA_CHARACTERS, extra_json

_TEXTS = (
    "id", "name", "link_id", "parent_id", "author", "created_utc", "created", "edited", "retrieved_on", "retrieved_utc",
    "title", "body", "selftext", "subreddit", "permalink", "url", "kind",
)  # fmt: skip
_NUMBERS = ("score", "ups", "depth")
_SCHEMA: dict[str, type[pl.DataType]] = {
    **dict.fromkeys(_TEXTS, pl.String),
    **dict.fromkeys(_NUMBERS, pl.Int64),
    **KEPT,
    "is_self": pl.Boolean,
}
_NUMBERED_PARENTS: dict[str, type[pl.DataType]] = {**_SCHEMA, "parent_id": pl.Int64}
_ONLY_DIGITS = r"^-?[0-9]+$"
_REFUSED = (pl.exceptions.PolarsError, pl.exceptions.PanicException)
_WORDS_OF_NULL = list(NULL_WORDS)
_NO_META = [*NULL_WORDS, "{}"]


def block_fields(block: Block, *, ordinal: int, longest: int) -> pl.DataFrame | None:
    """Columns of n things, a thing a line.

    Args:
        block: n lines.
        ordinal: of the first of them.
        longest: bytes in a line that is read.
    """
    things = _parse(block, longest)
    if things is None:
        return None
    height = things.height
    link = pl.col("link_id")
    no_link = link.is_null() | link.is_in(_WORDS_OF_NULL)
    has_words = pl.col("selftext").is_not_null() | pl.col("title").is_not_null()
    fields = things.select(
        pl.int_range(ordinal, ordinal + height, dtype=pl.Int64).alias("ordinal"),
        pl.concat_str(pl.lit("line "), pl.int_range(block.first_line, block.first_line + height)).alias("location"),
        "id",
        "name",
        "author",
        "edited",
        "title",
        "body",
        "selftext",
        "permalink",
        "score",
        "ups",
        "depth",
        is_submission=no_link & pl.col("body").is_null() & has_words,
        link=link,
        parent=pl.col("parent_id"),
        created=pl.col("created_utc"),
        created_local=pl.col("created"),
        retrieved=pl.col("retrieved_on"),
        retrieved_utc=pl.col("retrieved_utc"),
        community=pl.col("subreddit"),
    )
    return fields.with_columns(_again(things["_meta"]), _extra(things)).select(list(FIELDS))


def _parse(block: Block, longest: int) -> pl.DataFrame | None:
    data = block.data
    if len(data) > longest and block.longest_line() > longest:
        return None
    if _may_hold_half_pairs(data):
        return None
    things = _read(data, _SCHEMA)
    if things is None or things.height != block.height or things["kind"].null_count() < things.height:
        return None
    numbers = things.select(pl.col("link_id", "parent_id").str.contains(_ONLY_DIGITS).any())
    if numbers["link_id"][0]:
        return None
    if not numbers["parent_id"][0]:
        return things
    numbered = _read(data, _NUMBERED_PARENTS)
    if numbered is None:
        return None
    # A Python loop over the numbers, which late Pushshift alone has.
    parents = [None if value is None else as_id(value) for value in numbered["parent_id"]]
    return things.with_columns(pl.Series("parent_id", parents, dtype=pl.String))


def _may_hold_half_pairs(data: bytes) -> bool:
    """Whether a surrogate stands alone in an escape, which polars would read as something else."""
    octets = np.frombuffer(data, dtype=np.uint8)
    slashes = np.flatnonzero(octets[: max(0, octets.size - 5)] == 0x5C)
    surrogates = slashes[(octets[slashes + 1] == 0x75) & (octets[slashes + 2] | 0x20 == 0x64)]  # a "u" and a "d"
    if not surrogates.size:
        return False
    digit = octets[surrogates + 3] | 0x20
    low = surrogates[(digit >= 0x63) & (digit <= 0x66)]  # c to f
    high = surrogates[(digit == 0x38) | (digit == 0x39) | (digit == 0x61) | (digit == 0x62)]  # 8, 9, a, b
    return not np.array_equal(high + 6, low)


def _read(data: bytes, schema: dict[str, type[pl.DataType]]) -> pl.DataFrame | None:
    if not data.startswith(b"{"):
        return None  # polars would unpack what begins like a compressed file
    try:
        return pl.read_ndjson(data, schema=schema)
    except _REFUSED:
        return None


def _again(meta: pl.Series) -> pl.Series:
    """When each was fetched a second time."""
    again = pl.Series("retrieved_again", [None], dtype=pl.String).new_from_index(0, len(meta))
    rows = meta.is_not_null().arg_true()
    if rows.is_empty():
        return again
    # A Python loop over the records that Arctic Shift has looked at twice.
    return again.scatter(rows, [seen_again(_loads(value)) for value in meta.gather(rows)])


def _loads(text: str) -> object:
    try:
        return orjson.loads(text)
    except orjson.JSONDecodeError:
        return None


def _extra(things: pl.DataFrame) -> pl.Series:
    """What else is kept, as JSON with sorted keys; null where nothing is."""
    pieces = {name: piece for name in KEPT if (piece := _piece(things[name])) is not None}
    if (link_posts := ~things["is_self"] & things["url"].is_not_null()).any():
        pieces["url"] = pl.select(pl.when(link_posts).then(_member(things["url"]))).to_series()
    if (edited := things["edited"] == "true").any():
        pieces["edited"] = pl.select(pl.when(edited).then(pl.lit('"edited":true'))).to_series()
    if not pieces:
        return pl.Series("extra", [None], dtype=pl.String).new_from_index(0, things.height)
    joined = pl.concat_str([pieces[name] for name in sorted(pieces)], separator=",", ignore_nulls=True)
    extra = pl.select(extra=pl.when(joined != "").then(pl.concat_str(pl.lit("{"), joined, pl.lit("}")))).to_series()
    long = (extra.str.len_bytes() > EXTRA_CHARACTERS).fill_null(False).arg_true()
    if long.len():
        extra = extra.scatter(long, [extra_json(orjson.loads(value)) for value in extra.gather(long)])
    return extra


def _piece(values: pl.Series) -> pl.Series | None:
    """A column as members of JSON objects, null where a value says nothing; None where all say nothing."""
    if values.null_count() == len(values):
        return None
    if values.dtype == pl.String:
        telling = ~values.is_in(_NO_META if values.name == "_meta" else _WORDS_OF_NULL)
    elif values.dtype == pl.Boolean:
        telling = values
    else:
        telling = values != 0
    if not telling.any():
        return None
    if values.name == "_meta":
        # A Python loop over the same records as in `_again`.
        told = [orjson.dumps(_loads(value), option=orjson.OPT_SORT_KEYS).decode() for value in values.drop_nulls()]
        text = pl.Series([None], dtype=pl.String).new_from_index(0, len(values))
        text = text.scatter(values.is_not_null().arg_true(), told)
        return pl.select(pl.when(telling).then(pl.concat_str(pl.lit('"_meta":'), text))).to_series()
    return pl.select(pl.when(telling).then(_member(values))).to_series()


def _member(values: pl.Series) -> pl.Expr:
    """Values as members of JSON objects: ``"name":value``."""
    if values.dtype != pl.String:
        return pl.concat_str(pl.lit(f'"{values.name}":'), pl.lit(values).cast(pl.String))
    whole = pl.struct(pl.lit(values)).struct.json_encode()
    return whole.str.slice(1, whole.str.len_chars() - 2)
