"""BBCode, as forums keep it in their databases and APIs, to HTML.

In: a body. Out: HTML that says the same, for `hypertext.read_html`. One pass; marks of other names ("[sic]") are words.

>>> bbcode_to_html('[quote="Ada"]Free?[/quote][b]Yes[/b], [url=https://a.example]here[/url].')
'<blockquote data-username="Ada">Free?</blockquote>Yes, <a href="https://a.example">here</a>.'
"""

from __future__ import annotations

import re
from html import escape

BBCODE_SIGNS = r"\[/?[a-zA-Z*]"

_VERBATIM = ("code", "php", "html", "pre")
_SHOWN = (
    *(
        "b",
        "i",
        "u",
        "s",
        "strike",
        "color",
        "colour",
        "size",
        "font",
        "center",
        "left",
        "right",
        "justify",
        "sub",
        "sup",
    ),
    *(
        "indent",
        "spoiler",
        "hide",
        "email",
        "highlight",
        "table",
        "tr",
        "td",
        "th",
        "icode",
        "noparse",
        "youtube",
        "media",
    ),
)
_TAGS = re.compile(
    r"\[(/?)(quote|url|img|list|ul|ol|li|\*|mention|user|hr|"
    + "|".join((*_VERBATIM, *_SHOWN))
    + r")(?::[0-9a-z]{1,10})?(?:(?:[= ]+)([^\[\]\n]{0,400}))?\]",
    re.IGNORECASE,
)
# "Ada", Ada;1234, Ada, post:3, topic:7, author=Ada link=…, each perhaps with the uid that phpBB adds
_QUOTED = re.compile(r"""^(?:(?:author|name)=)?(?:"([^"]{1,80})"|'([^']{1,80})'|([^\s"'][^;,"'\]]{0,79}))""")
_AFTER_NAME = re.compile(r"(?:,? (?:post|link|date|time|topic|username)[:=]|:[0-9a-z]{6,10}$).*")
_BREAK_AT_BLOCK = re.compile(r"(</blockquote>|</pre>|<blockquote(?: data-username=\"[^\"<>]*\")?>)<br>")
_SIMPLE = {
    "list": "<ul>", "/list": "</ul>", "ul": "<ul>", "/ul": "</ul>", "ol": "<ol>", "/ol": "</ol>", "*": "<li>",
    "li": "<li>", "hr": "<hr>", "/quote": "</blockquote>", "/mention": "</a>", "/user": "</a>", "/url": "</a>",
    "mention": '<a class="mention">', "user": '<a class="mention">', "img": "<span>", "/img": "</span>",
}  # fmt: skip


def bbcode_to_html(body: str) -> str:
    """HTML of a body; its own ``<`` are words, its entities stay what they are."""
    text = body.replace("<", "&lt;").replace("\r\n", "\n")
    last = {name: text.lower().rfind(f"[/{name}") for name in _VERBATIM}
    out: list[str] = []
    at = 0
    verbatim: str | None = None
    for tag in _TAGS.finditer(text):
        closes, name, value = bool(tag[1]), tag[2].lower(), (tag[3] or "").strip()
        if verbatim is not None and not (closes and name == verbatim):
            continue
        words = text[at : tag.start()]
        out.append(words if verbatim else words.replace("\n", "<br>"))
        at = tag.end()
        if name in _VERBATIM:
            # One that nothing closes would keep all that follows as it is.
            verbatim = None if closes or tag.start() > last[name] else name
            out.append("</pre>" if closes else "<pre>" if verbatim else "")
        else:
            out.append(_open(name, value) if not closes else _SIMPLE.get(f"/{name}", ""))
    out.append(text[at:] if verbatim else text[at:].replace("\n", "<br>"))
    return _BREAK_AT_BLOCK.sub(r"\1", "".join(out))


def _open(name: str, value: str) -> str:
    if name == "quote":
        found = _QUOTED.match(value)
        author = next((part for part in found.groups() if part), "") if found else ""
        author = _AFTER_NAME.sub("", author).strip()
        return f'<blockquote data-username="{escape(author)}">' if author else "<blockquote>"
    if name == "url":
        address = value.strip("\"'")
        return f'<a href="{escape(address)}">' if address else "<a>"
    return _SIMPLE.get(name, "")
