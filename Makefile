# make up: from a fresh machine to a model served across two nodes.   make test: all set-up, all tests.
SHELL := /bin/bash
PYTHON ?= python3
VENV := .venv
PY := $(VENV)/bin/python

.PHONY: up down test check lint bench prove release-check venv lock

$(VENV)/.ready: requirements/dev.lock requirements/uv.lock
	@[ ! -L $(VENV) ] || { echo "$(VENV) is a link, and what it leads to would be emptied: remove the link" >&2; exit 1; }
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: set PYTHON=/path/to/python3.11" >&2; exit 1; }
	@$(PYTHON) -m venv --clear $(VENV) >/dev/null 2>&1 || { apt-get install -q -y python3-venv && $(PYTHON) -m venv --clear $(VENV); } || { echo "python3 -m venv failed: install Python's venv module (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@$(PY) -m pip install -q --disable-pip-version-check --require-hashes -r requirements/uv.lock
	@$(VENV)/bin/uv pip sync -q --python $(PY) --compile-bytecode --require-hashes requirements/dev.lock requirements/uv.lock
	@touch $@

venv: $(VENV)/.ready

lint: venv
	@$(VENV)/bin/ruff check . && $(VENV)/bin/ruff format --check . && $(PY) -m mypy
	@said=$$($(VENV)/bin/lint-imports --no-cache 2>&1) || { echo "$$said"; exit 1; }

check: lint
	@$(PY) -m pytest -q -m "not cluster and not prove" tests/unit tests/components tests/container tests/engine

lock: venv
	@for name in dev uv; do $(VENV)/bin/uv pip compile -q --universal --python-version 3.11 --generate-hashes --no-annotate --no-header requirements/$$name.in -o requirements/$$name.lock; done

# The lab, `pulumi up` on the stack dev, and a completion from the model.
up: venv
	@lab/lab serve

down: venv
	@lab/lab down

# The fast tests first: what they find is known before the long ones begin.
test: lint
	@lab/lab down && lab/lab up
	@$(PY) -m pytest -q --durations=15 tests/unit tests/components tests/container tests/cluster tests/engine tests/lab tests/prove

bench: venv
	@lab/lab bench

# What takes longer than a test may: tests/prove, evidence/*.json. Runs the rows that are not proven for this code, and
# goes on where it was broken off. make prove MATRIX=faults, ROWS="faults or impact" (pytest's -k), AGAIN=1 (rows that
# are proven as well), LIST=1 (which rows are proven and why the others are not; nothing runs. GNU make has no --list for
# its targets; `lab/lab prove --list` does the same).
prove: venv
	@$(PY) -m pytest -v -m prove tests/prove$(if $(MATRIX),/$(MATRIX)) $(if $(ROWS),-k "$(ROWS)") $(if $(AGAIN),--again) $(if $(LIST),--list)

# Whether all rows of all matrices are proven for this code.
release-check: venv
	@$(PY) -m pytest -m prove tests/prove --release
