# Every habit is one word; `make help` lists them. Needs Python 3.11 or newer and make, nothing else.

PYTHON ?= python3
DATA ?= .data
HOST ?= 127.0.0.1
PORT ?= 8000
FUZZ_MINUTES ?= 4
FUZZ_SEED ?=

VENV := .venv
BIN := $(VENV)/bin
PACKAGES := network_api events newsletters
PROJECT := setup.cfg pyproject.toml
COMPILE := $(BIN)/uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
	--custom-compile-command 'make lock' setup.cfg
PIP := $(BIN)/python -m pip --disable-pip-version-check --quiet

# Some images set this; every one of the processes started here would then compile the same source again.
unexport PYTHONDONTWRITEBYTECODE

# A run against a MongoDB server: make test MONGODB_URI=mongodb://localhost:27017/network?replicaSet=rs0
ifneq ($(MONGODB_URI),)
export NETWORK_MONGODB_URI := $(MONGODB_URI)
endif

.DEFAULT_GOAL := help
.PHONY: help install install-dev browser-tools run test screenshots fuzz chaos faults upgrade bench check audit format translations lock clean

help: ## This list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

# A stamp carries the hash of what it was made from, not a time: a fresh clone, a branch switch and a copied folder
# all have times that mean nothing.
stamp = $(VENV)/.$(1)-$(shell cat $(2) $(PROJECT) | cksum | cut -d ' ' -f 1)
RUNTIME := $(call stamp,runtime,requirements.lock)
DEV := $(call stamp,dev,requirements-dev.lock)

$(BIN)/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo 'Python 3.11 or newer is needed: make PYTHON=...' >&2; exit 1; }
	$(PYTHON) -m venv $(VENV)

# Without dependencies: the lock names every one of them, and pip is not to look for more (a requirement with an extra,
# as coverage[toml], makes an older pip take the newest release instead of the locked one). `pip check` sees a gap.
define install_from
	@echo "Installing $(1) into $(VENV) (once; again when it changes)"
	@$(PIP) install --require-hashes --no-deps -r $(1)
	@$(PIP) install --no-deps --editable . --config-settings editable_mode=compat
	@$(PIP) check
	@rm -f $(VENV)/.$(2)-*
	@touch $@
endef

$(RUNTIME): | $(BIN)/python
	$(call install_from,requirements.lock,runtime)

$(DEV): | $(BIN)/python
	$(call install_from,requirements-dev.lock,dev)

install: $(RUNTIME) ## Make .venv with what the platform needs to run

install-dev: $(DEV) ## The same, with the tools for tests and checks

$(BIN)/uv: | $(BIN)/python
	$(PIP) install --no-deps "$$(grep -o '^uv==[0-9.]*' requirements-dev.lock)"

run: install ## Start everything on this machine, with demo data
	@exec $(BIN)/network-api up --demo --host $(HOST) --port $(PORT) --data $(DATA)

# Without scripts: vnu-jar's would look for a Java of its own.
tests/browser/node_modules/.installed: tests/browser/package-lock.json
	npm ci --prefix tests/browser --ignore-scripts --no-audit --no-fund
	@touch $@

browser-tools: tests/browser/node_modules/.installed ## What tests of pages and letters need: an HTML validator (with Java) and axe-core

test: install-dev ## Run all tests in parallel (ARGS='tests/events -k seat' for some)
	$(BIN)/python -m pytest -n 3 $(ARGS)

screenshots: install-dev browser-tools ## Pictures of every page, and of people's ways through them: build/screenshots
	mkdir -p build/screenshots
	SCREENSHOTS=build/screenshots $(BIN)/python -m pytest -n 2 -q tests/browser -k 'journeys or every_page'

fuzz: install-dev ## Look for minutes for what no test thought of (FUZZ_MINUTES=30, FUZZ_SEED=7, ARGS='-k gate' for some)
	FUZZ_MINUTES=$(FUZZ_MINUTES) FUZZ_SEED=$(FUZZ_SEED) $(BIN)/python -m pytest -m fuzz -n 2 $(ARGS)

chaos: install-dev ## Kill workers at random while an SMTP server fails (CHAOS_SEED=7 for a known storm)
	$(BIN)/python -m pytest -m chaos -s tests/newsletters/test_chaos.py $(ARGS)

faults: install-dev ## Break the whole platform, two of everything, in rounds (ARGS='--rounds 20', ARGS='--seed 7')
	$(BIN)/python -m tests.faults $(ARGS)

upgrade: install-dev ## Replace a former release by the present one, node by node, under load (ARGS='--since REVISION')
	$(BIN)/python -m tests.faults.upgrade $(ARGS)

bench: install-dev ## How fast people register and letters go out (ARGS='registration --people 300', ARGS='dispatch --sizes 1000')
	$(BIN)/python -m benchmarks $(ARGS)

check: install-dev ## Lint, types, import contracts, translations
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m tests.platform.translations

audit: $(BIN)/uv ## Ask for known holes in what is locked (AUDIT_REQUIRED=1 fails without a network)
	.ci/audit requirements-server.lock requirements-dev.lock

format: install-dev ## Mend what ruff can mend
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

translations: install-dev ## Extract, update and compile the catalogues
	$(BIN)/python -m tests.platform.translations --update

# Not install-dev: what is locked so far does not satisfy a setup.cfg that asks for more.
lock: | $(BIN)/uv ## Write the lock files anew from setup.cfg (UPGRADE=--upgrade for newer versions)
	$(COMPILE) $(UPGRADE) --all-extras --output-file requirements-dev.lock
	$(COMPILE) --extra embedded --constraints requirements-dev.lock --output-file requirements.lock
	$(COMPILE) --extra redis --constraints requirements-dev.lock --output-file requirements-server.lock

clean: ## Remove what make made, except the data
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .coverage
