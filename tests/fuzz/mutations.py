"""Mutations: what bad disks, bad scripts and bad people do to a file. Deterministic for a given `Random`.

In: bytes of a sound file, and others to mix in. Out: bytes of a broken one.

>>> mutate(b'{"id": 1, "text": "Hello"}', Random(1), [])
"""

from __future__ import annotations

import bz2
import copy
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import zstandard

from tests.ingest.archives import chunk, make_tar, make_warc, make_zip

Mutation = Callable[[bytes, Random, Sequence[bytes]], bytes]

_MOST = 4 << 20
_NAMES = ["../up.txt", "/etc/passwd", "C:\\boot.ini", "a/./b.json", "x" * 4000, "\udcff", "dump.json", "new\nline", ""]
_VALUES: list[Any] = [
    None, True, False, "", 0, -1, 2**31, 2**53 + 1, 2**63, 2**70, -(2**70), 1e308, float("nan"), float("inf"),
    31556889864403199, 10**18, "31556889864403199", "+1000000000-01-01T00:00:00Z", "NaN", "null", "0", "\ud800", "a\0b",
    [], {}, [[]], [None], {"": None}, "9" * 5000, "x" * 20_000, "\u202e\u200b", "<p>", "&#xD800;&#0;&#99999999999;",
]  # fmt: skip
_ENTITIES = (
    b'<!DOCTYPE bomb [<!ENTITY a "ha"><!ENTITY b "'
    + b"&a;" * 50
    + b'"><!ENTITY c "'
    + b"&b;" * 50
    + b'"><!ENTITY d "'
    + b"&c;" * 50
    + b'"><!ENTITY e "'
    + b"&d;" * 50
    + b'"><!ENTITY f SYSTEM "file:///etc/passwd">]>'
)


def cut(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    return data[: random.randrange(len(data) + 1)]


def behead(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    return data[random.randrange(len(data) + 1) :]


def flip(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    out = bytearray(data)
    for _ in range(random.choice((1, 1, 2, 5, 50))):
        if out:
            out[random.randrange(len(out))] ^= 1 << random.randrange(8)
    return bytes(out)


def overwrite(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start = random.randrange(len(data) + 1)
    noise = random.randbytes(random.choice((1, 4, 64)))
    return data[:start] + noise + data[start + len(noise) :]


def repeat_block(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _block(data, random)
    return data[:end] + data[start:end] * random.choice((1, 1, 3)) + data[end:]


def drop_block(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _block(data, random)
    return data[:start] + data[end:]


def move_block(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start, end = _block(data, random)
    rest = data[:start] + data[end:]
    place = random.randrange(len(rest) + 1)
    return rest[:place] + data[start:end] + rest[place:]


def shuffle_lines(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    lines = data.split(b"\n")
    random.shuffle(lines)
    return b"\n".join(lines)


def insert_mark(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    marks = [
        b"\0", b"\xff\xfe", b"\xef\xbb\xbf", b"\xed\xa0\x80", b"\\ud800", b"\\u0000", b"\r", b"\x1a", b'"', b"'", b"<",
        b">", b"&", b"{", b"}", b"[", b"]", b"\x1f\x8b", b"PK\x03\x04", b"WARC/1.0\r\n", b"From ", b"<!--",
        b"<![CDATA[", b"&lt;&amp;", b"\xc3\x83\xc2\xa9", b"</", b"\n\n", b"\x85", b"\xe2\x80\xa8",
    ]  # fmt: skip
    place = random.randrange(len(data) + 1)
    return data[:place] + random.choice(marks) * random.choice((1, 1, 2, 100)) + data[place:]


def strange_number(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    found = list(re.finditer(rb"\d+", data))
    if not found:
        return data
    number = random.choice(found)
    strange = random.choice(
        [b"NaN", b"-1", b"1e999", b"%d" % 2**70, b"9" * 5000, b"31556889864403199", b"0x10", b"\xd9\xa3", b"", b"1.0"]
    )
    return data[: number.start()] + strange + data[number.end() :]


def swap_value(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """Another value somewhere in a JSON document, or in one line of many."""
    lines = data.split(b"\n")
    place = random.randrange(len(lines))
    for whole in (True, False):
        try:
            value = json.loads(data if whole else lines[place])
        except (ValueError, RecursionError):
            continue
        for _ in range(random.choice((1, 1, 3))):
            value = _swapped(value, random)
        text = json.dumps(value, ensure_ascii=random.random() < 0.5).encode("utf-8", errors="surrogatepass")
        if whole:
            return text
        lines[place] = text
        return b"\n".join(lines)
    return data


def nest(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    place = random.randrange(len(data) + 1)
    deep = random.choice((50, 2_000, 100_000))
    opening, closing = random.choice(
        [
            (b"[", b"]"), (b'{"a":', b"}"), (b'{"replies":[', b"]}"), (b'{"data":{"children":[', b"]}}"),
            (b"<div>", b"</div>"), (b"<ul><li>", b""), (b"<blockquote>", b"</blockquote>"), (b"<b>", b""),
            (b"<table><tr><td>", b""), (b"> ", b""), (b"(", b")"), (b"<a>", b"</a>"), (b":", b""),
        ]
    )  # fmt: skip
    return data[:place] + opening * deep + closing * (deep if random.random() < 0.5 else 0) + data[place:]


def nest_replies(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    """A JSON document inside itself, again and again, in the place of one of its own values."""
    try:
        text = json.dumps(json.loads(data))
    except (ValueError, RecursionError):
        return data
    strings = list(re.finditer(r'(?<=: )("(?:[^"\\]|\\.)*"|\[\]|\{\}|null)', text))
    if not strings or len(text) > 20_000:
        return data
    hole = random.choice(strings)
    before, after = text[: hole.start()], text[hole.end() :]
    deep = min(random.choice((3, 100, 5_000)), _MOST // len(text))
    return (before * deep + "null" + after * deep).encode()


def long_line(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    flat = data.replace(b"\n", b" ")
    start, end = _block(flat, random)
    block = flat[start:end] or b"x"
    return flat[:start] + block * (random.choice((100_000, 3_000_000)) // len(block) + 1) + flat[end:]


def lose_end_tags(data: bytes, _: Random, __: Sequence[bytes]) -> bytes:
    return re.sub(rb"</[^>]*>", b"", data)


def add_entities(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    start = re.search(rb"<[a-zA-Z]", data)
    place = start.start() if start else 0
    body = data[place:]
    texts = list(re.finditer(rb">[^<>]", body))
    if texts:
        at = random.choice(texts).start() + 1
        body = body[:at] + random.choice((b"&e;", b"&f;", b"&e;" * 100, b"&nosuch;")) + body[at:]
    return data[:place] + _ENTITIES + body


def recode(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    text = data.decode("utf-8", errors="replace")
    return text.encode(
        random.choice(["utf-16", "utf-16-le", "utf-16-be", "utf-32", "cp1252", "utf-7"]), errors="replace"
    )


def misread(data: bytes, _: Random, __: Sequence[bytes]) -> bytes:
    return data.decode("latin-1").encode()


def cross(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others) if others else data
    start, end = _block(other, random)
    place = random.randrange(len(data) + 1)
    return data[:place] + other[start:end] + data[place:]


def glue(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others) if others else data
    return data + random.choice((b"", b"\n")) + other


def _gzip(data: bytes, level: int = 9) -> bytes:
    """Packed without the time, so that an input is the same whenever it is made."""
    return gzip.compress(data, level, mtime=0)


def pack(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    packed = random.choice([_gzip, zstandard.compress, lzma.compress, bz2.compress])(data)
    return random.choice((packed, cut(packed, random, ()), flip(packed, random, ()), packed + data[:50], packed * 2))


def archive(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    other = random.choice(others) if others else b"Hello.\n"
    first, second = random.choice(_NAMES), random.choice(_NAMES)
    files = {first: data, second: other, "a/c.txt": b"Hello.\n"}
    kind = random.randrange(5)
    try:
        if kind == 0:
            whole = make_zip(files, random.choice((zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED, zipfile.ZIP_BZIP2)))
        elif kind == 1:
            pack_tar = random.choice((bytes, _gzip))
            whole = pack_tar(make_tar(files, format=random.choice((tarfile.PAX_FORMAT, tarfile.GNU_FORMAT))))
        elif kind == 2:
            whole = make_zip({"inner.zip": make_zip({"inner.tar": make_tar({"x": data}), "y": other})})
        elif kind == 3:
            whole = make_warc({"https://example.org/a": data, "https://example.org/b": other}, kind="text/html")
        else:
            body = chunk(_gzip(data), 100)
            headers = "Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n"
            whole = make_warc({"https://example.org/a": body}, kind="application/json", headers=headers)
    except (ValueError, UnicodeError):
        return make_zip({"x": data})
    return random.choice((whole, whole, cut(whole, random, ()), flip(whole, random, ()), overwrite(whole, random, ())))


def bomb(data: bytes, random: Random, _: Sequence[bytes]) -> bytes:
    zeros = bytes(64 << 20)
    kind = random.randrange(4)
    if kind == 0:
        return _gzip(data + zeros, 1)
    if kind == 1:
        return zstandard.compress(data + zeros)
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as zipped:
        name, content = ("zeros", zeros) if kind == 2 else ("lines", b"a\n" * (1 << 19))
        zipped.writestr(zipfile.ZipInfo(name), content, zipfile.ZIP_DEFLATED)
        zipped.writestr(zipfile.ZipInfo("sound"), data, zipfile.ZIP_DEFLATED)
    return out.getvalue()


def empty(_: bytes, random: Random, __: Sequence[bytes]) -> bytes:
    return random.choice(
        (b"", b"\n", b"\0", b" ", b"{}", b"[]", b"<", b"null", b"\xef\xbb\xbf", b"PK\x05\x06" + bytes(18))
    )


_OFTEN: list[Mutation] = [
    cut, cut, behead, flip, flip, overwrite, repeat_block, drop_block, move_block, shuffle_lines, insert_mark,
    insert_mark, strange_number, swap_value, swap_value, swap_value, cross, glue, lose_end_tags, add_entities,
    recode, misread, pack, archive, empty,
]  # fmt: skip
_SELDOM: list[Mutation] = [nest, nest_replies, long_line]  # slow by their size


def mutate(data: bytes, random: Random, others: Sequence[bytes]) -> bytes:
    """A broken version of a file: one to three mutations, now and then one of those that take long."""
    for _ in range(random.choice((1, 1, 1, 2, 3))):
        roll = random.random()
        mutation = bomb if roll < 0.001 else random.choice(_SELDOM if roll < 0.03 else _OFTEN)
        data = mutation(data, random, others)
        if len(data) > _MOST:
            break
    return data


def _block(data: bytes, random: Random) -> tuple[int, int]:
    """A block of a file: any bytes, or whole lines, or from one bracket to another."""
    marks = {0: rb"", 1: rb"\n", 2: rb"[{}\[\]<>]"}[random.randrange(3)]
    places = [found.end() for found in re.finditer(marks, data)] if marks else []
    if len(places) < 2:
        places = [random.randrange(len(data) + 1), random.randrange(len(data) + 1)]
    start, end = sorted((random.choice(places), random.choice(places)))
    return start, min(end, start + 65_536)


def _swapped(value: Any, random: Random) -> Any:
    """The same document with another value at one place; walks down one way, as deep as chance has it."""
    holder: dict[str, Any] = {"": value}
    inside: Any = holder
    key: Any = ""
    while isinstance(inside[key], dict | list) and inside[key] and random.random() < 0.85:
        inside = inside[key]
        key = random.choice(list(inside)) if isinstance(inside, dict) else random.randrange(len(inside))
    roll = random.random()
    if roll < 0.15 and isinstance(inside, dict) and inside is not holder:
        del inside[key]
    elif roll < 0.25:
        inside[key] = [inside[key]]
    elif roll < 0.3:
        inside[key] = str(inside[key])[:1000]
    else:
        inside[key] = copy.deepcopy(random.choice(_VALUES))  # for a later mutation may change it
    return holder[""]
