"""The reasons that are looked at, in order. A new one is a file and a line in SIGNALS, then `threadloom train`."""

from __future__ import annotations

import numpy as np

from pipeline.reconstruct.arrays import Table
from pipeline.reconstruct.candidates import Pairs
from pipeline.reconstruct.context import Context
from pipeline.reconstruct.signals import cues, gap, mention, position, quotation, subject, turns, words
from pipeline.reconstruct.signals.signal import Signal

SIGNALS: tuple[Signal, ...] = (
    position.SIGNAL,
    quotation.SIGNAL,
    mention.SIGNAL,
    words.SIGNAL,
    cues.SIGNAL,
    subject.SIGNAL,
    turns.SIGNAL,
    gap.SIGNAL,
)


def choose_signals(kind: str) -> tuple[Signal, ...]:
    """The signals that can say something in lenses of a kind ("text" or "meta")."""
    return tuple(signal for signal in SIGNALS if kind in signal.lenses)


def measure_signals(context: Context, pairs: Pairs, signals: tuple[Signal, ...]) -> Table:
    """All columns of the signals side by side: float32[pairs, features]."""
    parts = [signal.measure(context, pairs) for signal in signals]
    return np.concatenate(parts, axis=1)
