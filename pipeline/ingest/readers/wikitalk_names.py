"""What signatures on talk pages are made of in the languages of wikis: links to people, and times.

In: an address, or text. Out: the user it leads to, or where a time as MediaWiki signs it stands.

>>> read_user("//fr.wikipedia.org/wiki/Discussion_utilisateur:Ada_Brook")
User(prefix='discussion utilisateur', name='Ada Brook', is_known=True)
>>> TIMESTAMP.search("Ada 08:31, 25 January 2020 (UTC)")[0]
'08:31, 25 January 2020 (UTC)'
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import NamedTuple
from urllib.parse import parse_qs, unquote, urlsplit

# A time of day and a date with a year of four digits, in either order, then the zone in brackets; digits of any script.
TIMESTAMP = re.compile(
    r"(?:"
    r"(?<!\d)\d{1,2}[:.h]\d{2}(?::\d{2})?(?!\d)[^\n()]{4,45}?(?<!\d)\d{4}(?!\d)[^\d\n()]{0,10}"
    r"|(?<!\d)(?:\d{4}(?!\d)[^\n()]{2,40}?|\d{1,2}(?!\d)[^\n()]{2,30}?(?<!\d)\d{4}(?!\d)[^\n()]{0,20}?)"
    r"(?:\([^\n()]{1,6}\)[^\n()]{0,6})?(?<!\d)\d{1,2}[:.h]\d{2}(?::\d{2})?(?!\d)\s*"
    r")\(([^\n()]{2,24})\)"
)

# The namespaces User and User talk in the languages of the larger wikis, and the forms for women.
_SPACE_NAMES = """
    user;user talk;usertalk;u;ut
    benutzer;benutzer diskussion;benutzerin;benutzerin diskussion;bd
    utilisateur;discussion utilisateur;utilisatrice;discussion utilisatrice
    usuario;usuario discusión;usuaria;usuaria discusión;usuari;usuari discussió;usuaria discussió
    utente;discussioni utente
    usuário;usuário discussão;usuário(a);usuário(a) discussão;usuária;usuária discussão;utilizador;utilizador discussão
    gebruiker;overleg gebruiker;gebruikerbespreking;gebrûker;meidogger;oerlis meidogger
    wikipedysta;dyskusja wikipedysty;wikipedystka;dyskusja wikipedystki;użytkownik;dyskusja użytkownika
    użytkowniczka;dyskusja użytkowniczki;wikipedyści;wikisłownik
    участник;обсуждение участника;участница;обсуждение участницы;участники
    користувач;обговорення користувача;користувачка;обговорення користувачки
    удзельнік;гутаркі ўдзельніка;удзельніца;гутаркі ўдзельніцы;потребител;потребител беседа
    корисник;разговор са корисником;разговор со корисник;корисница;разговор са корисницом
    korisnik;razgovor sa korisnikom;razgovor s korisnikom;suradnik;razgovor sa suradnikom;suradnica
    razgovor sa suradnicom;uporabnik;uporabniški pogovor;uporabnica
    uživatel;diskuse s uživatelem;uživatelka;diskuse s uživatelkou;wikipedista;diskuse s wikipedistou;wikipedistka
    diskuse s wikipedistkou;redaktor;diskusia s redaktorom;redaktorka;používateľ;diskusia s používateľom
    användare;användardiskussion;bruger;brugerdiskussion;bruker;brukerdiskusjon;brukar;brukardiskusjon
    notandi;notandaspjall;käyttäjä;keskustelu käyttäjästä;kasutaja;kasutaja arutelu
    szerkesztő;szerkesztővita;naudotojas;naudotojo aptarimas;naudotoja;dalībnieks;dalībnieka diskusija
    kullanıcı;kullanıcı mesaj;i̇stifadəçi;istifadəçi;i̇stifadəçi müzakirəsi;қатысушы;қатысушы талқылауы
    utilizator;discuție utilizator;χρήστης;συζήτηση χρήστη;συζήτηση χρήστης;lankide;lankide eztabaida
    usuario;conversa usuario;uzanto;uzanto-diskuto;vikipediisto;usor;disputatio usoris;përdoruesi;përdoruesi diskutim
    defnyddiwr;sgwrs defnyddiwr;úsáideoir;plé úsáideora
    משתמש;שיחת משתמש;משתמשת;שיחת משתמשת;مستخدم;نقاش المستخدم;مستخدمة;نقاش المستخدمة;کاربر;بحث کاربر;صارف
    تبادلۂ خیال صارف;مسیتخدم
    利用者;利用者・トーク;利用者‐会話;用户;用户讨论;用戶;用戶討論;用户对话;使用者;使用者討論;使用者讨论;사용자;사용자토론
    thành viên;thảo luận thành viên;pengguna;pembicaraan pengguna;perbincangan pengguna;ผู้ใช้;คุยกับผู้ใช้
    सदस्य;सदस्य वार्ता;सदस्य चर्चा;ব্যবহারকারী;ব্যবহারকারী আলাপ;பயனர்;பயனர் பேச்சு;వాడుకరి;వాడుకరి చర్చ
    მომხმარებელი;მომხმარებლის განხილვა;մասնակից;մասնակցի քննարկում
"""
_SPACES = frozenset(name.strip() for name in _SPACE_NAMES.replace("\n", ";").split(";") if name.strip())

# Pages that list what somebody wrote: how people without an account sign.
_CONTRIBUTION_NAMES = """
    contributions;contribs;beiträge;contribuciones;contributi;contribuições;contribuicoes;bijdragen;wkład;вклад;внесок
    příspěvky;příspevky;bidrag;muokkaukset;szerkesztő közreműködései;katkılar;contribuții;contribucions;投稿記録
    用户贡献;用戶貢獻;使用者貢獻;기여;מעקב תרומות;תרומות;مساهمات;مشارکت‌ها;مشارکتها;đóng góp;kontribusi;ผลงานของผู้ใช้งาน
"""
_CONTRIBUTION_PAGES = frozenset(name.strip() for name in _CONTRIBUTION_NAMES.replace("\n", ";").split(";"))

_IP = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}|[0-9A-Fa-f]{0,4}(?::[0-9A-Fa-f]{0,4}){7}")
_PLAIN_PAGE = re.compile(r"/wiki/(?:(?!/wiki/|title=)[!-\"$->@-~])*\Z")  # ASCII without a query and a fragment
_LONGEST_KEPT = 300  # characters of an address that is remembered
_MARKS = re.compile("[\u200e\u200f\u202a-\u202e\u2066-\u2069]")


class User(NamedTuple):
    """Whom a link leads to."""

    prefix: str  # namespace, in lower case
    name: str
    is_known: bool  # whether the namespace is known to be that of users


def read_user(address: str) -> User | None:
    """The user whose page, talk page or list of contributions an address leads to; None where it leads elsewhere.

    A page in a namespace that is not known may be a user's, too: it comes back with is_known False.
    """
    return _read_user(address) if len(address) <= _LONGEST_KEPT else _read_user.__wrapped__(address)


@lru_cache(maxsize=4096)  # people write more than once on a page
def _read_user(address: str) -> User | None:
    title = page_title(address)
    return read_user_title(title) if title else None


def page_title(address: str) -> str | None:
    """The title of the wiki page that an address leads to, with spaces; None where it is no address of one."""
    if "/wiki/" not in address and "title=" not in address and not address.startswith("./"):
        return None
    if _PLAIN_PAGE.match(address):
        return _as_title(unquote(address[len("/wiki/") :]))
    try:
        parts = urlsplit(address)
        asked = parse_qs(parts.query, max_num_fields=20).get("title") if "title=" in parts.query else None
    except ValueError:
        return None
    if asked:
        title = asked[0]
    elif "/wiki/" in parts.path:
        title = unquote(parts.path.split("/wiki/", 1)[1])
    elif address.startswith("./"):
        title = unquote(parts.path[2:])
    else:
        return None
    return _as_title(title)


def _as_title(path: str) -> str | None:
    return _MARKS.sub("", path).replace("_", " ").strip(" :") or None


def read_user_title(title: str) -> User | None:
    """The same of a page's title."""
    space, found, name = title.partition(":")
    space, name = space.strip().lower(), name.strip()
    if not found or not name or not space:
        return None
    page, below, inner = name.partition("/")
    if below:
        if page.strip().lower() in _CONTRIBUTION_PAGES or _IP.fullmatch(inner.strip()):
            return User("contributions", _as_name(inner), is_known=True)
        return None
    return User(space, _as_name(name), is_known=space in _SPACES)


def _as_name(name: str) -> str:
    name = name.replace("_", " ").strip()
    return name.upper() if _IP.fullmatch(name) else name[:1].upper() + name[1:]
