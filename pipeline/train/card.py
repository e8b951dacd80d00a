"""The card of a model pack: what it was trained on, and how well it does.

In: corpora and figures. Out: Markdown.

>>> write_card("default-1", "2026-11-23", corpora, 61209, report).splitlines()[0]
'# Model pack default-1'
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from pipeline.reconstruct.corpus import Corpus

STREAM_FIGURES = ("link_f1", "variation", "one_to_one", "exact_f1")  # of streams alone


def write_card(name: str, date: str, corpora: Sequence[Corpus], n_words: int, report: dict[str, Any]) -> str:
    """The pack's card, in Markdown: what it was trained on and how well it does."""
    lines = [
        f"# Model pack {name}",
        "",
        f"Trained on {date} by `pipeline.train`. It holds {n_words:,} word rarities and one link model per lens.",
        "",
        "Trained on the `train` split of:",
        "",
        "| corpus | posts | labelled | listed by |",
        "| --- | ---: | ---: | --- |",
        *(
            f"| {corpus.name} | {corpus.posts.height:,} | {int(corpus.posts['labelled'].sum()):,} "
            f"| {'page' if corpus.in_page_order else 'time'} |"
            for corpus in corpora
        ),
        "",
        "Measured on the `dev` split, or, where a corpus has none, on posts kept out of training. The first post of a",
        "discussion, which has no choice, does not count. *ece* is the expected calibration error of the confidence;",
        "*previous* and *root* are the accuracy of calling every post an answer to the one just above, or to none.",
        "",
        "| lens | corpus | posts | accuracy | ece | previous | root |",
        "| --- | --- | ---: | ---: | ---: | ---: | ---: |",
    ]
    for lens, measured in report.items():
        lines += [
            f"| {lens} | {corpus} | {int(found['posts']):,} | {found['accuracy']:.3f} | {found['ece']:.3f} "
            f"| {found['all_previous']:.3f} | {found['all_root']:.3f} |"
            for corpus, found in measured.items()
        ]
    lines += list_streams(report)
    lines += [
        "",
        "What it does not know: reply habits differ between sites more than replies do, so on a site unlike these the",
        "share of top-level posts is the first thing to be wrong. Texts are mostly English. No text of the corpora is",
        "in the pack but single words that at least four (in the link models: twelve) posts share.",
        "",
    ]
    return "\n".join(lines)


def list_streams(report: dict[str, Any]) -> list[str]:
    """What is told of conversations in streams; nothing where no stream was measured."""
    streams = {
        (lens, corpus): found
        for lens, measured in report.items()
        for corpus, found in measured.items()
        if STREAM_FIGURES[0] in found
    }
    if not streams:
        return []
    return [
        "",
        "Chats and mail have models of their own: boosted trees under a listwise loss, that a second pass over a chat",
        "corrects by the conversations that the first one found (the setting `stream_passes`). Conversations are",
        "scored as Kummerfeld et al. (2019) do: *F* of the links, *VI* scaled to 100, *1-1* overlap, *exact* F of",
        "conversations of two posts or more. Where only explicit replies are known, starts are not measured.",
        "",
        "| model | corpus | F | VI | 1-1 | exact |",
        "| --- | --- | ---: | ---: | ---: | ---: |",
        *(
            f"| {lens} | {corpus} | {100 * found['link_f1']:.1f} | {found['variation']:.1f} "
            f"| {found['one_to_one']:.1f} | {found['exact_f1']:.1f} |"
            for (lens, corpus), found in streams.items()
        ),
    ]


def tell_accuracy(report: dict[str, dict[str, float]]) -> list[str]:
    """Accuracy and calibration error by corpus, in short."""
    return [f"{name} {found['accuracy']:.3f} (ece {found['ece']:.3f})" for name, found in report.items()]
