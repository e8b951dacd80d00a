"""Makes archives for the tests, sound and hostile."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib
from collections.abc import Mapping

Files = Mapping[str, bytes]


def make_zip(files: Files, method: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method) as archive:
        for name, data in files.items():
            archive.writestr(zipfile.ZipInfo(name), data, method)
    return out.getvalue()


def stream_zip(files: Files) -> bytes:
    """A zip written to a pipe: sizes follow the data."""

    class Pipe(io.RawIOBase):
        def __init__(self) -> None:
            self.data = b""

        def writable(self) -> bool:
            return True

        def write(self, data: bytes) -> int:
            self.data += bytes(data)
            return len(data)

    pipe = Pipe()
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return pipe.data


def make_tar(files: Files, mode: str = "w", format: int = tarfile.PAX_FORMAT) -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode, format=format) as archive:
        for name, data in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(data)
            archive.addfile(info, io.BytesIO(data))
    return out.getvalue()


def make_warc(
    pages: Mapping[str, bytes], *, kind: str = "text/plain", headers: str = "", record_type: str = "response"
) -> bytes:
    records = [_warc_record("warcinfo", "", b"software: by hand\r\n")]
    for address, body in pages.items():
        answer = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\n{headers}\r\n".encode() + body
        records.append(_warc_record("request", address, b"GET / HTTP/1.1\r\n\r\n"))
        records.append(_warc_record(record_type, address, answer if record_type == "response" else body))
    return b"".join(records)


def gzip_each(warc: bytes) -> bytes:
    """A WARC as crawlers pack it: every record by itself."""
    first, *records = warc.split(b"WARC/1.0\r\n")
    assert not first
    return b"".join(gzip.compress(b"WARC/1.0\r\n" + record) for record in records)


def chunk(body: bytes, size: int = 7) -> bytes:
    pieces = [body[start : start + size] for start in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def deflate_raw(body: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-15)
    return packer.compress(body) + packer.flush()


def _warc_record(record_type: str, address: str, content: bytes) -> bytes:
    head = (
        f"WARC/1.0\r\nWARC-Type: {record_type}\r\nWARC-Target-URI: {address}\r\n"
        f"WARC-Date: 2021-03-04T05:06:07Z\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content + b"\r\n\r\n"
