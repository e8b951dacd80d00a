"""text-dedup: python text_dedup_minhash.py TEXTS.parquet OUT — its MinHash with its defaults, one process."""

import os
import sys
from pathlib import Path

out = Path(sys.argv[2])
out.mkdir(parents=True, exist_ok=True)
os.environ["HF_HOME"] = str(out / "cache")
(out / "config.toml").write_text(
    f"""
[input]
input_type = "local_files"
file_type = "parquet"
read_arguments = {{ path = "parquet", data_files = ["{sys.argv[1]}"], split = "train" }}

[algorithm]
algorithm_name = "minhash"
text_column = "text"
num_perm = 128
threshold = 0.7
num_proc = 1

[debug]
enable_profiling = false

[output]
output_dir = "{out / "kept"}"
"""
)
os.chdir(out)

if __name__ == "__main__":
    from text_dedup.config.base import Config
    from text_dedup.minhash import main

    main(Config())
