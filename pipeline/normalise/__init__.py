"""Normalising: markup to text, quotes and mentions with offsets, times to UTC, words and their keys.

In: RawRecords of a capture. Out: Records, and what holds nothing.

>>> records, rejected = normalise_records(raw, capture_id, facts, load_pack())
"""

from __future__ import annotations

from pipeline.normalise.records import NORMALISER_VERSION, Facts, normalise_records

__all__ = ["NORMALISER_VERSION", "Facts", "normalise_records"]
