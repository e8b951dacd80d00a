"""Which reader knows a file: the first whose recognise says so, or the one the user named.

In: a source. Out: a reader.

>>> recognise_format(Source(Path("raw/tram-garden.txt"), ReadSettings())).name
'flat_text'
"""

from __future__ import annotations

from pipeline.errors import InputError, SettingError
from pipeline.ingest.containers import Head, Source
from pipeline.ingest.reader import Reader
from pipeline.ingest.readers import READERS
from pipeline.ingest.readers.columns import KNOWN
from pipeline.ingest.readers.table_csv import is_other_table
from pipeline.settings import ReadSettings


def check_read_settings(settings: ReadSettings) -> None:
    """Refuse what cannot work before anything is read.

    Raises:
        SettingError: no reader has the name ``format``, or ``columns`` renames to a column that is not known.
    """
    names = [reader.name for reader in READERS]
    if settings.format is not None and settings.format not in names:
        raise SettingError(f"No format is called {settings.format!r}. The formats are {', '.join(names)}.")
    for column, known in settings.columns.items():
        if known not in KNOWN:
            raise SettingError(
                f"--map {column}={known}: no column is called {known!r}. The columns are {', '.join(KNOWN)}."
            )


def recognise_format(source: Source) -> Reader:
    """The reader for a file.

    Raises:
        SettingError: the settings name a format or column that does not exist.
        InputError: no reader knows the file.
    """
    check_read_settings(source.settings)
    if source.settings.format is not None:
        return next(reader for reader in READERS if reader.name == source.settings.format)
    head = source.head()
    for reader in READERS:
        if reader.recognise(head):
            return reader
    raise InputError(
        f"{source.name}: no reader knows this format; it {_likeness(head)}. "
        "See `threadloom formats`, or name one with --format (flat_text takes every line for a post)."
    )


def _likeness(head: Head) -> str:
    start = head.data.lstrip()[:64].lower()
    if is_other_table(head):
        return "looks like a table none of whose columns is known to hold words (--map COLUMN=text says which does)"
    if start.startswith((b"{", b"[")):
        return "looks like one JSON document, not like objects with named columns"
    if start.startswith(b"<"):
        return "looks like XML or HTML"
    return "is no text"
