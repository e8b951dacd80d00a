"""Settings for the whole test session: quiet libraries, their state kept out of the home folder, steady hypothesis."""

from __future__ import annotations

import os
import tempfile

from hypothesis import HealthCheck, settings

# Before anything imports prefect, which reads its settings once. Nothing a test does may touch the user's own state.
# The folder is deleted when the interpreter ends; a server that ends a moment later may still write into it.
_prefect_home = tempfile.TemporaryDirectory(prefix="threadloom-tests-prefect-", ignore_cleanup_errors=True)
os.environ["PREFECT_HOME"] = _prefect_home.name
os.environ["DO_NOT_TRACK"] = "1"
os.environ["PREFECT_SERVER_ANALYTICS_ENABLED"] = "false"
os.environ["PREFECT_LOGGING_TO_API_WHEN_MISSING_FLOW"] = "ignore"
os.environ.pop("PREFECT_API_URL", None)
# A terminal's width, which processes that run tests are told as well: tables are printed as to another program.
os.environ.pop("COLUMNS", None)

# The first example of a kernel's test compiles it, so a deadline would measure the compiler.
settings.register_profile(
    "threadloom", deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow], print_blob=True
)
settings.load_profile("threadloom")
