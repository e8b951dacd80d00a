"""Plants repetitions into real discussions and keeps the truth beside them.

    python -m benchmarks.plant DATA OUT [--seed 0] [--threads 40] [--corpora reddit_college ...] [--shapes flat-one ...]

DATA holds trees/*.parquet (corpus, thread_id, ordinal, id, parent_id, author, created_at, text) and edits/ (real
versions of posts). OUT/<corpus>-<shape>/dumps gets what a scraper would have left, records.parquet, posts.parquet and
quotes.parquet beside it the truth. Nothing of the program that is measured is imported.

A discussion is captured once to four times. Between captures posts are added, edited (texts and versions are those of
real posts) and deleted; captures are whole, partial, cut into pages that overlap, sorted otherwise, or show long posts
cut off. Some replies quote, some posts are said again elsewhere by others, a bot says the same in many places, and on
every page different people give the same short reply.
"""

from __future__ import annotations

import argparse
import datetime as dt
import json
import random
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

CORPORA = (
    "reddit_college", "hn_hnlog", "wikitalk_discussiontools", "youtube_bvgm", "disqus_tanglei_zh", "discourse_urho3d",
)  # fmt: skip
SHAPES = ("flat-one", "flat-many", "jsonl-ids", "jsonl-meta", "jsonl-authors", "jsonl-bare")
BY_TIME = ("discourse_urho3d", "disqus_tanglei_zh")
NOTICES = (
    "Hello {name}, this thread was moved to the weekly sticky because questions about bicycle pumps belong there. "
    "I am a bot; write to the wardens if this was a mistake.",
    "Reminder: be kind to cartographers, mark spoilers about tide tables, and search before asking about lanterns.",
    "*This mirror was made automatically in case the original lighthouse goes dark.*",
    "Your submission has no flair, {name}. Please choose one within ten minutes or the gull will remove it.",
)
SHORT_REPLIES = (
    "I agree.",
    "Thanks!",
    "This.",
    "lol",
    "Same here.",
    "+1",
    "Yes.",
    "Exactly.",
    "Why?",
    "Source?",
    "哈哈",
)
CUTS = ("…", "...", "… read more", "... Read more", " …Show more", "")
_EPOCHS = 4


@dataclass(eq=False)
class Post:
    """A post of the truth: what it says at each epoch, and when it is there."""

    thread: str
    ident: str
    parent: str | None
    author: str | None
    time: dt.datetime | None
    texts: list[str]
    born: int = 0
    gone: int = _EPOCHS
    erased: int = _EPOCHS
    lead: str = ""
    lead_form: str = ""
    said_before: str | None = None
    notice: int | None = None
    children: list[Post] = field(default_factory=list)

    @property
    def name(self) -> str:
        """Unlike any other's."""
        return f"{self.thread}/{self.ident}"

    def text(self, epoch: int) -> str:
        """What it says at an epoch."""
        return "[deleted]" if epoch >= self.erased else self.texts[min(epoch, len(self.texts) - 1)]


@dataclass
class Shown:
    """A line or record of a capture."""

    post: Post
    text: str
    version: str
    role: str


def read_versions(data: Path) -> list[list[str]]:
    """Real versions of posts, the earliest first; texts that were only deleted are none."""
    histories = pl.read_parquet(data / "edits" / "discourse_delving_edits.parquet").sort("post_id", "version")
    histories = histories.filter(~pl.col("text").str.contains(r"^\((?:post|topic) deleted by author\)$"))
    found = [
        texts
        for texts in histories.group_by("post_id", maintain_order=True).agg("text")["text"].to_list()
        if len(set(texts)) > 1
    ]
    sentences = pl.read_parquet(data / "edits" / "jfleg_edits.parquet")
    groups = sentences.group_by("gold", maintain_order=True).agg("text")["text"].to_list()
    return found + [group[:2] for group in groups if len(group[0].split()) >= 8 and group[0] != group[1]]


def read_threads(data: Path, corpus: str, n: int, rng: random.Random) -> list[list[Post]]:
    """A sample of n discussions of 6 to 300 posts."""
    rows = pl.read_parquet(data / "trees" / f"{corpus}.parquet").sort("thread_id", "ordinal")
    rows = rows.filter(pl.len().over("thread_id").is_between(6, 300) & (pl.col("text").fill_null("") != ""))
    names = sorted(rows["thread_id"].unique())
    chosen = set(rng.sample(names, min(n, len(names))))
    threads: dict[str, dict[str, Post]] = defaultdict(dict)
    wanted = rows.filter(pl.col("thread_id").is_in(list(chosen)))
    for row in wanted.iter_rows(named=True):
        own = threads[row["thread_id"]]
        if row["id"] in own:
            continue
        parent = row["parent_id"] if row["parent_id"] in own else None
        time = row["created_at"]
        if isinstance(time, str):
            time = dt.datetime.fromisoformat(time.replace("Z", "+00:00"))
        own[row["id"]] = Post(row["thread_id"], row["id"], parent, row["author"], time, [row["text"].strip()] * _EPOCHS)
        if parent is not None:
            own[parent].children.append(own[row["id"]])
    return [list(posts.values()) for _, posts in sorted(threads.items())]


def plant_edits(threads: list[list[Post]], versions: list[list[str]], rng: random.Random) -> None:
    """One post in thirty is replaced by a real one whose author changed it between captures."""
    deck = versions[:]
    rng.shuffle(deck)
    for posts in threads:
        for post in posts:
            if deck and len(post.texts[0]) > 30 and rng.random() < 1 / 30:
                history = deck.pop()
                turns = sorted(rng.sample(range(1, _EPOCHS), min(_EPOCHS - 1, len(history) - 1)))
                texts = [history[0]]
                for epoch in range(1, _EPOCHS):
                    at = sum(turn <= epoch for turn in turns)
                    texts.append(history[at])
                post.texts = [text.strip() for text in texts]


def plant_lives(threads: list[list[Post]], rng: random.Random) -> None:
    """A tenth of the posts come later, with what answers them; a few are deleted, those with replies only in name."""
    for posts in threads:
        by_id = {post.ident: post for post in posts}
        for post in posts:
            above = by_id[post.parent].born if post.parent else 0
            post.born = max(above, rng.randrange(1, _EPOCHS) if rng.random() < 0.1 else 0)
        for post in posts:
            if rng.random() < 0.02:
                epoch = rng.randrange(1, _EPOCHS)
                if post.children:
                    post.erased = epoch
                else:
                    post.gone = epoch


def plant_quotes(threads: list[list[Post]], rng: random.Random) -> list[tuple[str, str, str]]:
    """One reply in twenty opens with words of an earlier post: a paragraph, a sentence or two, marked or not."""
    quotes = []
    for posts in threads:
        place = {post.name: at for at, post in enumerate(posts)}
        by_id = {post.ident: post for post in posts}
        for post in posts:
            if rng.random() >= 0.06 or len(set(post.texts)) > 1:
                continue
            parent = by_id[post.parent] if post.parent else None
            # Nobody quotes what was not there yet: a page may list above a post what was written after it.
            above = posts[: place[post.name]]
            others = [other for other in above if other.born <= post.born and not _is_later(other, post)]
            source = parent if parent and rng.random() < 0.85 else rng.choice(others) if others else None
            if source is None or source.lead or len(set(source.texts)) > 1 or source.gone <= _EPOCHS - 1:
                continue
            passage = _pick_passage(source.texts[0], rng)
            if passage is None or passage in post.texts[0]:
                continue
            post.lead = passage
            post.lead_form = rng.choices(("marked", "unmarked", "standing"), (5, 2, 3))[0]
            quotes.append((post.name, source.name, post.lead_form))
    return quotes


def _is_later(post: Post, than: Post) -> bool:
    return post.time is not None and than.time is not None and post.time > than.time


def _pick_passage(text: str, rng: random.Random) -> str | None:
    """A paragraph, or a sentence or two of one; at least eight words or sixteen Chinese characters."""
    paragraphs = [part.strip() for part in text.split("\n") if _is_long(part)]
    paragraphs = [part for part in paragraphs if not part.startswith((">", "http", "["))]
    if not paragraphs:
        return None
    paragraph = rng.choice(paragraphs)
    sentences = (
        paragraph.replace("! ", "!\0").replace("? ", "?\0").replace(". ", ".\0").replace("。", "。\0").split("\0")
    )
    at = rng.randrange(len(sentences))
    part = " ".join(sentences[at : at + rng.randint(1, 2)]).strip()
    return part if rng.random() < 0.5 and _is_long(part) else paragraph


def _is_long(text: str) -> bool:
    return len(text.split()) >= 8 or sum("\u4e00" <= sign <= "\u9fff" for sign in text) >= 16


def plant_reposts(threads: list[list[Post]], rng: random.Random) -> None:
    """One post in fifty is said again by somebody else later, a third of them on the same page, a few with slips."""
    named = [(posts, post) for posts in threads for post in posts if _is_long(post.texts[0])]
    for nth, (posts, post) in enumerate(rng.sample(named, len(named) // 50)):
        if len(set(post.texts)) > 1 or post.lead:
            continue
        home = posts if rng.random() < 1 / 3 else rng.choice(threads)
        after = rng.randrange(home.index(post) + 1 if home is posts else 0, len(home) + 1)
        text = post.texts[0] if rng.random() < 0.7 else _slip(post.texts[0], rng)
        _insert(home, after, f"repost{nth}", text, rng, said_before=post.name)


def plant_notices(threads: list[list[Post]], rng: random.Random) -> None:
    """Bots: each notice stands in eight discussions or a quarter of them, at the top of the page or anywhere."""
    for number, notice in enumerate(NOTICES):
        for nth, posts in enumerate(rng.sample(threads, min(len(threads), max(8, len(threads) // 4)))):
            name = rng.choice(posts).author or "friend"
            at = 0 if rng.random() < 0.5 else rng.randrange(len(posts) + 1)
            _insert(
                posts, at, f"notice{number}.{nth}", notice.format(name=name), rng, notice=number, author="HarbourBot"
            )


def plant_short(threads: list[list[Post]], rng: random.Random) -> None:
    """Short replies: on every page one or two of them stand at several places, said by different people."""
    for number, posts in enumerate(threads):
        for text in rng.sample(SHORT_REPLIES, rng.randint(1, 2)):
            for nth in range(rng.randint(2, 3 + min(9, len(posts) // 8))):
                at = rng.randrange(1, len(posts) + 1)
                _insert(posts, at, f"short{number}.{nth}.{SHORT_REPLIES.index(text)}", text, rng)
                posts[at].born = max(posts[at].born, rng.randrange(1, _EPOCHS) if rng.random() < 0.1 else 0)


def _insert(
    posts: list[Post], at: int, name: str, text: str, rng: random.Random,
    said_before: str | None = None, notice: int | None = None, author: str | None = None,
) -> None:  # fmt: skip
    """A new post that answers none, or the one above it."""
    thread = posts[0].thread
    above = posts[at - 1] if at and rng.random() < 0.5 and notice is None else None
    time = (posts[at - 1] if at else posts[0]).time
    post = Post(
        thread, name, above.ident if above else None,
        author or f"user{rng.randrange(10**6)}", time + dt.timedelta(seconds=rng.randrange(5, 4000)) if time else None,
        [text] * _EPOCHS, born=above.born if above else 0, said_before=said_before, notice=notice,
    )  # fmt: skip
    if above:
        above.children.append(post)
    posts.insert(at, post)


def _slip(text: str, rng: random.Random) -> str:
    """The text with a slip of the pen or two: a letter lost, doubled, or two exchanged."""
    signs = list(text)
    for _ in range(rng.randint(1, 2)):
        at = rng.randrange(1, len(signs) - 2)
        if signs[at].isdigit():
            continue
        signs[at : at + 2] = rng.choice(
            (signs[at + 1 : at + 2], [signs[at], *signs[at : at + 2]], signs[at : at + 2][::-1])
        )
    return "".join(signs)


def order_posts(posts: list[Post], epoch: int | None, by_time: bool, shuffled: random.Random | None) -> list[Post]:
    """What a page shows at an epoch (None: ever): depth first, siblings as they came or shuffled; or all by time."""
    there = [post for post in posts if epoch is None or post.born <= epoch < post.gone]
    if by_time:
        return there[::-1] if shuffled else there
    names = {post.ident for post in there}
    below: dict[str | None, list[Post]] = defaultdict(list)
    for post in there:
        below[post.parent if post.parent in names else None].append(post)
    listed: list[Post] = []
    open_posts: list[Post] = _turned(below[None], shuffled)
    while open_posts:
        post = open_posts.pop()
        listed.append(post)
        open_posts.extend(_turned(below[post.ident], shuffled))
    return listed


def _turned(siblings: list[Post], shuffled: random.Random | None) -> list[Post]:
    return shuffled.sample(siblings, len(siblings)) if shuffled else siblings[::-1]


def cut_captures(posts: list[Post], by_time: bool, rng: random.Random) -> Iterator[tuple[int, str, bool, list[Post]]]:
    """Captures of one discussion: epoch, how it was taken, whether long posts are cut off, what it shows."""
    n = rng.choices((1, 2, 3, 4), (3, 4, 2, 1))[0]
    for epoch in sorted(rng.sample(range(_EPOCHS), n)):
        sort = random.Random(rng.random()) if n > 1 and rng.random() < 0.25 else None
        page = order_posts(posts, epoch, by_time, sort)
        way = rng.choices(("whole", "head", "window", "pages", "collapsed"), (5, 2, 1, 1, 1))[0] if n > 1 else "whole"
        cut = n > 1 and rng.random() < 0.12
        told = f"{way}{'-sorted' if sort else ''}"
        if len(page) < 12:
            yield epoch, f"whole{'-sorted' if sort else ''}", cut, page
        elif way == "head":
            yield epoch, told, cut, page[: int(len(page) * rng.uniform(0.4, 0.9))]
        elif way == "window":
            size = int(len(page) * rng.uniform(0.4, 0.8))
            start = rng.randrange(len(page) - size)
            yield epoch, told, cut, page[start : start + size]
        elif way == "pages":
            size = max(6, len(page) // rng.randint(2, 4))
            overlap = rng.randint(0, size // 3)
            for start in range(0, len(page), size):
                yield epoch, told, cut, page[max(0, start - overlap) : start + size]
        elif way == "collapsed":
            hidden: set[str] = set()
            for post in page:
                folded = post.parent is not None and rng.random() < 0.12
                if folded or f"{post.thread}/{post.parent}" in hidden:
                    hidden.add(post.name)
            yield epoch, told, cut, [post for post in page if post.name not in hidden]
        else:
            yield epoch, told, cut, page


def show_posts(page: list[Post], epoch: int, cut: bool, flat: bool, rng: random.Random) -> list[Shown]:
    """The lines or records of a capture. On a cut page everything beyond a length ends in a "read more"."""
    shown: list[Shown] = []
    limit = rng.randint(120, 400)
    sign = rng.choice(CUTS)
    for post in page:
        text = post.text(epoch)
        version = f"{'erased' if text == '[deleted]' else post.texts.index(text)}"
        if post.lead and text != "[deleted]":
            if flat and post.lead_form == "standing":
                shown.append(Shown(post, post.lead, version, "quote"))
            else:
                text = f"{'> ' if post.lead_form == 'marked' else ''}{post.lead}\n\n{text}"
        role = "post"
        if cut and len(text) > limit + 40:
            stop = limit if not sign.strip() or rng.random() < 0.5 else text.rfind(" ", 60, limit)
            text = text[: stop if stop > 60 else limit].rstrip() + sign
            version, role = f"{version}-cut{limit}", "cut"
        shown.append(Shown(post, text, version, role))
    return shown


def write_world(data: Path, out: Path, corpus: str, shape: str, n: int, seed: int) -> None:
    """One corpus in one shape: dumps and truth."""
    rng = random.Random(f"{corpus} {shape} {seed}")
    threads = read_threads(data, corpus, n, rng)
    plant_edits(threads, read_versions(data), rng)
    plant_lives(threads, rng)
    quotes = plant_quotes(threads, rng)
    plant_reposts(threads, rng)
    plant_notices(threads, rng)
    plant_short(threads, random.Random(f"short {corpus} {shape} {seed}"))
    dumps = out / f"{corpus}-{shape}" / "dumps"
    dumps.mkdir(parents=True, exist_ok=True)
    records: list[dict[str, object]] = []
    named = rng.random() < 0.5
    for number, posts in enumerate(threads):
        captures = list(cut_captures(posts, corpus in BY_TIME, rng))
        rng.shuffle(captures)
        files: dict[str, list[str]] = defaultdict(list)
        for nth, (epoch, way, cut, page) in enumerate(captures):
            flat = shape.startswith("flat")
            file = f"{number:04d}{'' if shape == 'flat-one' else f'-{nth}'}.{'txt' if flat else 'jsonl'}"
            for one in show_posts(page, epoch, cut, flat, rng):
                line = " ".join(one.text.split()) if flat else _as_json(one, shape, named, epoch)
                records.append(
                    {
                        "file": file,
                        "ordinal": len(files[file]),
                        "thread": posts[0].thread,
                        "capture": nth,
                        "way": way,
                        "post": one.post.name,
                        "version": one.version,
                        "role": one.role,
                        "text": one.text,
                    }
                )
                files[file].append(line)
        for file, lines in files.items():
            (dumps / file).write_text("\n".join(lines) + "\n", encoding="utf-8")
    truth = [
        {
            "post": post.name,
            "thread": post.thread,
            "place": place,
            "text": post.texts[0],
            "said_before": post.said_before,
            "notice": post.notice,
        }
        for posts in threads
        for place, post in enumerate(order_posts(posts, None, corpus in BY_TIME, None))
    ]
    pl.DataFrame(records, infer_schema_length=None).write_parquet(dumps.parent / "records.parquet")
    schema = {"said_before": pl.String, "notice": pl.Int64}
    pl.DataFrame(truth, schema_overrides=schema, infer_schema_length=None).write_parquet(dumps.parent / "posts.parquet")
    pl.DataFrame(quotes, schema=["reply", "quoted", "form"], orient="row").write_parquet(
        dumps.parent / "quotes.parquet"
    )


def _as_json(one: Shown, shape: str, named: bool, epoch: int) -> str:
    """A record with what its shape tells."""
    post = one.post
    row: dict[str, object] = {"text": one.text}
    if shape in ("jsonl-ids", "jsonl-meta"):
        row |= {"author": post.author, "created_at": post.time.isoformat() if post.time else None}
    if shape == "jsonl-authors":
        row |= {"author": post.author}
    if shape == "jsonl-ids":
        row |= {"id": post.ident, "parent_id": post.parent}
    if shape == "jsonl-ids" or (shape == "jsonl-meta" and named):
        row |= {"discussion_id": post.thread, "captured_at": f"2030-01-0{epoch + 1}T00:00:00Z"}
    return json.dumps(row, ensure_ascii=False)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", type=Path)
    parser.add_argument("out", type=Path)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, default=40)
    parser.add_argument("--corpora", nargs="+", choices=CORPORA, default=list(CORPORA))
    parser.add_argument("--shapes", nargs="+", choices=SHAPES, default=list(SHAPES))
    asked = parser.parse_args()
    for corpus in asked.corpora:
        for shape in asked.shapes:
            write_world(asked.data, asked.out, corpus, shape, asked.threads, asked.seed)


if __name__ == "__main__":
    main()
