"""What the shipped pack knows of linking records: agreement speaks for one post, disagreement against it."""

from __future__ import annotations

from pipeline.pack import NO_AGREEMENT, load_pack


def test_what_agrees_speaks_for_one_post() -> None:
    linkage = load_pack().linkage
    assert set(linkage) >= {"author", "neighbour"}
    for weight in (linkage["author"], linkage["neighbour"]):
        assert weight.agree > 0 > weight.differ
    assert NO_AGREEMENT.agree == NO_AGREEMENT.differ == 0
