"""Header lines of pages pasted as text: name, time, votes, and the words of buttons around them, in many languages.

In: a line. Out: what its header says; None for a line that holds anything else.

>>> header = parse_header("[–]ada 12 points 3 hours ago | root | parent | next")
>>> header.author, header.time, header.votes, sorted(header.links)
('ada', '3 hours ago', 12, ['next', 'parent', 'root'])
>>> parse_header("I wrote to them 3 hours ago and nobody answered.")
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import lru_cache

_LONGEST = 160  # characters
_LONGEST_NAME = 40
# What stands in every line that tells a time, however it does: most lines are known by this to be none.
_HINT = re.compile(
    r"\d:\d\d|\b(?:19|20)\d\d\b|[前전]|\d\s?(?:[smhdwy]|sec|min|hrs?|wk|mo|yr)\.?\s*(?:$|[•·|])"
    r"|(?:ago|fa|atrás|geleden|temu|назад|тому|sedan|siden|sitten|önce|ezelőtt|trước|lalu|now|yesterday|gestern)(?!\w)"
    r"|(?<!\w)(?:vor|il y a|hace|há|pred|před|acum|prije|pre|πριν|منذ|לפני|gerade|à)\s"
)

_COUNT = (
    r"(?:\d{1,4}|an?|one|a few|ein(?:er|em|e|igen)?|une?|un[oa'’]?|uma?|een|e[nt]"
    r"|jed(?:nou|ním|nu|en|na)|pár|pari|kilka)"
)
_ABOUT = r"(?:about|over|almost|around|less than|more than|etwa|über|fast|environ|unos|circa|cerca de|ongeveer|około)\s"
_WORD = r"[^\W\d_]{1,12}\.?"
_RELATIVE = (
    rf"(?:{_ABOUT})?(?:for\s|för\s)?(?<!\w){_COUNT}\s?{_WORD}"
    r"\s(?:ago|fa|atrás|geleden|temu|назад|тому|sedan|siden|sitten|önce|ezelőtt|trước|lalu)(?!\w)"
    rf"|(?<!\w)(?:vor|il y a|hace|há|pred|před|acum|prije|pre|πριν|منذ|לפני)\s(?:{_ABOUT})?(?:από\s)?{_COUNT}\s{_WORD}"
    r"|(?<!\w)(?:pred|před)\s(?:chv[ií][ľl]ou|min[uú]tou|hodinou|dňom|dnem|týždňom|týdnem|mesiacom|měsícem|rok[oe]m)"
    r"|\d{1,4}\s?(?:秒钟?|秒鐘|分钟|分鐘|分|小时|小時|時間|天|日|週間|周|週|个月|個月|か月|ヶ月|年)前"
    r"|\d{1,4}\s?(?:초|분|시간|일|주|개월|달|년)\s?전"
    r"|(?<!\w)(?:just now|yesterday|gerade eben|gestern|à l'instant)(?!\w)"
)
_POINTS = (
    r"(?:points?|pts|upvotes?|votes?|likes?|bod(?:y|ov|ů)?|[Pp]unkt(?:en|er|e|y|ów|a)?|puntos?|punt[oie]n?|pontos?|poäng"
    r"|pont|puan|балл(?:а|ов)?|очк(?:о|а|ов)|ポイント|分|点)(?![^\W\d_])"
)
_VOTES = rf"(?:[-−–]?\d[\d.,]{{0,12}}k?\s?{_POINTS}|\[score hidden\]|[Ss]core hidden|[▲⬆]\s?\d+)"
_CLOCK = (
    r"\d{1,2}:\d\d(?::\d\d)?(?:\.\d+)?(?:\s?[AaPp]\.?[Mm]\.?)?(?:\s?(?:Z|UTC|GMT|[A-Z]{3,4}|[+-]\d\d:?\d\d)(?!\w))?"
)
_MONTH = rf"(?!{_POINTS})[^\W\d_]{{3,10}}\.?"
_ABSOLUTE = (
    rf"\d{{4}}-\d\d-\d\d[T ]{_CLOCK}|\d{{1,2}}[./-]\d{{1,2}}[./-]\d{{2,4}},?\s{_CLOCK}"
    rf"|(?<!\w)(?:on\s)?(?:[MTWFS][a-z]{{2,8}},?\s)?[A-Z][a-z]{{2,8}}\.?\s\d{{1,2}}(?:st|nd|rd|th)?,?\s\d{{4}}"
    rf"(?:,?\s(?:at\s)?{_CLOCK})?"
    rf"|(?<!\d)\d{{1,2}}\.?\s(?:de\s)?{_MONTH}\s(?:de\s)?\d{{4}}(?:,?\s{_CLOCK})?"
)
_TIME = re.compile(rf"{_RELATIVE}|{_ABSOLUTE}")
# "3h" says a time only where nothing but signs stands before and after it, or beside a name and a dot.
_SHORT_TIME = re.compile(r"(?:^|[•·|]\s*)(\d{1,3}\s?(?:s|sec|m|min|h|hrs?|d|w|wk|mo|y|yr)\.?)(?=\s*(?:$|[•·|]))")

_VOTE = re.compile(_VOTES)
_VOTES_LAST = re.compile(rf"(?:{_VOTES}\s*[•·|,]?\s*)+(?:by\s+)?$")
_VOTES_BY = re.compile(rf"^(?:{_VOTES}\s*)+(?:by|von|par|por|da|od|przez)\s+(?=\S)")
_MARKS = re.compile(r"^(?:\s|\[[-–—−+]\]|[▲▼△▽⬆↑•·*>–—]|level \d+|\d{1,3}\.(?=\s))*", re.IGNORECASE)
_FOLD = re.compile(r"\[[-–—−+]\]")
_ROLES = re.compile(r"\[(?:S|M|A|F|OP|🍰)\](?:\s?)|(?<!\w)OP$")
_EDITED = r"(?:\(?(?:last )?edited[^|()]{0,40}\)?|\(?(?:bearbeitet|modifié|editado|modificato|upravené)[^|()]{0,40}\)?)"
_LINK = (
    r"(?:root|parent|prev|next|link|reply|flag|favorite|unfavorite|edit|delete|context|vouch|unvote|hide|past"
    r"|web|collapse|permalink|comments?|discuss|\d+\s?comments?|full comments|antworten|répondre"
    r"|responder|rispondi|odpovedať|odpovědět|odpowiedz|ответить)"
)
_AFTER = re.compile(
    rf"(?:\s|[|•·*,()–—-]|\[[-–—−+]\]|\[\d+ more\]|\[(?:dead|flagged)\]|\(\d+ [^\W\d_]+\)|#\d+|{_VOTES}|{_EDITED}"
    rf"|(?<![^\W\d_]){_LINK}(?![^\W\d_]))*",
    re.IGNORECASE,
)
_LINKS = re.compile(r"(?<![^\W\d_])(?:root|parent|prev|next|comments?|discuss)(?![^\W\d_])", re.IGNORECASE)
_SUBMITTED = re.compile(
    rf"^\s*(?:[^\W\d_]+\s)?(?P<time>{_RELATIVE}|{_ABSOLUTE})\s*\*?\s*"
    r"(?:by|von|par|por|da|od|przez|av|door|используя|používateľom|uživatelem)\s+(?P<name>[^\s|•]+)(?P<after>.*)$"
)
# As boards head their posts: the sign between name and time proves it.
_POSTED = re.compile(
    rf"^(?:by|von|par|por|da|di|od|przez|av|door)\s+(?P<name>[^»›]{{1,{_LONGEST_NAME}}}?)\s+[»›]\s+"
    rf"(?:[^\W\d_]{{2,12}}\.?,?\s+)??(?P<time>{_RELATIVE}|{_ABSOLUTE})\s*$"
)
# As chats head what one person says in a row: a wide gap or a dash, and a time of day.
_SAID = re.compile(
    rf"^(?P<name>\S.{{0,{_LONGEST_NAME - 1}}}?)(?:\s{{2,}}|\s+[—–]\s+)"
    rf"(?P<time>(?:(?:today|yesterday|heute|gestern)(?:,| at| um)? )?{_CLOCK})\s*$",
    re.IGNORECASE,
)
_NUMERAL = re.compile(r"[-–−]?\d{1,6}(?:[.,]\d{1,3}){0,2}k?", re.ASCII)
_NUMBER = re.compile(r"#(\d{1,7})(?!\w)")
_BAD_END = re.compile(r"[:;,!?…\"”“»]$|(?<!\b[^\W\d_])\.$")  # "Dana W." is a name
_GONE = frozenset(("[deleted]", "[removed]", "[gelöscht]", "[supprimé]", "[eliminado]", "[odstránené]", "[smazáno]"))


@dataclass(frozen=True)
class Header:
    """What a header line says."""

    author: str | None  # None where the line names nobody, or somebody who is gone
    named: bool  # whether a name stands in the line, even that of somebody who is gone
    time: str
    votes: int | None
    links: frozenset[str]  # those among root, parent, prev, next that it shows
    number: int | None  # "#3"
    more: int | None  # hidden replies
    furnished: bool  # whether it shows more than name and time
    opens: bool  # whether it belongs to the submission of the page
    roles: bool  # whether it marks the author as the submitter or a moderator
    dotted: bool = False  # whether a dot stands before the time, though no name does

    @property
    def kind(self) -> tuple[bool, bool]:
        """How such headers look: with the name in the line or above it; with or without more than name and time."""
        return self.named, self.furnished


def parse_header(text: str) -> Header | None:
    """What a line says, if all of it is a header."""
    text = text.strip().strip("*#").strip()
    if not text or len(text) > _LONGEST or not _HINT.search(text):
        return None
    if found := _SUBMITTED.match(text):
        return _header(found["name"], found["time"], "", found["after"], opens=True)
    if found := _POSTED.match(text) or _SAID.match(text):
        name = _clean_name(found["name"], marked=False)
        return Header(name, True, found["time"], None, frozenset(), None, None, True, False, False) if name else None
    time = _TIME.search(text)
    if time:
        before, after, said = text[: time.start()], text[time.end() :], time[0]
    elif short := _SHORT_TIME.search(text):
        before, after, said = text[: short.start()] + "•", text[short.end(1) :], short[1]
    else:
        return None
    if not _AFTER.fullmatch(after):
        return None
    by = _VOTES_BY.match(before)
    votes = by[0] if by else ""
    before = before[len(votes) :]
    if not by and (last := _VOTES_LAST.search(before)):
        votes, before = last[0], before[: last.start()]
    links = {link.lower() for link in _LINKS.findall(after)}
    opens = bool(by) and not links & {"parent", "root"} and bool(links & {"comments", "comment", "discuss"})
    return _header(before, said, votes, after, opens=opens)


def _header(before: str, time: str, votes: str, after: str, *, opens: bool) -> Header | None:
    marks = _MARKS.match(before)
    lead, rest = before[: marks.end()] if marks else "", before[marks.end() if marks else 0 :]
    bare = _ROLES.sub("", rest)
    folds = bool(_FOLD.search(lead) or _FOLD.search(after))
    scores = _VOTE.findall(votes) + _VOTE.findall(after)
    numbered, more = _NUMBER.search(after), re.search(r"\[(\d{1,6}) more\]", after)
    links = frozenset(link.lower() for link in _LINKS.findall(after)) & {"root", "parent", "prev", "next"}
    furnished = bool(folds or scores or numbered or links or opens or _has_words(after))
    dotted = bool(re.search(r"[•·|]\s*$", bare))
    name = _clean_name(bare.strip().rstrip("•·|").strip(), marked=bool(_FOLD.search(lead) or scores))
    if name is None or (len(name.split()) > (4 if dotted or furnished else 1)):
        return None
    return Header(
        author=None if not name or name.lower() in _GONE else name,
        named=bool(name),
        time=re.sub(r"^on\s", "", time.strip()),
        votes=_count_votes(scores),
        links=links,
        number=int(numbered[1]) if numbered else None,
        more=int(more[1]) if more else None,
        furnished=furnished,
        opens=opens,
        roles=bare != rest,
        dotted=not name and bool(re.search(r"[•·]", before)),
    )


def _has_words(after: str) -> bool:
    return re.search(r"[^\W\d_]", re.sub(_EDITED, "", after, flags=re.IGNORECASE)) is not None


def _clean_name(text: str, *, marked: bool) -> str | None:
    """A name without what follows it; "" where there is none, None where the words are no name.

    Where a sign or votes prove the line to be a header, what follows the first word is flair.
    """
    if not text or text.lower() in _GONE:
        return text
    if len(text) > _LONGEST_NAME and not marked:
        return None
    tokens = text.split()
    name = (tokens[0] if marked and len(tokens) > 1 else text).strip("*")
    if (
        len(name) > _LONGEST_NAME
        or _BAD_END.search(name)
        or not re.search(r"\w", name)
        or re.search(r"[\"<>{}=]", name)
    ):
        return None
    return name


def _count_votes(scores: list[str]) -> int | None:
    """Votes shown; of three in a row (without, with, against one's own vote) the middle one."""
    said = scores[1] if len(scores) == 3 else scores[0] if scores else ""
    found = _NUMERAL.search(said)
    return read_count(found[0]) if found else None


def read_count(text: str) -> int | None:
    """The number that a page shows: "12", "-4", "1,204", "1.2k"; None for any other text."""
    if not _NUMERAL.fullmatch(text):
        return None
    digits = text.lstrip("-–−").removesuffix("k")
    if text.endswith("k"):
        *groups, part = re.split(r"\D+", digits)  # "1.2": a point or comma before the last digits is a decimal one
        value = int("".join(groups)) * 1000 + int((part + "000")[:3]) if groups else int(part) * 1000
    else:
        value = int(re.sub(r"\D", "", digits))
    return value if text[0].isdigit() else -value


def name_line(text: str) -> tuple[str | None, bool] | None:
    """The author of a line that holds nothing but a name, and whether a sign proves it; None for any other line."""
    text = text.strip().strip("*#").strip()
    marks = _MARKS.match(text)
    lead, rest = text[: marks.end()] if marks else "", text[marks.end() if marks else 0 :]
    marked = _FOLD.search(lead) is not None
    rest = _ROLES.sub("", rest).strip().rstrip("•·|").strip()
    name = _clean_name(rest, marked=marked)
    if not name or len(name.split()) > 3 or is_furniture(text) or read_count(name) is not None:
        return None
    return (None if name.lower() in _GONE else name), marked


_ACTIONS = (
    "permalink|embed|save|unsave|parent|report|reply|award|share|edit|delete|context|source|crosspost|hide|upvote"
    "|downvote|vote|like|unlike|link|root|prev|next|flag|favorite|collapse|expand|unvote|follow|quote|more|top|copy"
    "|give award|give gold|full comments|disable inbox replies|hide child comments|show child comments|reply to this"
    "|load more comments|continue this thread|show replies|view replies|hide replies|more replies|track me|share ›"
    "|nach oben|haut|arriba|nahoru|omhoog|na górę"
    "|antworten|teilen|melden|speichern|einbetten|bearbeiten|löschen|zitieren|gefällt mir|dauerhafter link"
    "|répondre|partager|signaler|enregistrer|intégrer|citer|lien permanent|j'aime"
    "|responder|compartir|denunciar|guardar|insertar|citar|enlace permanente|me gusta|compartilhar|salvar"
    "|rispondi|condividi|segnala|salva|mi piace|beantwoorden|delen|rapporteren|opslaan|svara|dela"
    "|odpovedať|odpovědět|vložiť|vložit|uložiť|uložit|nahlásiť|nahlásit|zdieľať|sdílet|rodič|citovať|trvalý odkaz"
    "|páči sa mi to|odpowiedz|udostępnij|zgłoś|zapisz|cytuj"
    "|ответить|поделиться|пожаловаться|сохранить|цитировать|нравится|yanıtla|paylaş|返信|共有|回复|回覆|分享|답글|공유"
)
_ACTION = re.compile(
    r"(?:[•·|\s]*(?:" + "|".join(sorted(_ACTIONS.split("|"), key=len, reverse=True)) + r")[\s|•·,›»\]\[–—+-]*"
    r"(?:\(\d+[^()]{0,20}\)\s*)?)+",
    re.IGNORECASE,
)
_SIGNS = re.compile(r"[-–—_=*•·|⸻▲▼△▽⬆⬇\s]+|\[[-–—−+SMA]\]|OP|\(\d+ [^\W\d_]+\)|level \d+|u/\S+ avatar", re.IGNORECASE)
_MORE = re.compile(
    r"(?:load more comments|more replies|(?:view |show |hide )?\d+ (?:more )?repl(?:y|ies)).{0,40}"
    r"|[\d.,]+k? comments|sort by(?: [^\W\d_]+)?|add a (?:public )?comment(?:\.{3}|…)?|join the discussion(?:\.{3}|…)?",
    re.IGNORECASE,
)
_LEVEL = re.compile(r"level (\d{1,3})", re.IGNORECASE)
_FOOT = re.compile(r"[^|]{1,30}(?:\s\|\s[^|]{1,30}){4,}")


def is_furniture(text: str) -> bool:
    """Whether a line holds nothing but signs and the words of buttons."""
    text = text.strip()
    return len(text) <= _LONGEST and _is_furniture(text)


@lru_cache(maxsize=4096)  # a page says "reply" and "permalink" below every post
def _is_furniture(text: str) -> bool:
    return any(pattern.fullmatch(text) for pattern in (_SIGNS, _ACTION, _MORE, _FOOT))


def level_of(text: str) -> int | None:
    """The depth that "level 2" tells, as a page of Reddit once did; 0 for the first level."""
    found = _LEVEL.fullmatch(text.strip())
    return max(int(found[1]) - 1, 0) if found else None
