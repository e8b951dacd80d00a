"""Damaged versions of the cases: whatever happens to a file, it ends in records, in quarantine or in an InputError."""

from __future__ import annotations

import tempfile
from pathlib import Path

from hypothesis import strategies as st

from pipeline.errors import InputError
from tests.ingest.reading import read_bytes

CASES = Path(__file__).parents[2] / "cases" / "readers"


def case_file(name: str) -> Path:
    """The dump of a case."""
    (dump,) = (CASES / name).glob("dump.*")
    return dump


def damaged_cases(name: str) -> st.SearchStrategy[bytes]:
    """The case cut at any byte, with any byte changed, or with a block of it repeated or moved."""
    data = case_file(name).read_bytes()
    place = st.integers(0, len(data))
    cut = place.map(lambda end: data[:end])
    flipped = st.tuples(st.integers(0, len(data) - 1), st.integers(1, 255)).map(
        lambda change: data[: change[0]] + bytes([data[change[0]] ^ change[1]]) + data[change[0] + 1 :]
    )
    shuffled = st.lists(place, min_size=3, max_size=3).map(sorted).flatmap(
        lambda at: st.sampled_from(
            [data[: at[1]] + data[at[0] :], data[: at[0]] + data[at[1] : at[2]] + data[at[0] : at[1]] + data[at[2] :]]
        )
    )  # fmt: skip
    return st.one_of(cut, flipped, shuffled)


def read_damaged(data: bytes, format: str) -> int | None:
    """How many records and rejections there are, or None where the file as a whole was refused."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            records, rejected = read_bytes(Path(folder), data, format=format)
        except InputError:
            return None
    return records.height + rejected.height
