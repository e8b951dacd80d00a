"""Normalising: markup to text, quotes and mentions with offsets, times to UTC, words and their keys.

In: RawRecords of a capture. Out: Records, and what holds nothing: `pipeline.normalise.records.normalise_records`.
"""
