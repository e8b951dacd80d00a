"""Pages of forums, where posts stand one below the other: what the readers of phpBB, vBulletin and XenForo share.

In: the tree of a page. Out: its addresses and host, and records of its posts.

>>> page = read_page(source)
>>> page.host, page.number_in(re.compile(r"[?&]t=([0-9]+)"))
('forum.example.org', '87')

A post of a forum declares no parent; quotations tell most. The post that is numbered 1 opens its topic and answers
nothing. Posts shown newest first are turned round.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from itertools import pairwise
from typing import Any, TypeVar

from selectolax.lexbor import LexborHTMLParser, LexborNode

from pipeline.ingest.containers import Source
from pipeline.ingest.decoding import decode_line
from pipeline.ingest.documents import RecordList
from pipeline.ingest.readers.html_pages import Parts, PartSearch, attribute_of, parse_page, text_of
from pipeline.ingest.readers.sites import host_of, most_named

_Post = TypeVar("_Post")

_NUMBER = re.compile(r"\d{1,18}")
_SELECTED = re.compile(r'"[^"]+"|[\w-]+')
_PSEUDO = re.compile(r":[\w-]+")
_SAVED_FROM = re.compile(r"saved from url=\(\d+\)(https?://\S+)")


@dataclass
class ForumPost:
    """One post as a page shows it."""

    number: str | None  # the forum's id
    author: str | None = None
    time: str | None = None
    edited: str | None = None
    title: str | None = None
    body: str | None = None
    place: str | None = None  # its number in the topic
    parent: str | None = None  # the id of the post it is a comment on
    is_deleted: bool = False
    votes: int | None = None
    quoted: Sequence[str] = ()  # ids of the posts whose words it quotes
    extra: dict[str, Any] = field(default_factory=dict)


@dataclass
class Topic:
    """What the posts of one page have in common."""

    scope: str
    number: str | None
    title: str | None = None
    url: str | None = None
    community: str | None = None
    anchor: str = ""  # what a post's id is preceded by in addresses


class ForumPage:
    """A page and the addresses by which it knows itself, the surest first."""

    def __init__(self, tree: LexborHTMLParser) -> None:
        self.tree = tree
        written = tree.raw_html
        self._written = written.lower()
        self._held: dict[str, bool] = {}
        self._likely: dict[str, str] = {}
        self._hosts: dict[str, str | None] = {}
        saved = _SAVED_FROM.search(decode_line(written[:4000])[0])
        named = [
            attribute_of(self.first('link[rel="canonical"]'), "href"),
            attribute_of(self.first('meta[property="og:url"]'), "content"),
            saved[1] if saved else None,
        ]
        self.addresses = [address for address in named if address]
        self._base = attribute_of(self.first("base"), "href")

    def may_hold(self, words: str) -> bool:
        """Whether these words, which are markup in lower case, stand anywhere in the page."""
        if words not in self._held:
            self._held[words] = words.encode() in self._written
        return self._held[words]

    def likely(self, selector: str) -> str:
        """The alternatives of a selector all of whose names and values stand somewhere in the page; may be empty."""
        if selector not in self._likely:
            parts = selector.split(",")
            self._likely[selector] = ",".join(part for part in parts if all(map(self.may_hold, _words_in(part))))
        return self._likely[selector]

    def first(self, selector: str) -> LexborNode | None:
        """The first node that a selector finds; the page is not searched where it does not even hold its words."""
        head = self.tree.head
        found = head.css_first(selector) if head is not None else None
        if found is None and (likely := self.likely(selector)):
            found = self.tree.css_first(likely)
        return found

    def all(self, selector: str) -> list[LexborNode]:
        """All nodes that a selector finds."""
        likely = self.likely(selector)
        return self.tree.css(likely) if likely else []

    def all_in(self, node: LexborNode, selector: str) -> list[LexborNode]:
        """All nodes that a selector finds in a node, itself included."""
        likely = self.likely(selector)
        return node.css(likely) if likely else []

    def first_in(self, node: LexborNode, *selectors: str) -> LexborNode | None:
        """The first node in a node, itself included, that the first fitting selector finds."""
        for selector in selectors:
            likely = self.likely(selector)
            if likely and (found := node.css_first(likely)) is not None:
                return found
        return None

    def remove_all(self, node: LexborNode, selector: str) -> None:
        """Takes away what is no part of a post's words."""
        unwanted = self.all_in(node, selector)
        for found, is_inner in zip(unwanted, stands_inside(unwanted), strict=True):
            if not is_inner:  # what stands inside goes with it, and may not be touched again
                found.decompose()

    @property
    def host(self) -> str | None:
        """The host of the forum; None where the page does not name it."""
        own = [host for address in [*self.addresses, self._base] if (host := host_of(address))]
        return own[0] if own else None

    def host_of_links(self, selector: str) -> str | None:
        """The host that most of these links name, for pages that do not name their own."""
        if self.host is None and selector not in self._hosts:
            links = self.all(selector)
            self._hosts[selector] = most_named(host_of(attribute_of(link, "href")) for link in links)
        return self.host or self._hosts[selector]

    @property
    def address(self) -> str | None:
        """The page's own address, as far as it is a whole one."""
        return next((address for address in self.addresses if host_of(address)), None)

    def number_in(self, *patterns: re.Pattern[str], links: str | None = None) -> str | None:
        """The first id that one of the patterns finds in the page's addresses, else most often in these links."""
        for address in self.addresses:
            for pattern in patterns:
                if found := pattern.search(address):
                    return found[1]
        hrefs = [attribute_of(link, "href") or "" for link in self.all(links)] if links else []
        return most_named(found[1] for href in hrefs for pattern in patterns if (found := pattern.search(href)))

    def words(self, *selectors: str) -> str | None:
        """The words of the first node that one of the selectors finds."""
        found = (text_of(self.first(selector)) for selector in selectors)
        return next((words for words in found if words), None)


@lru_cache(maxsize=256)
def _words_in(selector: str) -> tuple[str, ...]:
    """The names and values in a selector, in lower case."""
    return tuple(word.strip('"').lower() for word in _SELECTED.findall(_PSEUDO.sub("", selector)))


def read_page(source: Source) -> ForumPage:
    """The page that a file holds.

    Raises:
        InputError: the file is too large, or nested as no page is.
    """
    return source.parse_once(_read_page)


def _read_page(source: Source) -> ForumPage:
    return ForumPage(parse_page(source))


def time_in(node: LexborNode | None) -> str | None:
    """When something was written: the machine's reading of it where there is one, else the words."""
    if node is None:
        return None
    given = (attribute_of(node, name) for name in ("datetime", "data-timestamp", "data-time", "content", "title"))
    return next((time for time in given if time and any(map(str.isdigit, time))), None) or text_of(node)


def numbers_in(nodes: Iterable[LexborNode], attribute: str, pattern: re.Pattern[str]) -> list[str]:
    """Ids that a pattern finds in an attribute of nodes, in order, each once."""
    found = (pattern.search(attribute_of(node, attribute) or "") for node in nodes)
    return list(dict.fromkeys(number[1] for number in found if number))


def take_body(search: PartSearch, node: LexborNode, parts: Parts, body: LexborNode, *bodies: str) -> Parts:
    """Takes the body out of its post; the parts that are left, for names and times in the words are quoted.

    Args:
        search: what found the parts.
        node: the post.
        parts: what it consists of.
        body: the one that is taken out, and no longer to be touched.
        bodies: keys of parts that only the body is found by, and that are no longer looked at.
    """
    within = {inner.mem_id for inner in body.traverse()}
    body.decompose()
    is_quoted = any(part.mem_id in within for key in parts if key not in bodies for part in parts[key])
    return search.walk(node) if is_quoted else parts


def stands_inside(nodes: Sequence[LexborNode]) -> list[bool]:
    """Of each node whether it stands inside another of them."""
    wanted = {node.mem_id for node in nodes}
    known: dict[int, bool] = {}  # of nodes that were passed on the way up
    found: list[bool] = []
    for node in nodes:
        path: list[int] = []
        above = node.parent
        while above is not None and above.mem_id not in known and above.mem_id not in wanted:
            path.append(above.mem_id)
            above = above.parent
        is_inside = above is not None and (above.mem_id in wanted or known[above.mem_id])
        known.update(dict.fromkeys(path, is_inside))
        found.append(is_inside)
    return found


def read_posts(nodes: Sequence[LexborNode], read: Callable[[LexborNode], _Post]) -> list[_Post]:
    """What is read of the posts of a page, in its order.

    Comments stand in posts, and where tags were not closed, posts in those above them. So the last is read first, and
    then taken away.
    """
    posts: list[_Post] = []
    for node, is_inside in reversed(list(zip(nodes, stands_inside(nodes), strict=True))):
        posts.append(read(node))
        if is_inside:
            node.decompose()
    return posts[::-1]


def add_posts(rows: RecordList, topic: Topic, posts: Sequence[ForumPost]) -> None:
    """Adds the posts of a page, oldest first; ids of posts and topics are told apart by their kind."""
    numbers = [int(post.number) for post in posts if post.number and _NUMBER.fullmatch(post.number)]
    falling = len(numbers) > 1 and all(left > right for left, right in pairwise(numbers))
    for post in reversed(posts) if falling else posts:
        permalink = f"{topic.url}#{topic.anchor}{post.number}" if topic.url and post.number else None
        rows.add(
            f"post {post.number}" if post.number else f"post without id, {len(rows) + 1} on the page",
            scope=topic.scope,
            native_id=f"post:{post.number}" if post.number else None,
            native_discussion=f"topic:{topic.number}" if topic.number else None,
            discussion_scope=topic.scope if topic.number else None,
            parent_known=post.parent is not None or post.place == "1",
            native_parent=f"post:{post.parent}" if post.parent else None,
            author=post.author,
            posted_at_raw=post.time,
            edited_at_raw=post.edited,
            title=post.title or (topic.title if post.place == "1" else None),
            body=post.body,
            markup="html",
            deletion="unknown" if post.is_deleted else None,
            discussion_title=topic.title,
            discussion_url=topic.url,
            community=topic.community,
            permalink=post.extra.pop("permalink", None) or permalink,
            votes=post.votes,
            extra={
                "number": post.place,
                "quotes": [f"post:{number}" for number in post.quoted] or None,
                **post.extra,
            },
        )
