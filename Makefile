# Everything a developer needs. Each command sets up what it is missing; `make demo` is the place to begin.
# Debian's own Python where it is there, as in a shop: it is built for speed, which not every other is.
PYTHON ?= $(shell /usr/bin/python3.11 -c 'import ensurepip' 2>/dev/null && echo /usr/bin/python3.11 || echo python3)
VENV   := .venv
PY     := $(VENV)/bin/python
READY  := $(VENV)/ready
PYTEST := $(PY) -m pytest --no-loadscope-reorder
# Two processes for each processor: tests with sockets, windows and browsers wait half of their time.
MANY   := $(shell expr 2 \* $$(nproc))

# Python keeps what it has compiled, even where the shell says not to: each test process that compiles
# all modules anew takes seconds longer.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: demo test quick pythons check texts bench waits screenshots torture fuzz mutants docs reliability packages clean

demo: $(READY) packages  ## A shop at work: server, kiosk, two tablets, simulated people
	@$(PY) -m sync_server.cli demo $(if $(DEMO_SECONDS),--seconds $(DEMO_SECONDS)) $(if $(DEMO_DATA),--data "$(DEMO_DATA)")

test: $(READY) packages  ## All checks and all tests, on all processors
	@./packaging/proxy-programs
	@./packaging/beside "$(MAKE) --no-print-directory check pythons" $(PYTEST) -n $(or $(JOBS),$(MANY)) $(PYTEST_ARGS)

quick: $(READY)  ## The tests that take less than half a minute together: unit and contract
	@$(PYTEST) -n $(or $(JOBS),auto) --hypothesis-profile=quick tests/unit tests/contract $(PYTEST_ARGS)

check: $(READY)  ## Style, types, the direction of imports, and the translations
	@$(VENV)/bin/ruff check .
	@$(VENV)/bin/ruff format --check .
	@$(VENV)/bin/mypy
	@$(VENV)/bin/lint-imports --no-logo
	@$(PY) -m tests.translations --check

texts: $(READY)  ## Brings the translators' catalogues up to date; NEW=sv begins another language
	@$(PY) -m tests.translations $(if $(NEW),--new $(NEW))

bench: $(READY) packages  ## Figures of this machine, also in build/bench.json
	@$(PY) -m tests.bench

waits: $(READY)  ## DAYS=365: the wait estimate on real queues and in a simulated shop: JSON, also in build/
	@$(PY) -m tests.waits
	@$(PY) -m tests.waits --shop $(or $(DAYS),365)

screenshots: $(READY) packages  ## Every screen and web page in three languages, in build/screenshots
	@$(PY) -m tests.screenshots

torture: $(READY)  ## SECONDS=45: a shop of real processes, killed, cut off and starved of its disk; ends with JSON
	@$(PY) -m tests.torture --seconds $(or $(SECONDS),45)

fuzz: $(READY)  ## SECONDS=60: bytes of all kinds at every decoder; ends with how many
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[fuzz]"
	@$(PY) -m tests.fuzz --seconds $(or $(SECONDS),60)

docs: $(READY)  ## The parts of docs/ that are made from the code and the tests
	@$(PY) docs/generate/visit_diagram.py
	@$(PY) docs/generate/rooms.py
	@$(PY) docs/generate/protocol_page.py
	@$(PY) docs/generate/reliability.py

mutants: $(READY)  ## ONLY=sync_server/domain/floor: how many small changes of the code the quick tests notice
	@$(PY) -m tests.mutants $(if $(ONLY),--only "$(ONLY)")

reliability: $(READY)  ## docs/develop/reliability.md, from what the tests say they do
	@$(PY) docs/generate/reliability.py

pythons: $(READY)  ## A visit with each other Python that is here and supported (3.11 to 3.13)
	@./packaging/other-pythons

packages:  ## What is needed from the system: display, browser
	@./packaging/system-packages

$(READY): pyproject.toml constraints.txt
	@test -x $(PY) || $(PYTHON) -m venv $(VENV)
	@$(VENV)/bin/pip install --quiet --disable-pip-version-check -c constraints.txt -e ".[dev]"
	@touch $@

clean:
	rm -rf build $(VENV) *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis
