# Two commands on a fresh machine: `make run` and `make test`. Both set up what they need first.
SHELL := /bin/bash
VENV := .venv
PYTHON := $(VENV)/bin/python
BASE ?= $(shell command -v python3.11 || command -v python3)
STAMP := $(VENV)/.installed
DEV := $(VENV)/.installed-dev
BENCH := $(VENV)/.installed-bench

COMPILE := $(VENV)/bin/uv pip compile pyproject.toml --extra build --generate-hashes --universal \
  --python-version 3.11 --no-header --no-annotate -q

.PHONY: setup dev run test bench lint lock browser

setup: $(STAMP)

$(STAMP): requirements.lock pyproject.toml scripts/setup.sh
	@scripts/setup.sh $(BASE) $(VENV) requirements.lock
	@touch $@

dev: $(DEV)

$(DEV): requirements-dev.lock $(STAMP)
	@scripts/setup.sh $(BASE) $(VENV) requirements-dev.lock
	@touch $@

$(BENCH): requirements-bench.lock $(STAMP)
	@scripts/setup.sh $(BASE) $(VENV) requirements-bench.lock
	@touch $@

run: setup
	@SANGDAM_DATA_DIR="$${SANGDAM_DATA_DIR:-./data}" exec $(PYTHON) -m bot run

test: dev browser lint
	@exec $(PYTHON) -m pytest -q -n 2 --dist loadfile --no-loadscope-reorder

browser: dev
	@scripts/browser.sh $(PYTHON)

lint: dev
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check -q .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports

bench: $(BENCH)
	@$(PYTHON) -m benchmarks $(MEASURES)

lock: dev
	@$(COMPILE) -o requirements.lock
	@$(COMPILE) --extra dev -o requirements-dev.lock
	@$(COMPILE) --extra dev --extra bench -o requirements-bench.lock
