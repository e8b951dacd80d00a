"""A Prefect server for the tests of the flow, its results kept in a folder of the test session."""

from __future__ import annotations

import pytest
from prefect.settings import PREFECT_RESULTS_LOCAL_STORAGE_PATH, temporary_settings
from prefect.testing.utilities import prefect_test_harness


# Not for the whole session: while it is up, threads of Prefect draw random numbers, and hypothesis takes that for a
# strategy of some other test doing so.
@pytest.fixture(scope="module", autouse=True)
def prefect_server(tmp_path_factory):
    # The harness isolates the database; results have a place of their own.
    results = tmp_path_factory.mktemp("prefect-results")
    with (
        prefect_test_harness(server_startup_timeout=120),
        temporary_settings({PREFECT_RESULTS_LOCAL_STORAGE_PATH: results}),
    ):
        yield
