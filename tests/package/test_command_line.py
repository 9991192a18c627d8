import subprocess
import sys
import types

import pytest

import robot_meta
from robot_meta.cli import main as command_line
from robot_meta.cli.main import COMMANDS, Command, main
from robot_meta.errors import BadConfig, RobotMetaError, UnknownRobot


@pytest.fixture
def run_command(monkeypatch):
    """Register a command `probe` that ends as its function does."""

    def register(function):
        module = types.ModuleType("robot_meta_probe")
        module.main = function
        monkeypatch.setitem(sys.modules, "robot_meta_probe", module)
        probe = Command("robot_meta_probe", "a test", "probe")
        monkeypatch.setitem(COMMANDS, "probe", probe)
        return lambda *argv: main(["probe", *argv])

    return register


def raising(error):
    def function(argv):
        raise error

    return function


def test_help_names_every_command_with_an_example(capsys):
    assert main(["--help"]) == 0
    text = capsys.readouterr().out
    for name, command in COMMANDS.items():
        assert f"\n  {name} " in text
        assert command.example in text


def test_no_command_at_all_shows_the_help_and_fails(capsys):
    assert main([]) == 2
    assert "usage:" in capsys.readouterr().out


def test_the_version_is_the_packages(capsys):
    assert main(["--version"]) == 0
    assert capsys.readouterr().out.strip() == f"robot-meta {robot_meta.__version__}"


def test_a_misspelt_command_is_answered_with_the_nearest_one(capsys):
    assert main(["doktor"]) == 2
    assert "did you mean 'doctor'?" in capsys.readouterr().err


def test_arguments_and_the_exit_code_pass_through(run_command):
    seen = []
    run = run_command(lambda argv: seen.extend(argv) or 7)
    assert run("--traceback", "a:=b") == 7
    assert seen == ["--traceback", "a:=b"]


@pytest.mark.parametrize(
    ("error", "code", "said"),
    [
        (UnknownRobot("frr", ["fr3"]), UnknownRobot.exit_code, "no robot 'frr' is known"),
        (BadConfig("no parameter\n  'planer'"), BadConfig.exit_code, "no parameter 'planer'"),
        (ValueError("seed must be >= 0, got -1"), 2, "seed must be >= 0, got -1"),
        (ModuleNotFoundError("No module named 'ruckig'", name="ruckig"), 3, "'ruckig'"),
        (OSError(28, "No space left on device", "out/run.mcap"), 4, "out/run.mcap"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_trouble_is_one_line_and_its_own_code(run_command, capsys, error, code, said):
    assert run_command(raising(error))() == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert said in captured.err
    assert captured.err.count("\n") == (1 if said else 0)
    assert captured.err.startswith("robot-meta: error: ") or not said


def test_a_programming_error_is_not_hidden(run_command):
    with pytest.raises(ZeroDivisionError):
        run_command(lambda argv: 1 // 0)()


def test_traceback_shows_where_it_came_from(run_command, capsys):
    run_command(raising(BadConfig("wrong")))
    assert main(["--traceback", "probe"]) == BadConfig.exit_code
    assert "Traceback" in capsys.readouterr().err


def test_a_command_that_is_not_installed_leaves_the_others_alone(monkeypatch, capsys):
    monkeypatch.setitem(COMMANDS, "absent", Command("robot_meta.no_such_room.main", "", ""))
    assert main(["absent"]) == 3
    assert "'absent' is not part of this installation" in capsys.readouterr().err
    assert main(["--help"]) == 0


def test_every_error_has_an_exit_code_of_its_own():
    def family(error):
        return [error, *(deeper for child in error.__subclasses__() for deeper in family(child))]

    codes = [error.exit_code for error in family(RobotMetaError)]
    assert len(codes) == len(set(codes))
    reserved = {0, 1, command_line.BAD_ARGUMENT, command_line.NOT_INSTALLED}
    assert not set(codes) & (reserved | {command_line.SYSTEM_ERROR, command_line.INTERRUPTED})


def test_a_reader_that_leaves_early_causes_no_traceback():
    code = "import sys; from robot_meta.cli.main import main; sys.exit(main(['--help']))"
    with subprocess.Popen(
        [sys.executable, "-c", f"import time; time.sleep(0.5); {code}"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        process.stdout.close()
        assert "Traceback" not in process.stderr.read()
