"""What a user may set. Every value has a default that needs no thought, and a bad one is refused before a run.

In: keyword arguments. Out: a frozen, validated object, and the fingerprint of what decides the rows of the tables.

>>> Settings(listing="page").edit_similarity
0.5
"""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Literal, get_args

import orjson
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from pipeline.errors import SettingError

ListingSetting = Literal["auto", "page", "time"]
MarkupSetting = Literal["plain", "markdown", "html", "bbcode", "mediawiki"]
MOST_PASSES = 2


class ReadSettings(BaseModel):
    """How raw files are read. All of it decides the rows, capture by capture."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: str | None = Field(None, description="Reader to use for every file; by default it is recognised.")
    source: str | None = Field(
        None, min_length=1, description="Scope of the ids in tables: one name for one site, kept over all its dumps."
    )
    columns: dict[str, str] = Field(
        default_factory=dict, description="Names that a table uses for the columns Threadloom knows: {'body': 'text'}."
    )
    listing: ListingSetting = Field(
        "auto", description="What the order of rows is: page (depth first), time, or auto (found from the rows)."
    )
    markup: MarkupSetting = Field(
        "plain",
        description="What texts of tables are written in: plain, markdown, html, bbcode, mediawiki.",
    )
    record_bytes: int = Field(16 << 20, ge=1 << 10, description="Longest record read; longer ones go to quarantine.")
    expansion_ratio: int = Field(
        1000, ge=10, description="Largest ratio of unpacked to packed bytes before a compressed file is refused."
    )
    archive_depth: int = Field(
        2, ge=1, le=8, description="How deep archives (zip, tar, WARC) are opened: 2 opens archives in archives."
    )
    max_members: int = Field(
        100_000, ge=1, description="Most files read from one archive; when there are more, the rest is not read."
    )
    max_unpacked_bytes: int = Field(
        1 << 36, ge=1 << 10, description="Most bytes that the files of one archive may unpack to, all together."
    )
    zstd_window_log: int = Field(31, ge=20, le=31, description="Largest zstd window accepted, as a power of two.")


class Settings(BaseModel):
    """What decides the rows of the tables. Two runs with equal settings over equal input publish equal tables."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    read: ReadSettings = Field(default_factory=ReadSettings)
    shingle_size: int = Field(5, ge=2, le=16, description="Characters in a shingle.")
    permutations: int = Field(128, ge=16, le=1024, description="Values in a MinHash signature.")
    candidate_similarity: float = Field(
        0.4, gt=0, lt=1, description="Jaccard similarity from which pairs should become candidates; sets the banding."
    )
    edit_similarity: float = Field(
        0.5, gt=0, le=1, description="Edit ratio below which texts never say the same, whatever their words or links."
    )
    boilerplate_discussions: int = Field(
        5, ge=2, description="In how many discussions the same words stand before they are called boilerplate."
    )
    honour_deletions: bool = Field(
        False, description="Whether a post later seen deleted loses its words in posts (and in sightings)."
    )
    exact_page_posts: int = Field(
        96,
        ge=2,
        le=1000,
        description="Posts up to which every earlier post is a candidate; on larger pages the nearest, no fewer.",
    )
    stream_window: int = Field(100, ge=1, description="Earlier posts looked at as parents in time order.")
    stream_passes: int = Field(
        MOST_PASSES,
        ge=1,
        le=MOST_PASSES,
        description="Passes over a chat or mailing list; each looks at the conversations that the one before it found.",
    )
    runners_up: int = Field(3, ge=0, le=20, description="Candidate parents kept in links beside the chosen one.")

    def fingerprint(self) -> str:
        """Sixteen hexadecimal digits that differ whenever a setting that decides rows differs."""
        canonical = orjson.dumps(self.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS)
        return hashlib.blake2b(canonical, digest_size=8).hexdigest()


class RunParameters(BaseModel):
    """One run: what to read, where to publish, how much of the machine to use. Only the model pack decides a row."""

    model_config = ConfigDict(extra="forbid")

    raw: list[Path] = Field(description="Files and folders to read; none: what was read before is published anew.")
    out: Path = Field(Path("parquet"), description="Archive to publish into.")
    settings: Settings = Field(default_factory=Settings)
    pack: str | None = Field(
        None, description="Model pack, by name or folder, that a new archive decides by; none: the one that ships."
    )
    workers: int = Field(2, ge=1, le=256, description="Tasks that run at the same time.")
    buckets: int = Field(
        16,
        ge=1,
        le=4096,
        description="Parts of the work: a large archive is divided into more, a small one into fewer; more need "
        "less memory.",
    )
    memory: int = Field(
        1024, ge=1, description="MiB that matching may use for signatures, buckets, pairs and texts; less takes longer."
    )
    keep_snapshots: int = Field(3, ge=1, description="Published snapshots kept, the current one included.")
    rehash: bool = Field(
        default=False, description="Files that nobody touched since they were last read are read again to be known."
    )


def load_settings(**values: object) -> Settings:
    """Settings from keyword arguments, reading settings among them by their own names.

    Raises:
        SettingError: a name or value is not allowed; the message lists what is.
    """
    reading = {name: values.pop(name) for name in ReadSettings.model_fields if name in values}
    try:
        return Settings(read=ReadSettings.model_validate(reading), **values)
    except ValidationError as error:
        lines = [
            f"  {'.'.join(map(str, item['loc']))}: {item['msg']} (got {item['input']!r})" for item in error.errors()
        ]
        allowed = ", ".join(get_args(ListingSetting))
        raise SettingError(
            "These settings cannot be used:\n" + "\n".join(lines) + f"\n  listing is one of {allowed}."
        ) from error
