"""Single mails: ids, authors, charsets, parts, flowed lines."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.ingest.readers.mail_messages import read_mail
from pipeline.ingest.readers.mail_text import decode_header, unflow


def mail(*headers: str, body: str | bytes = "Hello.") -> bytes:
    text = body if isinstance(body, bytes) else body.encode()
    return b"".join(header.encode("utf-8") + b"\n" for header in headers) + b"\n" + text


@pytest.mark.parametrize(
    ("headers", "parent", "known"),
    [
        ([], None, True),
        (["Subject: Kites"], None, True),
        (["Subject: Re: Kites"], None, False),
        (["Subject: [list] SV: Kites"], None, False),
        (["Subject: Re[2]: Kites"], None, False),
        (["Subject: 回复：风筝"], None, False),
        (["Subject: Recorders: how loud?"], None, True),
        (["References: <a@x> <b@x>"], "b@x", True),
        (["References: <a@x>", "In-Reply-To: <b@x>"], "a@x", True),
        (['In-Reply-To: Your message of "Monday" <ada@x.example> <b@x>'], "b@x", True),
        (["In-Reply-To: b@x"], "b@x", True),
        (["References: <a@x>\n <b@\n\tx>"], "b@x", True),
        (["References: <a@x> <self@x>", "Message-ID: <self@x>"], "a@x", True),
        (["References: none", "Subject: re: Kites"], None, False),
    ],
)
def test_what_a_mail_answers(headers: list[str], parent: str | None, known: bool) -> None:
    fields = read_mail(mail(*headers)).fields
    assert (fields["native_parent"], fields["parent_known"]) == (parent, known)


@pytest.mark.parametrize(
    ("written", "author", "address"),
    [
        ("Ada Brook <ada@x.example>", "Ada Brook", "ada@x.example"),
        ('"Brook, Ada" <ada@x.example>', "Brook, Ada", "ada@x.example"),
        ("ada at x.example (Ada Brook)", "Ada Brook", "ada at x.example"),
        ("ada@x.example", "ada@x.example", None),
        ("<ada@x.example>", "ada@x.example", None),
        ("=?koi8-r?B?4c7OwQ==?= <ada@x.example>", "Анна", "ada@x.example"),
        ("\"'Ada'\" <ada@x.example>", "Ada", "ada@x.example"),
        ("", None, None),
    ],
)
def test_authors(written: str, author: str | None, address: str | None) -> None:
    found = read_mail(mail(f"From: {written}"))
    assert (found.fields["author"], found.extra["address"]) == (author, address)


@pytest.mark.parametrize(
    ("headers", "group", "title"),
    [
        (["List-Id: Kite flyers <Kites.Lists.example>"], "kites.lists.example", "Kite flyers"),
        (["List-Id: kites.lists.example"], "kites.lists.example", None),
        (["X-Mailing-List: kites@lists.example"], "kites.lists.example", None),
        (["List-Post: <mailto:kites@lists.example>"], "kites.lists.example", None),
        (["Newsgroups: rec.kites,alt.wind"], "rec.kites", None),
        (["Subject: none"], None, None),
    ],
)
def test_lists_and_groups(headers: list[str], group: str | None, title: str | None) -> None:
    fields = read_mail(mail(*headers)).fields
    assert (fields["native_discussion"], fields["discussion_title"]) == (group, title)


@pytest.mark.parametrize(
    ("charset", "encoding", "body", "words", "repaired"),
    [
        ("iso-8859-1", "8bit", b"\x93caf\xe9\x94", "“café”", True),
        ("iso-8859-1", "8bit", b"caf\xe9", "café", False),
        ("iso-8859-1", "8bit", "café".encode(), "café", False),
        ("utf-8", "quoted-printable", b"caf=C3=A9 =", "café ", False),
        ("utf-8", "quoted-printable", b"caf=C3", "caf�", True),
        ("utf-8", "base64", b"Y2Fmw6k", "café", False),
        ("us-ascii", "8bit", b"caf\xe9", "café", True),
        ("x-no-such", "8bit", b"caf\xe9", "café", True),
        ("gb2312", "base64", b"1tDOxA==", "中文", False),
        ("iso-2022-jp", "7bit", b"\x1b$B4A;z\x1b(B", "漢字", False),
        ('"utf-8', "8bit", b"plain", "plain", False),
    ],
)
def test_charsets(charset: str, encoding: str, body: bytes, words: str, repaired: bool) -> None:
    headers = [f"Content-Type: text/plain; charset={charset}", f"Content-Transfer-Encoding: {encoding}"]
    found = read_mail(mail(*headers, body=body))
    assert (found.fields["body"], found.extra["text_repaired"] is True) == (words.strip("\n"), repaired)


def test_html_is_read_where_nothing_plain_is() -> None:
    parts = "--b\nContent-Type: text/html\n\n<p>Up.</p>\n--b\nContent-Type: text/x-patch; name=a.diff\n\n+ a\n--b--\n"
    found = read_mail(mail("Content-Type: multipart/mixed; boundary=b", body=parts))
    assert (found.fields["body"], found.fields["markup"]) == ("<p>Up.</p>", "html")
    assert found.extra["attachments"] == ["a.diff"]


def test_a_digest_holds_mails() -> None:
    inner = "".join(f"--d\n\nMessage-ID: <{n}@x>\nSubject: Kite {n}\n\nIt flies.\n" for n in range(3))
    found = read_mail(mail("Content-Type: multipart/digest; boundary=d", "Message-ID: <d@x>", body=inner + "--d--\n"))
    assert found.fields["native_id"] == "d@x"
    assert [message["Message-ID"] for message in found.digested] == ["<0@x>", "<1@x>", "<2@x>"]


@pytest.mark.parametrize("depth", [50, 3_000])
def test_parts_within_parts_end(depth: int) -> None:
    body = "".join(f"--b{n}\nContent-Type: multipart/mixed; boundary=b{n + 1}\n\n" for n in range(depth))
    found = read_mail(mail("Content-Type: multipart/mixed; boundary=b0", "Message-ID: <a@x>", body=body))
    assert found.fields["native_id"] == "a@x"


@given(lines=st.lists(st.text(st.characters(codec="utf-8", exclude_characters="\r\n>"), max_size=8), max_size=6))
def test_text_without_spaces_at_its_line_ends_does_not_flow(lines: list[str]) -> None:
    text = "\n".join(line.strip() for line in lines)
    assert unflow(text, delsp=False) == text


@given(words=st.lists(st.text("aé字", min_size=1, max_size=5), min_size=1, max_size=8), depth=st.integers(0, 3))
def test_flowed_lines_are_joined(words: list[str], depth: int) -> None:
    mark = ">" * depth + (" " if depth else "")
    flowed = " \n".join(mark + word for word in words)
    assert unflow(flowed, delsp=False) == mark + " ".join(words)
    assert unflow(flowed, delsp=True) == mark + "".join(words)


@settings(max_examples=200)
@given(value=st.text(st.sampled_from("=?utf-8QB_ aé=41\n\t\udce9")))
def test_no_header_is_too_odd(value: str) -> None:
    decode_header(value).encode()


@settings(max_examples=200)
@given(
    kind=st.text(st.sampled_from("multipart/mixed;=\"boundary*0'%2\n charset"), max_size=60),
    body=st.binary(max_size=60),
)
def test_no_mail_is_too_odd(kind: str, body: bytes) -> None:
    raw = f"Message-ID: <a@x>\nContent-Type: {kind.strip()}\nContent-Transfer-Encoding: base64\n\n".encode() + body
    assert read_mail(raw).fields["native_id"] == "a@x"
