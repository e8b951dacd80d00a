"""Signatures of a column of texts, 128 permutations, character 5-grams: python signatures.py NAME TEXTS.parquet.

Prints CPU seconds of each way and how many texts it signed in them; NAME is ours, datasketch or rensa.
"""

import sys
import time

import pyarrow.parquet as pq

name, path = sys.argv[1:]
texts = pq.read_table(path)["text"].to_pylist()


def shingles(text: str) -> list[str]:
    return [text[at : at + 5] for at in range(max(1, len(text) - 4))]


if name == "ours":
    import polars as pl

    from pipeline.algorithms.minhash import sign_texts

    column = pl.Series(texts)
    sign_texts(column.head(100), 5, 128)  # loads the kernel
    begun = time.process_time()
    sign_texts(column, 5, 128)
elif name == "datasketch":
    from datasketch import MinHash

    texts = texts[:20_000]
    begun = time.process_time()
    for text in texts:
        MinHash(128, scheme="affine32").update_batch([shingle.encode() for shingle in shingles(text)])
else:
    from rensa import RMinHash

    begun = time.process_time()
    for start in range(0, len(texts), 4096):
        RMinHash.from_token_sets([shingles(text) for text in texts[start : start + 4096]], 128, 1)
print(time.process_time() - begun, len(texts))
