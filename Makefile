# Every command that a person or CI runs. `make` alone lists them.
.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
VENV ?= .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
FUZZ_EXAMPLES ?= 10000
# More than cores: tests with real processes mostly wait.
PROCESSES ?= 4
# Fewer, as some of these are timed.
CHAOS_PROCESSES ?= 3

##@ Start here
.PHONY: help
help: ## Show this list
	@awk 'BEGIN {FS = ":.*## "} /^##@/ {printf "\n%s\n", substr($$0, 5)} /^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: install
install: $(INSTALLED) ## Create the virtual environment from the locked, hashed dependencies

$(INSTALLED): requirements.lock pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.PHONY: demo
demo: $(INSTALLED) ## A closed period travels from Redis through Celery into the sandbox, with failures, their fix and the re-queue
	$(BIN)/opter-economic demo $(if $(METHOD),--method $(METHOD)) $(if $(SOURCE),--source $(SOURCE))
	@echo 'Fix it yourself, on the page: make open'

.PHONY: open
open: $(INSTALLED) ## The demo stopped before the fix: everything runs, and the page is yours until Ctrl-C
	$(BIN)/opter-economic demo --open $(if $(METHOD),--method $(METHOD)) $(if $(SOURCE),--source $(SOURCE))

.PHONY: flower
flower: $(INSTALLED) ## Flower beside a running installation (settings from the environment, see deploy/env.example)
	$(BIN)/opter-economic flower

##@ Quality
.PHONY: fmt
fmt: $(INSTALLED) ## Format, and fix what the linter can fix
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

.PHONY: lint
lint: $(INSTALLED) ## Lint, types and import rules
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: unit
unit: $(INSTALLED) ## Unit tests on every core, sockets off
	$(BIN)/pytest tests/unit --disable-socket --allow-unix-socket -q -n auto

.PHONY: coverage
coverage: $(INSTALLED) ## Unit tests in one process, and what of the product they reach
	$(BIN)/coverage run -m pytest tests/unit --disable-socket --allow-unix-socket -q
	$(BIN)/coverage report --skip-covered --format=total | sed 's/.*/coverage by unit tests: & %/'

.PHONY: test
test: unit integration timing ## All tests: unit, contract, integration (embedded real Redis, Celery, the sandbox), a short chaos

.PHONY: integration
integration: $(INSTALLED) ## Contract and integration tests and a short chaos, without those that `make timing` runs
	$(BIN)/pytest tests/integration tests/contract tests/chaos -q -m "not chaos and not timing" -n $(PROCESSES) --dist loadgroup

.PHONY: timing
timing: $(INSTALLED) ## Integration tests that measure seconds; nothing may run beside them
	$(BIN)/pytest tests/integration -q -m timing

.PHONY: alerts
alerts: ## Test the alert rules (Debian: apt-get install prometheus, for its promtool)
	cd deploy/monitoring && promtool check rules alerts.yml && promtool test rules alerts.test.yml

.PHONY: browser
browser: $(INSTALLED) ## The page in a real browser (Debian: apt-get install chromium); screenshots go to build/screens
	$(BIN)/pytest tests/browser -q

.PHONY: screens
screens: ## The pictures of the README, from the last `make browser`
	@mkdir -p deploy/docs/screens
	cp build/screens/to-fix-en-1280.png deploy/docs/screens/to-fix.png
	cp build/screens/period-en-1280.png deploy/docs/screens/period.png
	cp build/screens/cause-gone-en-1280.png deploy/docs/screens/cause.png
	cp build/screens/prometheus-graph.png deploy/docs/screens/prometheus.png
	cp build/screens/prometheus-alerts.png deploy/docs/screens/alerts.png

.PHONY: bench
bench: $(INSTALLED) ## Calls, CPU and Redis trips per invoice, start of the command line; writes build/bench.json
	PYTHONPATH=tests $(BIN)/python -m bench

.PHONY: examples
examples: $(INSTALLED) ## UBL documents of a FOLDER (Peppol's or OIOUBL's official examples, fetched): each to the øre, or why not
	PYTHONPATH=tests $(BIN)/python -m bench.examples $(FOLDER)

.PHONY: walk
walk: $(INSTALLED) ## The files and functions that the export of one warm invoice passes, in order
	PYTHONPATH=tests $(BIN)/python -m bench.walk

.PHONY: fuzz
fuzz: $(INSTALLED) ## Mutated events, exports files and answers, and what certificates must find: FUZZ_EXAMPLES of each
	FUZZ_EXAMPLES=$(FUZZ_EXAMPLES) $(BIN)/pytest -q --timeout 7200 --show-capture=no tests/unit/*/test_fuzz*.py \
	  tests/unit/reconcile/test_certificate_injections.py

.PHONY: audit
audit: $(INSTALLED) ## Known vulnerabilities of the locked dependencies (says so when the advisories cannot be fetched)
	$(BIN)/python deploy/audit.py

.PHONY: chaos
chaos: $(INSTALLED) ## Kill everything at any moment, 20 seeds of it, and 10 under wrong bodies, clocks and stores; prints the bars, writes build/chaos.json; SEED=17 repeats one
	$(BIN)/pytest tests/chaos tests/integration/runtime/test_rolling_upgrade.py -q -n $(CHAOS_PROCESSES) --dist loadgroup $(if $(SEED),-k "test_run_faults or test_run_hazards" --seed $(SEED)) \
	  $(if $(FIRST),--first-seed $(FIRST)) $(if $(SEEDS),--seeds $(SEEDS))

.PHONY: fleet
fleet: $(INSTALLED) ## Two hundred agreements, large events, bulk vouchers, alerts in a real Prometheus, Sentinel, RabbitMQ, PostgreSQL: prints a table, writes build/fleet.md; PARTS="many sweeps", SHORT=1
	PYTHONPATH=tests $(BIN)/python -m fleet $(PARTS) $(if $(SHORT),--short)

.PHONY: check
check: lint test audit ## What CI runs

.PHONY: forwarder
forwarder: ## Build build/opter-forward.pyz, the forwarder for Opter's machine: pure Python, needs nothing else
	@rm -rf build/forwarder && mkdir -p build/forwarder/worker/forward
	@cp worker/__init__.py build/forwarder/worker/ && cp worker/forward/*.py build/forwarder/worker/forward/
	$(PYTHON) -m zipapp build/forwarder --main worker.forward.command:start --compress --output build/opter-forward.pyz
	@rm -rf build/forwarder

.PHONY: image
image: ## Build the image from a Debian made here and prove it (as root: debootstrap, buildah, bubblewrap)
	deploy/image/build.sh

.PHONY: sbom
sbom: $(INSTALLED) ## Write build/sbom.json, the image's bill of materials (CycloneDX) with the locked hashes
	@mkdir -p build
	$(BIN)/python deploy/sbom.py > build/sbom.json

##@ Upkeep
.PHONY: schema
schema: $(INSTALLED) ## Write deploy/event.schema.json and deploy/event.xsd from the models
	$(BIN)/python -m worker.intake.event > deploy/event.schema.json
	$(BIN)/python -m worker.intake.formats.xsd > deploy/event.xsd

.PHONY: docs
docs: $(INSTALLED) ## Write the tables in the documents from the code: settings, exports file, reason codes
	$(BIN)/python deploy/write_tables.py

.PHONY: lock
lock: $(INSTALLED) ## Resolve the dependencies anew, with hashes and without any registry's address (needs uv)
	uv pip compile pyproject.toml --all-extras --universal --python-version 3.11 --generate-hashes \
	  --no-emit-index-url --no-annotate --no-header --upgrade -q -o requirements.lock
