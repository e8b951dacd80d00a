# make run    read raw/ through the Prefect flow, publish parquet/, say what came out
# make test   every check there is: style, types, floors, tests
# make docs   write docs/tables.md and docs/formats.md from the code they describe
# All make .venv first, from the lock files; PYTHON names the interpreter to make it with.

PYTHON ?= python3
RAW    ?= raw
OUT    ?= parquet
UV     ?= uv

VENV   := .venv
BIN    := $(VENV)/bin
PIP    := $(BIN)/python -m pip install --quiet --disable-pip-version-check
LOCK   := $(UV) pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes \
          --no-emit-index-url --no-header --no-annotate --quiet

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
.PHONY: help run test docs lint format lock clean

help:
	@sed -n 's/^# \(make .*\)/  \1/p' Makefile

run: $(VENV)/.installed
	@$(BIN)/threadloom run $(RAW) --out $(OUT)

test: lint
	$(BIN)/python -m pytest -q -n auto --maxprocesses 4 --dist loadfile

docs: $(VENV)/.installed
	$(BIN)/python docs/build_tables.py
	$(BIN)/python docs/build_formats.py

lint: $(VENV)/.installed-test
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-logo

format: $(VENV)/.installed-test
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

# Versions stay as they are unless UPGRADE=--upgrade is given. The second file extends the first.
lock:
	$(LOCK) $(UPGRADE) --extra build -o requirements.lock
	$(LOCK) $(UPGRADE) --extra test --constraint requirements.lock -o requirements-test.lock

clean:
	rm -rf $(VENV) dist build .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
	find pipeline flows tests -name __pycache__ -type d -prune -exec rm -rf {} +

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "Threadloom needs Python 3.11 or later; name one with: make PYTHON=python3.12 $(MAKECMDGOALS)"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The checkout itself is installed editable, with the build backend that the lock holds: nothing unlocked is fetched.
$(VENV)/.installed: requirements.lock pyproject.toml | $(BIN)/python
	@echo "Installing into $(VENV): about a minute, only this once."
	@$(PIP) --require-hashes -r requirements.lock
	@$(PIP) --no-deps --no-build-isolation --editable .
	@$(BIN)/python -m compileall -q pipeline flows
	@touch $@

$(VENV)/.installed-test: requirements-test.lock $(VENV)/.installed
	@echo "Installing what the checks need."
	@$(PIP) --require-hashes -r requirements-test.lock
	@touch $@
