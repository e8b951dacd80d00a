"""MediaWiki's wikitext, as talk pages are written in, to HTML.

In: a body. Out: HTML that says the same, for `hypertext.read_html`: links, emphasis, headings, indents, and templates
that quote or address people. Other templates are no words.

>>> wikitext_to_html(":{{ping|Ada}} see [[Help:Tram|the '''help''']]")
'<br><a class="mention">@Ada</a> see the help'
"""

from __future__ import annotations

import re

WIKITEXT_SIGNS = r"''|\[\[|\{\{|\[(?:https?:)?//|(?m)^[:*#;=]|~~~|<|&"

_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_EMPHASIS = re.compile(r"'{2,5}")
# No label goes over another opening bracket, or every bracket would be looked at once more for each before it.
_LABEL = r"(?:\|([^][\n]{0,500}))?\]\]"
_USERS = "user|u|benutzer|benutzerin|utilisateur|usuario|utente|gebruiker"
_USER = re.compile(rf"\[\[ ?:?(?:{_USERS}) ?: ?([^][|/#\n]{{1,85}}){_LABEL}", re.IGNORECASE)
_FILES = "file|image|category|datei|kategorie|fichier|catégorie"
_FILE = re.compile(rf"\[\[ ?(?:{_FILES}) ?:[^][\n]{{0,500}}\]\]", re.IGNORECASE)
_LINK = re.compile(rf"\[\[([^][|\n]{{1,300}}){_LABEL}")
_OUTSIDE = re.compile(r"\[((?:https?:)?//[^][\s]{1,2000})(?: ([^][\n]{0,500}))?\]")
_HEADING = re.compile(r"^(={1,6})([^=\n]{1,500})\1[ \t]*$", re.MULTILINE)
_INDENT = re.compile(r"^[:*#;]+[ \t]*", re.MULTILINE)
_SIGNATURE = re.compile(r"~{3,5}|^-{4,}", re.MULTILINE)
_TEMPLATE = re.compile(r"\{\{([^{}|]{1,100})((?:\|[^{}]*)?)\}\}")
_NESTED = 6  # templates inside templates; what is nested deeper stays as it is written
_ADDRESSES = {"ping", "re", "reply to", "reply", "replyto", "u", "user", "mention", "notif", "@", "yo"}
_QUOTES = {"tq", "tq2", "tqq", "talk quote", "talkquote", "quote", "blockquote", "quotation", "cquote"}


def wikitext_to_html(body: str) -> str:
    """HTML of a body."""
    whole = body.rfind("-->") + 3 if "-->" in body else 0
    text = _COMMENT.sub("", body[:whole]) + body[whole:]
    for _ in range(_NESTED):
        plain = _TEMPLATE.sub(_show_template, text)
        if plain == text:
            break
        text = plain
    text = _EMPHASIS.sub("", text)
    text = _FILE.sub("", text)
    text = _USER.sub(lambda link: f'<a class="mention">{link[2] or link[1]}</a>', text)
    text = _LINK.sub(lambda link: link[2] or link[1].lstrip(":"), text)
    text = _OUTSIDE.sub(lambda link: f'<a href="{link[1]}">{link[2] or ""}</a>', text)
    text = _HEADING.sub(r"<h3>\2</h3>", text)
    text = _INDENT.sub("<br>", _SIGNATURE.sub("", text))
    return text.replace("\n\n", "<p>")


def _show_template(template: re.Match[str]) -> str:
    name = template[1].strip().lower()
    values = [value for value in template[2].split("|")[1:] if "=" not in value.split(" ")[0]]
    if name in _ADDRESSES:
        return ", ".join(f'<a class="mention">@{value.strip()}</a>' for value in values if value.strip())
    if name in _QUOTES and values:
        return f"<blockquote>{values[0]}</blockquote>"
    return ""
