"""Launch files written on the spot, and packages that hold tiny executables."""

import os
import stat
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from robot_meta.benchmarks.domains import own_domain
from robot_meta.launching.evaluator import resolve


@pytest.fixture(
    params=[
        ("twin", True, 1.0),
        ("fake", True, 1.0),
        ("franka", False, 0.2),
        ("ros2_control", False, 0.2),
    ],
    ids=lambda beginning: beginning[0],
)
def beginning(request):
    """An arm's backend, whether it moves at once, and at which share of its speed."""
    return request.param


@pytest.fixture
def domain():
    """A ROS domain of its own."""
    with own_domain() as number:
        yield number


@pytest.fixture
def write(tmp_path):
    """Writes a launch file (the tags inside <launch>) and returns its path."""

    def write_file(body, name="test.launch.xml"):
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(f"<launch>\n{textwrap.dedent(body).strip()}\n</launch>\n")
        return path

    return write_file


@pytest.fixture
def demo(tmp_path, monkeypatch):
    """A package `demo` in the ament index, with one executable `node` that says its arguments."""
    prefix = tmp_path / "install"
    program = prefix / "lib/demo/node"
    marker = prefix / "share/ament_index/resource_index/packages/demo"
    for file in (program, marker):
        file.parent.mkdir(parents=True, exist_ok=True)
    marker.touch()
    program.write_text('#!/bin/sh\necho "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    others = os.environ.get("AMENT_PREFIX_PATH", "")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{prefix}{os.pathsep}{others}")
    return program


@pytest.fixture
def plan(write, demo):
    """Resolves a launch file given as text."""

    def resolve_text(body, environment=None, **arguments):
        return resolve(write(body), arguments, environment)

    return resolve_text


@pytest.fixture
def node(plan):
    """The only node of a launch file given as text."""

    def resolve_node(body, **arguments):
        (process,) = plan(body, **arguments).processes
        return process.node

    return resolve_node


@pytest.fixture
def launched(write, tmp_path):
    """Starts the runner on a launch file given as text; kills what is left of it at the end."""
    processes = []

    def start(body, *arguments):
        command = [sys.executable, "-m", "robot_meta.launching", "--runner", "own"]
        process = subprocess.Popen(
            [*command, str(write(body)), *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
            cwd=Path(__file__).parents[2], env={**os.environ, "TMPDIR": str(tmp_path)},
        )  # fmt: skip
        processes.append(process)
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()
