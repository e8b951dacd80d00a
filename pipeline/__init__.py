"""Threadloom: scraped comment dumps in, clean threaded Parquet out, with a reason for every decision.

In: the folder of an archive that a run has published. Out: its tables as lazy frames.

>>> import pipeline
>>> pipeline.open_archive("parquet").posts.head(3).collect()
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipeline.archive import open_archive as open_archive
    from pipeline.lsh import load_lsh as load_lsh
    from pipeline.lsh import sign_text as sign_text

    __version__: str

_DOORS = {"open_archive": "archive", "load_lsh": "lsh", "sign_text": "lsh"}

__all__ = ["__version__", "load_lsh", "open_archive", "sign_text"]


def __getattr__(name: str) -> Any:
    """What is asked for is loaded then, so that ``import pipeline`` costs nothing."""
    if name in _DOORS:
        return getattr(import_module(f"pipeline.{_DOORS[name]}"), name)
    if name == "__version__":
        return _version()
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version

    try:
        return version("threadloom")
    except PackageNotFoundError:
        import tomllib
        from pathlib import Path

        project = Path(__file__).parent.parent / "pyproject.toml"
        return str(tomllib.loads(project.read_text(encoding="utf-8"))["project"]["version"])
