"""`colcon build` and `colcon test`, which need no ROS installation for a Python package."""

import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.timeout(600)
# What `colcon test` is shown to run, not to test everything a second time.
SELECTION = ["tests/package/test_command_line.py", "-p", "no:cacheprovider"]


@pytest.fixture(scope="module")
def workspace(copy_project, tmp_path_factory):
    """A colcon workspace with this package, built."""
    folder = tmp_path_factory.mktemp("workspace")
    copy_project(folder / "src" / "robot_meta")
    done = colcon(folder, "build")
    assert done.returncode == 0, done.stdout + done.stderr
    return folder


def colcon(workspace: Path, *arguments: str) -> subprocess.CompletedProcess:
    program = shutil.which("colcon", path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    assert program, "colcon is part of the test requirements: make setup"
    return shell(workspace, f"{program} {shlex.join(arguments)}")


def shell(folder: Path, command: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        ["bash", "-c", f"export COLCON_HOME=$PWD/.colcon; {command}"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )


def test_what_ros_looks_for_is_where_it_looks(workspace):
    installed = workspace / "install" / "robot_meta"
    for name in ("robot", "controller", "task", "recorder", "robot-meta"):
        assert (installed / "lib" / "robot_meta" / name).stat().st_mode & 0o111, name
    marker = installed / "share" / "ament_index" / "resource_index" / "packages" / "robot_meta"
    assert marker.is_file()


def test_every_data_file_is_installed_in_its_folder(workspace, project_files):
    share = workspace / "install" / "robot_meta" / "share" / "robot_meta"
    wanted = [f for f in project_files if f.parts[0] in ("launch", "config", "models", "sim")]
    assert [str(f) for f in wanted if f.name[0] != "." and not (share / f).is_file()] == []
    assert (share / "package.xml").is_file()


def test_an_executable_starts_from_the_sourced_workspace(workspace):
    program = "install/robot_meta/lib/robot_meta/robot-meta"
    done = shell(workspace, f". install/setup.sh && {program} --version")
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("robot-meta ")


def test_every_executable_finds_its_code_in_the_sourced_workspace(workspace):
    code = (
        "from importlib.metadata import distribution as d; import sys; "
        "[print(sys.modules[e.load().__module__].__file__) for e in d('robot_meta').entry_points]"
    )
    done = shell(workspace, f'. install/setup.sh && {sys.executable} -c "{code}"')
    assert done.returncode == 0, done.stderr
    files = done.stdout.split()
    setup = workspace / "src/robot_meta/setup.py"
    declared = setup.read_text().count(" = robot_meta.")
    assert len(files) == declared > 1  # the command and the nodes
    assert all(file.startswith(f"{workspace}/install/") for file in files)


def test_shipped_files_are_found_in_the_sourced_workspace(workspace):
    code = (
        "from ament_index_python.packages import get_package_share_directory as share; "
        "from robot_meta.resources import resource; "
        "print(share('robot_meta'), resource('sim').parent)"
    )
    done = shell(workspace, f'. install/setup.sh && {sys.executable} -c "{code}"')
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) == {f"{workspace}/install/robot_meta/share/robot_meta"}


def test_colcon_runs_the_tests_and_sees_one_fail(workspace):
    assert colcon(workspace, "test", "--pytest-args", *SELECTION).returncode == 0
    passed = colcon(workspace, "test-result", "--verbose")
    assert passed.returncode == 0, passed.stdout
    assert " 0 failures" in passed.stdout
    assert "Summary: 0 tests" not in passed.stdout

    broken = workspace / "src" / "robot_meta" / "tests" / "package" / "test_broken.py"
    broken.write_text("def test_that_fails():\n    assert 1 + 1 == 3\n")
    colcon(workspace, "test", "--pytest-args", str(broken))
    failed = colcon(workspace, "test-result")
    assert failed.returncode != 0
    assert "1 failure" in failed.stdout
