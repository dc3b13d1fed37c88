# Two commands do everything: `make run` and `make test`. The rest is for working on the code.
# Each target makes what it needs; nothing is installed outside this folder unless you are root and a tool
# must come from the system (scripts/install-tools says which and why).

SHELL := /bin/bash
.DEFAULT_GOAL := help
PY := .venv/bin/python
DESKTOP := web/desktop
NPM = PATH="$(CURDIR)/.venv/bin:$$PATH" npm --prefix $(DESKTOP)

.PHONY: help run serve desktop test unit check format bench asterisk tools tools-test lock screenshots clean

help: ## this list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 14

run: .venv/.run $(DESKTOP)/dist/index.html ## set everything up and start the demo on http://127.0.0.1:8080
	$(PY) -m callcenter demo

test: .venv/.dev $(DESKTOP)/dist/index.html tools-test ## everything the tests need, then all tests
	scripts/test

desktop: $(DESKTOP)/dist/index.html ## build the browser application that `callcenter serve` hands out

unit: .venv/.dev ## the fast tests only
	$(PY) -m pytest -q tests/unit

check: .venv/.dev $(DESKTOP)/node_modules/.installed ## lint, types and import contracts, Python and desktop
	scripts/check

bench: .venv/.dev $(DESKTOP)/dist/index.html tools-test ## measure, with the peers in the same run; writes docs/benchmarks.md
	$(PY) -m tests.bench

asterisk: .venv/.run ## a running Asterisk 22 with our dialplan, for soft phones on this machine
	scripts/install-tools asterisk
	$(PY) -m callcenter.asterisk.lab

tools-test:
	scripts/install-tools asterisk sipp chromium espeak-ng sox

screenshots: .venv/.dev $(DESKTOP)/dist/index.html tools-test ## make the pictures in docs/ anew
	$(PY) -m tests.e2e.screenshots

lock: .venv/.dev ## pin the dependencies anew
	scripts/lock

format: .venv/.dev ## format the Python
	.venv/bin/ruff format callcenter crm_core ivr web tests
	.venv/bin/ruff check --fix callcenter crm_core ivr web tests

.venv/.run: requirements.lock pyproject.toml scripts/setup-python
	scripts/setup-python requirements.lock
	@touch $@

.venv/.dev: requirements-dev.lock pyproject.toml scripts/setup-python
	scripts/setup-python requirements-dev.lock
	@touch $@ .venv/.run

$(DESKTOP)/node_modules/.installed: $(DESKTOP)/package-lock.json scripts/setup-node | .venv/.run
	scripts/setup-node
	$(NPM) ci --no-audit --no-fund
	@touch $@

$(DESKTOP)/dist/index.html: $(DESKTOP)/node_modules/.installed $(shell find $(DESKTOP)/src $(DESKTOP)/index.html $(DESKTOP)/vite.config.ts -type f 2>/dev/null)
	$(NPM) run build
	@touch $@

clean: ## remove what was built and installed here
	rm -rf .venv $(DESKTOP)/node_modules $(DESKTOP)/dist var
