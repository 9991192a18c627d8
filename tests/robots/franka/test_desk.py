"""Bring-up through Desk: franky's own client against an HTTPS server with Desk's paths."""

import shutil
import socket
import sys
from pathlib import Path

import pytest

pytest.importorskip("franky")
if shutil.which("openssl") is None:
    pytest.skip("no openssl to make a certificate with", allow_module_level=True)

from robot_meta.cli import franka as command  # noqa: E402
from robot_meta.cli import main as command_line  # noqa: E402
from robot_meta.errors import (  # noqa: E402
    BadConfig,
    LoginRefused,
    RobotBusy,
    RobotNotReady,
    RobotUnreachable,
    VersionMismatch,
)

sys.path.insert(0, str(Path(__file__).parent))
from desk_server import PASSWORD, USER, DeskState, desk  # noqa: E402


@pytest.fixture(params=["v1", "legacy"])
def state(request):
    return DeskState(request.param)


@pytest.fixture
def address(state, tmp_path):
    with desk(tmp_path, state) as address:
        yield address


@pytest.fixture(autouse=True)
def credentials(monkeypatch):
    monkeypatch.setenv("ROBOT_META_DESK_USER", USER)
    monkeypatch.setenv("ROBOT_META_DESK_PASSWORD", PASSWORD)


def run(act, address, state, *options):
    usual = ["--robot-ip", address, "--interface", state.interface, "--timeout", "5"]
    return command.main([act, *usual, *options])


def refusal(error, act, address, state, *options):
    with pytest.raises(error) as caught:
        run(act, address, state, *options)
    text = str(caught.value)
    assert "\n" not in text and PASSWORD not in text
    return text


def test_it_opens_the_brakes_switches_the_interface_on_and_gives_control_back(
    address, state, capsys
):
    assert run("bring-up", address, state) == 0
    assert state.brakes == ["Unlocked"] * 7 and state.fci and state.mode == "Execution"
    assert state.holder is None
    out = capsys.readouterr().out
    told = ["control taken", "execution mode", "brakes opened", "control interface (FCI) on"]
    assert out.splitlines() == told
    assert PASSWORD not in out


def test_what_is_done_already_is_not_done_again(address, state, capsys):
    state.brakes, state.mode = ["Unlocked"] * 7, "Execution"
    assert run("bring-up", address, state) == 0
    assert capsys.readouterr().out.splitlines() == ["control taken", "control interface (FCI) on"]
    assert not [path for _, path in state.asked if "unlock" in path]


def test_status_changes_nothing(address, state, capsys):
    state.recovery = "SelfTestsElapsed"
    assert run("status", address, state) == 0
    assert capsys.readouterr().out.splitlines() == [
        "mode: programming",
        "brakes: locked",
        "due: SelfTestsElapsed",
    ]
    assert {method for method, path in state.asked if "login" not in path} == {"GET"}


def test_a_wrong_password_is_one_line_without_it(address, state, monkeypatch):
    monkeypatch.setenv("ROBOT_META_DESK_PASSWORD", "guess 1234")
    text = refusal(LoginRefused, "bring-up", address, state)
    assert f"knows no user '{USER}' with this password" in text and "1234" not in text
    assert not state.fci


def test_control_that_another_user_has_is_not_taken(address, state):
    state.holder = "maria"
    text = refusal(RobotBusy, "bring-up", address, state, "--timeout", "1")
    assert "has control" in text and "release" in text
    assert ("maria" if state.interface == "v1" else "somebody else") in text
    assert state.holder == "maria" and state.brakes == ["Locked"] * 7 and not state.fci


def test_a_self_test_that_is_due_is_run_only_when_somebody_says_so(address, state):
    state.recovery = "SelfTestsElapsed"
    text = refusal(RobotNotReady, "bring-up", address, state)
    assert "self-test is due" in text and "--self-test" in text
    assert state.brakes == ["Locked"] * 7 and not state.fci and state.holder is None
    assert run("bring-up", address, state, "--self-test") == 0
    assert state.tested and state.fci


def test_brakes_that_stay_closed_are_told_and_the_interface_stays_off(address, state):
    state.sticky = True
    text = refusal(RobotNotReady, "bring-up", address, state, "--timeout", "1")
    assert "brakes are not unlocked after 1 s" in text and "emergency stop" in text
    assert not state.fci and state.holder is None


def test_a_recovery_that_needs_hands_is_left_to_a_person(tmp_path):
    state = DeskState()
    state.recovery = "JointPositionError"
    with desk(tmp_path, state) as address:
        text = refusal(RobotNotReady, "bring-up", address, state, "--self-test")
    assert "JointPositionError" in text and "browser" in text


def test_a_desk_of_the_other_kind_names_the_option(address, state):
    other = DeskState("legacy" if state.interface == "v1" else "v1")
    text = refusal(VersionMismatch, "bring-up", address, other)
    assert f"--interface {state.interface}" in text


def test_brakes_are_closed_in_the_end(tmp_path, capsys):
    state = DeskState()
    state.brakes = ["Unlocked"] * 7
    with desk(tmp_path, state) as address:
        assert run("shut-down", address, state) == 0
    assert state.brakes == ["Locked"] * 7 and state.holder is None
    assert capsys.readouterr().out.splitlines() == ["brakes closed"]


def test_where_no_desk_answers_the_exit_code_and_the_line_say_so(capsys):
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    assert command_line.main(["franka", "status", "--robot-ip", address]) == (
        RobotUnreachable.exit_code
    )
    (line,) = capsys.readouterr().err.splitlines()
    assert f"no Desk answers at https://{address}" in line


def test_the_password_comes_from_a_file_that_only_its_owner_may_read(tmp_path, monkeypatch):
    file = tmp_path / "desk"
    file.write_text("secret\n")
    file.chmod(0o644)
    with pytest.raises(BadConfig, match="chmod 600"):
        command.credentials(file)
    file.chmod(0o600)
    assert command.credentials(file) == (USER, "secret")
    file.write_text("")
    with pytest.raises(BadConfig, match="empty"):
        command.credentials(file)
    with pytest.raises(BadConfig, match="No such file"):
        command.credentials(tmp_path / "none")
    monkeypatch.delenv("ROBOT_META_DESK_PASSWORD")
    with pytest.raises(BadConfig, match="ROBOT_META_DESK_PASSWORD"):
        command.credentials(None)
    monkeypatch.delenv("ROBOT_META_DESK_USER")
    with pytest.raises(BadConfig, match="ROBOT_META_DESK_USER"):
        command.credentials(file)


def test_no_option_takes_a_password():
    with pytest.raises(SystemExit) as ended:
        command.main(["status", "--robot-ip", "1.2.3.4", "--password", "x"])
    assert ended.value.code == 2  # not taken for --password-file either
