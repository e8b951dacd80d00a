"""Options that several commands share, and what they may be set to.

In: nothing, or what stands behind a repeated option. Out: annotations for typer, settings by name.

>>> split_pairs(["body=text"], "--map")
{'body': 'text'}
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

import typer

from pipeline.errors import SettingError

Format = Literal["table", "csv", "json"]

OutputOption = Annotated[Format, typer.Option("--format", help="How to print the rows.")]
ArchiveOption = Annotated[Path, typer.Option("--archive", help="Folder that a run has published into.")]
SnapshotOption = Annotated[
    str | None, typer.Option("--snapshot", metavar="RUN", help="A run that `history` lists as kept; else the newest.")
]
ArchiveArgument = Annotated[Path, typer.Argument(metavar="DIR", help="Folder that a run has published into.")]
NamedArchive = Annotated[
    Path | None, typer.Option("--archive", metavar="DIR", help="The same folder, as other commands are told it.")
]


def split_pairs(given: Iterable[str] | None, option: str) -> dict[str, str]:
    """What stands behind a repeated option NAME=VALUE, by name.

    Raises:
        SettingError: something else stands there, or a name stands there twice.
    """
    pairs = {}
    for item in given or ():
        name, equals, value = item.partition("=")
        if not (name and equals and value):
            raise SettingError(f"{option} {item!r} is not of the form NAME=VALUE")
        if name in pairs:
            raise SettingError(f"{option} names {name} twice")
        pairs[name] = value
    return pairs
