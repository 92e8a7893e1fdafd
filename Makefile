# Two commands: `make run` starts the dashboard, `make test` runs the checks.

PYTHON ?= python3
BIN := .venv/bin
CHROMIUM ?= /usr/bin/chromium-headless-shell
POSTGRES ?= /usr/lib/postgresql

.PHONY: run setup quick test slow test-faults check pictures catalogs clean

run: .venv/app.installed
	$(BIN)/streamlit run app.py

# The installing for both commands, and nothing else.
setup: .venv/app.installed .venv/tests.installed

# The engine's unit tests, which start no process: before every commit.
quick: .venv/tests.installed
	$(BIN)/python -m pytest -m quick

# All checks but the next two, in the order in which they fail fastest.
test: .venv/tests.installed $(CHROMIUM) $(POSTGRES) check
	$(BIN)/python -m pytest

# Every net and every depth, where the others take some of them.
slow: .venv/tests.installed
	$(BIN)/python -m pytest -m slow

# Kills, cuts, fills and locks what a run depends on; a cluster's nodes get the machine for themselves.
test-faults: .venv/tests.installed $(POSTGRES)
	$(BIN)/python -m pytest -m faults --ignore=tests/cluster
	$(BIN)/python -m pytest -m faults -n0 tests/cluster

check: .venv/tests.installed
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

# The pictures of the docs, taken from the running app.
pictures: .venv/tests.installed $(CHROMIUM)
	$(BIN)/python -m docs.pictures

# The texts that are to be translated, brought to what the code says.
catalogs: .venv/app.installed
	$(BIN)/python -m resnet_viz.ui.locale.collect

.venv/app.installed: requirements.txt constraints.txt | .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements.txt -c constraints.txt
	@touch $@

.venv/tests.installed: requirements-test.txt .venv/app.installed
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -r requirements-test.txt -c constraints.txt
	@touch $@

.venv:
	@$(PYTHON) -c "import sys; sys.exit(not (3, 11) <= sys.version_info < (3, 14))" || \
	  { echo "Python 3.11, 3.12 or 3.13 is needed; name one: make PYTHON=python3.12"; exit 1; }
	@$(PYTHON) -m venv .venv || { rm -rf .venv; echo "Python's venv module is missing: apt-get install python3-venv"; exit 1; }
	@echo "Installing the app's packages into .venv (several minutes and up to 6 GB, once)"

$(CHROMIUM):
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq chromium-headless-shell; \
	else \
	  echo "The browser tests need Chromium: install it, and name it if it is not $(CHROMIUM): make test CHROMIUM=/path"; \
	  exit 1; \
	fi

# The contract of the store runs over a real server, which the tests start themselves.
$(POSTGRES):
	@if command -v apt-get >/dev/null && [ "$$(id -u)" = 0 ]; then \
	  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq postgresql; \
	else \
	  echo "The tests of the store need PostgreSQL's server: install it, and name its folder if it is not $(POSTGRES)"; \
	  exit 1; \
	fi

clean:
	rm -rf .venv .mypy_cache .pytest_cache .ruff_cache
