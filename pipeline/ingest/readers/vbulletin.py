"""Threads of vBulletin forums, saved as pages.

**What is read.** Every post of a page of a thread (``showthread.php``), of vBulletin 3, 4 and 5, and comments on posts
of vBulletin 5.

**What is kept.** Posts are ``post:1234``, the thread ``topic:87``, so pages 1 to n of it are one discussion. Host and
thread come from the page's canonical address, else from its links. The body is HTML; quotations of vBulletin 3, which
are tables, become ``blockquote`` with their author. Which posts are quoted is in ``extra.quotes``. Author, title,
number in the thread, notices of edits, forum.

**What bites.** Only comments of vBulletin 5 declare a parent; the post numbered 1 answers nothing. Times of versions 3
and 4 are words in the reader's zone, "Today" among them. Signatures are no words of a post. Posts may be shown newest
first.

A file is vBulletin's when it is a page that names vBulletin and has posts by one of the names its versions give them
(``post_message_``, ``postbit``, ``b-post``), or whose canonical address is that of a thread.

>>> READER.recognise(Head("x", b'<meta content="vBulletin 4.2"><li class="postbitlegacy" id="post_7"', complete=False))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from selectolax.lexbor import LexborNode

from pipeline.ingest.containers import Head, Source
from pipeline.ingest.documents import RecordList
from pipeline.ingest.reader import CaptureFacts, Reader, order_of
from pipeline.ingest.readers.forum_pages import (
    ForumPage,
    ForumPost,
    Topic,
    add_posts,
    numbers_in,
    read_page,
    read_posts,
    stands_inside,
    take_body,
    time_in,
)
from pipeline.ingest.readers.html_pages import Parts, PartSearch, attribute_of, first_part, inner_of, text_of
from pipeline.ingest.readers.sites import name_scope
from pipeline.ingest.records import Batch

_POST = re.compile(rb"post_message_\d|\bpostbit|\bb-post\b")
_VBULLETIN = re.compile(rb"vbulletin|vb_[a-z]+\.js|\bvBulletin_init|showthread\.php", re.IGNORECASE)
_THREAD_PAGE = re.compile(rb"rel=[\"']canonical[\"'][^>]{0,200}showthread\.php")
_POST_ID = re.compile(r"^(?:post_?|edit|node-?)?(\d+)$")
_THREAD = (
    re.compile(r"showthread\.php(?:\?|/)(?:[^#]*&)?(?:t=)?(\d+)"),
    re.compile(r"/threads?/(\d+)"),
    re.compile(r"[?&;]t=(\d+)"),
    re.compile(r"/(\d+)-[^/?#]*(?:/page\d+)?/?(?:[?#]|$)"),
    re.compile(r"-(\d+)(?:-\d+)?(?:\.html|/)(?:[?#]|$)"),
)
_THREAD_LINKS = 'a[href*="printthread"], a[href*="addsubscription"], a[href*="newreply"], a[href*="showthread"]'
_LINKED = re.compile(r"#post_?(\d+)$")
_CLOCK = re.compile(r"\d{1,2}[:.]\d{2}")
_PLACE = re.compile(r"#(\d+)\b")
_NAMES = ("a.username", ".username", "a.bigusername", ".bigusername")
_BODIES = ("#", ".js-post__content-text", ".b-comment__content-text", ".postcontent")
_PARTS = (*_BODIES[1:], *_NAMES, ".postcounter", ".b-post__count", ".b-post__title", "h2.title", ".posttitle")
_TIMES = ".date, .postdate, td.thead, .b-post__timestamp"
_NOTICES = ".lastedited, .b-post__edit-history"
_POSTS = 'table[id^="post"], li[id^="post_"], div[id^="post_"], li.b-post, li.b-comment, [data-node-id].js-post'


def recognise(head: Head) -> bool:
    """Whether it is a page of vBulletin with posts."""
    if head.data.lstrip()[:1] != b"<" or not _VBULLETIN.search(head.data):
        return False
    return bool(_POST.search(head.data) or _THREAD_PAGE.search(head.data))  # a page's head may be all styles


def describe(source: Source) -> CaptureFacts:
    """A page, whose posts stand in order of time."""
    scope = _scope_of(source, read_page(source))
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per post."""
    page = read_page(source)
    topic = Topic(
        scope=_scope_of(source, page),
        number=page.number_in(*_THREAD, links=_THREAD_LINKS),
        title=page.words(".threadtitle", "h1.b-page-title", "h1.main-title", "td.navbar strong", "h1"),
        url=page.address,
        community=_find_forum(page),
        anchor="post",
    )
    rows = RecordList()
    add_posts(rows, topic, _read_posts(page))
    del page
    yield from rows.batches()


def _scope_of(source: Source, page: ForumPage) -> str:
    return name_scope("vbulletin", page.host_of_links('a[href*="showthread"]'), source)


def _find_forum(page: ForumPage) -> str | None:
    trail = page.all('.navbit a, .navbar a[href*="forumdisplay"], .b-breadcrumbs__link a, .crumb a')
    return next((name for link in reversed(trail) if (name := text_of(link))), None)


def _read_posts(page: ForumPage) -> list[ForumPost]:
    search = PartSearch(page.tree, *_PARTS, times=_TIMES, notices=_NOTICES)
    nodes: dict[str, LexborNode] = {}
    found: dict[str, Parts] = {}
    numbered = [(number, node) for node in page.tree.css(_POSTS) if (number := _number_of(node))]
    is_nested = any(stands_inside([node for _, node in numbered]))  # then parts may be those of a post inside
    for number, node in numbered:
        if number in nodes:
            continue
        parts = {} if is_nested else search.walk(node, f"post_message_{number}")
        if _has_body(page, node, number) if is_nested else _body_of(parts) is not None:
            nodes[number], found[number] = node, parts
    parents = {number: _number_above(node, nodes) for number, node in nodes.items()}

    def read_post(node: LexborNode) -> ForumPost:
        number = _number_of(node) or ""
        parts = found.get(number) or search.walk(node, f"post_message_{number}")
        body = _body_of(parts)
        if body is None:
            return _read_post(page, node, number, parents[number], parts, None, [])
        quotes = _quoted_in(body) if "<a " in (body.inner_html or "") else []
        words = _words_of(page, body)
        parts = take_body(search, node, parts, body, *_BODIES)
        return _read_post(page, node, number, parents[number], parts, words, quotes)

    return read_posts(list(nodes.values()), read_post)


def _number_of(node: LexborNode) -> str | None:
    attributes = node.attributes
    found = _POST_ID.match(attributes.get("data-node-id") or attributes.get("id") or "")
    return found[1] if found else None


def _number_above(node: LexborNode, numbers: Mapping[str, LexborNode]) -> str | None:
    """The post of vBulletin 5 that a comment stands in."""
    if "b-comment" not in (attribute_of(node, "class") or "").split():
        return None
    above = node.parent
    while above is not None:
        number = attribute_of(above, "data-node-id")
        if number in numbers:
            return number
        above = above.parent
    return None


def _has_body(page: ForumPage, node: LexborNode, number: str) -> bool:
    by_id = node.css_first(f'[id="post_message_{number}"]')
    return by_id is not None or page.first_in(node, *_BODIES[1:]) is not None


def _body_of(parts: Parts) -> LexborNode | None:
    message = first_part(parts, "#", ".js-post__content-text", ".b-comment__content-text")
    if message is None:
        return first_part(parts, ".postcontent")
    inner = first_part(parts, ".postcontent")
    if inner is None:
        return message
    above = inner.parent
    is_next = above is not None and above.mem_id == message.mem_id
    return inner if is_next else message.css_first(".postcontent") or message


def _quoted_in(body: LexborNode) -> list[str]:
    links = [link for link in body.css("a[href]") if _is_quotation_link(link)]
    return numbers_in(links, "href", _LINKED)


def _words_of(page: ForumPage, body: LexborNode) -> str | None:
    _mark_quotations(page, body)
    return inner_of(body)


def _read_post(
    page: ForumPage,
    node: LexborNode,
    number: str,
    parent: str | None,
    parts: Parts,
    words: str | None,
    quotes: list[str],
) -> ForumPost:
    place = _PLACE.match(text_of(first_part(parts, ".postcounter", ".b-post__count") or _counter_of(node)) or "")
    notices = [notice for found in parts.get("notices", ()) if (notice := text_of(found))]
    return ForumPost(
        number=number,
        author=_author_of(page, node, parts),
        time=_time_of(page, node, parts),
        title=_title_of(page, node, parts),
        body=words,
        place=place[1] if place else attribute_of(_counter_of(node), "name"),
        parent=parent,
        quoted=quotes,
        extra={"notices": notices or None},
    )


def _is_quotation_link(link: LexborNode) -> bool:
    """Whether a link is the small picture that leads to the post that is quoted."""
    return link.css_first("img") is not None or attribute_of(link, "rel") == "nofollow"


def _counter_of(node: LexborNode) -> LexborNode | None:
    return node.css_first('[id^="postcount"]')


def _title_of(page: ForumPage, node: LexborNode, parts: Parts) -> str | None:
    named = first_part(parts, ".b-post__title", "h2.title", ".posttitle")
    return text_of(named or page.first_in(node, "td .smallfont strong"))


def _author_of(page: ForumPage, node: LexborNode, parts: Parts) -> str | None:
    return text_of(first_part(parts, *_NAMES) or page.first_in(node, '[id^="postmenu_"]', ".author a", ".author"))


def _time_of(page: ForumPage, node: LexborNode, parts: Parts) -> str | None:
    machine = page.first_in(node, 'time[itemprop="dateCreated"]', "time[datetime]")
    if machine is not None:
        return time_in(machine)
    for found in parts.get("times", ()):
        words = text_of(found)
        if words and _CLOCK.search(words):
            return words
    return attribute_of(node, "data-node-publishdate")


def _mark_quotations(page: ForumPage, body: LexborNode) -> None:
    """Quotations of vBulletin 3, a label above a table, become blockquotes that name their author."""
    for cell in reversed(page.all_in(body, "td.alt2")):  # inner quotations first: what is replaced is copied
        label = cell.css_first("strong")
        table: LexborNode | None = cell
        while table is not None and table.tag != "table":
            table = table.parent
        above = table.parent if table is not None else None
        if above is None or above.mem_id == body.mem_id:
            continue
        quotation = page.tree.create_node("blockquote")
        line = label.parent if label is not None else None
        if line is not None and line.mem_id != cell.mem_id and line.css_first("td, table") is None:
            quotation.attrs["data-author"] = text_of(label)
            line.decompose()
        child = cell.child
        while child is not None:
            quotation.insert_child(child)
            child = child.next
        above.replace_with(quotation)


READER = Reader(
    name="vbulletin",
    version=2,
    title="Threads of vBulletin forums (saved pages)",
    extensions=(".html", ".htm"),
    replies="nothing declared but comments on posts; quotations tell most",
    recognise=recognise,
    describe=describe,
    read=read,
    words=('[id^="post_message_"]',),
)
