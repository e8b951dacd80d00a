"""Prefect's embedded server lives no longer than the run that started it, however that ends.

In: nothing. Out: a server that Prefect's clients in this process use, and a watcher that ends it when we are gone.

>>> start_server()
"""

from __future__ import annotations

import subprocess

from prefect.server.api.server import SubprocessASGIServer
from prefect.settings import PREFECT_API_URL

_WATCH = 'trap "" INT TERM; read -r _; kill "$0" 2>/dev/null'

_watchers: dict[int, subprocess.Popen[bytes]] = {}  # by the process of the server that each watches


def start_server() -> None:
    """Start the embedded server, unless PREFECT_API_URL names another; safe to call again.

    Prefect stops its server when Python exits, hence not when the process is killed: a shell waits for the end of a
    pipe that only this process holds, and stops the server then.
    """
    if PREFECT_API_URL.value():
        return
    server = SubprocessASGIServer()
    server.start()
    process = server.server_process
    if process is None or process.pid in _watchers:
        return
    command = ["/bin/sh", "-c", _WATCH, str(process.pid)]
    quiet = subprocess.DEVNULL
    _watchers[process.pid] = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=quiet, stderr=quiet)
