"""legged.launch.xml from end to end: people drive a walking twin, and record that."""

import os
import struct

import numpy as np
import pytest

pytest.importorskip("rclpy")

from geometry_msgs.msg import TwistStamped  # noqa: E402
from nav_msgs.msg import Odometry  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402

from robot_meta.cli import data  # noqa: E402
from robot_meta.collection.period_record import record_of  # noqa: E402
from robot_meta.errors import DeviceUnavailable  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.replay.snapshot import Snapshot  # noqa: E402
from robot_meta.resources import resource  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.realtime, pytest.mark.sim]
PATIENT = "/**/robot:\n  ros__parameters: {guard: {max_gap: 50, max_silent: 50}}\n"
# Recorded events of a pad (see tests/teleoperation/test_gamepad.py): shoulder held, stick away.
KEY, AXIS, TL, STICK_Y = 1, 3, 0x136, 1
# A pad at the end of a pipe: all is real but the question which axes the device has.
PAD = """
import os, sys
from robot_meta.nodes import teleop_devices, teleop_node
from robot_meta.teleoperation.gamepad import Gamepad
from robot_meta.teleoperation.input_events import Range
stick = Range(-32768, 32767, 128)
teleop_devices.open_gamepad = lambda path: Gamepad(
    os.open(path, os.O_RDONLY | os.O_NONBLOCK), {0: stick, 1: stick, 3: stick, 4: stick}
)
sys.exit(teleop_node.main())
"""


class Walk:
    """What is heard of a robot that is driven."""

    def __init__(self, client):
        self._client = client
        self.state = client.hear(String, "state", qos.latched())
        self.odom = client.hear(Odometry, "odom")
        self.commanded = client.hear(TwistStamped, "commanded")

    def until(self, condition, what):
        return self._client.spin_until(condition, 120.0, what)

    @property
    def velocity(self):
        twist = self.commanded[-1].twist
        return np.array([twist.linear.x, twist.linear.y, twist.angular.z])

    def place(self):
        return self.odom[-1].pose.pose.position.x

    def begins(self):
        """Wait until it runs and tells where it is."""
        self.until(lambda: self.odom and self.state, "the robot")
        self.until(lambda: self.state[-1].data == "RUNNING", "RUNNING")
        return self.place()

    def rests(self):
        self.until(lambda: not self.velocity.any(), "rest")
        assert self.state[-1].data == "RUNNING", "the guard had nothing to do with it"


@pytest.fixture
def launch(processes, client, tmp_path):
    (tmp_path / "patient.yaml").write_text(PATIENT)

    def begin(**arguments):
        walk = Walk(client)
        processes.python(
            "-m", "robot_meta.launching", "--runner", "own", resource("launch/legged.launch.xml"),
            "backend:=twin", f"params_file:={tmp_path / 'patient.yaml'}",
            *(f"{key}:={value}" for key, value in arguments.items()), name="launch",
        )  # fmt: skip
        return walk

    return begin


@pytest.fixture
def pipe(tmp_path):
    """A named pipe in the place of a device's node, and the end to write into."""
    path = tmp_path / "device"
    os.mkfifo(path)
    fd = os.open(path, os.O_RDWR | os.O_NONBLOCK)  # both ends: neither side waits for the other
    yield path, fd
    os.close(fd)


def test_keys_walk_the_robot_into_an_episode_and_a_lost_terminal_stands_it_still(
    launch, processes, terminal, client, tmp_path, capsys
):
    store = tmp_path / "store"
    walk = launch(device="keyboard", store=store, who="ada", task="to_the_door")
    keys = terminal(processes.environment())
    walk.until(lambda: keys.shows("robot RUNNING | clutch OPEN 50% | not recording"), "the line")
    start = walk.begins()
    assert client.call(Trigger, "start_episode").success

    def goes():
        keys.press(b"w")
        keys.shows("\n")  # a terminal that nobody reads would fill up
        return walk.place() > start + 0.15

    walk.until(goes, "15 cm ahead")
    keys.close()
    walk.rests()
    assert keys.process.wait(60.0) == DeviceUnavailable.exit_code
    assert client.call(Trigger, "stop_episode").success

    names, snapshot = record_of("go2").names, Snapshot(store)
    batch = snapshot.intact(np.arange(len(snapshot)))
    state = dict(zip(names, batch.values["state"].T, strict=True))
    assert np.ptp(state["x"]) > 0.1 and np.ptp(state["q2"]) > 0.1
    asked, sent = batch.values["requested"][:, 0], batch.values["commanded"][:, 0]
    assert asked.max() == pytest.approx(0.4) and 0.0 < sent.max() <= 0.4
    np.testing.assert_array_equal(batch.values["measured"][:-1, 0], state["vx"][1:])
    assert data.main(["ls", str(store)]) == 0
    assert "to_the_door" in (line := capsys.readouterr().out) and "go2" in line and "ada" in line
    assert data.main(["verify", "--quiet", str(store)]) == 0


def test_a_spacemouse_walks_the_robot_and_when_it_is_let_go_the_robot_stands(launch, pipe):
    path, fd = pipe
    walk = launch(device="spacemouse", device_path=path)
    start = walk.begins()
    # Pushed away from the person: -y of its frame; a read of the device takes 64 bytes at most.
    pushed = struct.pack("<B6h", 1, 0, -350, 0, 0, 0, 0).ljust(64, b"\0")

    def goes():
        os.write(fd, pushed)
        return walk.place() > start + 0.15

    walk.until(goes, "15 cm ahead")
    assert walk.velocity[0] > 0.2
    walk.rests()  # a cap that is pushed goes on sending, one that is let go falls silent


def test_a_gamepad_walks_the_robot_while_its_shoulder_button_is_held(launch, processes, pipe):
    path, fd = pipe

    def says(*events):
        for kind, code, value in (*events, (0, 0, 0)):
            os.write(fd, struct.pack("@llHHi", 0, 0, kind, code, value))

    walk = launch(device="gamepad", device_path=path, machine="robot")
    processes.python(
        "-c", PAD, "--ros-args", "-p", "robot:=go2", "-p", "device:=gamepad",
        "-p", f"device_path:={path}", name="teleop",
    )  # fmt: skip
    start = walk.begins()
    says((AXIS, STICK_Y, -32768))
    walk.until(lambda: len(walk.commanded) > 20, "some periods")
    assert not walk.velocity.any(), "nobody holds the dead-man"
    says((KEY, TL, 1))
    walk.until(lambda: walk.place() > start + 0.15, "15 cm ahead")
    assert walk.velocity[0] > 0.2
    says((KEY, TL, 0))
    walk.rests()
