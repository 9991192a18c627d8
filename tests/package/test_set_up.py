"""`make setup` where it cannot work, and what it decides; for real it runs before every test."""

import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

NOWHERE = "http://127.0.0.1:9/simple"


@pytest.fixture
def tree(root, tmp_path):
    """What set-up reads, in a folder of its own."""
    shutil.copytree(root / ".ci", tmp_path / ".ci", ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("setup.py", "setup.cfg", "Makefile"):
        shutil.copy2(root / name, tmp_path)
    return tmp_path


@pytest.fixture
def set_up(tree, monkeypatch):
    """The set-up program as a module, working on `tree`, with nothing sourced."""
    for variable in ("ROS_DISTRO", "PYTHON", "TORCH_INDEX_URL"):
        monkeypatch.delenv(variable, raising=False)
    spec = importlib.util.spec_from_file_location("set_up", tree / ".ci" / "setup.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def run(tree: Path, environment: dict[str, str], **changes: str) -> subprocess.CompletedProcess:
    return subprocess.run(
        [tree / ".ci" / "setup.sh"],
        env={**environment, **changes},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )


def pretend_environment(module, *, version="3.11.7", system=False):
    module.VENV.mkdir(exist_ok=True)
    settings = f"version = {version}\ninclude-system-site-packages = {str(system).lower()}\n"
    (module.VENV / "pyvenv.cfg").write_text(settings)
    module.PYTHON.parent.mkdir(exist_ok=True)
    module.PYTHON.touch(mode=0o755)


@pytest.mark.parametrize("version", ["3.9.18", "3.13.0", "2.7.18"])
def test_a_wrong_python_is_named_with_what_to_do(tree, clean_environment, version):
    python = tree / "python"
    python.write_text(f'#!/bin/sh\n[ "$1" = --version ] && exec echo "Python {version}"\nexit 1\n')
    python.chmod(0o755)
    done = run(tree, clean_environment, PYTHON=str(python))
    assert done.returncode == 3
    assert "needs Python 3.10, 3.11 or 3.12, found" in done.stderr
    assert version in done.stderr
    assert "make setup PYTHON=" in done.stderr
    assert not (tree / ".venv").exists()


def test_a_python_that_does_not_exist_is_named(tree, clean_environment):
    done = run(tree, clean_environment, PYTHON="/nonexistent/python3")
    assert done.returncode == 3
    assert "found no /nonexistent/python3" in done.stderr


def test_offline_it_says_so_and_the_next_run_tries_again(tree, clean_environment):
    offline = {
        "PYTHON": sys.executable,
        "PIP_CONFIG_FILE": os.devnull,
        "PIP_INDEX_URL": NOWHERE,
        "PIP_EXTRA_INDEX_URL": "",
        "PIP_FIND_LINKS": "",
        "PIP_NO_CACHE_DIR": "1",
    }
    for attempt in range(2):
        done = run(tree, clean_environment, **offline)
        assert done.returncode == 1
        assert "set-up [2/6]" in done.stdout
        assert ("keeps the one that is there" in done.stdout) == (attempt == 1)
        assert "is this machine offline?" in done.stderr
        assert "run the same command again" in done.stderr
        assert "Traceback" not in done.stderr
    assert not (tree / ".venv" / "robot_meta.stamp").exists()


def test_nothing_is_done_again_while_nothing_changed(set_up, capsys):
    pretend_environment(set_up)
    set_up.STAMP.write_text(set_up.fingerprint(False))
    before = sorted(set_up.VENV.rglob("*"))
    assert set_up.main() == 0
    assert capsys.readouterr().out == ""
    assert sorted(set_up.VENV.rglob("*")) == before


@pytest.mark.parametrize("name", ["setup.py", "setup.cfg", ".ci/constraints/3.11.txt"])
def test_it_runs_again_when_what_it_read_changed(set_up, name):
    pretend_environment(set_up)
    before = set_up.fingerprint(False)
    with (set_up.ROOT / name).open("a") as file:
        file.write("# another line\n")
    assert set_up.fingerprint(False) != before
    assert set_up.fingerprint(True) != set_up.fingerprint(False)


def test_an_environment_that_is_there_keeps_its_python(set_up, monkeypatch):
    pretend_environment(set_up, version="3.10.13")
    assert set_up.environment_version() == "3.10"
    monkeypatch.setenv("PYTHON", sys.executable)
    assert set_up.environment_version() == f"3.{sys.version_info[1]}"
    monkeypatch.delenv("PYTHON")
    pretend_environment(set_up, version="3.9.2")
    assert set_up.environment_version() == f"3.{sys.version_info[1]}"


def test_an_environment_that_was_moved_here_is_not_adopted(set_up):
    pretend_environment(set_up, version=".".join(map(str, sys.version_info[:3])))
    set_up.PYTHON.write_text(f"#!/bin/sh\necho {set_up.VENV}\n")
    pip = set_up.PYTHON.with_name("pip")
    pip.write_text(f"#!{set_up.PYTHON}\n")
    assert set_up.works()
    pip.write_text("#!/elsewhere/.venv/bin/python3\n")
    assert not set_up.works()
    pip.write_text(f"#!{set_up.PYTHON}\n")
    set_up.PYTHON.write_text("#!/bin/sh\nexit 1\n")
    assert not set_up.works()


def test_sourced_ros_is_used_only_where_it_can_be_imported(set_up, monkeypatch, tmp_path):
    library = tmp_path / "library"
    (library / "rclpy").mkdir(parents=True)
    (library / "rclpy" / "__init__.py").touch()
    monkeypatch.setenv("PYTHONPATH", str(library))
    monkeypatch.syspath_prepend(str(library))
    assert not set_up.ros_is_sourced()
    monkeypatch.setenv("ROS_DISTRO", "jazzy")
    assert set_up.ros_is_sourced()
    (library / "rclpy" / "__init__.py").write_text("raise ImportError('built for Python 3.8')")
    with pytest.raises(set_up.SetupFailed, match=r"built for Python 3\.8\n.*PYTHON="):
        set_up.ros_is_sourced()


def test_beside_a_sourced_ros_numpy_stays_what_its_messages_are_built_for(set_up, monkeypatch):
    pretend_environment(set_up)
    commands = []
    monkeypatch.setattr(set_up, "run", lambda command, trouble: commands.append(command))
    set_up.install_project(True)
    (command,) = commands
    constraints = Path(command[command.index("--constraint") + 1]).read_text().split()
    assert [line[:8] for line in constraints if line.startswith("numpy==")] == ["numpy==1"]
    assert not [line for line in constraints if line.startswith("ros-")]
    extras = "[twin,web,vision,lerobot,test]"
    assert command[-1].endswith(extras), "no rclpy wheels beside the system's rclpy"


def test_an_environment_made_for_ros_is_not_torn_down_by_a_shell_without_it(set_up):
    pretend_environment(set_up, system=True)
    with pytest.raises(set_up.SetupFailed, match="make clean"):
        set_up.make_environment(False)
    assert set_up.PYTHON.exists()


def test_torch_comes_alone_from_the_index_that_was_asked_for(set_up, monkeypatch):
    pretend_environment(set_up)
    set_up.PYTHON.write_text("#!/bin/sh\nexit 1\n")
    commands = []
    monkeypatch.setattr(set_up, "run", lambda command, trouble: commands.append(command))
    monkeypatch.setenv("TORCH_INDEX_URL", NOWHERE)
    set_up.install_torch(False)
    assert commands[0][-4:] == ["--no-deps", "--index-url", NOWHERE, "torch"]
    set_up.PYTHON.write_text("#!/bin/sh\nexit 0\n")
    set_up.install_torch(False)
    assert len(commands) == 1, "the torch that is there is kept"


def test_without_root_the_command_for_missing_libraries_is_shown(set_up, monkeypatch, capsys):
    monkeypatch.setattr(set_up, "apt_has", lambda package: package != "libegl1")
    monkeypatch.setattr(set_up.os, "geteuid", lambda: 1000)
    set_up.install_libraries()
    said = capsys.readouterr().out
    assert "sudo apt-get install --no-install-recommends libegl1\n" in said


def test_a_full_disk_is_named(set_up):
    text = set_up.explain(["ERROR: [Errno 28] No space left on device"], "pip failed")
    assert "The disk is full" in text
