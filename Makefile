# Everything a newcomer, a developer and CI need. Nothing but Python, make, git and GnuPG is expected to be there.
SHELL := bash
.DEFAULT_GOAL := help
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
SPARK := $(VENV)/.installed-spark
export PYTHONPATH := $(CURDIR)/include

.PHONY: help demo test check fuzz format docs bench lock clean

help: ## what can be made
	@awk -F ':.*## ' '/^[a-z]+:.*## /{printf "  make %-8s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

$(STAMP): requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "Cuadre needs Python 3.11, 3.12 or 3.13; '$(PYTHON)' is another one. Say: make PYTHON=python3.12 ..."; exit 2; }
	@echo "Making the environment from requirements.txt (a few minutes, once) ..."
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.txt 2> >(grep -v '^WARNING: Location' >&2)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e . 2> >(grep -v '^WARNING: Location' >&2)
	@touch $@

# Apart, since it is large and only the engine spark and its tests need it.
$(SPARK): $(STAMP) requirements-spark.txt
	@echo "Adding Spark and Java from requirements-spark.txt (400 MB, once) ..."
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-build-isolation --require-hashes -r requirements-spark.txt 2> >(grep -v '^WARNING: Location' >&2)
	@touch $@

demo: $(STAMP) ## three settlement days, end to end; ARGS=--once exits by itself
	@$(BIN)/python -m cuadre.sandbox.demo $(ARGS)

# Three at a time keep two cores busy: tests wait for gpg, PostgreSQL, Java and Airflow, and for files to hold still.
# Each of them reads all tests: those that are unchanged are kept compiled, whatever the environment says.
test: export PYTHONDONTWRITEBYTECODE :=
test: $(SPARK) ## all tests; ARGS are passed to pytest
	@$(BIN)/python -m pytest -n 3 --dist loadfile --no-loadscope-reorder $(ARGS)

fuzz: $(STAMP) ## new hostile inputs until MINUTES (5) are over; ends at the first that is not refused
	@end=$$((SECONDS + 60 * $${MINUTES:-5})); while ((SECONDS < end)); do \
	  $(BIN)/python -m pytest -q tests/hostile/test_fuzz.py --hypothesis-seed=$$RANDOM $(ARGS) || exit 1; done

check: $(STAMP) ## lint, format, types, import direction, generated files up to date
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/python -m docs.generate --check

format: $(STAMP) ## let ruff put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

docs: $(STAMP) ## write the generated pages
	$(BIN)/python -m docs.generate

bench: $(STAMP) ## measure against the others; ARGS="--lines 1000000"
	@$(BIN)/python -m benchmarks.run $(ARGS)

LOCK := uv pip compile --universal --generate-hashes --no-annotate --no-header --no-emit-index-url

lock: $(STAMP) ## make requirements*.txt anew from pyproject.toml (needs uv)
	$(LOCK) --extra dev pyproject.toml -o requirements.txt
	$(BIN)/python -c 'import tomllib; print(*tomllib.load(open("pyproject.toml", "rb"))["project"]["optional-dependencies"]["spark"], sep="\n")' \
	  | $(LOCK) --python-version 3.11 --constraint requirements.txt - -o requirements-spark.txt

clean: ## remove the environment and everything the demo left
	rm -rf $(VENV) .demo .bench
