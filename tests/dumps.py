"""Small dumps of our own, written into a test's folder."""

from __future__ import annotations

import json
from pathlib import Path

PARAGRAPHS = (
    "The night tram should carry a garden on its roof, with tomatoes and one stubborn pear tree.",
    "Who waters a pear tree at forty kilometres an hour, and who pays for the ladder?",
    "The conductor waters it, obviously, between the harbour and the old brewery.",
    "I agree.",
    "Pears fall on cyclists. Has nobody thought of the cyclists on Brewery Street?",
    "Cyclists already wear helmets, and a pear is softer than a pigeon.",
    "I agree.",
)

FORUM = (
    {"id": 1, "discussion_id": "crumbs", "parent_id": None, "author": "ada", "text": "Which flour for a rye loaf?"},
    {"id": 2, "discussion_id": "crumbs", "parent_id": 1, "author": "bo", "text": "Coarse, and twice as much patience."},
    {"id": 3, "discussion_id": "crumbs", "parent_id": 2, "author": "ada", "text": "How does one weigh patience?"},
    {
        "id": 4,
        "discussion_id": "crumbs",
        "parent_id": 1,
        "author": "[cy]",
        "text": "Fine flour. \x1b[31mTrust me.\x1b[0m",
    },
    {"id": 5, "discussion_id": "crumbs", "parent_id": 9, "author": "dee", "text": "Whoever said oats was right."},
)


def write_dumps(folder: Path) -> Path:
    """A flat text and a table with declared parents, in a folder."""
    folder.mkdir(parents=True)
    (folder / "tram.txt").write_text("\n".join(PARAGRAPHS) + "\n", encoding="utf-8")
    rows = [json.dumps({**row, "created_at": f"2024-05-01T12:0{row['id']}:00Z"}) for row in FORUM]
    (folder / "forum.jsonl").write_text("\n".join([*rows, "{broken"]) + "\n", encoding="utf-8")
    return folder


def write_broken_file(path: Path) -> None:
    """A file that says it is compressed and is not: it fails as a whole."""
    path.write_bytes(b"\x1f\x8b\x08\x00" + b"no such stream" * 10)
