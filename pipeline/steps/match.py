"""The second step: which texts say nearly the same.

In: the records of all captures. Out: work parts ``near`` (verified pairs of words_keys) and ``near-texts``.
"""

from __future__ import annotations

import polars as pl

from pipeline.deduplicate.near import near_duplicates
from pipeline.steps.plan import RunPlan, StepReport, timed_report
from pipeline.store.captures import scan_records


def match_duplicates(plan: RunPlan) -> StepReport:
    """Verifies pairs of distinct texts that MinHash finds alike. Counts: texts, near_pairs."""
    with timed_report("match") as report:
        texts = (
            scan_records(plan.layout, plan.capture_ids(), ["words_key", "words", "n_words"])
            .unique("words_key", keep="any")
            .sort("words_key")
            .collect()
        )
        pairs = near_duplicates(texts, plan.parameters.settings)
        keys = pl.concat([pairs["left_key"], pairs["right_key"]]).unique()
        plan.work.write("near", pairs)
        plan.work.write("near-texts", texts.filter(pl.col("words_key").is_in(keys.implode())).drop("n_words"))
        report.counts.update(texts=texts.height, near_pairs=pairs.height)
    return report
