"""Archives: every file in them by the reader that it wants, and nothing a stranger packs costs more than itself."""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import stat
import struct
import tarfile
import tempfile
import zipfile
import zlib
from collections.abc import Callable
from pathlib import Path

import polars as pl
import pytest
import zstandard

from pipeline.errors import InputError
from pipeline.ingest import open_capture
from pipeline.settings import ReadSettings
from tests.ingest.archives import chunk, deflate_raw, gzip_each, make_tar, make_warc, make_zip, stream_zip
from tests.ingest.reading import read_bytes, read_capture

PAGE = b"The kettle sang again.\nNobody came.\n"
POSTS = b'{"id": 1, "text": "Soup?"}\n{"id": 2, "parent_id": 1, "text": "Stew."}\nno json\n'
FILES = {"page.txt": PAGE, "forum/posts.jsonl": POSTS}
TIME = "2021-03-04T05:06:07Z"


@pytest.fixture(autouse=True)
def folder_of_members(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where members are unpacked to; nothing may be left there."""
    folder = tmp_path_factory.mktemp("members")
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    yield folder
    assert list(folder.iterdir()) == []


def rules(rejected: pl.DataFrame) -> list[tuple[str, str]]:
    return rejected.select("location", "rule").rows()


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        pytest.param(make_zip(FILES), "zip", id="zip"),
        pytest.param(make_zip(FILES, zipfile.ZIP_STORED), "zip", id="zip-stored"),
        pytest.param(make_zip(FILES, zipfile.ZIP_LZMA), "zip", id="zip-lzma"),
        pytest.param(stream_zip(FILES), "zip", id="zip-streamed"),
        pytest.param(gzip.compress(make_zip(FILES)), "zip", id="zip.gz"),
        pytest.param(make_tar(FILES), "tar", id="tar"),
        pytest.param(make_tar(FILES, format=tarfile.GNU_FORMAT), "tar", id="tar-gnu"),
        pytest.param(make_tar(FILES, format=tarfile.USTAR_FORMAT), "tar", id="tar-ustar"),
        pytest.param(make_tar(FILES, "w:gz"), "tar", id="tar.gz"),
        pytest.param(make_tar(FILES, "w:bz2"), "tar", id="tar.bz2"),
        pytest.param(lzma.compress(make_tar(FILES)), "tar", id="tar.xz"),
        pytest.param(zstandard.compress(make_tar(FILES)), "tar", id="tar.zst"),
        pytest.param(make_zip({name: gzip.compress(data) for name, data in FILES.items()}), "zip", id="gz-in-zip"),
    ],
)
def test_each_file_goes_to_its_own_reader(tmp_path: Path, data: bytes, kind: str) -> None:
    path = tmp_path / "dump"
    path.write_bytes(data)
    capture = open_capture(path, ReadSettings())
    assert capture.format == kind
    parts = [(part.name, part.format, part.facts.order_known) for part in capture.parts()]
    assert parts == [("page.txt", "flat_text", "page"), ("forum/posts.jsonl", "jsonl", "unknown")]
    records, rejected = read_capture(capture)
    assert records.select("ordinal", "listing", "location", "body", "parent_known").rows() == [
        (0, 0, "member page.txt: line 1", "The kettle sang again.", False),
        (1, 0, "member page.txt: line 2", "Nobody came.", False),
        (2, 1, "member forum/posts.jsonl: line 1", "Soup?", True),
        (3, 1, "member forum/posts.jsonl: line 2", "Stew.", True),
    ]
    assert rejected.select("ordinal", "location", "rule").rows() == [
        (4, "member forum/posts.jsonl: line 3", "bad_json")
    ]
    assert read_capture(capture)[0].equals(records)


def test_archives_in_archives_are_opened_down_to_a_depth(tmp_path: Path) -> None:
    inner = make_zip({"page.txt": PAGE})
    data = make_tar({"a.zip": inner, "b.tar": make_tar({"c.zip": inner, "d.txt": b"Below.\n"})})
    records, rejected = read_bytes(tmp_path, data)
    assert records["location"].to_list() == [
        "member a.zip: member page.txt: line 1",
        "member a.zip: member page.txt: line 2",
        "member b.tar: member d.txt: line 1",
    ]
    assert rules(rejected) == [("member b.tar: member c.zip", "nested_archive")]
    assert read_bytes(tmp_path, data, archive_depth=3)[0].height == 5
    assert read_bytes(tmp_path, data, archive_depth=1)[0].height == 0


@pytest.mark.parametrize("name", ["../up.txt", "/etc/passwd", "a/../../b.txt", "C:\\boot.txt", "..\\up.txt"])
@pytest.mark.parametrize("make", [make_zip, make_tar])
def test_a_name_that_points_out_is_refused(
    tmp_path: Path, make: Callable[[dict[str, bytes]], bytes], name: str
) -> None:
    records, rejected = read_bytes(tmp_path, make({name: PAGE, "page.txt": PAGE}))
    assert records.height == 2
    assert rejected["rule"].to_list() == ["unsafe_path"]


def test_links_and_devices_are_refused(tmp_path: Path) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for kind in (tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.FIFOTYPE, tarfile.CHRTYPE, tarfile.DIRTYPE):
            info = tarfile.TarInfo(f"kind-{kind.decode()}")
            info.type, info.linkname = kind, "/etc/passwd"
            archive.addfile(info)
        info = tarfile.TarInfo("page.txt")
        info.size = len(PAGE)
        archive.addfile(info, io.BytesIO(PAGE))
    records, rejected = read_bytes(tmp_path, out.getvalue())
    assert records.height == 2
    assert rejected["rule"].to_list() == ["not_a_file"] * 4
    link = zipfile.ZipInfo("link")
    link.external_attr = (stat.S_IFLNK | 0o777) << 16
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as zipped:
        zipped.writestr(link, "/etc/passwd")
    assert rules(read_bytes(tmp_path, packed.getvalue())[1]) == [("member link", "not_a_file")]


def test_what_no_reader_knows_is_named_and_the_rest_is_read(tmp_path: Path) -> None:
    picture = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
    records, rejected = read_bytes(tmp_path, make_zip({"a.png": picture, "page.txt": PAGE, "empty": b""}))
    assert records["ordinal"].to_list() == [1, 2]
    assert rejected.select("ordinal", "location", "rule", "raw").rows() == [
        (0, "member a.png", "unknown_format", picture)
    ]
    assert str(tempfile.gettempdir()) not in rejected["detail"][0]


def test_encrypted_members_are_refused(tmp_path: Path) -> None:
    data = bytearray(make_zip({"page.txt": PAGE}))
    data[6] |= 1  # in the header
    data[data.index(b"PK\x01\x02") + 8] |= 1  # in the list
    assert rules(read_bytes(tmp_path, bytes(data))[1]) == [("member page.txt", "encrypted")]


def test_what_is_passed_over_in_folders_is_passed_over_here(tmp_path: Path) -> None:
    files = {"README.txt": b"Read me.\n", ".DS_Store": b"\0", "__MACOSX/._page.txt": b"\0", ".git/x.txt": b"x\n"}
    for make in (make_zip, make_tar):
        records, rejected = read_bytes(tmp_path, make({**files, "page.txt": PAGE}))
        assert (records.height, rejected.height) == (2, 0)


def test_bombs_cost_themselves(tmp_path: Path) -> None:
    bomb = bytes(8 << 20)
    records, rejected = read_bytes(tmp_path, make_zip({"bomb": bomb, "page.txt": PAGE}), expansion_ratio=100)
    assert records.height == 2
    assert rules(rejected) == [("member bomb", "unknown_format"), ("after member bomb", "damaged_file")]
    noise = b"".join(b"%x\n" % number**5 for number in range(20_000))
    packed = make_tar({"page.txt": noise, "bomb": bytes(80 << 20)}, "w:gz")
    records, rejected = read_bytes(tmp_path, packed, expansion_ratio=20)
    assert records.height == 20_000
    assert rules(rejected) == [("after member page.txt", "damaged_archive")]
    assert "expansion_ratio" in rejected["detail"][0]
    with pytest.raises(InputError, match="expansion_ratio"):
        read_bytes(tmp_path, make_tar({"bomb": bomb}, "w:gz"), expansion_ratio=20)


def test_limits_end_the_reading_of_an_archive(tmp_path: Path) -> None:
    data = make_tar({f"{number}.txt": b"One.\n" for number in range(6)})
    records, rejected = read_bytes(tmp_path, data, max_members=4)
    assert (records.height, rules(rejected)) == (4, [("after member 3.txt", "too_much")])
    records, rejected = read_bytes(
        tmp_path, make_tar({"a": PAGE, "b": b"x " * 1000, "c": PAGE}), max_unpacked_bytes=1024
    )
    assert (records.height, rules(rejected)) == (2, [("after member a", "too_much")])
    zipped = make_zip({f"{number}.txt": b"One.\n" for number in range(6)})
    assert read_bytes(tmp_path, zipped, max_members=4)[0].height == 4


def test_a_list_too_long_for_memory_is_refused(tmp_path: Path) -> None:
    data = bytearray(make_zip({"page.txt": PAGE}))
    end = data.rindex(b"PK\x05\x06")
    data[end + 12 : end + 16] = struct.pack("<I", 1 << 30)
    records, rejected = read_bytes(tmp_path, bytes(data))
    assert (records.height, rules(rejected)) == (0, [("the archive", "too_much")])


@pytest.mark.parametrize(
    ("whole", "kept"),
    [(make_zip(FILES), 3), (stream_zip(FILES), 3), (make_zip(FILES, zipfile.ZIP_STORED), 3)],
    ids=["zip", "zip-streamed", "zip-stored"],
)
def test_a_zip_without_its_list_is_read_by_its_headers(tmp_path: Path, whole: bytes, kept: int) -> None:
    cut = whole[: whole.index(b"PK\x01\x02") + 9]
    records, rejected = read_bytes(tmp_path, cut)
    assert records.height == 4
    assert rejected["rule"].to_list() == ["bad_json", "damaged_archive"]
    inside = whole[: whole.index(b"PK\x01\x02") - 40]
    records, rejected = read_bytes(tmp_path, inside)
    assert records.height >= kept - 1
    assert "damaged_archive" in rejected["rule"].to_list()


def test_damage_inside_an_archive_costs_what_it_hit(tmp_path: Path) -> None:
    noise = os.urandom(3000).hex().encode()
    whole = make_zip({"a.txt": noise, "b.txt": PAGE}, zipfile.ZIP_STORED)
    at = whole.index(noise[:50]) + 100
    records, rejected = read_bytes(tmp_path, whole[:at] + b"~" + whole[at + 1 :])
    assert records["location"].to_list()[-2:] == ["member b.txt: line 1", "member b.txt: line 2"]
    assert rejected["rule"].to_list() == ["damaged_file"] or rejected["rule"].to_list() == []
    tar = bytearray(make_tar({"a.txt": PAGE, "b.txt": PAGE, "c.txt": PAGE}))
    tar[1024 + 3] ^= 1  # the header of b.txt
    records, rejected = read_bytes(tmp_path, bytes(tar))
    assert [place for place in records["location"] if "c.txt" in place] == [
        "member c.txt: line 1",
        "member c.txt: line 2",
    ]
    assert rejected["rule"].to_list() == ["damaged_archive"]


@pytest.mark.parametrize("mode", ["w", "w:gz"])
def test_an_archive_that_breaks_off_gives_what_came_before(tmp_path: Path, mode: str) -> None:
    whole = make_tar({"a.txt": PAGE, "b.txt": b"Bits and bobs.\n" * 100}, mode)
    cut = whole[: 512 + 512 + 512 + 600] if mode == "w" else whole[:-20]
    records, rejected = read_bytes(tmp_path, cut)
    assert records["body"].to_list()[:2] == ["The kettle sang again.", "Nobody came."]
    assert records.height > 2
    assert rejected["rule"].to_list()[-1] in ("damaged_file", "damaged_archive")


def test_long_and_foreign_names(tmp_path: Path) -> None:
    long = "folder/" * 40 + "größe.txt"
    for data in (make_tar({long: PAGE}), make_tar({long: PAGE}, format=tarfile.GNU_FORMAT), make_zip({long: PAGE})):
        records, _ = read_bytes(tmp_path, data)
        assert records["location"][0] == f"member {long}: line 1"


ADDRESS = "https://example.org/talk/7"


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(make_warc({ADDRESS: PAGE}), id="plain"),
        pytest.param(gzip_each(make_warc({ADDRESS: PAGE})), id="gzip-records"),
        pytest.param(gzip.compress(make_warc({ADDRESS: PAGE})), id="gzip-whole"),
        pytest.param(make_warc({ADDRESS: chunk(PAGE)}, headers="Transfer-Encoding: chunked\r\n"), id="chunked"),
        pytest.param(make_warc({ADDRESS: PAGE}, headers="Transfer-Encoding: chunked\r\n"), id="said-chunked"),
        pytest.param(make_warc({ADDRESS: gzip.compress(PAGE)}, headers="Content-Encoding: gzip\r\n"), id="gzip"),
        pytest.param(make_warc({ADDRESS: zlib.compress(PAGE)}, headers="Content-Encoding: deflate\r\n"), id="deflate"),
        pytest.param(
            make_warc({ADDRESS: deflate_raw(PAGE)}, headers="Content-Encoding: deflate\r\n"), id="raw-deflate"
        ),
        pytest.param(
            make_warc(
                {ADDRESS: chunk(gzip.compress(PAGE))},
                headers="Transfer-Encoding: chunked\r\nContent-Encoding: gzip\r\n",
            ),
            id="chunked-gzip",
        ),
        pytest.param(make_warc({ADDRESS: PAGE}, record_type="resource"), id="resource"),
    ],
)
def test_pages_of_a_warc_are_read(tmp_path: Path, data: bytes) -> None:
    records, rejected = read_bytes(tmp_path, data)
    assert rejected.is_empty()
    assert records.select("location", "body", "captured_at_raw", "discussion_url").rows() == [
        (f"member {ADDRESS}: line 1", "The kettle sang again.", TIME, ADDRESS),
        (f"member {ADDRESS}: line 2", "Nobody came.", TIME, ADDRESS),
    ]


def test_what_holds_no_words_in_a_warc_is_refused_or_passed_over(tmp_path: Path) -> None:
    assert rules(read_bytes(tmp_path, make_warc({ADDRESS: b"\x89PNG"}, kind="image/png"))[1]) == [
        (f"member {ADDRESS}", "unknown_format")
    ]
    packed = make_warc({ADDRESS: b"\x0b\x02\x80"}, headers="Content-Encoding: br\r\n")
    assert rules(read_bytes(tmp_path, packed)[1]) == [(f"member {ADDRESS}", "unknown_packing")]
    for record_type in ("metadata", "revisit"):
        assert read_bytes(tmp_path, make_warc({ADDRESS: PAGE}, record_type=record_type))[1].is_empty()
    records, rejected = read_bytes(tmp_path, make_warc({"https://example.org/robots.txt": PAGE}))
    assert (records.height, rejected.height) == (0, 0)


def test_a_warc_goes_on_behind_damage(tmp_path: Path) -> None:
    whole = make_warc({f"https://example.org/{number}": PAGE for number in range(3)})
    at = whole.index(b"WARC-Target-URI: https://example.org/1")
    start = whole.rindex(b"WARC/1.0", 0, whole.index(b"HTTP/1.1 200", at))
    records, rejected = read_bytes(tmp_path, whole[:start] + b"WORC/1.0" + whole[start + 8 :])
    assert records.height == 4
    assert rejected["rule"].to_list() == ["damaged_archive"]
    records, rejected = read_bytes(tmp_path, whole[: whole.rindex(b"Nobody") + 3])
    assert records.height == 6
    assert rejected["rule"].to_list() == ["damaged_file"]


def test_a_first_line_without_end_is_no_trouble(tmp_path: Path) -> None:
    records, rejected = read_bytes(tmp_path, b"WARC/1.0" + b"x" * (4 << 20))
    assert (records.height, rejected["rule"].to_list()) == (0, ["damaged_archive"])
    records, rejected = read_bytes(tmp_path, bz2.compress(b"WARC/1.0\r\nContent-Length: 99999999999\r\n\r\nx"))
    assert records.height == 0
