"""Things of Reddit's old layout: what a comment or submission on a page says of itself.

In: nodes of a page. Out: fields of records.

>>> name_of(page.css_first("div.thing"))
't1_c1'
"""

from __future__ import annotations

import re
from typing import Any

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.readers.html_pages import Parts, PartSearch, attribute_of, first_part, inner_of, text_of

NAME = re.compile(r"(?:^|\bid-|_|\s)(t[13]_[0-9a-z]+)(?=\s|$)")
PAGE = re.compile(r"/comments/([0-9a-z]+)(?:/[^/?#]*(?:/([0-9a-z]+))?)?")
_STUBS = frozenset({"morechildren", "morerecursion", "deepthread"})
_COUNT = re.compile(r"-?\d+")
_LONGEST_SIGN = 5_000  # characters of HTML
_PARTS = (
    *(".score.unvoted", ".tagline .author", ".tagline .flair", ".title .linkflairlabel", ".stickied-tagline"),
    *(".usertext-body .md", "a.bylink", "a.title", "a.comments"),
)
_SITE = "https://www.reddit.com"


def find_parts(page: LexborHTMLParser) -> PartSearch:
    """A search for what the entry of a thing consists of."""
    return PartSearch(page, *_PARTS)


def facts_of(thing: LexborNode, entry: LexborNode | None, parts: Parts) -> dict[str, Any]:
    """Author, times, votes and community of a thing, given the parts of its entry."""
    times = entry.css(".tagline time") if entry is not None else []
    posted = next((t for t in times if "edited-timestamp" not in classes_of(t)), None)
    edited = next((t for t in times if "edited-timestamp" in classes_of(t)), None)
    stamp = attribute_of(thing, "data-timestamp")
    points = attribute_of(thing, "data-score")
    if points is None:
        score = first_part(parts, ".score.unvoted")
        if score is None:  # of submissions, beside the entry
            score = next(
                (s for part in thing.iter() if "midcol" in classes_of(part) for s in part.css(".score.unvoted")), None
            )
        points = attribute_of(score, "title") or text_of(score)
    writer = attribute_of(thing, "data-author")
    if writer is None:
        author = first_part(parts, ".tagline .author")
        writer = text_of(author) if author is not None and author.tag == "a" else None
    return {
        "author": writer,
        "posted_at_raw": attribute_of(posted, "datetime") or stamp,
        "edited_at_raw": attribute_of(edited, "datetime"),
        "votes": _votes(points),
        "community": attribute_of(thing, "data-subreddit"),
        "markup": "html",
    }


def _votes(words: str | None) -> int | None:
    """The number that a score starts with; "12.3k" and "•" are none."""
    found = re.match(r"(-?\d{1,15})(?![\d.,k])", words or "")
    return int(found[1]) if found else None


def body_of(parts: Parts) -> tuple[str | None, str | None]:
    """The words of a thing, and who took them away if they are gone."""
    body = first_part(parts, ".usertext-body .md")
    html = inner_of(body)
    if html is None or len(html) > _LONGEST_SIGN:
        return html, None
    return html, {"[deleted]": "author", "[removed]": "moderator"}.get(text_of(body) or "")


def marks_of(parts: Parts) -> dict[str, Any]:
    """What marks a thing: flair of post and author, moderator, stickied, edited without a time."""
    if not parts:
        return {}
    author = first_part(parts, ".tagline .author")
    roles = set(classes_of(author)) & {"moderator", "admin", "submitter"} if author is not None else set()
    return {
        "author_flair_text": text_of(first_part(parts, ".tagline .flair")),
        "link_flair_text": text_of(first_part(parts, ".title .linkflairlabel")),
        "distinguished": next(iter(sorted(roles - {"submitter"})), None),
        "is_submitter": "submitter" in roles or None,
        "stickied": ".stickied-tagline" in parts or None,
    }


def entry_of(thing: LexborNode) -> LexborNode | None:
    """A thing's own entry, not that of a thing inside it."""
    return next((part for part in thing.iter() if "entry" in classes_of(part)), None)


def thing_around(thing: LexborNode) -> str | None:
    """The thing that a thing stands in."""
    node = thing.parent
    while node is not None and node.tag != "body":
        if "thing" in classes_of(node) and (name := name_of(node)):
            return name
        node = node.parent
    return None


def parent_linked(entry: LexborNode | None, own: str) -> str | None:
    """The comment that the link "parent" leads to."""
    link = attribute_of(entry.css_first("a[data-event-action=parent]") if entry is not None else None, "href")
    if link is None:
        return None
    page, _, anchor = link.partition("#")
    found = PAGE.search(page)
    target = anchor or (found[2] if found else None)
    return f"t1_{target}" if target and re.fullmatch("[0-9a-z]+", target) and f"t1_{target}" != own else None


def count_hidden(things: list[LexborNode], submission: str | None) -> dict[str, int]:
    """How many comments a page leaves out, by the thing they answer; 0 where it does not say how many."""
    hidden: dict[str, int] = {}
    for thing in things:
        entry = entry_of(thing) if is_stub(thing) else None
        if entry is None:
            continue
        around = thing_around(thing) or submission
        count = _COUNT.search(text_of(entry.css_first(".gray")) or "")
        if around is not None:
            hidden[around] = hidden.get(around, 0) + (int(count[0][:9]) if count else 0)
    return hidden


def is_stub(thing: LexborNode) -> bool:
    """Whether it stands for comments that the page leaves out."""
    return not _STUBS.isdisjoint(classes_of(thing)) or attribute_of(thing, "data-type") in _STUBS


def is_advertisement(thing: LexborNode) -> bool:
    """Whether somebody paid for it to stand there."""
    return "promoted" in classes_of(thing) or attribute_of(thing, "data-promoted") == "true"


def name_of(thing: LexborNode) -> str | None:
    """The id of a thing, with its prefix; of other things than comments and submissions None."""
    attributes = thing.attributes
    for mark in ("data-fullname", "class", "id"):
        if found := NAME.search(attributes.get(mark) or ""):
            return found[1]
    return None


def classes_of(node: LexborNode) -> list[str]:
    """The classes of an element; none of text."""
    return (attribute_of(node, "class") or "").split() if node.is_element_node else []


def absolute(address: str | None) -> str | None:
    """An address with its site."""
    return _SITE + address if address and address.startswith("/") and not address.startswith("//") else address
