# Everything needs Python 3.11+, Go, make and git alone.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SOURCES := src tests examples bench

.PHONY: help setup test lint types contracts check demo bench clean

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(STAMP) ## Make the virtual environment with pinned dependencies

$(STAMP): pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
		{ echo "error: $(PYTHON) is older than 3.11; name a newer one with: make PYTHON=python3.12"; exit 2; }
	@$(PYTHON) -m venv $(VENV) || \
		{ echo "error: no venv module; on Debian and Ubuntu: apt-get install python3-venv"; exit 2; }
	@echo "setup: installing pinned dependencies, about a minute the first time"
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[aws,local,dev]'
	@touch $@

lint: $(STAMP)
	@$(BIN)/ruff check $(SOURCES)
	@$(BIN)/ruff format --check --quiet $(SOURCES)

types: $(STAMP)
	@$(BIN)/mypy

contracts: $(STAMP)
	@$(BIN)/lint-imports --no-timing

check: lint types contracts

test: check ## Lint, types, import contracts and all tests, on the real engine
	@$(BIN)/pytest

demo: $(STAMP) ## Run the whole job on examples/acme, on this machine
	@$(BIN)/prodfirst demo

bench: $(STAMP) ## Measure, as ratios against a floor in the same run
	@$(BIN)/python bench/run.py

clean: ## Remove what setup made in this folder
	@rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist src/*.egg-info
