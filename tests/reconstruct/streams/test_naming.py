"""Names are found with and without signs, and words that only look like names are not."""

from __future__ import annotations

import pytest

from pipeline.pack import load_pack
from pipeline.reconstruct.context import lay_out
from pipeline.reconstruct.declared import settle_declared
from pipeline.reconstruct.streams.naming import ADDRESSED, NAMED, find_named
from tests.reconstruct.drafts import draft, quotations


def name_in(text: str, author: str = "Zoran") -> dict[str, float]:
    """Whom a text names, of Adaline, Bogdan (who is called "time" elsewhere) and the author."""
    people = ["Adaline", "Bogdan", "time", author]
    rows = [{"name": person, "author": person, "text": "here"} for person in people]
    posts = draft([*rows, {"name": "said", "author": author, "text": text}], shape="stream")
    context = lay_out(settle_declared(posts), posts, quotations([]), load_pack())
    named, strength = find_named(context, posts["text"], posts["author_key"], load_pack())
    begin, end = named.offsets[4], named.offsets[5]
    keys = {int(context.author[at]): people[at] for at in range(4)}
    return {keys[int(who)]: float(strength[begin + at]) for at, who in enumerate(named.values[begin:end])}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("adaline: try the other kettle", {"Adaline": ADDRESSED}),
        ("Adaline, try it", {"Adaline": ADDRESSED}),
        ("no idea, ask @bogdan", {"Bogdan": ADDRESSED}),
        ("I think adaline knows (or Bogdan?)", {"Adaline": NAMED, "Bogdan": NAMED}),
        ("bogdan and adaline: stop", {"Bogdan": ADDRESSED, "Adaline": NAMED}),
        ("it takes time to boil", {}),
        ("time: it was you", {"time": ADDRESSED}),
        ("zoran is my name", {}),
        ("adalines kettle", {}),
        ("", {}),
    ],
)
def test_whom_a_line_names(text: str, found: dict[str, float]) -> None:
    assert name_in(text) == found


def test_a_name_of_another_discussion_is_none_here() -> None:
    rows = [
        {"name": "a", "author": "Adaline", "text": "hello", "discussion": "one"},
        {"name": "b", "author": "Bogdan", "text": "adaline: hello?", "discussion": "two"},
    ]
    posts = draft(rows, shape="stream")
    settled = settle_declared(posts)
    context = lay_out(settled, posts, quotations([]), load_pack())
    got = posts[settled["source_row"].gather(context.rows)]
    assert find_named(context, got["text"], got["author_key"], load_pack())[0].values.size == 0
