# `make fuzz` does the main job, `make test` passes the checks; each sets itself up.
PYTHON ?= python3
VENV   ?= .venv
BIN    := $(VENV)/bin

.PHONY: fuzz test test-all bench clean

# Containers set it, and each of a thousand Pythons of `make test` would compile all that it imports.
unexport PYTHONDONTWRITEBYTECODE

# what `make fuzz` finds; a folder of its own each time, which no repository has
FOUND  := .finfuzz/$(shell date +%Y%m%d-%H%M%S)

# One more than cores: tests of campaigns wait a sixth of their time, for processes that are killed
# and started again.
TESTERS = $(shell $(BIN)/python -c 'import os; print(len(os.sched_getaffinity(0)) + 1)')

$(VENV)/.installed: pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "finfuzz needs Python 3.11 or later: make PYTHON=python3.12 …")'
	@echo "installing finfuzz into $(VENV)"
	@$(PYTHON) -m venv $(VENV)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	@touch $@

$(VENV)/.ready: $(VENV)/.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $@

# From nothing, without the programs in corpus/, which replay what is known; until the first new
# finding has its script and its owner. One worker: the other core is for triage and compilers.
fuzz: $(VENV)/.installed
	@mkdir -p $(FOUND)/nothing
	$(BIN)/finfuzz run --findings 1 --time 120 --workers 1 --owner-only --corpus $(FOUND)/nothing --state $(FOUND) --crashes $(FOUND)/crashes

test: $(VENV)/.ready
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/pytest -m 'not slow' -n $(TESTERS) --dist loadfile --no-loadscope-reorder --durations=20

# Two matrices are most of the slow tests, each in one file: so tests are shared out, not files.
test-all: test
	$(BIN)/pytest -m slow -n $(TESTERS) --dist worksteal --durations=20

bench: $(VENV)/.ready
	$(BIN)/python tools/bench.py executor

clean:
	rm -rf $(VENV) .mypy_cache .ruff_cache .pytest_cache .hypothesis build *.egg-info
