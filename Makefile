# Everything a developer needs. Each command sets up what it is missing; `make demo` is the place to begin.
# Debian's own Python where it is there, as in a shop: it is built for speed, which not every other is.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip' 2>/dev/null && echo /usr/bin/python3.11 || echo python3)
VENV   := .venv
PY     := $(VENV)/bin/python
READY  := $(VENV)/ready

.PHONY: demo test check bench screenshots torture fuzz reliability packages clean

demo: $(READY) packages  ## A shop at work: server, kiosk, two tablets, simulated people
	@$(PY) -m sync_server.cli demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS)) $(if $(DEMO_DATA),--data "$(DEMO_DATA)")

test: $(READY) packages check  ## All checks and all tests
	@$(PY) -m tests.with_display -m pytest $(PYTEST_ARGS)

check: $(READY)  ## Style, types, and the direction of imports
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo

bench: $(READY) packages  ## Figures of this machine, also in build/bench.json
	@$(PY) -m tests.bench

screenshots: $(READY) packages  ## Every screen in three languages, in build/screenshots
	@$(PY) -m tests.screenshots

torture: $(READY)  ## SECONDS=45: a shop of real processes, killed, cut off and starved of its disk; ends with JSON
	@$(PY) -m tests.torture --seconds $(or $(SECONDS),45)

fuzz: $(READY)  ## SECONDS=60: bytes of all kinds at every decoder; ends with how many
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[fuzz]"
	@$(PY) -m tests.fuzz --seconds $(or $(SECONDS),60)

reliability: $(READY)  ## docs/reliability.md, from what the tests say they do
	@$(PY) docs/make_reliability.py

packages:  ## What is needed from the system: display, browser
	@./packaging/system-packages

$(READY): pyproject.toml constraints.txt
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

clean:
	rm -rf build $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
