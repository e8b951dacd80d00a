"""datatrove: python datatrove_minhash.py TEXTS.parquet OUT - its four MinHash stages, their defaults, one process."""

import sys
from pathlib import Path

from datatrove.executor import LocalPipelineExecutor
from datatrove.pipeline.dedup import MinhashDedupBuckets, MinhashDedupCluster, MinhashDedupFilter, MinhashDedupSignature
from datatrove.pipeline.dedup.minhash import MinhashConfig
from datatrove.pipeline.readers import ParquetReader
from datatrove.pipeline.writers import JsonlWriter

if __name__ == "__main__":
    source, out = Path(sys.argv[1]), sys.argv[2]
    config = MinhashConfig()
    reader = ParquetReader(str(source.parent), glob_pattern=source.name)
    stages = [
        ([reader, MinhashDedupSignature(f"{out}/signatures", config)], 1),
        ([MinhashDedupBuckets(f"{out}/signatures", f"{out}/buckets", config=config)], config.num_buckets),
        ([MinhashDedupCluster(f"{out}/buckets", f"{out}/clusters", config=config)], 1),
        ([reader, MinhashDedupFilter(f"{out}/clusters"), JsonlWriter(f"{out}/kept")], 1),
    ]
    for nth, (pipeline, tasks) in enumerate(stages):
        LocalPipelineExecutor(pipeline, tasks=tasks, workers=1, logging_dir=f"{out}/logs/{nth}").run()
