# Needs Python 3.11 or newer, Go, make and git, and nothing else. `make help` lists what there is.
SHELL := /bin/bash
PYTHON ?=
PY := .venv/bin/python
SOURCES := src tests examples bench tools
# side by side; each has a local cloud of its own, about 1 GiB
TEST_PROCESSES ?= 2

# `$(call stage,NAME,COMMAND)` announces a part of the work and says how long it took
stage = printf '== %s\n' '$(1)'; begin=$$SECONDS; $(2) && printf '   ok, %d s\n' $$((SECONDS - begin))

.PHONY: help setup engine kubernetes lint types contracts check test demo kills docs reference package bench clean
.NOTPARALLEL:

help: ## Show this list
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 24

setup: .venv/.installed ## Make the virtual environment with pinned dependencies

.venv/.installed: pyproject.toml constraints.txt tools/setup
	@PYTHON='$(PYTHON)' tools/setup

# a virtual environment works only where it was made: one that was copied along is made again
ifneq ($(wildcard .venv/.made-by),)
ifneq ($(firstword $(shell cat .venv/.made-by)),$(CURDIR))
.PHONY: .venv/.installed
endif
endif

engine: setup ## Find the Pulumi engine, or build it once (about three minutes)
	@$(call stage,engine,$(PY) tools/engine.py)

kubernetes: setup ## Find kube-apiserver, kube-controller-manager and etcd, or build them once (about six minutes)
	@$(call stage,kubernetes,$(PY) tools/control_plane.py)

lint: setup ## Look for mistakes and for other than the common form
	@$(call stage,lint,$(PY) -m ruff check --quiet $(SOURCES) && $(PY) -m ruff format --check --quiet $(SOURCES))

types: setup ## Check all types, strictly
	@$(call stage,types,$(PY) -m mypy --no-error-summary)

contracts: setup ## Check who imports whom
	@$(call stage,import contracts,.venv/bin/lint-imports --no-logo > .venv/contracts.log || { cat .venv/contracts.log; false; })

check: lint types contracts ## Lint, types and import contracts

test: check engine kubernetes ## All checks and all tests, on the real engine and a real control plane
	@printf '== tests\n'
	@$(PY) -m pytest --numprocesses $(TEST_PROCESSES) --dist loadfile

demo: engine kubernetes ## Run the whole job on examples/acme, on this machine
	@.venv/bin/prodfirst demo

KILLS ?= 100
kills: engine ## Kill runs at random, each aimed at a named window, and look at what is left (an hour)
	@cd tests/acme && PYTHONPATH=.:../localcloud ../../$(PY) kills.py $(KILLS)

docs: setup reference ## Build the documentation into build/site, every link checked
	@mkdir -p build
	@$(PY) -m mkdocs build --strict --site-dir build/site 2>build/docs.log || { cat build/docs.log; false; }

reference: setup ## Write the generated pages again: the reference, figures, licences of dependencies
	@$(PY) tools/reference.py && $(PY) tools/notices.py && $(PY) tools/speed.py && $(PY) tools/histogram.py

package: setup ## Build wheel and sdist into dist/, twice, and see that they are equal
	@tools/package

bench: engine ## Measure whole processes against their floor
	@$(PY) bench/run.py

clean: ## Remove what was made in this folder
	@rm -rf .venv .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache build dist src/*.egg-info
