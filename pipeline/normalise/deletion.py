"""Bodies that only say that the words are gone.

In: a text column. Out: who took the words away, where the whole text says nothing else.

>>> find_deletions(pl.Series(["[deleted]", "[ Removed by Reddit ]", "It was deleted."])).to_list()
['author', 'moderator', None]
"""

from __future__ import annotations

import polars as pl

_LONGEST = 160  # characters

# Within square brackets one word is enough; a bare "Removed." may be an answer.
_BRACKETED = {
    "author": (
        *("deleted", "gelöscht", "supprimé", "eliminado", "borrado", "eliminato", "cancellato", "apagado", "excluído"),
        *("usunięto", "usunięty", "удалено", "удалён", "verwijderd", "slettet", "raderad", "poistettu", "smazáno"),
        *("silindi", "削除済み", "已删除", "已刪除"),
    ),
    "moderator": (
        *("removed", "removed by reddit", "removed by mod", "entfernt", "retiré", "rimosso", "removido", "fjernet"),
        *("borttagen", "kaldırıldı", "odstraněno"),
    ),
    "unknown": ("unavailable", "flagged", "dead", "flagged dead", "flagged] [dead", "flagged][dead"),
}
_PHRASES = {
    "author": (
        *("deleted by user", "deleted by author", "deleted by creator", "permanently deleted"),
        *("comment deleted by user", "comment deleted by author", "message deleted by author"),
        *("post deleted by author", "post withdrawn by author", "topic deleted by author"),
        *("this comment has been removed by the author", "you deleted this message"),
    ),
    "moderator": (
        *("removed by moderator", "removed by a moderator", "comment removed by moderator", "comment removed by mod"),
        *("post removed by moderator", "message removed by moderator"),
        "this comment has been removed by a blog administrator",
    ),
    "unknown": (
        *("comment deleted", "message deleted", "post deleted", "this comment was deleted", "this message was deleted"),
        *("this post was deleted", "this comment has been deleted", "this message has been deleted"),
        *("this post has been deleted", "diese nachricht wurde gelöscht"),
    ),
}
_WHO = {
    **{f"[{words}]": who for who, several in _BRACKETED.items() for words in several},
    **{
        words: who for who, several in _PHRASES.items() for phrase in several
        for words in (phrase, f"[{phrase}]", f"({phrase})")
    },
}  # fmt: skip
# What each of them begins with, or holds.
_SIGNS = r"^[\s*_]*[\[(]|(?i:deleted|removed|gelöscht)"
# Two notices that go on with a reason or a date.
_REDDIT = r"^\[removed by reddit [^\[\]]+\]$"
_WITHDRAWN = r"^\(post withdrawn by author, [^()]+\)$"


def find_deletions(texts: pl.Series) -> pl.Series:
    """For n texts: "author", "moderator" or "unknown" where the whole text is a notice of deletion, else null."""
    candidate = (texts.str.len_bytes() <= 4 * _LONGEST) & texts.str.contains(_SIGNS)
    folded = (
        pl.col("text").str.strip_chars(" *_.\n").str.to_lowercase().str.replace_all(r"\s+", " ")
        .str.replace_all(r"([\[(]) ", "$1").str.replace_all(r"[.!]? ?([\])])", "$1")
    )  # fmt: skip
    found = pl.DataFrame({"text": texts.filter(candidate)}).select(
        pl.when(folded.str.contains(_REDDIT))
        .then(pl.lit("moderator"))
        .when(folded.str.contains(_WITHDRAWN))
        .then(pl.lit("author"))
        .otherwise(folded.replace_strict(_WHO, default=None, return_dtype=pl.String))
    )
    none = pl.Series("deletion", [None], dtype=pl.String).new_from_index(0, len(texts))
    return none.scatter(candidate.arg_true(), found.to_series())
