"""Robot and controller on two machines whose clocks differ: stamps are the robot's, ages too."""

import threading
import time

import pytest

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402

pytestmark = pytest.mark.ros

PATIENT = {"guard__max_gap": 5.0, "guard__max_silence": 5.0}
MAX_AGE = 2.0  # of a state that is answered; a busy machine may be late, [s]


@pytest.fixture(params=[-30.0, 30.0], ids=["behind", "ahead"])
def brain_clock(client, request):
    """The clock of the other machine, on a topic of its own; how far it is ahead, [s]."""
    publisher, closing = client.node.create_publisher(Clock, "/brain_clock", 10), threading.Event()

    def publish():
        while not closing.wait(0.005):
            msg, now = Clock(), time.time() + request.param
            msg.clock.sec, msg.clock.nanosec = int(now), int(now % 1.0 * 1e9)
            publisher.publish(msg)

    thread = threading.Thread(target=publish)
    thread.start()
    yield request.param
    closing.set()
    thread.join()


def figures(rows):
    """Of the newest message of each kind, by name."""
    return {v.key: v.value for msg in rows[-20:] for row in msg.status for v in row.values}


def test_a_controller_whose_clock_is_wrong_still_drives_the_robot(processes, client, brain_clock):
    states = client.hear(String, "state", qos.latched())
    commands = client.hear(JointTrajectory, "command", qos.state())
    diagnostics = client.hear(DiagnosticArray, "/diagnostics", qos.state())
    there = {"use_sim_time": True, "ros_args": ["-r", "/clock:=/brain_clock"]}
    processes.node("robot_node", backend="fake", arm_on_start=True, **PATIENT)
    processes.node("controller_node", max_age=MAX_AGE, **there)
    processes.node("task_node", path="hold", **there)
    client.spin_until(lambda: states and states[-1].data == "RUNNING", 120.0, "a robot that runs")
    before = len(commands)
    client.spin_until(lambda: len(commands) > before + 50, 120.0, "commands")
    client.spin_until(
        lambda: "robot_clock_ahead_ms" in figures(diagnostics), what="the offset of the clocks"
    )
    known = figures(diagnostics)
    ahead, error = (float(known[f"robot_clock_{name}_ms"]) for name in ("ahead", "error"))
    # The time on a clock topic comes in steps of 5 ms, and late on a busy machine.
    assert abs(ahead + 1e3 * brain_clock) <= error + 1e3
    assert states[-1].data == "RUNNING"
