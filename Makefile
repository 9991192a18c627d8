# Every target sets up what it needs in .venv first; see .ci/setup.py.
#   PYTHON=/path/to/python3.12   the Python to use (3.10 to 3.12)
#   TORCH_INDEX_URL=URL          where torch comes from, say a CPU build
BIN := .venv/bin
export PYTHON TORCH_INDEX_URL

.PHONY: help setup demo test test-all lint clean lock
help:
	@echo "make demo      see the arm adapt to a changed body (sets up first)"
	@echo "make test      lint, types, unit, simulation and ROS tests (sets up first)"
	@echo "make test-all  the same with the slow tests and the browser"
	@echo "make lint      ruff and mypy only"
	@echo "make setup     only set up .venv"
	@echo "make clean     remove .venv, build outputs and caches; keeps out/"

setup:
	@.ci/setup.sh

demo: setup
	@$(BIN)/robot-meta demo

test: setup
	@.ci/test.sh

test-all: setup
	@.ci/test.sh --all

lint: setup
	@.ci/lint.sh

lock:
	@for version in 3.10 3.11 3.12; do python$$version .ci/lock.py || exit 1; done

clean:
	rm -rf .venv build install log dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find robot_meta tests -name __pycache__ -prune -exec rm -rf {} +
