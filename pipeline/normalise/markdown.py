"""Markdown as comments use it (Reddit, Lemmy, Discourse) to plain text and quote spans.

In: a body. Out: its words without the marks, and the quoted parts. Every pass is linear and none recurses.

>>> read_markdown("> is it *free*?\\n\\nYes, [look](https://example.org) &amp; see")
('is it free?\\n\\nYes, look & see', [(0, 11, None)])
"""

from __future__ import annotations

import re
from html import unescape

from pipeline.normalise.characters import SHELTER, tidy_characters
from pipeline.normalise.quotes import Line, assemble, strip_marks
from pipeline.normalise.spans import Span

# What a row must hold for any of this to be needed, in the dialect of polars.
MARKDOWN_SIGNS = (
    r"[*`\\]|~~|\]\(|(?:^|[^\w])_+\w|&[#a-zA-Z]|\|\||\^[\w(^]|(?m)^\s{0,3}>|^#{1,6} |^\s*- |^(?:    |\t)"
    r"|^\s{0,3}(?:---|___|===|:::)|<(?:https?|mailto):|\[/|\x{a0}"
)

_FENCE = re.compile(r"\s{0,3}(?:(```+)[ \t]*+[\w+#.-]*|(~~~+))\s*$")
_HEADING = re.compile(r"\s{0,3}#{1,6}[ \t]+(?=\S)")
_BULLET = re.compile(r"\s*[*-][ \t]+(?=\S)")
_RULE = re.compile(r"[ \t]{0,3}(?:(?:-[ \t]*){3,}|(?:_[ \t]*){3,}|(?:\*[ \t]*){3,}|={3,}[ \t]*)$")
_TABLE_RULE = re.compile(r"[ \t]*+\|?[ \t]*+:?-+:?[ \t]*+(?:\|[ \t]*+:?-+:?[ \t]*+)+\|?[ \t]*$")
_SPOILER_BLOCK = re.compile(r"\s{0,3}:::+[ \t]*(?:spoiler\b[ \t]*)?(.*)$")
_SPOILER_START = re.compile(r"^[ \t]{0,3}>!", re.MULTILINE)
_CODE_INDENT = re.compile(r"(?: {4}|\t)(?=.*\S)")
_QUOTE_TAG = re.compile(r"\[quote(?:[= ]+[\"']?([^\",;'\]\n]*)[^\]\n]*)?\]|\[/quote\]", re.IGNORECASE)

_BLOCK_START = re.compile(r"\s*[#*_=:|-]")
_INLINE = re.compile(r"[*_`\\^]|~~|\]\(|\|\||>!|<(?:https?|mailto):")
_CODE_OR_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])|(`+)")
_LINK = re.compile(
    r"!?\[((?:[^\[\]]|\[[^\[\]]*\]){0,2000}+)\]"
    r"\([ \t]*("
    r"<[^<>\n]*>"
    r"|(?:[^\s()]|\([^\s()]*\))*+(?=[ \t)])(?!\s+[^\s\"')])"  # up to a title or the end
    r"|https?://[^()\n]{0,2000}+"  # with spaces, which old Reddit allowed
    r")(?:[ \t]+(\"[^\"\n]*\"|'[^'\n]*'))?[ \t]*\)"
)
_ADDRESS = re.compile(r"<((?:https?://|mailto:)[^\s<>]+)>|((?:https?://|www\.)[^\s<>()\[\]]+)")
_SHELTERED = re.compile(f"{SHELTER}([0-9]+){SHELTER}")
_SUPERSCRIPT = re.compile(r"(?<!\^)\^++\(([^()\n]*)\)|(?<![^\s*_~(\[|])\^++(?=\w)")
_RUN = re.compile(r"\*+|_+|~~+|\|\|")
_IMAGE_SIZE = re.compile(r"\|\d+x\d+(?:, *\d+%)?$")
_ADDRESS_SIGNS = set("/.#:?|@")
_SPOILER_TITLES = ("/s", "/spoiler", "#s", "#spoiler")


def read_markdown(body: str) -> tuple[str, list[Span]]:
    """Plain text and quote spans of a body. Where markup alone is left, the body itself, unescaped, is the text."""
    text = unescape(body) if "&" in body else body
    text = tidy_characters(text).replace("\u00a0", " ")
    read = assemble(_read_blocks(text))
    return read if read[0] else (text.strip(), [])


def _read_blocks(text: str) -> list[Line]:
    """The lines of a text without block marks, inline marks taken out paragraph by paragraph."""
    parts = [(quoted, author, *strip_marks(line)) for quoted, author, line in _quoted_lines(text)]
    is_code = _find_fences([words for *_, words in parts]) if "```" in text or "~~~" in text else {}
    lines: list[Line] = []
    paragraph: list[str] = []
    place: tuple[int, str | None] = (0, None)
    after_blank = True
    for i, (quoted, author, marks, words) in enumerate(parts):
        depth, bare = quoted + marks, words
        verbatim = is_code.get(i)
        if verbatim is None:
            verbatim = after_blank and bool(_CODE_INDENT.match(words))
            bare = words.lstrip("\t").removeprefix("    ") if verbatim else _strip_block(words)
            after_blank = verbatim or not words.strip()
        elif not verbatim:
            continue  # the fence itself
        inline = not verbatim and bool(bare.strip())
        if paragraph and (not inline or place != (depth, author)):
            lines += _read_paragraph(paragraph, *place)
            paragraph = []
        if inline:
            place = (depth, author)
            paragraph.append(bare)
        else:
            lines.append(Line(depth, bare, author))
    return lines + _read_paragraph(paragraph, *place)


def _read_paragraph(paragraph: list[str], depth: int, author: str | None) -> list[Line]:
    if not paragraph:
        return []
    return [Line(depth, words, author) for words in _read_inline("\n".join(paragraph)).split("\n")]


def _find_fences(lines: list[str]) -> dict[int, bool]:
    """Lines of fenced code: True between two fences, False for the fences. One that nothing closes is no fence."""
    fences = [(i, mark[1] or mark[2]) for i, line in enumerate(lines) if (mark := _FENCE.match(line))]
    found: dict[int, bool] = {}
    opened: tuple[int, str] | None = None
    for i, fence in fences:
        if opened is None:
            opened = (i, fence)
        elif fence.startswith(opened[1]) and lines[i].strip() == fence:
            found.update(dict.fromkeys(range(opened[0] + 1, i), True))
            found[opened[0]] = found[i] = False
            opened = None
    return found


def _quoted_lines(text: str) -> list[tuple[int, str | None, str]]:
    """Lines with the depth and author that [quote="NAME"] ... [/quote] gives them; marks without a partner stay."""
    if "[/" not in text or not _QUOTE_TAG.search(text):
        return [(0, None, line) for line in text.split("\n")]
    tags = list(_QUOTE_TAG.finditer(text))
    paired: set[int] = set()
    waiting: list[int] = []
    for i, tag in enumerate(tags):
        if tag[0][1] != "/":
            waiting.append(i)
        elif waiting:
            paired |= {waiting.pop(), i}
    lines: list[tuple[int, str | None, str]] = []
    authors: list[str | None] = []
    at = 0
    for i in sorted(paired):
        tag = tags[i]
        author = authors[-1] if authors else None
        between = text[at : tag.start()].removesuffix("\n")
        if at:
            between = between.removeprefix("\n")
        if between:
            lines.extend((len(authors), author, line) for line in between.split("\n"))
        if tag[0][1] == "/":
            authors.pop()
        else:
            authors.append((tag[1] or "").strip() or None)
        at = tag.end()
    lines.extend((0, None, line) for line in text[at:].removeprefix("\n").split("\n"))
    return lines


def _strip_block(line: str) -> str:
    """A line without the mark of a heading, bullet, rule, table or spoiler block."""
    if not _BLOCK_START.match(line):
        return line
    if spoiler := _SPOILER_BLOCK.match(line):
        return spoiler[1]
    if _RULE.match(line) or _TABLE_RULE.match(line):
        return ""
    if heading := _HEADING.match(line):
        words = line[heading.end() :].rstrip()
        return words.rstrip("#").rstrip() or words
    if bullet := _BULLET.match(line):
        return line[bullet.end() :]
    return line


def _read_inline(text: str) -> str:
    """A paragraph without inline marks."""
    if not _INLINE.search(text):
        return text
    shelter = _Shelter()
    text = _shelter_code(text, shelter)
    for _ in range(3):  # an image inside a link inside brackets; deeper ones nobody writes
        if "](" not in text:
            break
        text = _LINK.sub(_read_link, text)
    if "://" in text or "www." in text or "<mailto:" in text:
        text = _ADDRESS.sub(shelter.keep_address, text)
    if ">!" in text:
        text = text.replace(">!", "").replace("!<", "") if "!<" in text else _SPOILER_START.sub("", text)
    if "^" in text:
        text = _SUPERSCRIPT.sub(lambda found: found[1] or "", text)
    return shelter.restore(_drop_runs(text))


class _Shelter:
    """Parts of a paragraph that have their final shape: each stands in the text as its number between two marks."""

    def __init__(self) -> None:
        self._parts: list[str] = []

    def keep(self, part: str) -> str:
        self._parts.append(part)
        return f"{SHELTER}{len(self._parts) - 1}{SHELTER}"

    def keep_address(self, found: re.Match[str]) -> str:
        if found[1]:
            return self.keep(self.restore(found[1]))
        address = found[2].rstrip("*_~|.,:;!?'\"")
        return self.keep(self.restore(address)) + found[2][len(address) :]

    def restore(self, text: str) -> str:
        return _SHELTERED.sub(lambda found: self._parts[int(found[1])], text) if self._parts else text


def _shelter_code(text: str, shelter: _Shelter) -> str:
    """Code spans and escaped signs out of reach of what follows."""
    if "`" not in text and "\\" not in text:
        return text
    found = list(_CODE_OR_ESCAPE.finditer(text))
    closers: dict[int, list[int]] = {}
    for run in reversed(found):
        if run[2]:
            closers.setdefault(len(run[2]), []).append(run.start())
    parts: list[str] = []
    at = 0
    for sign in found:
        if sign.start() < at:
            continue
        final, end = sign[1], sign.end()
        if sign[2]:
            starts = closers[len(sign[2])]
            while starts and starts[-1] <= sign.start():
                starts.pop()
            if not starts:
                continue
            final, end = text[sign.end() : starts[-1]].strip(" "), starts[-1] + len(sign[2])
        parts += [text[at : sign.start()], shelter.keep(final)]
        at = end
    return "".join(parts) + text[at:]


def _read_link(link: re.Match[str]) -> str:
    words, address, title = _IMAGE_SIZE.sub("", link[1]), link[2].strip("<>"), link[3]
    if title and address in _SPOILER_TITLES:
        return f"{words} {title[1:-1]}"
    if _ADDRESS_SIGNS.isdisjoint(address):
        return link[0]  # a[0](x) is no link
    return words if words.strip() else address


def _drop_runs(text: str) -> str:
    """The text without the pairs of emphasis, strikethrough and spoiler signs that plainly belong together.

    A sign opens before a visible character and closes after one, as in CommonMark, but never beside a letter or digit
    on its other side, so that 2*3*4, snake_case and f*** stay as they are.
    """
    runs = list(_RUN.finditer(text))
    if not runs:
        return text
    left = [len(run[0]) for run in runs]
    openers: dict[str, list[int]] = {}
    for i, run in enumerate(runs):
        sign, start, end = run[0][0], run.start(), run.end()
        before, after = text[start - 1 : start] or " ", text[end : end + 1] or " "
        waiting = openers.setdefault(sign, [])
        if not before.isspace() and not _joins(after):
            while waiting and left[i]:
                pair = min(left[i], left[waiting[-1]])
                left[i] -= pair
                left[waiting[-1]] -= pair
                if not left[waiting[-1]]:
                    waiting.pop()
        if left[i] and not after.isspace() and not _joins(before):
            waiting.append(i)
    parts: list[str] = []
    at = 0
    for i, run in enumerate(runs):
        parts += [text[at : run.start()], run[0][0] * left[i]]
        at = run.end()
    return "".join(parts) + text[at:]


def _joins(character: str) -> bool:
    """Whether a sign beside this character stands inside a word. Scripts without spaces begin at U+2E80."""
    return character.isalnum() and character < "\u2e80"
