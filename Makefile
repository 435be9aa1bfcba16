# Everything runs in an environment of its own, made on first use.
PYTHON ?= python3
BIN := .venv/bin

.PHONY: demo test check lint types docs screenshot bench clean

demo: .venv/ready  ## the main job on embedded digits, with tables and a report
	$(BIN)/untrain demo --out demo

test: .venv/ready  ## the default tests, on two cores
	$(BIN)/python -m pytest --numprocesses 2 --dist loadfile

check: lint types test  ## everything CI does

lint: .venv/ready
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

types: .venv/ready
	$(BIN)/mypy

bench: .venv/ready  ## speed against what we replace, as ratios; on a quiet machine
	$(BIN)/python -m benchmarks.speed --out runs/bench.json

docs: .venv/ready  ## the generated parts of the methods' pages
	$(BIN)/python docs/pages.py

screenshot: demo  ## the demo's report as the README shows it; needs chromium
	$(BIN)/python docs/screenshot.py demo/report.html docs/report.png

.venv/ready: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	  { echo "untrain needs Python 3.11 or newer; name one: make PYTHON=python3.12 ..."; exit 2; }
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --editable '.[report,dev]' --constraint constraints.txt
	@touch $@

clean:  ## the environment, caches and the demo; never your runs
	rm -rf .venv .pytest_cache .mypy_cache .ruff_cache demo
