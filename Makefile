# make demo     sets up what using h2h needs and shows the main job
# make test     sets up what working on h2h needs and runs every check
# make install  installs h2h on this machine as a systemd service (root)
# make bench    measures h2h beside other libraries
# make docs     writes the generated parts of the documentation
# make torture  long random runs
# make coverage which branches of core and pipeline no test takes; fails below 95 %
# Both work on a fresh clone; a second run starts at once.

SHELL := /bin/sh
BIN := .venv/bin
WORKERS ?= 2
# The tests of core and pipeline; those that measure memory or time may fail under the tracer, which stops nothing here.
# Where processes are killed at every effect nothing is left to be measured.
MEASURED := tests/core tests/golden tests/journeys tests/simulation tests/crashes/test_cut_short.py tests/crashes/test_recall_killed.py
PYTEST := $(BIN)/python -m pytest

.PHONY: help setup demo wheel install test lint docs docs-check bench coverage torture lock clean

help:
	@sed -n 's/^# \(make .*\)/\1/p' Makefile

setup:
	@sh .ci/setup dev

demo:
	@sh .ci/setup runtime
	@$(BIN)/h2h demo

wheel:
	@sh .ci/setup runtime
	@rm -rf dist
	@$(BIN)/python -m pip wheel -qq --disable-pip-version-check --no-deps --no-build-isolation -w dist .

install: wheel
	@sh systemd/install.sh dist/h2h-*.whl .ci/lock/runtime.txt

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

coverage: setup
	$(BIN)/python -m coverage erase
	-$(BIN)/python -m coverage run -m pytest -n $(WORKERS) --dist loadgroup -m "not torture" $(MEASURED)
	$(BIN)/python -m coverage combine -q
	$(BIN)/python -m coverage report --include='h2h/core/*' --show-missing --fail-under=95
	$(BIN)/python -m coverage report --include='h2h/pipeline/*' --show-missing --fail-under=95

torture: setup
	$(BIN)/h2h torture --singles --jobs $(WORKERS)
	$(BIN)/h2h torture --pairs --jobs $(WORKERS)
	$(BIN)/h2h torture --seed 1 --runs 200000 --jobs $(WORKERS)
	$(PYTEST) -n $(WORKERS) -m torture

lock:
	.ci/lock/compile

clean:
	rm -rf .venv dist xsd/iso20022
