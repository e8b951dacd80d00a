"""Scopes of software that many sites run: what makes an id of a forum or instance unique.

In: addresses found in a file. Out: the host they name most often, and the scope.

>>> name_scope("discourse", most_named(["Meta.example.org", "meta.example.org"]), Source(path, ReadSettings()))
'discourse:meta.example.org'

The host comes from the file's own addresses, so every format of one site gives the same scope; else from the address
that an archive says the file was fetched from, else it is what ``--source`` says. Without any of these the software is
all that is known, and topic 7 of one forum is not topic 7 of another: the ids hold within their capture and no farther.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable
from functools import lru_cache

import polars as pl

from pipeline.ingest.containers import Source

HOSTED = (*("askbot", "discourse", "lemmy", "mastodon", "mediawiki", "phpbb", "stackexchange", "vbulletin", "xenforo"),)

_HOST = re.compile(
    r"^(?:[a-z][a-z0-9+.-]*:)?//(?:[^/@?#]*@)?([a-z0-9_-]+(?:\.[a-z0-9_-]+)*(?::\d{1,5})?)(?=[/?#]|$)", re.IGNORECASE
)
_SCHEME = len("https://")
_LONGEST_SITE = 100  # characters before the path


def host_of(address: object) -> str | None:
    """The host that an address names, in lower case, without the default port; None where it names none."""
    if not isinstance(address, str):
        return None
    path = address.find("/", _SCHEME) + 1 if address.startswith("https://") else 0
    return _host_of(address[:path]) if 0 < path <= _LONGEST_SITE else _host_of.__wrapped__(address)


@lru_cache(maxsize=1024)  # a file has few hosts, and an address of one in every record
def _host_of(address: str) -> str | None:
    found = _HOST.match(address.strip())
    if found is None:
        return None
    host = found[1].lower()
    return host.removesuffix(":443").removesuffix(":80") if ":" in host else host


def most_named(hosts: Iterable[str | None]) -> str | None:
    """The host that is named most often; of equals the first in the alphabet."""
    counts = Counter(host.lower() for host in hosts if host)
    return min(counts, key=lambda host: (-counts[host], host)) if counts else None


def name_scope(software: str, host: str | None, source: Source) -> str:
    """The scope of ids: software and host, as ``discourse:meta.example.org``; the software alone where it has no host.

    The software is one of ``HOSTED``.
    """
    site = host or host_of(source.address) or source.settings.source
    return f"{software}:{site}" if site else software


def drop_bare_scopes(records: pl.DataFrame) -> pl.DataFrame:
    """RawRecords without the scopes that name no site, which say nothing outside of their capture."""
    if not records["scope"].is_in(HOSTED).any() and not records["discussion_scope"].is_in(HOSTED).any():
        return records
    return records.with_columns(
        pl.when(~pl.col(name).is_in(HOSTED)).then(name).alias(name) for name in ("scope", "discussion_scope")
    )
