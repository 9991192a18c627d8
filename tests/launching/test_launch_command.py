"""`robot-meta launch`: files, arguments, flags, and who runs the file."""

import os
import stat
import sys
from pathlib import Path

import pytest

from robot_meta.errors import LaunchError
from robot_meta.launching import packages
from robot_meta.launching.main import main, parse_arguments

BODY = """
    <arg name="speed" default="$(var base 1)" description="how fast"/>
    <arg name="mode"><choice value="a"/><choice value="b"/></arg>
    <log message="$(var mode) at $(var speed)"/>
    <executable cmd="echo $(var speed)" name="talker"/>
"""


def run(*arguments):
    return main(["--runner", "own", *map(str, arguments)])


def test_show_args_lists_descriptions_defaults_choices_and_what_is_required(write, capsys):
    assert run(write(BODY), "-s") == 0
    shown = capsys.readouterr().out.split()
    assert " ".join(shown) == (
        "Arguments (pass arguments as 'name:=value'): speed how fast default: '$(var base 1)' "
        "mode one of: a, b required"
    )


@pytest.mark.parametrize("flag", ["-p", "--print", "--dry-run"])
def test_print_resolves_everything_and_starts_nothing(write, tmp_path, capsys, flag):
    mark = tmp_path / "started"
    body = BODY + f'<executable cmd="touch {mark}"/>'
    assert run(flag, write(body), "mode:=b", "speed:=3") == 0
    shown = capsys.readouterr().out
    assert "log: b at 3" in shown
    assert "[talker]\n  command: echo 3\n" in shown
    assert not mark.exists()


def test_print_shows_the_content_of_parameter_files(write, demo, capsys):
    path = write('<node pkg="demo" exec="node" name="n"><param name="a" value="\'1\'"/></node>')
    assert run("-p", path) == 0
    shown = capsys.readouterr().out
    assert f"  command: {demo} --ros-args -r __node:=n --params-file PARAMETERS_1\n" in shown
    assert "    /**:\n      ros__parameters:\n        a: '1'\n" in shown


def test_a_probable_typing_error_in_an_argument_is_pointed_out(write, capsys):
    assert run("-p", write(BODY), "mode:=a", "sped:=2") == 0
    assert "uses the argument 'sped'; did you mean 'speed'?" in capsys.readouterr().err


def test_arguments_may_hold_anything_behind_the_first_sign():
    words = ["a:=1", "path:=/x/y z", "remap:=a:=b", "a:=2"]
    assert parse_arguments(words) == {"a": "2", "path": "/x/y z", "remap": "a:=b"}


@pytest.mark.parametrize("word", [":=1", "a:="])
def test_an_argument_without_name_or_value_is_refused(word):
    with pytest.raises(LaunchError, match="is not of the form name:=value"):
        parse_arguments([word])


def test_a_bare_name_is_looked_for_in_the_launch_folder_of_the_package():
    path = packages.launch_file("arm.launch.xml")
    assert path == Path(__file__).parents[2] / "launch/arm.launch.xml"


def test_a_package_may_be_named_before_the_file_as_for_ros2_launch(demo, write, tmp_path, capsys):
    folder = tmp_path / "install/share/demo/launch"
    folder.mkdir(parents=True)
    write('<log message="found"/>').rename(folder / "x.launch.xml")
    assert run("-p", "demo", "x.launch.xml") == 0
    assert "log: found" in capsys.readouterr().out


def test_an_unknown_launch_file_is_refused_with_those_there_are():
    with pytest.raises(LaunchError, match=r"no launch file 'ram\.launch\.xml'.*arm\.launch\.xml"):
        run("ram.launch.xml")


def test_a_python_launch_file_needs_ros(tmp_path):
    path = tmp_path / "x.launch.py"
    path.touch()
    with pytest.raises(LaunchError, match="only XML launch files run without ROS 2 launch"):
        run(path)


def test_demanding_ros_where_it_is_missing_says_what_is_missing(write, monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    with pytest.raises(LaunchError, match="ROS 2 launch cannot run"):
        main(["--runner", "ros2", str(write(BODY)), "mode:=a"])


@pytest.fixture
def ros_launch(tmp_path, monkeypatch):
    """Something that looks like a sourced ROS 2; its `ros2` tells what it was called with."""
    folder = tmp_path / "ros"
    for name in ("launch_ros", "launch_xml", "ros2launch"):
        (folder / name).mkdir(parents=True)
        (folder / name / "__init__.py").write_text("raise ImportError('must not be imported')")
    program = folder / "ros2"
    program.write_text('#!/bin/sh\nprintf "%s\\n" "$@"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.syspath_prepend(str(folder))
    monkeypatch.setenv("PATH", f"{folder}{os.pathsep}{os.environ['PATH']}")
    calls = []
    monkeypatch.setattr(os, "execv", lambda *call: calls.append(call))
    return program, calls


def test_where_ros_launch_is_there_it_gets_file_and_arguments(write, demo, ros_launch):
    program, calls = ros_launch
    path = write('<arg name="a"/><node pkg="demo" exec="node"/>')
    main([str(path), "a:=1 2", "--debug"])
    assert calls == [(str(program), [str(program), "launch", "--debug", str(path), "a:=1 2"])]


def test_a_file_whose_packages_ros_does_not_know_stays_with_our_runner(write, ros_launch, capfd):
    _, calls = ros_launch
    path = write('<executable cmd="echo own"/><node pkg="unbuilt" exec="x" if="false"/>')
    assert main([str(path)]) == 0
    assert "[echo] own" in capfd.readouterr().out
    assert calls == []


def test_printing_never_hands_over(write, demo, ros_launch, capsys):
    _, calls = ros_launch
    assert main(["-p", str(write('<node pkg="demo" exec="node"/>'))]) == 0
    assert calls == []


def test_an_executable_of_a_python_package_is_found_without_an_ament_index(monkeypatch):
    monkeypatch.setenv("AMENT_PREFIX_PATH", "")
    *command, target = packages.executable("pytest", "py.test")
    assert command == [sys.executable, str(Path(packages.__file__).with_name("entry.py"))]
    assert target.startswith(("pytest", "_pytest"))


def test_an_entry_point_runs_from_any_folder_and_sees_its_own_arguments(write, capfd, tmp_path):
    (tmp_path / "pytest.py").write_text("raise SystemExit('the wrong pytest')")
    node = '<node pkg="pytest" exec="pytest" args="--version" cwd="{}"/>'
    status = run(write(node.format(tmp_path)))
    shown = capfd.readouterr().out
    assert "the wrong pytest" not in shown
    assert "[pytest] pytest " in shown
    assert status == 0
