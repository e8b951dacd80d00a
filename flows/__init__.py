"""The Prefect flow: names, retries, concurrency and artifacts; every task body is one call into ``pipeline.steps``.

In: ``pipeline.settings.RunParameters``. Out: a published snapshot and a summary of the run.

>>> from flows.run import run_flow
>>> run_flow(RunParameters(raw=["raw"], out="parquet"))
"""

from __future__ import annotations

import os

# Prefect reads its settings when it is first imported, and nothing of it can be imported through this package before
# these lines. What the user has set wins. The embedded server needs longer than Prefect's own 20 seconds on a busy
# machine; without the next two it calls home, and reports as an error that it cannot. Failures reach the caller as
# exceptions, so Prefect's log of them would only say everything twice.
for _name, _value in {
    "PREFECT_SERVER_EPHEMERAL_STARTUP_TIMEOUT_SECONDS": "120",
    "DO_NOT_TRACK": "1",
    "PREFECT_SERVER_ANALYTICS_ENABLED": "false",
    "PREFECT_LOGGING_LEVEL": "CRITICAL",
    "PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW": "ignore",
}.items():
    os.environ.setdefault(_name, _value)
