# Everything runs from a virtual environment that the first target to need it makes.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
LOCK   := constraints.txt

.DEFAULT_GOAL := help
.PHONY: help setup demo test check unit contracts adapters faults docs-test bench soak fmt lock clean ci-tools test-all-pythons

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): pyproject.toml $(LOCK)
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install -q --disable-pip-version-check "pip>=25.1" -c $(LOCK)
	$(BIN)/python -m pip install -q --disable-pip-version-check -c $(LOCK) -e '.[all]' --group test --group check --group examples --group packaging
	@touch $(STAMP)

setup: $(STAMP) ## make the virtual environment with everything in it

demo: $(STAMP) ## run real jobs of every kind on the embedded server
	$(BIN)/hexjobs demo

test: $(STAMP) ## every test; ends with the slowest and with each skip and its reason
	$(BIN)/python -m pytest

check: $(STAMP) ## the fast gate: lint, format, types, arrows, unit and contract tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/lint-imports
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(BIN)/python -m pytest -q tests/architecture tests/unit tests/contracts

fmt: $(STAMP) ## format the code and apply the safe fixes
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

bench: $(STAMP) ## the project's own figures
	$(BIN)/python benchmarks/run.py

lock: ## resolve the newest allowed versions anew and pin them
	./scripts/lock

clean: ## remove what the targets made
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
