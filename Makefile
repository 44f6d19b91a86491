# make demo   sets up what using h2h needs and shows the main job
# make test   sets up what working on h2h needs and runs every check
# Both work on a fresh clone; a second run starts at once.

SHELL := /bin/sh
BIN := .venv/bin
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup demo test lint docs docs-check bench torture lock clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup:
	@sh .ci/setup dev

demo:
	@sh .ci/setup runtime
	@$(BIN)/h2h demo

test: setup lint
	$(PYTEST) -n $(WORKERS) --dist loadgroup -m "not torture"

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache

# The generated parts of the documentation: the state diagram, the configuration reference.
docs: setup
	$(BIN)/python .ci/docs.py

docs-check: setup
	$(PYTEST) tests/architecture -m "not wheel and not torture"

bench:
	@sh .ci/setup bench
	$(BIN)/python -m tests.benchmarks

torture: setup
	$(PYTEST) -n $(WORKERS) -m torture

lock:
	.ci/lock/compile

clean:
	rm -rf .venv dist xsd/iso20022
