# Everything one types at this project. Each target installs what it needs first (scripts/prepare.sh).

.DEFAULT_GOAL := help
.NOTPARALLEL:
MAKEFLAGS += --no-print-directory
PREPARE := sh scripts/prepare.sh
PYTHON := .venv/bin/python
ARGS ?=

.PHONY: help
help: ## What there is to type
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' Makefile

.PHONY: run
run: ## Set everything up, find or start a swarm, and serve the page
	@$(PREPARE) run
	@exec $(PYTHON) -m scripts.run

.PHONY: dev
dev: ## The same with reload: the API on APP_PORT, the page by Vite on 5173
	@$(PREPARE) run
	@exec $(PYTHON) -m scripts.run --dev

.PHONY: test
test: ## Everything: check, unit tests, the real lab and a real browser (ARGS="-k name")
	@$(PREPARE) test
	@exec $(PYTHON) -m scripts.test $(ARGS)

.PHONY: check
check: ## Format, lint, types, import layers, dead code, stale API types
	@$(PREPARE) check
	@exec $(PYTHON) -m scripts.check

.PHONY: contract
contract: ## The engine contract on every engine generation: 20.10, 26.1 and the newest
	@$(PREPARE) test
	@CONTRACT_ENGINES=bookworm,trixie,sid exec $(PYTHON) -m pytest tests/contract $(ARGS)

.PHONY: engine-calls
engine-calls: ## Write down in deploy/socket-filter.conf which calls of the engine's API the tests see us make
	@$(PREPARE) test
	@exec $(PYTHON) -m scripts.engine_calls

.PHONY: chaos
chaos: ## Break a real swarm and the server on purpose; writes docs/reliability.md (10 minutes)
	@$(PREPARE) lab
	@CHAOS=long exec $(PYTHON) -m pytest tests/chaos -o log_cli=true -o log_cli_level=INFO $(ARGS)

.PHONY: bench
bench: ## The benchmarks, each against what one would use instead
	@$(PREPARE) test
	@exec $(PYTHON) -m bench $(ARGS)

.PHONY: soak
soak: ## Ten minutes of 20 changes a second before open pages: does anything grow? (QUICK=1: one minute)
	@$(PREPARE) test
	@exec $(PYTHON) -m bench.soak $(ARGS)

.PHONY: wheel
wheel: ## Build dist/*.whl, which carries the page: for uv tool install, pipx or pip
	@$(PREPARE) wheel

.PHONY: api-types
api-types: ## Write the page's API types anew from the OpenAPI document
	@$(PREPARE) check
	@exec $(PYTHON) -m scripts.api_types

.PHONY: schema
schema: ## Write docs/schemas anew: what editors complete definitions from
	@$(PREPARE) check
	@exec $(PYTHON) -m scripts.definition_schema

.PHONY: screenshots
screenshots: ## Take the pictures under docs/images anew: a shop on a real swarm, every page (5 minutes)
	@$(PREPARE) test
	@exec $(PYTHON) -m e2e.screenshots

.PHONY: lab-up
lab-up: ## Start a real three-node swarm on this machine (root, Linux)
	@$(PREPARE) lab
	@exec $(PYTHON) -m lab up --name demo

.PHONY: lab-down
lab-down: ## Stop it and leave nothing behind
	@$(PREPARE) python
	@exec $(PYTHON) -m lab down --name demo
