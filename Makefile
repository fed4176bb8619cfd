# Everything runs from a virtual environment that the first target to need it makes. No target needs root.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin
STAMP  := $(VENV)/.installed
# How many processes share the tests, by file: most tests wait for other processes, so two fill little of a small machine.
PARALLEL ?= 2
PYTEST := $(BIN)/python -m pytest -n $(PARALLEL) --dist loadfile
SUITES := unit contracts adapters integration faults packaging docs

.DEFAULT_GOAL := help
.PHONY: help setup demo test check $(SUITES) test-all-pythons bench bench-scripts bench-peers zones soak fmt lock clean

help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  %-18s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment with everything in it

demo: $(STAMP) ## run real jobs of every kind on the embedded server
	$(BIN)/hexjobs demo

test: $(STAMP) ## every test; ends with the slowest, and with each skip and its reason
	$(PYTEST) -q

check: $(STAMP) ## the fast gate: lint, format, arrows, types, and the tests of the core
	$(BIN)/ruff check -q .
	$(BIN)/ruff format -q --check .
	$(BIN)/lint-imports --no-logo
	$(BIN)/mypy
	$(BIN)/basedpyright
	$(PYTEST) -q tests/architecture tests/unit tests/contracts

unit: ## the domain, the use cases, settings and wiring, with nothing around them
contracts: ## the sentences of the ports, against each adapter
adapters: ## each adapter against the real thing
integration: ## the parts together, in processes of their own
faults: ## the fault battery: real kills, stalls, partitions; judged from journals
packaging: ## the wheel in a fresh environment
docs: ## what the documentation says, tried out
$(SUITES): $(STAMP)
	$(PYTEST) -q tests/$@

test-all-pythons: ## the tests of the core and the adapters on each Python from 3.11 to 3.14 that is here
	./scripts/test-all-pythons

bench: $(STAMP) ## every figure and its target, beside the bare client's; JOBS=40000 ROUNDS=3 ONLY=drain,idle OUT=folder
	$(BIN)/python -m benchmarks.run

bench-scripts: $(STAMP) ## what each script costs the server; BACKLOGS=0,10000,100000 CALLS=50
	$(BIN)/python -m benchmarks.scripts_cost

bench-peers: $(STAMP) ## beside other systems, which it installs outside; JOBS=20000 ROUNDS=3 ONLY=saq,bullmq KILL=1
	$(BIN)/python -m benchmarks.run_peers

zones: $(STAMP) ## schedules across every clock change of every time zone, 1990 to 2037; takes minutes
	ZONES=all $(PYTEST) -q tests/unit/application/test_clock_changes.py

soak: $(STAMP) ## random faults under load, judged; writes docs/fault-report.md; MINUTES=1 SEED= KILLS= JOBS=
	cd tests && ../$(BIN)/python -m faults.soak

fmt: $(STAMP) ## format the code and apply the safe fixes
	$(BIN)/ruff check --fix-only -q .
	$(BIN)/ruff format -q .

lock: ## resolve the newest allowed versions anew and pin them in constraints.txt
	PYTHON=$(PYTHON) ./scripts/lock

clean: ## remove what the targets made
	rm -rf $(VENV) .venv-3.* build dist .mypy_cache .ruff_cache .hypothesis .import_linter_cache *.egg-info
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

$(STAMP): pyproject.toml constraints.txt scripts/environment
	PYTHON=$(PYTHON) ./scripts/environment $(VENV) --group test --group check --group examples --group packaging
	@touch $@
