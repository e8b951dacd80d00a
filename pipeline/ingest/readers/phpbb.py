"""Topics of phpBB forums, saved as pages.

**What is read.** Every post of a page of a topic (``viewtopic.php``): the prosilver style of phpBB 3 and styles made
from it, subsilver2, and phpBB 2.

**What is kept.** Posts are ``post:169``, the topic ``topic:87``, whatever address the page was fetched by, so that its
pages, and captures of one page by topic and by post, are one discussion. Host and topic come from the page's canonical
address, else from its links. The body is HTML with its quotations; which posts are quoted (where phpBB 3.2 and later
link them) is in ``extra.quotes``, notices of edits in ``extra.notices``. Author, title, forum.

**What bites.** No parent is declared. Times before phpBB 3.2 are words in the reader's language and zone. Signatures
are no words of a post. wget writes ``@`` for ``?`` in addresses. Posts may be shown newest first.

A file is phpBB's when it is a page that names phpBB and ``viewtopic`` and has posts: elements whose ids are ``p`` and a
number, or of the class ``postbody``.

>>> READER.recognise(Head("x", b'<body id="phpbb" class="section-viewtopic"><div id="p1" class="post">', complete=True))
True
"""

from __future__ import annotations

import re
from collections.abc import Iterator

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
    time_in,
)
from pipeline.ingest.readers.html_pages import attribute_of, inner_of, text_of
from pipeline.ingest.readers.sites import name_scope
from pipeline.ingest.records import Batch

_POST = re.compile(rb"\bid=[\"']?p\d+[\"'\s>]|\bclass=[\"']postbody\b")
_PHPBB = re.compile(rb"phpbb", re.IGNORECASE)
_ADDRESS = re.compile(rb"viewtopic[.-]|section-viewtopic")
_POST_ID = re.compile(r"^p?(\d+)$")
_TOPIC = re.compile(r"[?&@;]t=(\d+)")
_TOPIC_REWRITTEN = re.compile(r"(?:-|/)t(?:opic)?-?(\d+)(?:-\d+)?(?:\.html|/|$)")
_TOPIC_LINKS = (
    '.topic-title a, h2 a[href*="viewtopic"], a[href*="mode=reply"], form[action*="viewtopic"], a.bookmark-link'
)
_QUOTED = re.compile(r"^(\d+)$")
_REPLY = re.compile(r"^(?:(?:Re|RE|AW|SV|Sv)\s*:\s*)+")
_CLOCK = re.compile(r"\d{1,2}[:.h]\d{2}")


def recognise(head: Head) -> bool:
    """Whether it is a page of phpBB with posts."""
    is_phpbb = head.data.lstrip()[:1] == b"<" and _PHPBB.search(head.data) and _ADDRESS.search(head.data)
    return bool(is_phpbb and (_POST.search(head.data) or b"section-viewtopic" in head.data))


def describe(source: Source) -> CaptureFacts:
    """A page, whose posts stand in order of time."""
    scope = _scope_of(source, read_page(source))
    return CaptureFacts(source=scope, shape="page", order_known=order_of(source.settings, "time"), paragraphs=False)


def read(source: Source) -> Iterator[Batch]:
    """One record per post."""
    yield from _read_posts(source).batches()


def _read_posts(source: Source) -> RecordList:
    page = read_page(source)
    rows = RecordList()
    posts = read_posts(_find_posts(page), lambda node: _read_post(page, node)) or _read_old_posts(page)
    first = next((post.title for post in posts if post.title), None)
    number = page.number_in(_TOPIC, _TOPIC_REWRITTEN, links=_TOPIC_LINKS)
    topic = Topic(
        scope=_scope_of(source, page),
        number=number or page.number_in(_TOPIC, links='a[href*="viewtopic"]'),
        title=page.words(".topic-title", "h2.titles", "a.titles", "a.maintitle") or _REPLY.sub("", first or "") or None,
        url=page.address,
        community=_find_forum(page),
        anchor="p",
    )
    add_posts(rows, topic, posts)
    return rows


def _scope_of(source: Source, page: ForumPage) -> str:
    return name_scope("phpbb", page.host_of_links('a[href*="viewtopic"]'), source)


def _find_forum(page: ForumPage) -> str | None:
    """The forum that the trail at the top of the page ends in."""
    links = page.all('a[href*="viewforum"]')
    trail = [link for link in links if text_of(link)]
    inner = page.all('.breadcrumbs a[href*="viewforum"], .navlinks a[href*="viewforum"], [itemprop="item"]')
    named = [link for link in inner if "viewforum" in (attribute_of(link, "href") or "") and text_of(link)]
    return text_of((named or trail[:1])[-1]) if named or trail else None


def _find_posts(page: ForumPage) -> list[LexborNode]:
    return [
        node
        for node in page.tree.css('[id^="p"]')
        if _POST_ID.match(attribute_of(node, "id") or "") and page.first_in(node, ".content", ".postbody") is not None
    ]


def _read_post(page: ForumPage, node: LexborNode) -> ForumPost:
    body = page.first_in(node, ".content", ".postbody")
    quoted = page.all_in(body, "[data-post-id]") if body is not None else []
    words = inner_of(body)
    quotes = numbers_in(quoted, "data-post-id", _QUOTED)
    notices = [notice for found in page.all_in(node, ".notice") if (notice := text_of(found))]
    if body is not None:
        body.decompose()  # names and times inside of it are quoted
    page.remove_all(node, ".signature, .notice, .attachbox")
    return ForumPost(
        number=(attribute_of(node, "id") or "")[1:],
        author=_author_of(page, node),
        time=_time_of(page, node),
        title=text_of(page.first_in(node, "h3", ".vtsubject", ".post-title", ".subject")),
        body=words,
        quoted=quotes,
        extra={"notices": notices or None},
    )


def _author_of(page: ForumPage, node: LexborNode) -> str | None:
    named = page.first_in(
        node, ".username-coloured", ".username", ".author strong", ".postauthor", ".vtusername", ".postprofile dt a"
    )
    return text_of(named)


def _time_of(page: ForumPage, node: LexborNode) -> str | None:
    """A machine's time, else what stands behind the author's name, else what is called a date."""
    machine = page.first_in(node, "time[datetime]")
    if machine is not None:
        return time_in(machine)
    line = text_of(page.first_in(node, ".author"))
    if line and "»" in line:
        return line.rpartition("»")[2].strip() or None
    dated = [text for found in page.all_in(node, '[class*="date"]') if (text := text_of(found)) and _CLOCK.search(text)]
    return min(dated, key=len) if dated else None


def _read_old_posts(page: ForumPage) -> list[ForumPost]:
    """Posts of subsilver2 and phpBB 2: rows of a table, each begun by an anchor, which may stand inside of the name."""
    posts: list[ForumPost] = []
    for node in page.all("a[name], .postauthor, .name, .postdetails, .gensmall, .postbody"):
        anchor = node if node.tag == "a" else node.css_first("a[name]")
        begun = _POST_ID.match(attribute_of(anchor, "name") or "")
        if begun and (not posts or posts[-1].number != begun[1]):
            posts.append(ForumPost(number=begun[1]))
        words = text_of(node)
        if not posts or not words:
            continue
        post = posts[-1]
        classes = (attribute_of(node, "class") or "").split()
        if "name" in classes or "postauthor" in classes:
            post.author = post.author or words
        elif "postbody" in classes:
            post.body = inner_of(node) if post.body is None and not words.startswith("____") else post.body
        elif post.time is None and post.body is None and _CLOCK.search(words) and ":" in words:
            post.time = _dated(words)
    return [post for post in posts if post.body is not None]


def _dated(words: str) -> str:
    """ "Posted: Mon Jan 05, 2004 3:14 pm Post subject: Re: X" without what is no time."""
    after = words.partition(":")[2].strip()
    ends = re.search(r"\d{1,2}:\d{2}(?:\s*[ap]m\b)?", after)
    return after[: ends.end()] if ends else after


READER = Reader(
    name="phpbb",
    version=2,
    title="Topics of phpBB forums (saved pages)",
    extensions=(".html", ".htm"),
    replies="nothing declared; quotations tell most",
    recognise=recognise,
    describe=describe,
    read=read,
    words=(".post .content", ".postbody .content", ".vtcontent", "td .postbody"),
)
