"""Whole runs, timed: ``python -m benchmarks.pipeline --records 300000``.

Writes a Reddit dump of invented comments (Pushshift's shape, ids and parents declared, a twentieth of the comments seen
twice, some near copies), runs ``threadloom run --direct`` on it in a process of its own, and prints seconds per step,
records a second and the largest resident memory.
"""

from __future__ import annotations

import argparse
import datetime as dt
import itertools
import platform
import random
import resource
import subprocess
import sys
import tempfile
from pathlib import Path

import orjson

from pipeline.archive import open_archive


def invent_words(rng: random.Random, n: int = 30_000) -> list[str]:
    """n different words of two to four syllables."""
    syllables = [
        consonant + vowel for consonant in "bcdfghjklmnprstvwz" for vowel in ("a", "e", "i", "o", "u", "ai", "ou")
    ]
    words: dict[str, None] = {}
    while len(words) < n:
        words["".join(rng.choices(syllables, k=rng.randint(1, 4)))] = None
    return list(words)


def write_dump(path: Path, n: int, seed: int = 0) -> None:
    """n comments in threads of about fifty, by five thousand authors, with five per cent re-scraped and two edited."""
    rng = random.Random(seed)
    words = invent_words(rng)
    # Zipf's law: the k-th word is used in proportion to 1/k.
    weights = list(itertools.accumulate(1 / (k + 5) for k in range(len(words))))

    def invent_body() -> str:
        return " ".join(rng.choices(words, cum_weights=weights, k=max(1, int(rng.lognormvariate(3.3, 1.0)))))

    with path.open("wb") as file:
        written = 0
        thread = 0
        while written < n:
            thread += 1
            ids: list[str] = []
            for _ in range(min(rng.randint(2, 100), n - written)):
                name = f"c{written}"
                row = {
                    "id": name,
                    "link_id": f"t3_s{thread}",
                    "parent_id": f"t1_{rng.choice(ids)}" if ids and rng.random() < 0.6 else f"t3_s{thread}",
                    "author": f"user{rng.randrange(5000)}",
                    "created_utc": 1_700_000_000 + written,
                    "body": invent_body(),
                    "score": rng.randrange(100),
                    "subreddit": f"sub{thread % 200}",
                    "retrieved_on": 1_710_000_000,
                }
                file.write(orjson.dumps(row) + b"\n")
                written += 1
                ids.append(name)
                if rng.random() < 0.05 and written < n:
                    again = row | {"retrieved_on": 1_711_000_000, "score": 1}
                    if rng.random() < 0.4:
                        again["body"] = f"{row['body']} Edit: spelling."
                    file.write(orjson.dumps(again) + b"\n")
                    written += 1


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--records", type=int, default=300_000)
    parser.add_argument("--flow", action="store_true", help="through Prefect instead of --direct")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        dump, out = Path(folder) / "RC.ndjson", Path(folder) / "archive"
        write_dump(dump, arguments.records)
        command = [sys.executable, "-m", "pipeline.cli", "run", str(dump), "--out", str(out)]
        subprocess.run([*command, *([] if arguments.flow else ["--direct"])], check=True, stdout=subprocess.DEVNULL)
        peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
        run = open_archive(out).runs.collect().row(0, named=True)
        seconds = (run["ended_at"] - run["started_at"]).total_seconds()
        print(f"{dt.date.today()} {platform.platform()} python {platform.python_version()}")
        print(f"{arguments.records} records, {dump.stat().st_size / 1e6:.0f} MB")
        for step in run["seconds"]:
            print(f"  {step['step']:<12} {step['seconds']:8.1f} s")
        print(f"  {'all':<12} {seconds:8.1f} s   {arguments.records / seconds:,.0f} records/s   peak {peak:,.0f} MiB")


if __name__ == "__main__":
    main()
