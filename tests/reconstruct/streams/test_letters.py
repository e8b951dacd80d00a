"""What letters quote, whose attribution line they have, and their part of a series."""

from __future__ import annotations

from datetime import UTC, datetime

import numpy as np
import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct.arrays import Ragged
from pipeline.reconstruct.context import lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.streams.letters import Letters, read_letters
from tests.reconstruct.drafts import draft, quotations

FIRST = "Hello all,\nthe new boiler hums at night and nobody sleeps.\n-- \nThe allotment list, rules at the gate"
SECOND = (
    "On Mon, Mar 2, 2026 at 10:04 PM, Ada Lovelace <ada@example.org> wrote:\n> the new boiler hums at night and nobody"
    "\n> > an older complaint about the boiler\n\nHi Ada, mine sings.\n-- \nThe allotment list, rules at the gate"
)


def read(*texts: str, subject: str = "boiler") -> Letters:
    people = ["Ada Lovelace", "Bo Diddley"]
    rows = [
        {"name": str(at), "author": people[at % 2], "text": text, "title": subject, "minute": at}
        for at, text in enumerate(texts)
    ]
    posts = draft(rows, shape="stream")
    context = lay_out(settle_declared(posts), posts, quotations([]), load_pack())
    return read_letters(context, posts["text"], posts["title"], posts["author_key"])


def of(ragged: Ragged, entry: int) -> set[int]:
    return set(ragged.values[ragged.offsets[entry] : ragged.offsets[entry + 1]].tolist())


def test_quoted_runs_are_the_other_letters_own() -> None:
    letters = read(FIRST, SECOND)
    quoted = of(letters.quoted, 1)
    assert len(quoted) == 5  # "the new boiler hums at night and nobody"
    assert quoted < of(letters.own, 0)
    assert not quoted & of(letters.own, 1)
    assert quoted < of(letters.held, 1)


def test_a_footer_is_its_first_writers() -> None:
    letters = read(FIRST, SECOND)
    footer = of(letters.held, 0) & of(letters.held, 1) - of(letters.quoted, 1)
    assert footer
    assert footer < of(letters.own, 0)
    assert not footer & of(letters.own, 1)


def test_attribution_lines_tell_who_and_when() -> None:
    letters = read(FIRST, SECOND)
    assert not of(letters.attribution, 0)
    ada, bo = of(letters.names, 0), of(letters.names, 1)
    assert ada <= of(letters.attribution, 1)
    assert not bo & of(letters.attribution, 1)
    assert ada & of(letters.greeting, 1)
    assert np.isnan(letters.told_at[0])
    assert letters.told_at[1] == datetime(2026, 3, 2, 22, 4, tzinfo=UTC).timestamp()


@pytest.mark.parametrize(
    ("line", "time"),
    [
        ("On 2026-03-31 08:05, Ada wrote:", datetime(2026, 3, 31, 8, 5, tzinfo=UTC)),
        ("Am 02. Mar 2026 um 12:30 schrieb Ada:", datetime(2026, 3, 2, 12, 30, tzinfo=UTC)),
        ("On Mon, 30 Mar 2026 12:15:59 +0200 Ada wrote:", datetime(2026, 3, 30, 12, 15, tzinfo=UTC)),
        ("On March 2, 2026 at 12:04 AM Ada wrote:", datetime(2026, 3, 2, 0, 4, tzinfo=UTC)),
        ("On a rainy day long ago Ada wrote:", None),
    ],
)
def test_times_of_attribution_lines(line: str, time: datetime | None) -> None:
    told = read(f"{line}\n> words").told_at[0]
    assert (np.isnan(told) and time is None) or told == time.timestamp()


def test_a_part_of_a_series() -> None:
    assert read("text", subject="[PATCH v2 3/7] boiler: hum less").part.tolist() == [3]
    assert read("text", subject="[PATCH v2 3/7] boiler: hum less").parts.tolist() == [7]
    assert np.isnan(read("text", subject="boiler at 3/7").part[0])
