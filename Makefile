# The house's own commands; `make help` lists them. TOMONI_DATA names another data folder than data/.
PORT ?= 8501
BENCH ?= .bench/scorers
PYTHON := .venv/bin/python

.DEFAULT_GOAL := help
.PHONY: help run test check bench bench-detect clean

help: ## list these commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "make %-12s %s\n", $$1, $$2}' Makefile

run: .venv/product ## open the app on http://localhost:8501 (PORT=9000 for another port)
	@scripts/run $(PYTHON) "$(PORT)"

test: .venv/tests ## run all tests, in a browser too (ARGS="tests/store -k lease" for some)
	@chromium=$$($(PYTHON) -m tests.chromium) && TOMONI_CHROMIUM="$$chromium" $(PYTHON) -m pytest -n auto --dist loadfile $(ARGS)

check: .venv/tests ## ruff format, ruff and mypy --strict
	$(PYTHON) -m ruff format --check .
	$(PYTHON) -m ruff check .
	$(PYTHON) -m mypy --strict metrics

bench: .venv/tests ## measure the store, the pages and the sources on 26 million samples (ARGS=store for one)
	@chromium=$$($(PYTHON) -m tests.chromium) && TOMONI_CHROMIUM="$$chromium" $(PYTHON) -m tests.benchmarks $(ARGS)

bench-detect: .venv/tests ## measure the detectors with the scorers in BENCH=DIR (ARGS="shift drift" for some)
	@OMP_NUM_THREADS=1 $(PYTHON) -m tests.benchmarks.detect --bench "$(BENCH)" $(ARGS)

clean: ## remove the environment and all caches, never data/
	rm -rf .venv .bench .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# Stamps: an environment is touched only when what it was made from has changed.
.venv/product: requirements.txt
	@scripts/environment requirements.txt
	@touch $@

.venv/tests: requirements.txt requirements-dev.txt
	@scripts/environment requirements-dev.txt
	@touch .venv/product $@
