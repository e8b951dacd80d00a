"""De-duplication against its peers, as ratios of CPU time in one run: ``python -m benchmarks.duplicates``.

    python -m benchmarks.duplicates [--comments 200000] [--texts FILE.parquet …] [--only signatures peers growth copies]
                                    [--venvs DIR] [--python FILE]

Installs datasketch, rensa, datatrove and text-dedup into virtual environments of their own below DIR (those found
there are taken as they are; text-dedup wants Python 3.12, ``--python`` names one), and runs each on the same comments
in a process of its own, start-up included. Comments are invented (words by Zipf's law, log-normal lengths: 325
characters on average, half of them below 216; five per cent copies, three per cent copies with a slip of the pen), or
those of the column ``text`` of the files given, repeated with small changes until there are enough. Ratios depend on
lengths: what a peer spends grows with the characters, a good part of what is spent here with the comments. CPU time is
user and system time of the process: wall time on a machine that others use says little.
"""

from __future__ import annotations

import argparse
import datetime as dt
import os
import platform
import random
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
import polars as pl

from benchmarks.pipeline import invent_words

PEERS = Path(__file__).parent / "peers"
ROOT = Path(__file__).parents[1]
VENVS = {
    "peers": ["datasketch==2.0.0", "rensa==0.5.0", "datatrove[processing,io]==0.10.1", "spacy", "pyarrow", "orjson"],
    "textdedup": ["text-dedup==0.4.1"],  # its own requirements do not go with datatrove's; Python 3.12 or newer
}


def invent_comments(n: int, seed: int) -> pl.Series:
    """n comments of 325 characters on average, half of them below 215, a block at a time."""
    rng = np.random.default_rng(seed)
    words = pl.Series(invent_words(random.Random(0)))
    weights = np.cumsum(1 / (np.arange(len(words)) + 5))
    blocks, made = [], 0
    while made < n:
        rows = min(50_000, n - made)
        lengths = np.maximum(1, rng.lognormal(3.4, 0.9, rows).astype(np.int64))
        drawn = np.searchsorted(weights, rng.random(int(lengths.sum())) * weights[-1])
        bodies = pl.DataFrame({"row": np.repeat(np.arange(rows), lengths), "word": words.gather(drawn)})
        texts = bodies.group_by("row", maintain_order=True).agg(pl.col("word").str.join(" "))["word"]
        kind = rng.random(rows)
        source = np.where(kind < 0.08, rng.integers(0, rows, rows), np.arange(rows))
        texts = texts.gather(source)
        near = pl.Series((kind >= 0.05) & (kind < 0.08))
        blocks.append(
            pl.select(pl.when(near).then(texts.str.replace(r"(\w)(\w) ", "$2$1 ")).otherwise(texts)).to_series()
        )
        made += rows
    return pl.concat(blocks)


def read_comments(files: list[Path], n: int) -> pl.Series:
    """n texts of Parquet files, each round after the first with a number in front."""
    texts = pl.concat([pl.read_parquet(file)["text"] for file in files]).drop_nulls().cast(pl.String)
    rounds = [
        texts if nth == 0 else pl.select(pl.format("{} {}", pl.lit(nth), texts)).to_series()
        for nth in range(-(-n // len(texts)))
    ]
    return pl.concat(rounds).head(n)


def write_texts(path: Path, texts: pl.Series) -> Path:
    pl.DataFrame({"id": np.arange(len(texts)), "text": texts}).with_columns(pl.col("id").cast(pl.String)).write_parquet(
        path
    )
    return path


def make_venv(folder: Path, name: str, base: str = sys.executable) -> Path:
    """The interpreter of a peer's virtual environment."""
    python = folder / name / "bin" / "python"
    if not python.exists():
        subprocess.run([base, "-m", "venv", folder / name], check=True)
        subprocess.run([python, "-m", "pip", "install", "--quiet", *VENVS[name]], check=True)
    return python


def run(python: Path, script: str, *arguments: str | Path, threads: int = 1) -> tuple[float, float, str]:
    """CPU seconds, peak memory in MiB and the last line that a script prints."""
    environment = os.environ | {
        "PYTHONPATH": str(ROOT),
        "POLARS_MAX_THREADS": str(threads),
        "TOKENIZERS_PARALLELISM": "false",
    }
    child = subprocess.Popen(
        [python, PEERS / script, *arguments],
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert child.stdout is not None
    told = child.stdout.read()
    _, status, used = os.wait4(child.pid, 0)
    if status:
        raise SystemExit(f"{script} failed; run it by hand: {python} {PEERS / script} {' '.join(map(str, arguments))}")
    lines = told.strip().splitlines()
    return used.ru_utime + used.ru_stime, used.ru_maxrss / 1024, lines[-1] if lines else ""


def compare(name: str, ours: float, peer: float, reach: float) -> None:
    print(f"{name:<58} {peer:>9.1f} s {ours:>8.2f} s {peer / ours:>8.1f} ×   reach {reach} ×", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--comments", type=int, default=200_000)
    parser.add_argument("--growth", type=int, default=200_000, help="comments of which ten times as many are taken")
    parser.add_argument("--copies", type=int, default=1_000_000)
    parser.add_argument("--texts", type=Path, nargs="*", default=[])
    parser.add_argument("--venvs", type=Path, default=Path(tempfile.gettempdir()) / "threadloom-peers")
    parser.add_argument("--python", default=sys.executable, help="for text-dedup: 3.12 or newer")
    parser.add_argument("--only", nargs="*", default=["signatures", "peers", "growth", "copies"])
    options = parser.parse_args()
    print(
        f"{dt.date.today()}, {platform.processor() or platform.machine()}, {os.cpu_count()} cores, CPU time", flush=True
    )
    own = Path(sys.executable)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)

        def comments(n: int, seed: int = 1) -> pl.Series:
            return read_comments(options.texts, n) if options.texts else invent_comments(n, seed)

        # Kernels are compiled once for a machine, at their first use: here.
        run(own, "ours.py", write_texts(folder / "first.parquet", comments(1000)), folder / "first-out.parquet")
        if {"signatures", "peers"} & set(options.only):
            texts = comments(options.comments)
            print(f"{len(texts):,} comments of {texts.str.len_chars().mean():.0f} characters", flush=True)
            path = write_texts(folder / "texts.parquet", texts)
        if "signatures" in options.only:
            peers = make_venv(options.venvs, "peers")
            rates = {}
            for who, python in (("ours", own), ("datasketch", peers), ("rensa", peers)):
                seconds, signed = map(float, run(python, "signatures.py", who, path)[2].split())
                rates[who] = seconds / signed * len(texts)
            compare("signatures: datasketch update_batch", rates["ours"], rates["datasketch"], 80)
            compare("signatures: rensa, Python shingles", rates["ours"], rates["rensa"], 10)
        if "peers" in options.only:
            peers = make_venv(options.venvs, "peers")
            ours, memory, found = run(own, "ours.py", path, folder / "ours.parquet")
            print(f"ours: {ours:.2f} s, {memory:,.0f} MiB, {int(found):,} verified and typed edges", flush=True)
            spent, memory, pairs = run(peers, "rensa_candidates.py", path, folder / "pairs.txt")
            compare(f"rensa, {int(pairs):,} unverified candidates, {memory:,.0f} MiB", ours, spent, 1)
            spent, memory, _ = run(peers, "datatrove_minhash.py", path, folder / "datatrove")
            compare(f"datatrove, {memory:,.0f} MiB", ours, spent, 50)
            spent, memory, _ = run(
                make_venv(options.venvs, "textdedup", options.python),
                "text_dedup_minhash.py",
                path,
                folder / "textdedup",
            )
            compare(f"text-dedup, {memory:,.0f} MiB", ours, spent, 50)
        if "growth" in options.only:
            few, many = (
                write_texts(folder / f"{times}.parquet", comments(options.growth * times)) for times in (1, 10)
            )
            small, small_memory, _ = run(own, "ours.py", few, folder / "few.parquet")
            large, large_memory, _ = run(own, "ours.py", many, folder / "many.parquet")
            print(
                f"{options.growth:,} comments {small:.2f} s, {small_memory:,.0f} MiB; ten times as many {large:.2f} s, "
                f"{large_memory:,.0f} MiB: {large / small:.1f} ×   reach at most 11 ×",
                flush=True,
            )
        if "copies" in options.only:
            different = comments(2 * options.copies, seed=2)
            plain = write_texts(folder / "different.parquet", different)
            copied = pl.concat([different.head(options.copies), pl.repeat(different[0], options.copies, eager=True)])
            copies = write_texts(folder / "copies.parquet", copied.shuffle(seed=3))
            base, _, _ = run(own, "ours.py", plain, folder / "base.parquet")
            spent, _, _ = run(own, "ours.py", copies, folder / "copied.parquet")
            print(
                f"{2 * options.copies:,} different {base:.2f} s; half of them one comment {spent:.2f} s: "
                f"{spent / base:.2f} ×   reach at most 1 ×",
                flush=True,
            )


if __name__ == "__main__":
    main()
