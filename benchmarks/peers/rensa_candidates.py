"""rensa: python rensa_candidates.py TEXTS.parquet OUT.parquet — candidate pairs, not verified.

Shingled by Python, the only way its own documentation shows; 128 permutations, as many bands as we have.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq
from rensa import RMinHash, RMinHashLSH

texts = pq.read_table(sys.argv[1])["text"].to_pylist()
lsh = RMinHashLSH(threshold=0.4, num_perm=128, num_bands=32)
signatures = []
for start in range(0, len(texts), 4096):
    shingled = [[text[at : at + 5] for at in range(max(1, len(text) - 4))] for text in texts[start : start + 4096]]
    signatures += RMinHash.from_token_sets(shingled, 128, 1)
lsh.insert_pairs(list(enumerate(signatures)))
pairs = 0
with Path(sys.argv[2]).open("w") as out:
    for number, found in enumerate(lsh.query_all(signatures)):
        for other in found:
            if other < number:
                out.write(f"{other} {number}\n")
                pairs += 1
print(pairs)
