"""Threadloom: python ours.py TEXTS.parquet OUT.parquet — clusters and typed, verified edges of a column of texts."""

import sys

import polars as pl

from pipeline.clusters import deduplicate

found = deduplicate(pl.scan_parquet(sys.argv[1]))
found.edges.write_parquet(sys.argv[2])
print(found.edges.height)
