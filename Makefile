# Every target sets up what it needs in .venv first; see .ci/setup.py.
#   PYTHON=/path/to/python3.12   the Python to use (3.10 to 3.12)
#   TORCH_INDEX_URL=URL          where torch comes from, say a CPU build
BIN := .venv/bin
export PYTHON TORCH_INDEX_URL

.PHONY: help setup setup-franka setup-go2 setup-franka-sim setup-franky-sim setup-lerobot demo demo-legged test test-all lint clean lock
help:
	@echo "make demo      see the arm adapt to a changed body (sets up first)"
	@echo "make demo-legged  the same with a walking robot"
	@echo "make test      lint, types, unit, simulation, ROS and browser tests (sets up first)"
	@echo "make test-all  the same with the slow tests"
	@echo "make lint      ruff and mypy only"
	@echo "make setup     only set up .venv"
	@echo "make setup-franka      add the driver of a real FR3 to .venv"
	@echo "make setup-go2         add the driver of a real Go2 to .venv"
	@echo "make setup-franka-sim  an environment with a server that stands for an FR3, for tests"
	@echo "make setup-lerobot     an environment with the real LeRobot that reads exports, for tests"
	@echo "make clean     remove .venv, build outputs and caches; keeps out/"

setup:
	@.ci/setup.sh

setup-franka: setup
	@$(BIN)/python -c "import franky" 2>/dev/null || $(BIN)/python -m pip install --quiet \
		--disable-pip-version-check --no-build-isolation --editable ".[franka]"

# Unitree's library asks for another build of OpenCV, which would overwrite the one that is there,
# and which the driver does not need.
setup-go2: setup
	@$(BIN)/python -c "import unitree_sdk2py" 2>/dev/null || { \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check \
			--no-build-isolation --editable ".[go2]" && \
		$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps \
			"unitree-sdk2py-dimos>=1.0.3,<2"; }

setup-franka-sim: setup-franka
	@$(BIN)/python .ci/franka_sim.py

setup-franky-sim: setup-franka
	@$(BIN)/python .ci/franka_sim.py --friendly

setup-lerobot: setup
	@$(BIN)/python .ci/lerobot.py

demo: setup
	@$(BIN)/robot-meta demo

demo-legged: setup
	@$(BIN)/robot-meta demo-legged

test: setup
	@.ci/test.sh

test-all: setup
	@.ci/test.sh --all

lint: setup
	@.ci/lint.sh

lock:
	@for version in 3.10 3.11 3.12; do python$$version .ci/lock.py || exit 1; done

clean:
	rm -rf .venv .venv-franka-sim .venv-franky-sim .venv-lerobot build install log dist *.egg-info .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find robot_meta tests -name __pycache__ -prune -exec rm -rf {} +
