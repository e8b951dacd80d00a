"""How many posts and declared parents a dump holds, counted without any of the readers.

In: the bytes of a file, and the folder it stands in, which names its format. Out: `Count`, or None where it holds no
discussion. Each format has a few lines over a plain parser (json, lxml, email, a regular expression) that follow what
the site documents, and nothing of ``pipeline``.

>>> count_dump("pushshift_ndjson", b'{"id": "c2", "parent_id": "t1_c1", "body": "Yes."}')
Count(posts=1, parents=1)
"""

from __future__ import annotations

import email
import io
import json
import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import lxml.etree
import lxml.html
import yaml
import zstandard


class Count(NamedTuple):
    """Posts, and how many of them say what they answer."""

    posts: int
    parents: int


def count_dump(format: str, data: bytes) -> Count | None:
    """What a file of a folder holds. Raises KeyError for a folder that is not known here."""
    return _COUNTERS[format](data)


def _words(data: bytes) -> str:
    return data.decode("utf-8-sig", errors="replace")


def _objects(value: Any) -> Iterator[dict[str, Any]]:
    """Every object anywhere in a JSON value."""
    waiting = [value]
    while waiting:
        found = waiting.pop()
        if isinstance(found, dict):
            yield found
            waiting += found.values()
        elif isinstance(found, list):
            waiting += found


def _page(data: bytes) -> Any:
    return lxml.html.fromstring(_words(data).replace("\0", "").encode(), parser=lxml.html.HTMLParser(encoding="utf-8"))


def _export(data: bytes) -> Any:
    return lxml.etree.fromstring(data, lxml.etree.XMLParser(recover=True, resolve_entities=False, huge_tree=False))


def _count(posts: list[Any], parent: Callable[[Any], Any]) -> Count:
    return Count(len(posts), sum(bool(parent(post)) for post in posts))


def _imageboard(data: bytes) -> Count:
    """Every post has a number; resto is 0 for the first of a thread."""
    return Count(len(re.findall(rb'"no":', data)), len(re.findall(rb'"resto": ?[1-9]', data)))


def _askbot(data: bytes) -> Count:
    """The question, its answers, and the comments of all of them, which all answer something but the question."""
    page = _page(data)
    below = page.xpath(
        '//div[starts-with(@class, "post answer")] | //div[contains(@class, "js-comment") and @id != "post-id-0"]'
    )  # id 0 is the page's own template of a comment
    return Count(1 + len(below), len(below))


def _bluesky(data: bytes) -> Count:
    views = [found for found in _objects(json.loads(data)) if str(found.get("$type")).endswith("#threadViewPost")]
    return _count(views, lambda view: view["post"]["record"].get("reply"))


def _discord(data: bytes) -> Count:
    """Notices ("changed the channel name") have types of their own."""
    messages = [found for found in json.loads(data)["messages"] if found["type"] in ("Default", "Reply", "19", "0")]
    return _count(messages, lambda message: message.get("reference"))


def _discourse(data: bytes) -> Count:
    """Type 3 is what the software says: "closed this topic"."""
    posts = [post for post in json.loads(data)["post_stream"]["posts"] if post["post_type"] != 3]
    return _count(posts, lambda post: post["reply_to_post_number"])


def _disqus(data: bytes) -> Count:
    tree = _export(data)
    name = {"d": "http://disqus.com"}
    return Count(len(tree.findall("d:post", name)), len(tree.findall("d:post/d:parent", name)))


def _pasted(data: bytes) -> Count:
    """One header line a post with words below it; a paste of any site says whom none of them answers."""
    words = _words(data)
    shapes = (
        r"^\S+ \| \d{4}-\d\d-\d\d \d\d:\d\d:\d\d UTC \| #\d+\n\s*(?!-{5}|\s)",  # Discourse
        r"^ *[\w-]+ \d+ (?:minute|hour|day|month|year)s? ago *\|",  # Hacker News
        r"^\[[–-]\][\w-]+",  # old Reddit
    )
    story = re.findall(r"^\d+ points? by \S+ \d+ \w+ ago", words, re.MULTILINE)
    return Count(max(len(re.findall(shape, words, re.MULTILINE)) for shape in shapes) + len(story), 0)


def _hn_items(data: bytes) -> Count:
    items = [json.loads(line) for line in data.splitlines() if line.strip()]
    return _count([item for item in items if item], lambda item: item.get("parent"))


def _hn_page(data: bytes) -> Count:
    """Comments answer one another, by their indent, or the submission, which only the first page shows."""
    page = _page(data)
    comments = page.xpath('//td[@class="default"]')
    story = page.xpath('//td[@class="subtext"]')
    indents = page.xpath('//td[@class="default"]/../td/img/@width')
    answers = len(comments) if story else sum(int(width) > 0 for width in indents)
    return Count(len(comments) + len(story), answers)


def _irc(data: bytes) -> Count:
    """``<name> words``, ``* name does`` and ``-name- notice``; no line names what it answers."""
    return Count(len(re.findall(r"^\S+ +(?:<[^>]+> +\S|\* \S|-\S+- \S)", _words(data), re.MULTILINE)), 0)


def _lemmy(data: bytes) -> Count:
    """Comments, each under another or the post, and the posts themselves where they are shown with them."""
    objects = list(_objects(json.loads(data)))
    comments = {found["id"] for found in objects if "path" in found}
    posts = {found["id"] for found in objects if "name" in found and "community_id" in found}
    return Count(len(comments) + len(posts), len(comments))


def _mastodon(data: bytes) -> Count:
    answer = json.loads(yaml.safe_load(data)["interactions"][0]["response"]["body"]["string"])
    return _count(answer["ancestors"] + answer["descendants"], lambda status: status["in_reply_to_id"])


def _mattermost(data: bytes) -> Count:
    posts = [post for post in json.loads(data)["posts"].values() if not post["type"].startswith("system_")]
    return _count(posts, lambda post: post["root_id"] or post["parent_id"])


def _mbox(data: bytes) -> Count:
    """A mail begins after a line "From …" with a time; In-Reply-To or References say what it answers."""
    mails = [part for part in re.split(rb"(?m)^From .*\d\d:\d\d:\d\d.*$\n", data) if part.strip()]
    heads = [email.message_from_bytes(mail) for mail in mails]
    return _count(heads, lambda head: re.search("<.+>", f"{head['In-Reply-To']} {head['References']}"))


def _messenger(data: bytes) -> Count:
    return Count(len(json.loads(data.decode("utf-8-sig"))["messages"]), 0)


def _old_reddit(data: bytes) -> Count:
    """Comments have a body; "load more comments" is none. All answer a comment or the submission above them."""
    page = _page(data)
    comments = page.xpath('//div[contains(@class, "thing") and contains(@class, "comment") and .//form]')
    things = [found for found in comments if re.search(r"\bcomment\b", found.get("class"))]
    story = page.xpath('//div[contains(@class, "thing") and contains(@class, "link") and contains(@class, "id-t3_")]')
    return Count(len(things) + len(story), len(things))


def _phpbb(data: bytes) -> Count:
    return Count(len(re.findall(rb'id="p\d+"', data)), 0)


def _pushshift(data: bytes) -> Count:
    if data.startswith(b"\x28\xb5\x2f\xfd"):
        data = zstandard.ZstdDecompressor(max_window_size=2**31).stream_reader(io.BytesIO(data)).read()
    return _count([json.loads(line) for line in data.splitlines() if line], lambda found: found.get("parent_id"))


def _reddit_api(data: bytes) -> Count:
    """Things of kind t1 and t3; t1 has a parent always. A stub "more" is none. One file is EDN, not JSON."""
    if data.startswith(b'{"kind" '):
        return Count(len(re.findall(rb'"kind" "t[13]"', data)), len(re.findall(rb'"kind" "t1"', data)))
    things = [found for found in _objects(json.loads(data)) if found.get("kind") in ("t1", "t3")]
    return _count(things, lambda thing: thing["data"].get("parent_id"))


def _urs(data: bytes) -> Count:
    return _count(json.loads(data)["data"], lambda comment: comment["parent_id"])


def _rocketchat(data: bytes) -> Count:
    return _count(
        [found for found in json.loads(data)["messages"] if "t" not in found], lambda found: found.get("tmid")
    )


def _slack(data: bytes) -> Count | None:
    """Somebody joining is no message. Channels and members are answers of the same API that hold no talk."""
    messages = json.loads(data).get("messages")
    if messages is None:
        return None
    said = [found for found in messages if not re.match("(?:channel|group)_", found.get("subtype", ""))]
    return _count(said, lambda found: found.get("thread_ts", found["ts"]) != found["ts"])


def _stackexchange_api(data: bytes) -> Count:
    items = json.loads(data)["items"]
    below = [part for item in items for part in item.get("answers", []) + item.get("comments", [])]
    return Count(len(items) + len(below), len(below))


def _stackexchange_xml(data: bytes) -> Count:
    return _count(_export(data).findall("row"), lambda row: row.get("PostId") or row.get("ParentId"))


def _telegram(data: bytes) -> Count:
    messages = [found for found in json.loads(data)["messages"] if found["type"] == "message"]
    return _count(messages, lambda message: message.get("reply_to_message_id"))


def _whatsapp(data: bytes) -> Count:
    return Count(len(re.findall(r"^\d+/\d+/\d+, \d+:\d+ - [^:\n]+: ", _words(data), re.MULTILINE)), 0)


class Answer(NamedTuple):
    """Who answers whom on a talk page, and the minutes at which both signed (ISO, UTC)."""

    author: str
    minute: str
    answered: str
    answered_minute: str


def list_answers(twin: bytes) -> tuple[set[Answer], set[tuple[str, str]]]:
    """What MediaWiki's own software finds in a talk page: who answers whom, and all who signed, with their minutes.

    It lists what stands below a heading within a heading twice, and does not know the oldest ways to write a time.
    """
    waiting: list[tuple[dict[str, Any], tuple[str, str] | None]] = [(thread, None) for thread in json.loads(twin)]
    answers, signed = set(), set()
    while waiting:
        found, above = waiting.pop()
        own = (found["author"], found["timestamp"][:16]) if found["type"] == "comment" else None
        if own is not None:
            signed.add(own)
            if above is not None:
                answers.add(Answer(*own, *above))
        waiting += [(reply, own) for reply in found["replies"]]
    return answers, signed


def _wordpress(data: bytes) -> Count:
    """Articles, and comments below them; pingbacks are none. One real export declares no prefix: no XML parser here."""
    words = _words(data)
    articles = len(re.findall(r"<wp:post_type>(?:<!\[CDATA\[)?(?:post|page)\b", words))
    comments = len(re.findall(r"<wp:comment_type>(?:<!\[CDATA\[)?(?:comment)?(?:\]\]>)?</wp:comment_type>", words))
    return Count(articles + comments, comments)


def _youtube(data: bytes) -> Count:
    threads = json.loads(data)
    replies = sum(len(thread.get("replies", {}).get("comments", [])) for thread in threads)
    return Count(len(threads) + replies, replies)


def _nothing(_data: bytes) -> None:
    return None


_COUNTERS: dict[str, Callable[[bytes], Count | None]] = {
    "4chan_json": _imageboard,
    "askbot_html": _askbot,
    "bluesky_json": _bluesky,
    "discordchatexporter_json": _discord,
    "discourse_topic_json": _discourse,
    "disqus_xml": _disqus,
    "flat_text_paste": _pasted,
    "hn_firebase_json": _hn_items,
    "hn_item_html": _hn_page,
    "irc_log": _irc,
    "lemmy_json": _lemmy,
    "mastodon_context_json": _mastodon,
    "mattermost_json": _mattermost,
    "mbox": _mbox,
    "mediawiki_revisions_json": _nothing,  # an article's history
    "messenger_json": _messenger,
    "nntp": lambda _data: Count(1, 0),
    "old_reddit_html": _old_reddit,
    "phpbb_html": _phpbb,
    "pushshift_ndjson": _pushshift,
    "reddit_api_json": _reddit_api,
    "reddit_scraper_urs": _urs,
    "rocketchat_json": _rocketchat,
    "slack_json": _slack,
    "stackexchange_api_json": _stackexchange_api,
    "stackexchange_xml": _stackexchange_xml,
    "telegram_json": _telegram,
    "warc": _nothing,  # pages of example.com
    "whatsapp_txt": _whatsapp,
    "wordpress_wxr": _wordpress,
    "youtube_api_json": _youtube,
}
