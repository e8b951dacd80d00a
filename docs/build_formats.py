"""Writes docs/formats.md from the readers' own docstrings: ``python docs/build_formats.py``."""

from __future__ import annotations

import re
import sys
from pathlib import Path

from pipeline.ingest.archives import warc
from pipeline.ingest.reader import Reader
from pipeline.ingest.readers import READERS, columns
from pipeline.settings import ReadSettings

PAGE = Path(__file__).with_name("formats.md")
_HEAD = """# Formats

Generated from the readers in `pipeline/ingest/readers/` by `python docs/build_formats.py`.

Threadloom looks at what a file holds, never at its name, and asks the readers one after the other, in the order of
this page, whether they know it; the first that does reads it. `--format NAME` names one yourself. A file that no reader
knows is reported, and the run goes on. `threadloom formats` prints the table below.

Every record whose id or text can be read is a sighting. Everything else is in `quarantine` with its place in the file,
the rule it broke and its first 1,000 bytes. Whatever else a record holds and a reader keeps is JSON in
`sightings.extra`, at most 4,000 characters a record.

`threadloom audit --deep` reads the raw files once more and asks the bytes themselves. Of flat text, JSON Lines and
Reddit's dumps every line must be a record or in quarantine. Of logs (IRC, WhatsApp) and CSV a line may also go on with
a record, or be one of the notices that `extra.skipped` counts; of mbox every line that begins a message is asked for.
Of JSON, XML and saved pages every text in the places listed under **Words** must stand in a record or in quarantine,
but for as many as records are counted as deleted or skipped; what stands elsewhere is the format's own, and is skipped.
Formats without such a list are read again and compared.
"""
_CONTAINERS = """## Containers

**Packed files** are read as they are: `.gz`, `.zst`, `.xz`, `.bz2`, told by their first bytes. One that breaks off, or
is damaged, gives what can be unpacked; what is missing stands in quarantine (`damaged_file`).

**Archives** are read member by member: `.zip`, `.tar` (packed or not), WARC. The archive is one capture, each file in
it a part of it with its own format; locations begin with `member NAME:`. Archives in archives are opened as deep as
`archive_depth` says. Members that cannot be read are one row of quarantine each:

| rule | the member |
| --- | --- |
| `unknown_format` | is known to no reader |
| `nested_archive` | is an archive, and lies too deep |
| `unsafe_path` | has an absolute name, or one with `..` |
| `not_a_file` | is a link, a device or a pipe |
| `sparse_file` | is a sparse file of tar |
| `encrypted` | is encrypted |
| `unknown_packing` | is packed in a way that is not unpacked here |
| `damaged_file` | cannot be unpacked, or not to its end; what came before the damage is read |
| `damaged_archive` | is a stretch of an archive in which no member can be found |
| `too_much` | and all after it are more than the limits below allow |

As in folders, hidden files and files called README are passed over. Members are unpacked into a private temporary
folder, one at a time, under names of our own.

**Folders** are read with all that is in them; hidden files and files called README are passed over, and links to
folders are not followed. **Patterns** (`'dumps/**/*.json'`) are matched, `-` is standard input.

**Encodings.** Text is UTF-8, or UTF-16 with its mark or without. Bytes that are neither are read as Windows-1252, which
is what most files that call themselves Latin-1 are in. Mojibake ("itâ€™s") is put right where it is found. Both are
marked `text_repaired`.

**Limits** (`--set NAME=VALUE`):

| setting | default | what it says |
| --- | --- | --- |
"""
_LIMITS = ("record_bytes", "expansion_ratio", "zstd_window_log", "archive_depth", "max_members", "max_unpacked_bytes")
_TOO_DETAILED = re.compile(r"^>>> .*?(?:\n\n|\Z)", re.MULTILINE | re.DOTALL)


def build_page() -> str:
    """The page as Markdown."""
    rows = "\n".join(
        f"| [{reader.name}](#{reader.name}) | {reader.title} | {' '.join(reader.extensions)} | {reader.replies} |"
        for reader in READERS
    )
    table = f"| name | what it is | extensions | what tells who answers whom |\n| --- | --- | --- | --- |\n{rows}\n"
    warc_words = _words(warc.__doc__).partition("\n\n")[2]
    containers = f"{_CONTAINERS}{_limits()}\n### WARC\n\n{_after_signature(warc_words)}"
    named_columns = (
        f"## Tables with named columns\n\n{_after_signature(_words(columns.__doc__).partition(chr(10) * 2)[2])}"
    )
    formats = "\n".join(map(_describe_reader, READERS))
    return "\n".join((_HEAD, table, containers, named_columns, _NOT_READ, formats))


_FIXED = """
A page is at most 64 MiB long and its tags are nested at most 4,000 deep, any other file that is one document is at most
1 GiB long: larger ones are refused, for their tree would take many times that memory.
"""


def _limits() -> str:
    fields = ReadSettings.model_fields
    rows = [f"| `{name}` | {fields[name].default:,} | {fields[name].description} |\n" for name in _LIMITS]
    return "".join((*rows, _FIXED))


_NOT_READ = """## What is not read

- Files of a chat's export that hold no messages: Slack's `users.json` and `channels.json` name people and channels in
  the zip of an export only. Elsewhere authors are ids where a message does not name them.
- Dumps of a wiki's revisions: what is signed in a page is read from its HTML, or as a table with `--markup mediawiki`.
- Databases (SQL dumps of forums, SQLite): export a table, then `--map` and `--markup bbcode` read it.
- PDF, pictures, and chats as a screen shows them without names or times.
"""


def _describe_reader(reader: Reader) -> str:
    words = ", ".join(f"`{place}`" for place in reader.words if not place.startswith("-"))
    asked = f"\n**Words** stand in {words}.\n" if words else ""
    return f"## {reader.name}\n\n{_words(sys.modules[reader.read.__module__].__doc__)}{asked}"


def _after_signature(words: str) -> str:
    """Without the paragraph that says what goes in and what comes out, which is for programmers."""
    return "\n\n".join(part for part in words.split("\n\n") if not part.startswith("In: "))


def _words(docstring: str | None) -> str:
    """A docstring as Markdown, without its examples."""
    text = _TOO_DETAILED.sub("", docstring or "").replace("``", "`")
    text = re.sub(r"`readers\.columns`", "[Tables with named columns](#tables-with-named-columns)", text)
    return text.strip() + "\n"


if __name__ == "__main__":
    PAGE.write_text(build_page(), encoding="utf-8")
