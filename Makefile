# Everything needs only Python 3.11+ and make; the real Kafka also Java 17 and Maven.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
READY  := $(VENV)/.ready
UV     := uv>=0.13,<0.14

.PHONY: help setup demo test check format kafka bench storm lock clean
.DEFAULT_GOAL := help

help: ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

setup: $(READY) ## the virtual environment, from the lock file

# The lock names every package with its hash and no index: pip takes it from wherever it is set up to.
$(READY): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Kinbridge needs Python 3.11 or later.")'
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV)
	@echo "Installing what requirements.lock lists into $(VENV) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

demo: setup ## the Lewisham story on the embedded line; ONCE=1 ends by itself
	@$(BIN)/kinbridge demo $(if $(ONCE),--once)

# What starts no broker runs on every core; what does wants the machine for itself.
test: setup check ## everything
	$(BIN)/python -m pytest -n auto --dist worksteal -m "not integration and not faults"
	$(BIN)/python -m pytest -m "integration or faults"

check: setup ## lint, types, import rules
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports

format: setup ## lay out the code
	$(BIN)/ruff format .
	$(BIN)/ruff check --fix .

kafka: ## a real Kafka on loopback; PORT=9092, FOLDER=.kafka/broker
	@deploy/kafka/kafka.sh up $(or $(FOLDER),.kafka/broker) $(or $(PORT),9092)

bench: setup ## all benchmarks; results under benchmarks/results
	$(BIN)/python -m benchmarks $(ARGS)

storm: setup ## the fault suite for longer; DURATION=600 SEED=1
	STORM_DURATION=$(or $(DURATION),600) STORM_SEED=$(or $(SEED),1) $(BIN)/python -m pytest -m faults $(ARGS)

lock: setup ## requirements.lock anew, from pyproject's ranges
	$(BIN)/python -m pip install --quiet --disable-pip-version-check "$(UV)"
	$(BIN)/uv pip compile pyproject.toml --extra test --universal --python-version 3.11 \
	    --generate-hashes --upgrade --no-emit-index-url --no-emit-find-links --no-annotate --no-header \
	    --native-tls --quiet --output-file requirements.lock

clean: ## what was made here, the Kafka data too
	rm -rf $(VENV) .bench-venv .mesh-venv .kafka .data .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
