# Everything a person does here has a target; `make help` lists them.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
NAME ?=
# The lock files are complete, so nothing is resolved; two pips unpack a half each, side by side. pip
# compiles one file after the other; nobody imports the libraries' own tests, a fifth of all files.
INSTALL = $(BIN)/python -m pip install --quiet --require-hashes --no-deps --no-compile --requirement
HALF = <(awk -v half=$(1) '/^[^ ]/ {n++} n % 2 == half' $(2))
HALVES = $(INSTALL) $(call HALF,0,$(1)) & $(INSTALL) $(call HALF,1,$(1)) && wait $$! || { wait; exit 1; }
COMPILE = $(BIN)/python -m compileall -q -j 0 -x '/tests?/' $(VENV)/lib >/dev/null 2>&1 || true
export PIP_DISABLE_PIP_VERSION_CHECK := 1

.PHONY: help demo up test check lint bench lock clean

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-8s %s\n", $$1, $$2}'

demo: $(VENV)/run.stamp ## Run the main job to its end on a made-up company: ingest, model, check, show
	@$(BIN)/oppulence demo

up: $(VENV)/run.stamp ## Keep everything running until Ctrl-C: API, Dagster UI, ClickHouse, sandbox, worker
	@$(BIN)/oppulence up

test: lint ## Lint, types, import rules, dbt and every test: exactly what CI runs
	@$(BIN)/python -m tests

check: lint ## Lint, types and import rules alone (a minute)
	@$(BIN)/mypy

lint: $(VENV)/dev.stamp ## Lint and import rules alone (seconds)
	@$(BIN)/ruff check .
	@$(BIN)/ruff format --check .
	@$(BIN)/lint-imports

bench: $(VENV)/dev.stamp ## Measure; `make bench NAME=ingest` runs one
	@$(BIN)/python -m benchmarks $(NAME)

# Extras are kept: pip before 23.3 does not see that a pin without them covers the one with.
lock: $(VENV)/dev.stamp ## Resolve the dependencies anew into the two lock files
	@$(BIN)/uv pip compile pyproject.toml --group build --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-strip-extras --quiet --output-file requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 \
		--generate-hashes --no-header --no-annotate --no-strip-extras --quiet --constraint requirements.lock \
		--output-file requirements-dev.lock

clean: ## Remove the virtualenv, caches and the embedded engines' data
	@rm -rf $(VENV) .oppulence .mypy_cache .ruff_cache .pytest_cache dbt/target dbt/logs

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit("Oppulence needs Python 3.11 to 3.13; set PYTHON=python3.11") \
		if not (3, 11) <= sys.version_info[:2] <= (3, 13) else None'
	@$(PYTHON) -m venv $(VENV)

$(VENV)/run.stamp: requirements.lock pyproject.toml | $(VENV)/bin/python
	@echo "Installing the locked dependencies (once, a few minutes) …"
	@$(call HALVES,requirements.lock)
	@$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@$(COMPILE)
	@$(BIN)/python -m assets.manifest
	@touch $@

# The generator of clients stands apart: it asks for an older typer, which only its own command needs.
$(VENV)/dev.stamp: requirements-dev.lock requirements-client.lock $(VENV)/run.stamp
	@$(call HALVES,requirements-dev.lock)
	@$(INSTALL) requirements-client.lock
	@$(COMPILE)
	@touch $@
