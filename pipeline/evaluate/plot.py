"""A reliability diagram and a risk–coverage curve as one SVG that any browser shows.

In: bins and a curve. Out: SVG.

>>> draw_reliability("reddit, page-text", [Bin(10, 0.8, 0.7)], [(1.0, 0.3)]).startswith("<svg")
True
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from pipeline.evaluate.calibration import Bin

SIDE = 300  # pixels of each square
MARGIN = 46


def draw_reliability(title: str, bins: Sequence[Bin], risk: Sequence[tuple[float, float]]) -> str:
    """Left, accuracy by confidence, a disc's area telling how many links; right, the share wrong by the share kept."""
    most = max((found.posts for found in bins), default=1)
    discs = "".join(
        f'<circle cx="{_x(found.confidence):.1f}" cy="{_y(found.accuracy):.1f}" '
        f'r="{3 + 9 * (found.posts / most) ** 0.5:.1f}" fill="#2563eb" fill-opacity="0.6">'
        f"<title>{found.posts} links, confidence {found.confidence:.3f}, right {found.accuracy:.3f}</title></circle>"
        for found in bins
    )
    right = SIDE + 2 * MARGIN
    curve = " ".join(f"{_x(cover) + right:.1f},{_y(wrong):.1f}" for cover, wrong in risk)
    width, height = 2 * SIDE + 4 * MARGIN, SIDE + 2 * MARGIN
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        f'font-family="sans-serif" font-size="12"><rect width="100%" height="100%" fill="white"/>'
        f'<text x="{MARGIN}" y="20" font-size="14">{escape(title)}</text>'
        + _frame(0, "confidence", "share that is right")
        + f'<line x1="{_x(0)}" y1="{_y(0)}" x2="{_x(1)}" y2="{_y(1)}" stroke="#888" stroke-dasharray="4"/>'
        + discs
        + _frame(right, "share kept, surest first", "share wrong among them")
        + f'<polyline points="{curve}" fill="none" stroke="#dc2626" stroke-width="2"/></svg>\n'
    )


def _frame(shift: int, below: str, beside: str) -> str:
    """A square from 0 to 1 with its ticks and names."""
    left, bottom = MARGIN + shift, MARGIN + SIDE
    ticks = "".join(
        f'<text x="{_x(at / 4) + shift}" y="{bottom + 16}" text-anchor="middle">{at / 4:g}</text>'
        f'<text x="{left - 6}" y="{_y(at / 4) + 4}" text-anchor="end">{at / 4:g}</text>'
        for at in range(5)
    )
    middle = MARGIN + SIDE / 2
    return (
        f'<rect x="{left}" y="{MARGIN}" width="{SIDE}" height="{SIDE}" fill="none" stroke="#444"/>{ticks}'
        f'<text x="{left + SIDE / 2}" y="{bottom + 34}" text-anchor="middle">{escape(below)}</text>'
        f'<text transform="translate({left - 34},{middle}) rotate(-90)" text-anchor="middle">{escape(beside)}</text>'
    )


def _x(value: float) -> float:
    return MARGIN + SIDE * value


def _y(value: float) -> float:
    return MARGIN + SIDE * (1 - value)
