"""HTML of comments to plain text, quote spans and mentions.

In: a body. Out: its words as a browser would show them, what is quoted, who is mentioned. One pass over the text with
a stack of its own: nesting costs no recursion, unclosed tags and stray brackets are taken as they come.

>>> read_html('<blockquote>is it free?</blockquote><p>Yes, <a class="mention" href="/ada">@Ada B</a>')
('is it free?\\n\\nYes, @Ada B', [(0, 11, None)], [(18, 24, 'Ada B')])
"""

from __future__ import annotations

import re
from html import unescape

from pipeline.normalise.characters import MENTION_END, MENTION_START, tidy_characters
from pipeline.normalise.quotes import Line, assemble, strip_marks
from pipeline.normalise.spans import Span

HTML_SIGNS = "[<&\u00a0]"

_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9:-]*)((?:[^<>\"']|\"[^\"]*\"|'[^']*')*+)>")
_TAG_START = re.compile(r"</?([a-zA-Z][a-zA-Z0-9:-]*)")
_ATTRIBUTE = re.compile(r"([a-zA-Z-]+)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s\"'>]+))")
_SPACES = re.compile(r"[ \t\n\f\u00a0]+")
_MENTION_MARKS = re.compile(f"[{MENTION_START}{MENTION_END}]")
_MENTION = re.compile(f"{MENTION_START}([^{MENTION_END}]*){MENTION_END}")
_LONGEST_HEADING = 300
_LONGEST_TAG = 1024  # a longer one is read without regard to its quotes, so that no text costs more than linear time

_PARAGRAPHS = {
    *("p", "blockquote", "pre", "ul", "ol", "dl", "table", "h1", "h2", "h3", "h4", "h5", "h6", "hr", "figure"),
    *("details", "fieldset"),
}
_LINES = {
    *("div", "li", "tr", "dt", "dd", "section", "article", "header", "footer", "summary", "figcaption", "aside"),
    *("center", "form", "address", "option", "caption", "legend", "nav", "main", "body", "html"),
}
_BLOCKS = _PARAGRAPHS | _LINES | {"br"}
_QUOTE_CONTAINERS = {"div", "aside", "section", "article", "table", "fieldset"}
_UNSHOWN = {"script", "style", "template", "noscript", "head", "svg", "textarea", "iframe", "object"}
_QUOTE_CLASSES = {"quote", "bbcode_quote", "quotebox", "bbcodeblock--quote", "bb_quote", "quotemain"}


def read_html(body: str) -> tuple[str, list[Span], list[Span]]:
    """Plain text, quote spans and mentions of a body. Where nothing is shown, the first address in it is the text."""
    page = _Page(keep_breaks=not _has_blocks(body))
    text = tidy_characters(body)
    at = 0
    while (start := text.find("<", at)) >= 0:
        page.add_words(text[at:start])
        at = _read_tag(page, text, start)
    page.add_words(text[at:])
    marked, quotes = assemble(page.finish())
    if not marked:
        return (page.address.strip(), [], [])
    return _take_mentions(marked, quotes)


def _has_blocks(body: str) -> bool:
    return any(found[1].lower() in _BLOCKS for found in _TAG_START.finditer(body))


def _read_tag(page: _Page, text: str, start: int) -> int:
    """Reads what begins with the '<' at `start`; returns where to go on."""
    if text.startswith("<!--", start) and (end := page.find_once(text, "-->", start + 4)) >= 0:
        return end + 3
    name, closes, attributes = "", False, ""
    if tag := _TAG.match(text, start, start + _LONGEST_TAG):
        closes, name, attributes, end = bool(tag[1]), tag[2], tag[3], tag.end()
    else:
        following = text.find("<", start + 1)
        end = text.find(">", start + 1, following if following >= 0 else len(text)) + 1
        tag = _TAG_START.match(text, start)
        if tag:
            closes, name = bool(tag[0][1] == "/"), tag[1]
        if not end or not (tag or text[start + 1] in "!?"):
            page.add_words("<")
            return start + 1
    name = name.lower()
    if closes:
        page.close(name)
    elif name:
        page.open(name, _read_attributes(attributes))
        if name in _UNSHOWN:
            return page.skip(text, name, end)
    return end


def _read_attributes(attributes: str) -> dict[str, str]:
    if "=" not in attributes:
        return {}
    return {
        found[1].lower(): unescape(found[2] or found[3] or found[4] or "") for found in _ATTRIBUTE.finditer(attributes)
    }


def _take_mentions(marked: str, quotes: list[Span]) -> tuple[str, list[Span], list[Span]]:
    """The text without mention marks, the quote spans moved accordingly, and the mentions."""
    if MENTION_START not in marked:
        return marked, quotes, []
    marks = list(_MENTION_MARKS.finditer(marked))
    edges = sorted({edge for start, end, _ in quotes for edge in (start, end)})
    moved: dict[int, int] = {}
    passed = 0
    for edge in edges:
        while passed < len(marks) and marks[passed].start() < edge:
            passed += 1
        moved[edge] = edge - passed
    mentions: list[Span] = []
    for i in range(0, len(marks) - 1, 2):
        words = marked[marks[i].end() : marks[i + 1].start()]
        start = marks[i].start() - i
        if name := words.strip().removeprefix("@").strip():
            mentions.append((start, start + len(words), name))
    return (
        _MENTION_MARKS.sub("", marked),
        [(moved[start], moved[end], author) for start, end, author in quotes],
        mentions,
    )


def _tighten_mention(mention: re.Match[str]) -> str:
    """A mention with its outer spaces outside of its marks; spaces alone are none."""
    bare = mention[1].strip()
    if not bare:
        return mention[1]
    before, after = mention[1].split(bare, 1)
    return f"{before}{MENTION_START}{bare}{MENTION_END}{after}"


class _Page:
    """Lines under construction, and the tags that are open around them."""

    def __init__(self, keep_breaks: bool) -> None:
        self.address = ""
        self._keep_breaks = keep_breaks
        self._lines: list[Line] = []
        self._words: list[str] = []
        self._authors: list[str | None] = []
        self._quotes: list[tuple[str, bool]] = []  # open quote tags and whether each is a level of its own
        self._open_quotes: dict[str, int] = {}
        self._heading: int | None = None  # where the lines above the words of a quotation begin, if it names its author
        self._pre = 0
        self._mention = ""
        self._link: tuple[str, int] | None = None
        self._missing: set[str] = set()

    def find_once(self, text: str, what: str, start: int) -> int:
        """``text.find`` that looks no second time for what is not in the rest of the text."""
        if what in self._missing:
            return -1
        found = text.find(what, start)
        if found < 0:
            self._missing.add(what)
        return found

    def skip(self, text: str, name: str, start: int) -> int:
        """Where the content of an element that browsers do not show ends; `start` where it is not closed."""
        if name in self._missing:
            return start
        closing = re.compile(f"</{name}\\b[^<>]*>", re.IGNORECASE).search(text, start)
        if closing is None:
            self._missing.add(name)
            return start
        return closing.end()

    def add_words(self, words: str) -> None:
        if not words:
            return
        if "&" in words:
            words = tidy_characters(unescape(words))
        if not self._pre and not self._keep_breaks:
            words = _SPACES.sub(" ", words)
        if "\n" not in words:
            self._words.append(words)
            return
        first, *rest = words.split("\n")
        self._words.append(first)
        for line in rest:
            self._end_line(even_empty=True)
            self._words.append(line)

    def open(self, name: str, attributes: dict[str, str]) -> None:
        classes = attributes.get("class", "").lower().split()
        if name == "br":
            self._end_line(even_empty=True)
        elif name in _PARAGRAPHS:
            self._end_paragraph()
        elif name in _LINES:
            self._end_line()
        elif name in ("td", "th"):
            self._words.append(" ")
        elif name == "img":
            self._words.append(attributes.get("alt", ""))
        if name == "blockquote" or (name in _QUOTE_CONTAINERS and not _QUOTE_CLASSES.isdisjoint(classes)):
            self._open_quote(name, attributes)
        elif name == "pre":
            self._pre += 1
        elif name == "a":
            self._link = (attributes.get("href", ""), len(self._words))
        if "mention" in classes and not self._mention:
            self._mention = name
            self._words.append(MENTION_START)
        self.address = self.address or attributes.get("href" if name == "a" else "src", "")

    def close(self, name: str) -> None:
        if name == self._mention:
            self._end_mention()
        if name in _PARAGRAPHS:
            self._end_paragraph()
        elif name in _LINES:
            self._end_line()
        if name == "a":
            self._end_link()
        elif name == "pre":
            self._pre = max(self._pre - 1, 0)
        elif name == "cite" and self._quotes:
            self._end_line()  # forums show the author of a quotation on a line of its own
        if self._open_quotes.get(name):
            self._close_quote(name)

    def finish(self) -> list[Line]:
        self._end_line()
        return self._lines

    def _open_quote(self, name: str, attributes: dict[str, str]) -> None:
        named = attributes.get("data-username") or attributes.get("data-quote") or attributes.get("data-author")
        inside_container = bool(self._quotes) and name == "blockquote" and self._quotes[-1][0] != "blockquote"
        self._end_paragraph()
        # Discourse shows a picture and "Ada:", or the title of another topic. More is somebody's words.
        heading = self._lines[self._heading :] if inside_container and self._heading is not None else []
        if sum(len(line.text) for line in heading) <= _LONGEST_HEADING:
            del self._lines[len(self._lines) - len(heading) :]
        self._heading = len(self._lines) if name != "blockquote" and "data-username" in attributes else None
        self._quotes.append((name, not inside_container))
        self._open_quotes[name] = self._open_quotes.get(name, 0) + 1
        if not inside_container:
            self._authors.append(named or None)

    def _close_quote(self, name: str) -> None:
        self._end_paragraph()
        while True:
            tag, is_level = self._quotes.pop()
            self._open_quotes[tag] -= 1
            if is_level:
                self._authors.pop()
            if tag == name:
                break
        self._end_paragraph()

    def _end_mention(self) -> None:
        self._words.append(MENTION_END)
        self._mention = ""

    def _end_link(self) -> None:
        """A link without words shows its address; one whose words are its shortened address shows the whole."""
        if self._link is None:
            return
        address, first = self._link
        self._link = None
        words = "".join(self._words[first:]).strip()
        shortened = words.startswith("http") and words.endswith(("...", "…")) and MENTION_START not in words
        known = shortened and address.startswith(words.rstrip(".…"))
        if known or (not words and address.startswith(("http://", "https://", "mailto:"))):
            self._words[first:] = [address]

    def _end_line(self, even_empty: bool = False) -> None:
        if self._mention:
            self._end_mention()
        self._link = None
        words = "".join(self._words)
        self._words = []
        if MENTION_START in words:
            words = _MENTION.sub(_tighten_mention, words)
        if not self._pre:
            words = _SPACES.sub(" ", words).strip()
        if not words.strip() and not even_empty:
            return
        author = self._authors[-1] if self._authors else None
        marks = 0
        if not self._pre and words.startswith(">"):
            marks, words = strip_marks(words)
        self._lines.append(Line(len(self._authors) + marks, words, author))

    def _end_paragraph(self) -> None:
        self._end_line()
        if not self._lines:
            return
        last = self._lines[-1]
        if last.text:
            self._lines.append(Line(len(self._authors), ""))
        elif last.depth > len(self._authors):
            self._lines[-1] = Line(len(self._authors), "")
