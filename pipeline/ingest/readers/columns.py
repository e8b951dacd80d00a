"""Tables with named columns: what the columns mean, and how their values become records.

In: rows of a table as Python values, one list per known column. Out: ``RawRecords``.

**Columns known**, in any case and order, all optional but ``text``: ``id``, ``discussion_id`` (page, topic, channel),
``parent_id`` (id of the post answered; null in a root), ``author``, ``created_at``, ``title``, ``text``, ``depth``,
``edited_at``, ``captured_at``, ``permalink``, ``score``. ``--map body=text`` says that the file calls ``text``
``body``. Without it the names that exports and scrapers use are known (``comment_id``, ``parent_comment_id``,
``thread_id``, ``user``, ``timestamp``, ``body``, ``likes`` and others, ``column_names`` lists them), in any spelling:
``createdAt`` is ``Created at``. An author that is an object is the name in it, a parent the id in it. Any other column
is kept in ``extra``, up to 4,000 characters a record.

**Parents.** In a file with a ``parent_id`` column every row says what it answers, and a null says: nothing, it is a
root; so do 0 and -1 where no post has that id. In a file without that column nothing is said, and parents are
inferred. Where all parents are Reddit's fullnames (t1_…, t3_…), ids without their kind get it.

**Scope.** ``--source NAME`` makes ids (and discussion ids) those of one site, over all its dumps. Without it an id
means something inside its ``discussion_id``, and where there is none, only inside its file.

**Titles.** The title of a row that answers nothing is the title of its discussion.

**Markup.** Texts are plain unless ``--markup`` says what they are written in: markdown, html, bbcode or mediawiki. A
``>`` that begins a line quotes in all of them.

**What bites.** Ids may be numbers or strings: 17 and "17" are one id. pandas writes integer columns with gaps as
floats; a parent "12.0" beside an id "7" is 12. Times are kept as written, whatever they are. "null", "None", "NaN"
and an empty string are no id and no time. A bad value in an optional column (a score of "many") is null and kept in
``extra``.
"""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import polars as pl

from pipeline.errors import InputError
from pipeline.ingest.containers import Source
from pipeline.ingest.reader import CaptureFacts, order_of
from pipeline.ingest.readers.column_names import guess_columns
from pipeline.ingest.records import Batch, Rejections, extra_json, record_frame
from pipeline.settings import ReadSettings

KNOWN = (
    "id",
    "discussion_id",
    "parent_id",
    "author",
    "created_at",
    "title",
    "text",
    "depth",
    "edited_at",
    "captured_at",
    "permalink",
    "score",
)
# Of an author given as an object, where a name stands in it.
_AUTHOR_NAMES = ("username", "screen_name", "unique_id", "acct", "handle", "name", "display_name", "nickname", "login")
_AUTHOR_IDS = ("user_id", "channel_id", "id")
# Of a parent given as an object, where its id stands in it.
_PARENT_IDS = ("id", "reply_to_msg_id", "message_id", "comment_id", "post_id")

_NULL_WORDS = ["", "null", "NULL", "None", "nan", "NaN", "\\N"]
_NO_PARENT = ["0", "0.0", "-1", "-1.0"]
_FULLNAME = r"^t[13]_[a-z0-9]+$"
_BASE36 = r"^[a-z0-9]+$"
_NEVER_EDITED = ["0", "0.0", "false", "False"]
_NULLABLE_WORDS = (
    "native_id",
    "native_discussion",
    "native_parent",
    "posted_at_raw",
    "edited_at_raw",
    "captured_at_raw",
)
_SMALLEST, _LARGEST = -(1 << 63), (1 << 63) - 1
_DEEPEST = (1 << 31) - 1


class _Unfit:
    """Stands for a value that its column cannot hold."""


_UNFIT = _Unfit()


@dataclass(frozen=True)
class TableRows:
    """Some rows of a table, before they are records.

    ``values`` holds a list per known column that the file has; ``others`` what else each row holds; ``raw`` gives the
    bytes of a row, asked for only where it is rejected.
    """

    ordinals: list[int]
    locations: list[str]
    values: Mapping[str, list[Any]]
    others: list[dict[str, Any]]
    raw: Callable[[int], bytes]


def column_meanings(renames: Mapping[str, str], names: Iterable[str]) -> dict[str, str]:
    """Which known column a name in a file means, for names in lower case; a renamed column loses its own meaning.

    Args:
        renames: what the user renamed.
        names: of the file's columns, or of those at its beginning; others than our own are guessed.
    """
    told = {**guess_columns(names, renames), **renames}
    renamed = {column.strip().lower(): known for column, known in told.items()}
    return {**{known: known for known in KNOWN}, **renamed}


def names_text(names: Iterable[str], renames: Mapping[str, str]) -> bool:
    """Whether a table with these columns has one for the text."""
    given = list(names)
    return "text" in match_columns(given, column_meanings(renames, given))


def match_columns(names: Iterable[str], meanings: Mapping[str, str]) -> dict[str, str]:
    """Which column of a file is which known one: known name to the file's name.

    Where several could be the same, a renamed one goes before one of that very name, and that before one in other case.
    """
    fitting: dict[str, list[tuple[bool, bool, str]]] = {}
    for name in names:
        spelling = name.strip().lower()
        if known := meanings.get(spelling):
            fitting.setdefault(known, []).append((spelling == known, name != known, name))
    return {known: min(found)[2] for known, found in fitting.items()}


def table_facts(source: Source, known: Iterable[str], columns: Iterable[str]) -> CaptureFacts:
    """What a table says of its capture.

    Args:
        source: the file.
        known: which known columns it has.
        columns: the names of its columns, for the message.

    Raises:
        InputError: it has no column for the text.
    """
    present = set(known)
    if "text" not in present:
        listed = ", ".join([name[:60] for name in columns][:40]) or "none"
        raise InputError(
            f"{source.path}: this table has no column called text, or by another name that is known for it; its "
            f"columns are {listed}. Say which one holds the words with --map NAME=text."
        )
    return CaptureFacts(
        source=source.settings.source,
        shape="page" if "parent_id" in present else None,
        order_known=order_of(source.settings, "unknown"),
        paragraphs=False,
    )


@dataclass
class ParentColumn:
    """What is known of a file's parents while it is read, batch after batch.

    Attributes:
        known: whether the file has a parent_id column.
        zero_is_a_post: whether a post was met whose id is 0; where there is none, 0 and -1 say that there is no parent.
        fullnames: whether parents are Reddit's fullnames (t1_…, t3_…); null until any was met.
    """

    known: bool
    zero_is_a_post: bool = False
    fullnames: bool | None = None

    def settle(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Parents that name a post or none, and ids in the notation of the parents; looks at native_id, native_parent
        and native_discussion."""
        if not self.known:
            return frame
        self.zero_is_a_post |= (frame["native_id"] == "0").any()
        parent = pl.col("native_parent")
        if not self.zero_is_a_post:
            frame = frame.with_columns(native_parent=pl.when(~parent.is_in(_NO_PARENT)).then(parent))
        named = frame["native_parent"].drop_nulls()
        if self.fullnames is None and named.len():
            self.fullnames = named.str.contains(_FULLNAME).all()
        return frame.with_columns(**_spell_fullnames()) if self.fullnames else frame


def _spell_fullnames() -> dict[str, pl.Expr]:
    """Ids of Reddit without their kind get it, as its parents have it: t1_ comments, t3_ submissions."""
    own, discussion = pl.col("native_id"), pl.col("native_discussion")
    kind = pl.when(pl.col("native_parent").is_null()).then(pl.lit("t3_")).otherwise(pl.lit("t1_"))
    return {
        "native_id": pl.when(own.str.contains(_BASE36)).then(kind + own).otherwise(own),
        "native_discussion": pl.when(discussion.str.contains(_BASE36)).then("t3_" + discussion).otherwise(discussion),
    }


def table_batch(rows: TableRows, *, parents: ParentColumn, settings: ReadSettings, rejections: Rejections) -> Batch:
    """Records of table rows; a row with neither id nor text is added to the rejections.

    Args:
        rows: n rows.
        parents: what is known of the file's parents; told what these rows say of them.
        settings: what scopes the ids, and what texts are written in.
        rejections: rows of the same batch that were rejected before.
    """
    size = len(rows.ordinals)
    others = rows.others

    def column(known: str, convert: Callable[[Any], Any], dtype: pl.DataType) -> pl.Series:
        given = rows.values.get(known)
        if given is None:
            return pl.Series([None], dtype=dtype).new_from_index(0, size)
        if (sound := uniform_column(given, dtype)) is not None:
            return sound
        values = [value if value is None else convert(value) for value in given]
        for row, value in enumerate(values):
            if value is _UNFIT:
                values[row] = None
                others[row].setdefault(known, given[row])
        return pl.Series(values, dtype=dtype)

    string = pl.String()
    frame = pl.DataFrame(
        {
            "native_id": column("id", as_text, string),
            "native_discussion": column("discussion_id", as_text, string),
            "native_parent": column("parent_id", _as_parent, string),
            "author": column("author", _as_author, string),
            "posted_at_raw": column("created_at", as_time, string),
            "edited_at_raw": column("edited_at", _as_edit_time, string),
            "captured_at_raw": column("captured_at", as_time, string),
            "title": column("title", as_text, string),
            "body": column("text", as_text, string),
            "permalink": column("permalink", as_text, string),
            "depth": column("depth", _as_depth, pl.Int32()),
            "votes": column("score", as_count, pl.Int64()),
        }
    )
    frame = _scoped(parents.settle(_cleaned(frame)), settings.source).with_columns(
        ordinal=pl.Series(rows.ordinals, dtype=pl.Int64),
        location=pl.Series(rows.locations, dtype=pl.String),
        parent_known=pl.lit(parents.known),
        markup=pl.lit(settings.markup),
        extra=pl.Series([extra_json(other) if other else None for other in others], dtype=pl.String),
    )
    hollow = frame["native_id"].is_null() & frame["body"].is_null()
    for row in hollow.arg_true().to_list():
        detail = "neither an id nor a text"
        rejections.add(rows.ordinals[row], rows.locations[row], "no_id_no_text", detail, rows.raw(row))
    return Batch(record_frame(frame.filter(~hollow).to_dict()), rejections.frame())


def uniform_column(values: list[Any], dtype: pl.DataType) -> pl.Series | None:
    """Values that are all strings, or all integers of 64 bits, as a column; None where any needs a closer look."""
    kinds = set(map(type, values)) - {type(None)}
    if dtype == pl.String and kinds <= {str}:
        return pl.Series(values, dtype=pl.String)
    if dtype in (pl.String, pl.Int64) and kinds == {int}:
        try:
            return pl.Series(values, dtype=pl.Int64).cast(dtype)
        except (TypeError, OverflowError):  # beyond 64 bits
            return None
    return None


def _cleaned(frame: pl.DataFrame) -> pl.DataFrame:
    """Ids and times without white space at their ends and without words that mean null; blank text is null."""
    stripped = pl.col(*_NULLABLE_WORDS).str.strip_chars()
    frame = frame.with_columns(pl.when(~stripped.is_in(_NULL_WORDS)).then(stripped))
    edited = pl.col("edited_at_raw")
    frame = frame.with_columns(pl.when(~edited.is_in(_NEVER_EDITED)).then(edited))
    blank = pl.col("author", "title", "body", "permalink")
    frame = frame.with_columns(pl.when(blank.str.contains(r"\S")).then(blank))
    float_parent = pl.col("native_parent").str.contains(r"^-?\d+\.0+$") & pl.col("native_id").str.contains(r"^-?\d+$")
    whole = pl.col("native_parent").str.replace(r"\.0+$", "")
    return frame.with_columns(native_parent=pl.when(float_parent).then(whole).otherwise(pl.col("native_parent")))


def _scoped(frame: pl.DataFrame, source: str | None) -> pl.DataFrame:
    """With scope, discussion_scope and discussion_title; a source stands for the discussion of rows that name none."""
    discussion = pl.col("native_discussion")
    named = discussion.is_not_null()
    opens = named & pl.col("native_parent").is_null()
    titled = frame.with_columns(discussion_title=pl.when(opens).then(pl.col("title")))
    if source is None:
        return titled.with_columns(
            scope=pl.when(named).then(pl.concat_str([pl.lit("discussion:"), discussion])),
            discussion_scope=pl.when(named).then(pl.lit("table")),
        )
    return titled.with_columns(
        scope=pl.lit(source),
        discussion_scope=pl.when(named).then(pl.lit(source)).otherwise(pl.lit("source")),
        native_discussion=discussion.fill_null(source),
    )


def _unwrapped(value: Any) -> Any:
    """MongoDB's exports wrap values: {"$oid": "…"}, {"$date": "…"}, {"$numberLong": "…"}."""
    if isinstance(value, dict) and len(value) == 1:
        name, inner = next(iter(value.items()))
        return _unwrapped(inner) if name.startswith("$") else value
    return value


def as_text(value: Any) -> Any:
    """A value as text, whole numbers without a point; `_UNFIT` where it is none."""
    if type(value) is str:
        return value
    value = _unwrapped(value)
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return _UNFIT
    if isinstance(value, int):
        return str(value)
    if isinstance(value, float | Decimal):
        if not math.isfinite(value):
            return None
        return str(int(value)) if value == int(value) else str(value)
    return _UNFIT


def as_time(value: Any) -> Any:
    """A time as it was written, floats and the times of typed columns included; `_UNFIT` where it is none."""
    if type(value) is str:
        return value
    if isinstance(value, dt.datetime | dt.date):
        return value.isoformat()
    value = _unwrapped(value)
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else None
    return as_text(value)


def _as_author(value: Any) -> Any:
    """A name, also where it stands in an object."""
    inner = _unwrapped(value)
    if isinstance(inner, dict):
        names = (inner.get(key) for key in _AUTHOR_NAMES)
        named = next((name for name in names if isinstance(name, str) and name.strip()), None)
        return named or next((as_text(inner[key]) for key in _AUTHOR_IDS if inner.get(key)), _UNFIT)
    return as_text(inner)


def _as_parent(value: Any) -> Any:
    """An id, also where it stands in an object."""
    inner = _unwrapped(value)
    if isinstance(inner, dict):
        return next((as_text(inner[key]) for key in _PARENT_IDS if inner.get(key)), _UNFIT)
    return as_text(inner)


def _as_edit_time(value: Any) -> Any:
    """As a time; false says that it was never edited."""
    return None if value is False else as_time(value)


def as_count(value: Any) -> Any:
    """A value as an integer of 64 bits; `_UNFIT` where it is none, None where it stands for null."""
    if isinstance(value, bool):
        return _UNFIT
    if isinstance(value, str):
        if value.strip() in _NULL_WORDS:
            return None
        try:
            value = int(value) if value.strip().lstrip("+-").isdigit() else float(value)
        except ValueError:
            return _UNFIT
    value = _unwrapped(value)
    if isinstance(value, float | Decimal):
        if math.isnan(value):
            return None
        if not math.isfinite(value) or value != int(value):
            return _UNFIT
        value = int(value)
    if isinstance(value, int) and _SMALLEST <= value <= _LARGEST:
        return value
    return _UNFIT


def _as_depth(value: Any) -> Any:
    depth = as_count(value)
    return depth if depth is None or (depth is not _UNFIT and 0 <= depth <= _DEEPEST) else _UNFIT
