# Two commands on a fresh machine: `make run` and `make test`. Both set up what they need first.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
BASE ?= $(shell command -v python3.11 || command -v python3)
STAMP := $(VENV)/.installed
BENCH := $(VENV)/.installed-bench

.PHONY: setup run test bench lint lock browser

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh $(BASE) $(VENV) requirements.lock
	@touch $@

$(BENCH): requirements-bench.lock $(STAMP)
	@scripts/setup.sh $(BASE) $(VENV) requirements-bench.lock
	@touch $@

run: setup
	@SANGDAM_DATA_DIR="$${SANGDAM_DATA_DIR:-./data}" exec $(PYTHON) -m bot run

test: setup browser lint
	@exec $(PYTHON) -m pytest -q

browser: setup
	@scripts/browser.sh $(PYTHON)

lint: setup
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check -q .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: $(BENCH)
	@$(PYTHON) -m benchmarks $(MEASURES)

lock: setup
	@$(VENV)/bin/uv pip compile pyproject.toml --extra dev --generate-hashes --universal --python-version 3.11 \
	  --no-header --no-annotate -q -o requirements.lock
	@$(VENV)/bin/uv pip compile pyproject.toml --extra dev --extra bench --generate-hashes --universal \
	  --python-version 3.11 --no-header --no-annotate -q -o requirements-bench.lock
