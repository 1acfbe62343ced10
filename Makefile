# The commands of the README. Everything runs in .venv, which is built from the pinned versions in envs/requirements.txt.
SHELL := bash
CORES ?= $(shell getconf _NPROCESSORS_ONLN)
STUDY ?=
PYTHON ?= $(shell for name in python3.11 python3.12 python3.13 python3; do \
	$$name -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null && echo $$name && break; done)
VENV := .venv
LOCK := envs/requirements.txt
PYTORCH_LOCK := envs/requirements-pytorch.txt
UNIVERSAL := .venv-universal
UNIVERSAL_LOCK := envs/requirements-universal.txt
STAMP := $(VENV)/installed-requirements.txt
# Programs of an environment name its Python by its whole path, which is wrong when the folder has been moved.
USABLE = { $(VENV)/bin/python -c '' && test -x "$$(sed -n '1s/^\#!//p' $(VENV)/bin/pip)"; } 2>/dev/null
# Snakemake keeps a cache in the home folder; where nobody may write there, it gets a folder of this clone.
CACHE = $(shell test -w "$${XDG_CACHE_HOME:-$$HOME}" || echo 'XDG_CACHE_HOME="$(CURDIR)/.snakemake/cache" MPLCONFIGDIR="$(CURDIR)/.snakemake/cache"')
ENV_RUN = $(CACHE) PATH="$(CURDIR)/$(VENV)/bin:$$PATH"
CHOOSE := $(if $(STUDY),--config study=$(STUDY))
DOOR = $(ENV_RUN) python -m melt2crystal
OF_STUDY := $(if $(STUDY),--study $(STUDY))

.DEFAULT_GOAL := help
.PHONY: results bench-search bench-hits bench-dry-run plan env-progress env-pytorch env-universal report export dag why status ledger labels-report labels-export labels-import potentials-export potentials-import help env run dry-run test test-installed test-slow test-slurm bench-overhead lint format docs clean clean-env

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## (.*)/  make \1|\2/' | column -t -s '|'
	@echo "  variables: STUDY=laptop (a file of config/studies), CORES=2, LOGGER=rich (progress bars)"

env: ## build .venv from the lock (once; again when the lock changes)
	@cmp -s $(LOCK) $(STAMP) && $(USABLE) && test -x $(VENV)/bin/melt2crystal || $(MAKE) --no-print-directory build-env

# The stamp is a copy of the lock, compared by content: a git checkout or a touch installs nothing.
.PHONY: build-env
build-env:
	@test -n "$(PYTHON)" || { echo "Python 3.11, 3.12 or 3.13 is needed; install one, or name it: make env PYTHON=/path/to/python3.11"; exit 1; }
	@$(USABLE) || $(PYTHON) -m venv --clear $(VENV)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --requirement $(LOCK)
	$(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@cp $(LOCK) $(STAMP)
	@echo "environment ready: source $(VENV)/bin/activate"

env-pytorch: env ## PyTorch, for studies with train.network.descriptor: dpa4 (3 GB to fetch)
	@$(VENV)/bin/python -c 'import torch, e3nn, vesin' 2>/dev/null \
		|| $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(LOCK) --requirement $(PYTORCH_LOCK)

env-universal: ## CHGNet and SevenNet in an environment of their own, for studies universal-*: 3 GB to fetch, 5 GB on disk
	@cmp -s $(UNIVERSAL_LOCK) $(UNIVERSAL)/installed-requirements.txt || { \
		test -x $(UNIVERSAL)/bin/pip || $(PYTHON) -m venv $(UNIVERSAL); \
		$(UNIVERSAL)/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --requirement $(UNIVERSAL_LOCK) \
		&& cp $(UNIVERSAL_LOCK) $(UNIVERSAL)/installed-requirements.txt; }

env-espresso: ## Quantum ESPRESSO from Debian packages, or what to do without root
	@envs/install_espresso.sh

run: env $(if $(filter rich,$(LOGGER)),env-progress) ## the whole study: melts, labels, potentials, benchmarks, search, figures
	@$(DOOR) needs-pytorch $(STUDY) || $(MAKE) --no-print-directory env-pytorch
	$(ENV_RUN) snakemake --cores $(CORES) $(if $(LOGGER),--logger $(LOGGER)) $(CHOOSE)

env-progress: env ## the optional progress bars, once: then make run LOGGER=rich
	@$(VENV)/bin/python -c 'import snakemake_logger_plugin_rich' 2>/dev/null \
		|| $(VENV)/bin/python -m pip install --quiet --disable-pip-version-check --constraint $(LOCK) --editable '.[progress]'

dry-run: env ## what 'make run' would still do, and why
	$(ENV_RUN) snakemake --cores $(CORES) --dry-run $(CHOOSE)

# One worker more than cores, as tests of time limits and of killed programs wait; the order is that of tests/conftest.py.
WORKERS := --numprocesses $(shell expr $(CORES) + 1) --dist loadfile --no-loadscope-reorder

test: env ## unit and workflow tests (minutes), on CORES cores; of a file, one after the other
	$(ENV_RUN) pytest $(WORKERS) --durations 20

test-installed: env ## the tests alone that need PyTorch, CHGNet, pw.x or Chromium; each is skipped, with its reason, where that is missing
	$(ENV_RUN) pytest $(WORKERS) -m "(pytorch or pw_x or chromium or universal) and not slow"

test-slow: env ## scientific checks that take many minutes
	$(ENV_RUN) pytest -m slow

test-slurm: env ## the ci study on a real SLURM of one node (Debian: slurmctld slurmd slurm-client munge; as root)
	$(ENV_RUN) pytest -m slurm tests/slurm

bench-overhead: env ## what one active-learning iteration costs when every engine is instantaneous
	$(ENV_RUN) python -m tools.bench.overhead --cores $(CORES)

bench-dry-run: env ## CPU time of a dry run with ten thousand jobs, over that of a bare workflow
	$(ENV_RUN) python -m tools.bench.dry_run

bench-search: env ## relaxations of a search in lock step, over those of ASE: MODEL=results/laptop/models/hp/0-compressed.pb
	$(ENV_RUN) python -m tools.bench.search "$(or $(MODEL),$(error name a compressed model: make bench-search MODEL=results/laptop/models/hp/0-compressed.pb))" $(ARGS)

bench-hits: env ## which known crystals a search finds, after how long: MODEL=data/potentials/silica_bks.lmp NAME=BKS [METHODS=] [SEEDS=] [PRESSURES=] [MINUTES=20] [MELTS=file]
	$(ENV_RUN) python -m tools.bench.hits "$(or $(MODEL),$(error name a potential: make bench-hits MODEL=data/potentials/silica_bks.lmp NAME=BKS))" "$(or $(NAME),$(error name it for the table: NAME=BKS))" \
		$(if $(METHODS),--methods $(METHODS)) $(if $(SEEDS),--seeds $(SEEDS)) $(if $(PRESSURES),--pressures $(PRESSURES)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(MELTS),--melts "$(MELTS)") $(ARGS)
	$(ENV_RUN) python -m tools.bench.hit_page
	$(ENV_RUN) python -m tools.bench.hit_figure

lint: env ## ruff, snakefmt, snakemake --lint, mypy, import contract, links and spelling of the pages
	$(ENV_RUN) ruff check .
	$(ENV_RUN) ruff format --check .
	$(ENV_RUN) snakefmt --check Snakefile rules
	$(ENV_RUN) snakemake --lint
	$(ENV_RUN) mypy melt2crystal tools
	$(ENV_RUN) lint-imports
	$(ENV_RUN) python -m tools.docs.check_links
	$(ENV_RUN) python -m tools.docs.check_spelling

format: env ## let ruff and snakefmt rewrite the sources
	$(ENV_RUN) ruff check --fix .
	$(ENV_RUN) ruff format .
	$(ENV_RUN) snakefmt Snakefile rules

docs: env ## write docs/reference: configuration from the models, commands from the door, rebuild from the rules (minutes)
	$(ENV_RUN) python -m tools.configuration_reference
	$(ENV_RUN) python -m tools.command_reference
	$(ENV_RUN) python -m tools.rebuild.write_table

# What a person asks of a study: aliases of the command melt2crystal (melt2crystal --help).
dag: env ## figure of the workflow for a methods section: docs/figures/dag.*, with STUDY=... results/<study>/figures/dag.*
	$(DOOR) dag $(OF_STUDY)

why: env ## what made this rerun: TARGET=results/laptop/figures/figure1.png
	@$(DOOR) why "$(TARGET)" $(OF_STUDY)

status: env ## what is done, running, failed, and how long still; also while the study runs
	@$(DOOR) status $(OF_STUDY)

ledger: env ## core-hours and GPU-hours by stage, per label, wasted: results/<study>/ledger/
	@$(DOOR) ledger $(OF_STUDY)

results: run ## run a study and write its page docs/results/STUDY.md, tables, CSV and figures
	$(ENV_RUN) python -m tools.results.write_page results/$(or $(STUDY),laptop)

report: env ## figures, tables, captions, versions in one file: results/<study>/report.html
	@$(DOOR) report --cores $(CORES) $(OF_STUDY)

export: env ## the finished study as an RO-Crate: results/<study>/export/*.zip, read back at once
	@$(DOOR) export $(OF_STUDY)

plan: env ## what a study will cost: jobs, core-hours, GPU-hours, storage: UNITS="label_dft_core_s=900" LIKE=laptop
	@$(DOOR) plan $(OF_STUDY) $(foreach unit,$(UNITS),--unit $(unit)) $(if $(LIKE),--like $(LIKE)) $(ARGS)

labels-report: env ## status, cost, outliers of the labels; also while the study runs
	$(DOOR) labels report $(OF_STUDY) $(ARGS)

labels-export: env ## inputs of the frames that lack labels, for another machine: FOLDER=work/inputs
	$(DOOR) labels export "$(or $(FOLDER),$(error name a new folder: make labels-export STUDY=open FOLDER=work/inputs))" $(OF_STUDY)

labels-import: env ## labels from such a folder, computed elsewhere: FOLDER=work/inputs
	$(DOOR) labels import "$(or $(FOLDER),$(error name the folder: make labels-import STUDY=open FOLDER=work/inputs))" $(OF_STUDY)

potentials-export: env ## training data, inputs and train.sh, for another machine: STUDY=laptop FOLDER=work/hp
	$(DOOR) potentials export "$(or $(FOLDER),$(error name a new folder: make potentials-export STUDY=laptop FOLDER=work/hp))" $(OF_STUDY) $(ARGS)

potentials-import: env ## potentials from such a folder, trained elsewhere: FOLDER=work/hp OUT=work/hp-given
	$(DOOR) potentials import "$(or $(FOLDER),$(error name the folder: make potentials-import FOLDER=work/hp OUT=work/hp-given))" "$(or $(OUT),$(error name a new folder: OUT=work/hp-given))"

clean: ## remove caches (results stay)
	rm -rf .pytest_cache .ruff_cache .mypy_cache
	find . -name __pycache__ -type d -not -path './$(VENV)/*' -prune -exec rm -rf {} +

clean-env: ## remove .venv
	rm -rf $(VENV)
