"""What can be seen of a pair of posts."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pipeline.report.reasons import tell_pair

NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def post(text: str, author: str | None, minute: float | None, position: int) -> dict[str, Any]:
    time = None if minute is None else NOON + timedelta(minutes=minute)
    return {"text": text, "author": author, "posted_at": time, "position": position, "quotes": []}


QUESTION = post("Who waters the tram garden on the long Sundays?", "Ada", 0, 3)


def test_quotation_name_time_and_place() -> None:
    reply = post("> waters the tram garden on\n> Mondays\nNobody, Ada.", "bo", 3.5, 4)
    assert tell_pair(reply, QUESTION) == [
        "quotes 5 words of it", "names its author", "3 minutes later", "just below it"
    ]  # fmt: skip


def test_little_is_said_where_little_is_seen() -> None:
    assert tell_pair(post("adamant", None, None, 9), QUESTION) == ["6 posts below it"]
    assert tell_pair(post("Or the canal?", "ada", 60, 4), QUESTION)[:2] == ["by the same author", "1 hour later"]
