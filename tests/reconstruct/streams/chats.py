"""Invented chats: two or three conversations at a time, each of two people who name each other now and then."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl

from tests.invented import invent_sentence

PEOPLE = ("adaline", "bogdan", "cyprian", "dunja", "emeka", "farida", "gulnaz", "henrike")
START = datetime(2026, 2, 1, tzinfo=UTC)


def invent_chat(n: int, seed: int) -> list[dict[str, Any]]:
    """n lines: name, author, minute, text, answers (the name of the line answered, or None)."""
    rng = random.Random(seed)
    running: list[dict[str, Any]] = []
    lines: list[dict[str, Any]] = []
    minute = 0.0
    for at in range(n):
        minute += rng.choice((0.2, 0.5, 1, 4))
        busy = {person for talk in running for person in talk["people"]}
        if len(running) < 2 or (len(running) < 3 and rng.random() < 0.1):
            asker, helper = rng.sample([person for person in PEOPLE if person not in busy], 2)
            talk = {"people": [asker, helper], "last": None, "left": rng.randint(2, 7)}
            running.append(talk)
        else:
            talk = rng.choice(running)
        author, other = talk["people"]
        text = invent_sentence(rng)
        if talk["last"] is not None:
            text = f"{other}: {text}"
        lines.append(
            {"name": f"{seed}-{at}", "author": author, "minute": minute, "text": text, "answers": talk["last"]}
        )
        talk["last"] = lines[-1]["name"]
        talk["people"].reverse()
        talk["left"] -= 1
        if talk["left"] == 0:
            running.remove(talk)
    return lines


def write_corpus(path: Path, chats: int, lines: int, subjects: bool = False) -> Path:
    """A corpus of invented chats (or letters, with a subject each); every fourth is its dev split."""
    path.parent.mkdir(parents=True, exist_ok=True)
    rows = [
        {
            "corpus": path.stem,
            "split": "dev" if chat % 4 == 3 else "train",
            "thread_id": f"chat {chat}",
            "ordinal": at,
            "id": line["name"],
            "parent_id": line["answers"],
            "parent_ids": [line["answers"]] if line["answers"] else [],
            "author": line["author"],
            "created_at": (START + timedelta(minutes=line["minute"])).isoformat(),
            "text": line["text"],
            "labelled": True,
            "kind": "msg",
            "subject": "Re: the allotment" if subjects else None,
        }
        for chat in range(chats)
        for at, line in enumerate(invent_chat(lines, seed=chat))
    ]
    schema = {"parent_id": pl.String, "parent_ids": pl.List(pl.String), "subject": pl.String}
    pl.DataFrame(rows, schema_overrides=schema).write_parquet(path)
    return path
