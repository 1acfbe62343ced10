# The commands of the README. Everything runs in .venv, which is built from the pinned versions in envs/requirements.txt.
SHELL := bash
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
STUDY ?=
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
LOCK := envs/requirements.txt
STAMP := $(VENV)/installed-requirements.txt
ENV_RUN := PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
CHOOSE := $(if $(STUDY),--config study=$(STUDY))

.DEFAULT_GOAL := help
.PHONY: help env run dry-run test test-slow lint format docs clean clean-env

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo "  variables: STUDY=laptop (a file of config/studies), CORES=2"

env: ## build .venv from the lock (once; again when the lock changes)
	@cmp -s $(LOCK) $(STAMP) && $(VENV)/bin/python -c '' 2>/dev/null || $(MAKE) --no-print-directory build-env

# The stamp is a copy of the lock, compared by content: a git checkout or a touch installs nothing.
.PHONY: build-env
build-env:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; install one, or name it: make env PYTHON=/path/to/python3.11"; exit 1; }
	@$(VENV)/bin/python -c '' 2>/dev/null || $(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(LOCK)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@cp $(LOCK) $(STAMP)
	@echo "environment ready: source $(VENV)/bin/activate"

run: env ## the whole study: melts, labels, potentials, benchmarks, search, figures
	$(ENV_RUN) snakemake --cores $(CORES) $(CHOOSE)

dry-run: env ## what 'make run' would still do, and why
	$(ENV_RUN) snakemake --cores $(CORES) --dry-run $(CHOOSE)

test: env ## unit and workflow tests (minutes)
	$(ENV_RUN) pytest

test-slow: env ## scientific checks that take many minutes
	$(ENV_RUN) pytest -m slow

lint: env ## ruff, snakefmt, snakemake --lint, mypy
	$(ENV_RUN) ruff check .
	$(ENV_RUN) ruff format --check .
	$(ENV_RUN) snakefmt --check Snakefile rules
	$(ENV_RUN) snakemake --lint
	$(ENV_RUN) mypy melt2crystal tools

format: env ## let ruff and snakefmt rewrite the sources
	$(ENV_RUN) ruff check --fix .
	$(ENV_RUN) ruff format .
	$(ENV_RUN) snakefmt Snakefile rules

docs: env ## write docs/configuration.md again from the models
	$(ENV_RUN) python tools/configuration_reference.py

clean: ## remove caches (results stay)
	rm -rf .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-env: ## remove .venv
	rm -rf $(VENV)
