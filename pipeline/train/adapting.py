"""Adapting a pack to a site of one's own from a few threads of it whose parents are known.

In: a pack and corpora. Out: a pack.

>>> adapt_links([Path("twenty_threads.parquet")], Path("mine"), "mine-1", "2026-11-23")

What differs between sites is the shape of their replies more than how a reply looks: how many posts answer none, how
many the post just above. So two numbers a pass are fitted (by the likelihood of whole trees, in damped Newton steps),
and the temperature anew; with twenty threads more than that would be learned by heart.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from pipeline.errors import SettingError
from pipeline.pack import DEFAULT_PACK, list_files, load_pack
from pipeline.reconstruct.corpus import hide, read_corpus
from pipeline.reconstruct.decoding import weigh_candidates
from pipeline.reconstruct.fitting import weigh_pages
from pipeline.reconstruct.grounds import Ground, lay_ground, score_again
from pipeline.reconstruct.scoring import LinkModel, load_model, save_model
from pipeline.train.lenses import WINDOW, find_temperature, measure_ground

Floats = NDArray[np.float64]

STEPS = 20
DOUBT = 2.0  # standard deviation of a shift before any thread is seen
FARTHEST = 1.0  # that a shift moves in one step
PACE = 0.7  # of a step: the two numbers are not moved alone


def adapt_links(
    corpora: Sequence[Path],
    out_pack: Path,
    name: str,
    date: str,
    lenses: Sequence[str] | None = None,
    base: str = DEFAULT_PACK,
    split: str | None = "train",
    say: Callable[[str], None] = lambda _: None,
) -> dict[str, Any]:
    """Adapts the models of pages in a pack and writes the whole pack anew.

    Args:
        corpora: files of threads of the site; those in page order teach all lenses, the others those of time order.
        out_pack: folder of the new pack.
        name: of the new pack; date: for the card.
        lenses: which to adapt; by default all that the corpora can be seen through.
        base: name or folder of the pack to start from.
        split: which rows of the corpora.
        say: told of each lens as it ends.

    Returns:
        Per lens: accuracy, ece and posts on the threads that it was adapted to, and the shifts.

    Raises:
        SettingError: there is no such pack, or nothing to learn from.
    """
    pack = load_pack(base)
    read = [read_corpus(path, split) for path in sorted(corpora, key=lambda path: path.stem)]
    files = list_files(base)
    report: dict[str, Any] = {}
    for lens in lenses or pack.links:
        if lens not in pack.links:
            raise SettingError(f"The model pack {base} has no model of the lens {lens}")
        grounds = [
            lay_ground(lens, hide(corpus, lens), pack, WINDOW[lens.split("-")[0]])
            for corpus in read
            if not corpus.is_stream
            and not corpus.posts.is_empty()
            and (corpus.in_page_order or not lens.startswith("page"))
        ]
        if not grounds:
            continue
        model = load_model(lens, orjson.loads(files[f"{lens}.json"]))
        model = fit_shift(replace(model, shift=np.zeros((1 + len(model.forests), 2))), grounds)
        model = replace(model, temperature=find_temperature(model, grounds))
        model = load_model(lens, save_model(model))
        measured = [found for ground in grounds if (found := measure_ground(model, ground))["posts"] > 0]
        posts = [found["posts"] for found in measured]
        figures = {key: float(np.average([found[key] for found in measured], weights=posts)) for key in measured[0]}
        model = replace(model, expected_accuracy=figures["accuracy"])
        files[f"{lens}.json"] = orjson.dumps(save_model(model), option=orjson.OPT_APPEND_NEWLINE)
        shift = [] if model.shift is None else np.round(model.shift, 4).tolist()
        report[lens] = figures | {"posts": float(sum(posts)), "shift": shift}
        say(f"{lens}: {figures['accuracy']:.3f} of {sum(posts):,.0f} parents, shifts {shift}")
    if not report:
        raise SettingError("None of the corpora has labelled threads that can be seen through these lenses")
    facts = orjson.loads(files["pack.json"]) | {"name": name}
    files["pack.json"] = orjson.dumps(facts, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)
    files["card.md"] += _tell_adapted(name, date, base, [corpus.name for corpus in read], report).encode()
    out_pack.mkdir(parents=True, exist_ok=True)
    for file, content in files.items():
        (out_pack / file).write_bytes(content)
    return report


def fit_shift(model: LinkModel, grounds: Sequence[Ground]) -> LinkModel:
    """The model with the shifts of all passes under which the true parents are likeliest, one after another, as each
    looks at what those before make of a page."""
    for number in range(1 + len(model.forests)):
        until = replace(model, forests=model.forests[:number])
        scored = [score_again(until, ground) for ground in grounds]
        shift = np.array(model.shift, dtype=np.float64)
        shift[number] = _climb(grounds, scored)
        model = replace(model, shift=shift)
    return model


def _climb(grounds: Sequence[Ground], scored: Sequence[Floats]) -> Floats:
    """The two numbers that, added to the scores, make the truth likeliest under a normal prior; Newton's steps with the
    curvature that each number would have alone."""
    at = np.zeros(2)
    for _ in range(STEPS):
        pull, curvature = -at / DOUBT**2, np.full(2, 1 / DOUBT**2)
        for ground, scores in zip(grounds, scored, strict=True):
            top = ground.pairs.is_top
            above = ~top & (ground.pairs.left == ground.pairs.right - 1)
            moved = scores + at[0] * top + at[1] * above
            if ground.in_page_order:
                shares = weigh_pages(moved, ground.pairs.offsets, ground.starts)[0]
            else:
                shares = weigh_candidates(moved, ground.pairs.offsets)
            counted = np.repeat(ground.weight > 0, np.diff(ground.pairs.offsets))
            for which, rows in enumerate((top & counted, above & counted)):
                pull[which] += float((ground.truth[rows] - shares[rows]).sum())
                curvature[which] += float((shares[rows] * (1 - shares[rows])).sum())
        at += np.clip(PACE * pull / curvature, -FARTHEST, FARTHEST)
    return at


def _tell_adapted(name: str, date: str, base: str, corpora: Sequence[str], report: dict[str, Any]) -> str:
    lines = [
        "",
        f"## Adapted as {name}",
        "",
        f"On {date}, from {base}, to threads of: {', '.join(corpora)}. Accuracy is on these threads themselves.",
        "",
        "| lens | posts | accuracy | ece | shifts of answering none and the post above, by pass |",
        "| --- | ---: | ---: | ---: | --- |",
        *(
            f"| {lens} | {int(found['posts']):,} | {found['accuracy']:.3f} | {found['ece']:.3f} | {found['shift']} |"
            for lens, found in report.items()
        ),
        "",
    ]
    return "\n".join(lines)
