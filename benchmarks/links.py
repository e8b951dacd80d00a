"""Prints how many parents a pack finds in corpora with known parents, lens by lens, and how far it may be believed.

    python -m benchmarks.links CORPUS.parquet ... [--split dev] [--fewest 5] [--most 400] [--pack default]

A corpus in page order is seen through all four lenses, any other through those of time order.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from pipeline.evaluate import evaluate_links
from pipeline.pack import DEFAULT_PACK, load_pack
from pipeline.train import LENSES

COLUMNS = ("posts", "accuracy", "all_previous", "all_root", "ece", "brier", "base_brier", "sure", "sure_accuracy")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpora", nargs="+", type=Path)
    parser.add_argument("--split", default="dev")
    parser.add_argument("--lens", choices=LENSES, action="append")
    parser.add_argument("--fewest", type=int, default=2)
    parser.add_argument("--most", type=int, default=1_000_000)
    parser.add_argument("--pack", default=DEFAULT_PACK)
    asked = parser.parse_args()
    pack = load_pack(asked.pack)
    print(f"{'corpus':28}{'lens':11}" + "".join(f"{name:>14}" for name in COLUMNS) + f"{'posts/s':>10}")
    for corpus in asked.corpora:
        for lens in asked.lens or LENSES:
            start = time.perf_counter()
            try:
                found = evaluate_links(corpus, lens, pack, split=asked.split, fewest=asked.fewest, most=asked.most)
            except ValueError:
                continue
            speed = found["posts"] / (time.perf_counter() - start)
            figures = "".join(
                f"{found[name]:>14.0f}" if name == "posts" else f"{found[name]:>14.3f}" for name in COLUMNS
            )
            print(f"{corpus.stem:28}{lens:11}{figures}{speed:>10.0f}", flush=True)


if __name__ == "__main__":
    main()
