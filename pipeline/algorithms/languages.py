"""Which language a text is in: the only door to py3langid, whose model comes with it and which asks no network.

In: n texts. Out: n languages with their confidence.

>>> identify_languages(pl.Series(["The tram was late again this morning.", "12:30"])).rows()
[('en', 1.0), (None, None)]

py3langid is langid.py (Lui and Baldwin 2012, "langid.py: An Off-the-shelf Language Identification Tool"): naive Bayes
over byte sequences chosen to tell languages apart, whatever the domain. The model knows 139 languages.
"""

from __future__ import annotations

from functools import cache
from importlib.metadata import version

import polars as pl
from py3langid.langid import MODEL_FILE, LanguageIdentifier

MODEL = f"py3langid {version('py3langid')}"

_LINKS = r"\b(?:https?://|www\.)\S+"
_LETTERS = r"\p{L}"
_NO_LANGUAGE = ("und", "zxx")
# A Chinese or Korean character says as much as some letters of an alphabet do.
_DENSE = r"[\p{Han}\p{Hangul}\p{Hiragana}\p{Katakana}]"
_FEWEST_LETTERS = 12
_LETTERS_IN_A_CHARACTER = 4


@cache
def _load_model() -> LanguageIdentifier:
    return LanguageIdentifier.from_model_file(MODEL_FILE, norm_probs=True)


def identify_languages(texts: pl.Series) -> pl.DataFrame:
    """The language of n texts (String).

    Links are no words. A text with too few letters for any guess has neither language nor confidence.

    Returns:
        n rows: language (String, ISO 639 code) and confidence (Float32 in [0, 1], rounded to 3 digits), both null where
        there are too few words or none of any language.
    """
    words = texts.str.replace_all(_LINKS, " ").alias("words")
    letters = words.str.count_matches(_LETTERS) + (_LETTERS_IN_A_CHARACTER - 1) * words.str.count_matches(_DENSE)
    distinct = words.filter(letters >= _FEWEST_LETTERS).unique().drop_nulls()
    model = _load_model()
    # A Python loop over distinct texts: the library takes one at a time.
    found = [model.classify(text) for text in distinct]
    known = pl.DataFrame(
        {
            "words": distinct,
            "language": [language for language, _ in found],
            "confidence": pl.Series([confidence for _, confidence in found], dtype=pl.Float32).round(3),
        },
        schema_overrides={"language": pl.String},
    ).filter(~pl.col("language").is_in(_NO_LANGUAGE))
    return words.to_frame().join(known, on="words", how="left", maintain_order="left").drop("words")
