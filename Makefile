# make up: from a fresh machine to a model served across two nodes.   make test: all set-up, all tests.   make help: the rest.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.DEFAULT_GOAL := help
.PHONY: help up down test check lint docs golden policy bench prove release-check venv lock

help:  ## this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "make %-13s %s\n", $$1, $$2 }' $(firstword $(MAKEFILE_LIST))

# Everything that can fail is looked at before the environment that is there is emptied. An activated environment is itself
# what `python3` leads to, so that the new one is made by the Python below it.
$(VENV)/.ready: requirements/dev.lock requirements/uv.lock
	@[ ! -L $(VENV) ] || { echo "$(VENV) is a link, and what it leads to would be emptied: remove the link" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -c 'import ensurepip, venv' 2>/dev/null || { echo "$(PYTHON) has no module venv or ensurepip, and nothing was changed: install them (Debian: apt-get install python3-venv), or set PYTHON to a Python that has both" >&2; exit 1; }
	@base=$$($(PYTHON) -c 'import sys; print(sys._base_executable)') && "$$base" -m venv --clear $(VENV)
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@$(VENV)/bin/uv pip sync -q --python $(PY) --compile-bytecode --require-hashes requirements/dev.lock requirements/uv.lock
	@touch $@

venv: $(VENV)/.ready  ## the environment .venv with the locked packages

lint: venv  ## ruff and mypy
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(PY) -m mypy
	@said=$$($(VENV)/bin/lint-imports --no-cache 2>&1 && PYTHONPATH=container $(VENV)/bin/lint-imports --no-cache container/pyproject.toml 2>&1) || { echo "$$said"; exit 1; }

# Tests that share nothing but the fixtures of their file, so that each core takes files of its own.
FAST := $(PY) -m pytest -q -n auto --dist loadfile

check: lint  ## lint, and the tests that need no cluster
	@$(FAST) -m "not cluster and not prove" tests/unit tests/components tests/container tests/engine

docs: venv  ## write the pages, tables and schemas that are made from code and data; `make check` compares them
	@$(PY) -m pytest -q --docs-update tests/unit

golden: venv  ## write the manifests of tests/unit/golden; `make check` compares them
	@$(PY) -m pytest -q --golden-update tests/unit

policy: venv  ## the environment policy/.venv of the policy pack
	@$(PY) -m lab.policy

lock: venv  ## resolve requirements/*.in and policy/requirements.in anew
	@for name in dev uv release; do $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/$$name.in -o requirements/$$name.lock; done
	@$(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header policy/requirements.in -o policy/requirements.lock

up: venv  ## the lab, `pulumi up` on the stack dev, and a completion from the model
	@lab/lab serve

down: venv  ## end and remove everything that runs of the lab
	@lab/lab down

# The fast tests first: what they find is known before the long ones begin, which share one lab and run one by one.
# test_case_names.py judges the names of the tests that run with it.
test: lint  ## every test: unit, engine, cluster
	@$(FAST) tests/unit tests/components tests/container
	@lab/lab down && lab/lab up
	@$(PY) -m pytest -q --durations=15 tests/unit/test_case_names.py tests/cluster tests/engine tests/lab tests/prove

bench: venv  ## how long everything takes
	@lab/lab bench

# What takes longer than a test may: tests/prove, evidence/*.json. Runs the rows that are not proven for this code, and
# goes on where it was broken off. make prove MATRIX=faults, ROWS="faults or impact" (pytest's -k), AGAIN=1 (rows that
# are proven as well), LIST=1 (which rows are proven and why the others are not; nothing runs. GNU make has no --list for
# its targets; `lab/lab prove --list` does the same).
prove: venv  ## the rows of the long matrices that are not proven for this code
	@$(PY) -m pytest -v -m prove tests/prove$(if $(MATRIX),/$(MATRIX)) $(if $(ROWS),-k "$(ROWS)") $(if $(AGAIN),--again) $(if $(LIST),--list)

# Whether all rows of all matrices are proven for this code.
release-check: venv  ## fail unless every row of every matrix is proven for this code
	@$(PY) -m pytest -m prove tests/prove --release
