"""What keeps an FR3 from being connected: each cause its own error, in one line that helps."""

import importlib.util
import json
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from robot_meta import errors
from robot_meta.robots.description import arm_description
from robot_meta.robots.franka.config import FrankaConfig
from robot_meta.robots.franka.driver import FrankaRobot

FR3 = arm_description("fr3")
ODD_SERVER = Path(__file__).with_name("odd_server.py")
SIM_PYTHON = Path(__file__).parents[3] / ".venv-franka-sim" / "bin" / "python"


def connect(address="127.0.0.1", description=FR3, **config):
    settings = {"connect_timeout": 60.0, **config}
    return FrankaRobot(description, address, FrankaConfig(**settings))


def refusal(error, *parts, **arguments):
    """The error and its text, after looking that it is one line with all `parts`."""
    with pytest.raises(error) as caught, connect(**arguments):
        pass
    text = str(caught.value)
    assert type(caught.value) is error
    assert "\n" not in text
    assert all(part in text for part in parts), text


@pytest.fixture
def nothing_there(franka_servers):
    """franky is installed, and no server runs."""
    franka_servers.stop()
    franka_servers.require(sys.executable, "")


def test_a_panda_is_sent_to_the_driver_that_speaks_to_it():
    refusal(errors.UnsupportedRobot, "ros2_control", description=arm_description("panda"))


@pytest.mark.skipif(importlib.util.find_spec("franky") is not None, reason="franky is installed")
def test_without_franky_it_says_how_to_install_it():
    refusal(errors.MissingAsset, "make setup-franka")


@pytest.mark.franka
@pytest.mark.usefixtures("nothing_there")
def test_an_address_that_refuses_has_no_control_interface():
    refusal(errors.RobotInterfaceOff, "127.0.0.1", "not active", "Desk")


@pytest.mark.franka
@pytest.mark.usefixtures("nothing_there")
def test_a_name_that_nobody_has_is_a_wrong_address():
    refusal(errors.RobotUnreachable, "no-such-robot.invalid", address="no-such-robot.invalid")


@pytest.mark.franka
@pytest.mark.usefixtures("nothing_there")
def test_an_address_that_swallows_packets_is_a_wrong_address():
    with socket.socket() as wall, socket.socket() as first, socket.socket() as second:
        wall.bind(("127.0.0.66", 1337))
        wall.listen(0)  # Linux takes one more than told, then drops what asks for a connection
        for client in (first, second):
            client.setblocking(False)
            client.connect_ex(("127.0.0.66", 1337))
        refusal(
            errors.RobotUnreachable,
            "nothing answers",
            "robot_ip",
            address="127.0.0.66",
            connect_timeout=3.0,
        )


@pytest.mark.franka
def test_a_second_client_is_told_that_the_robot_is_taken(open_franka):
    with open_franka():
        refusal(errors.RobotBusy, "another client", connect_timeout=4.0)


@pytest.mark.franka
@pytest.mark.parametrize(
    ("version", "mode", "error", "parts"),
    [
        (11, 1, errors.VersionMismatch, ["versions", "franky-control"]),
        (5, 1, errors.VersionMismatch, ["Panda", "ros2_control"]),
        (10, 0, errors.RobotNotReady, ["brakes", "Desk"]),
        (10, 3, errors.RobotNotReady, ["guides"]),
        (10, 5, errors.RobotNotReady, ["user stop", "Release"]),
    ],
)
def test_a_robot_that_cannot_move_for_us_says_why(franka_servers, version, mode, error, parts):
    franka_servers.start([str(SIM_PYTHON), str(ODD_SERVER), str(version), str(mode)])
    refusal(error, *parts)


@pytest.mark.franka
def test_realtime_is_enforced_only_where_the_kernel_has_it(open_franka):
    if Path("/sys/kernel/realtime").exists():
        pytest.skip("this kernel has real time")
    with pytest.raises(errors.NoRealtimeKernel, match="PREEMPT_RT"):
        open_franka(realtime="enforce")


@pytest.mark.franka
@pytest.mark.ros
@pytest.mark.usefixtures("nothing_there")
def test_the_robot_node_ends_with_that_line_and_the_code_of_the_error():
    pytest.importorskip("rclpy")
    parameters = {"backend": "franka", "robot_ip": "127.0.0.1"}
    arguments = [f"-p {name}:={json.dumps(value)}" for name, value in parameters.items()]
    done = subprocess.run(
        [
            *(sys.executable, "-c"),
            "import sys; from robot_meta.nodes.robot_node import main; sys.exit(main())",
            *("--ros-args", *" ".join(arguments).split()),
        ],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == errors.RobotInterfaceOff.exit_code
    (line,) = done.stderr.splitlines()
    assert line.startswith("robot: error: 127.0.0.1 refuses port 1337")
