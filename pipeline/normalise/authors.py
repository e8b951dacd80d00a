"""Names of authors folded for comparison.

In: expressions over names as written. Out: keys; equal keys are the same name in one source.

>>> pl.select(fold_author(pl.lit("/u/Ada_B "))).item()
'ada_b'
"""

from __future__ import annotations

import polars as pl

# Names that stand for nobody in particular: two posts of theirs have no author in common.
NO_AUTHOR = (
    *("", "[deleted]", "[removed]", "[deleted by user]", "[unknown]", "[entfernt]", "[gelöscht]", "deleted user"),
    *("(deleted)", "anonymous", "anon", "guest", "unknown", "null", "none", "nan", "n/a", "-", "?"),
)


def fold_author(name: pl.Expr) -> pl.Expr:
    """The name in NFKC and lower case without surrounding spaces, '<>', '@' and 'u/'; null where it names nobody."""
    folded = (
        name.str.normalize("NFKC").str.to_lowercase().str.replace_all(r"\s+", " ").str.strip_chars(" <>\t\n")
        .str.strip_prefix("/").str.replace(r"^(?:u/|user/)(.)", "$1").str.strip_chars_start("@").str.strip_chars(" ")
    )  # fmt: skip
    return pl.when(~folded.is_in(list(NO_AUTHOR))).then(folded)


def fold_authors(names: pl.Series) -> pl.Series:
    """``fold_author`` of n names, each distinct one folded once."""
    name = pl.col("name")
    distinct = pl.DataFrame({"name": names.unique()}).with_columns(author_key=fold_author(name))
    return pl.DataFrame({"name": names}).join(distinct, on="name", how="left", maintain_order="left")["author_key"]
