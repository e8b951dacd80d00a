"""The reasons that are looked at in streams, in order. A new one is a file and a line here, then training."""

from __future__ import annotations

from pipeline.reconstruct.streams.signals import cues, mention, position, quotation, subject, turns, wording, words
from pipeline.reconstruct.streams.signals.signal import StreamSignal

CHAT_SIGNALS: tuple[StreamSignal, ...] = (
    position.SIGNAL,
    turns.SIGNAL,
    mention.SIGNAL,
    words.SIGNAL,
    cues.SIGNAL,
    wording.SIGNAL,
)
MAIL_SIGNALS: tuple[StreamSignal, ...] = (*CHAT_SIGNALS, subject.SIGNAL, quotation.SIGNAL)

__all__ = ["CHAT_SIGNALS", "MAIL_SIGNALS", "StreamSignal"]
