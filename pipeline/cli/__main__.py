"""``python -m pipeline.cli`` is ``threadloom``."""

from pipeline.cli import main

main()
