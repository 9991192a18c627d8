"""The robot node with real processes around it; times are counted in control periods."""

import signal
import sys
import threading
import time
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rcl_interfaces.srv import SetParameters  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from rosgraph_msgs.msg import Clock  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import Bool, String, UInt64  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.collection.decoding import commanded_from, stamp_from  # noqa: E402
from robot_meta.nodes import qos  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402

pytestmark = pytest.mark.ros

SPEC = arm_description("fr3").spec
PERIOD = SPEC.control_dt
COMMANDER = Path(__file__).with_name("commander.py")


# A busy machine that lets a process wait must not look like what a test provokes.
PATIENT = {"guard__max_gap": 5.0, "guard__max_silence": 5.0}


class Robot:
    """A robot node in a process, seen from outside; patient unless told otherwise."""

    def __init__(self, processes, client, **parameters):
        self._processes, self._client = processes, client
        every = qos.state()
        every.depth = 5000  # lockstep is faster than this reader
        self.states = client.hear(String, "state", qos.latched())
        self.commanded = client.hear(JointTrajectory, "commanded", every)
        self.commands = client.hear(JointTrajectory, "command", every)
        self.joint_states = client.hear(JointState, "joint_states", every)
        self.process = processes.node("robot_node", **{**PATIENT, **parameters})

    def spin_until(self, condition, what="a condition", timeout_s=20.0):
        return self._client.spin_until(condition, timeout_s, what)

    def spin(self, seconds):
        end = time.monotonic() + seconds
        self._client.spin_until(lambda: time.monotonic() > end, seconds + 5.0)

    def wait_for_state(self, text):
        self.spin_until(
            lambda: self.states and self.states[-1].data.startswith(text),
            f"state {text}",
        )

    def call(self, name):
        return self._client.call(Trigger, name)

    def arm(self):
        """Arm as soon as the reference has come to rest."""
        self.spin_until(lambda: self.call("arm").success, "arming")
        self.wait_for_state("RUNNING")

    def set(self, name, value):
        request = SetParameters.Request(
            parameters=[Parameter(name, value=value).to_parameter_msg()]
        )
        return self._client.call(SetParameters, "robot/set_parameters", request).results[0]

    def command_with(self, mode, name="commander"):
        return self._processes.python(COMMANDER, mode, name, name=name)

    def run_with(self, mode="sine"):
        """A commander that answers, and the robot RUNNING."""
        self.wait_for_state("HOLD")
        commander = self.command_with(mode)
        self.spin_until(lambda: self.commands, "the first command")
        self.arm()
        return commander

    def run_steadily(self):
        """Run for a while; armed anew where the machine was too busy for that."""
        while True:
            count = len(self.states)
            if self.states[-1].data != "RUNNING":
                self.arm()
            self.spin(0.3)
            if len(self.states) == count and self.states[-1].data == "RUNNING":
                return

    def begin_of_silence(self):
        """Stamp from which on there was a hold for silence, after all else."""
        sent = self.sent()
        while sent[-1].reason == "COMMAND_SILENCE":
            begin = sent.pop().stamp
        return begin

    def sent(self):
        return [commanded_from(msg, SPEC.joint_names) for msg in list(self.commanded)]


def in_periods(later, earlier):
    return round((later - earlier) / PERIOD)


def test_it_starts_in_hold_and_stands_still_until_it_is_armed(processes, client):
    robot = Robot(processes, client, backend="fake")
    robot.wait_for_state("HOLD")
    robot.command_with("sine")
    robot.spin_until(lambda: len(robot.commands) > 20, "commands")
    assert all(np.array_equal(c.position[1], SPEC.home) for c in robot.sent())

    robot.arm()
    count = len(robot.commanded)
    robot.spin_until(lambda: len(robot.commanded) > count + 20, "motion")
    assert np.abs(robot.sent()[-1].position[1] - SPEC.home).max() > 1e-3


def test_after_kill_9_of_the_controller_it_holds_within_100_ms_and_one_period(processes, client):
    robot = Robot(processes, client, backend="fake", guard__max_silence=0.1)
    commander = robot.run_with("sine")
    robot.run_steadily()
    commander.send_signal(signal.SIGKILL)
    robot.wait_for_state("HOLD COMMAND_SILENCE")
    robot.spin(0.5)

    last = stamp_from(robot.commands[-1].header.stamp)  # decides the period from last + T on
    waited = in_periods(robot.begin_of_silence(), last + PERIOD)
    assert 1 <= waited <= in_periods(0.1, 0.0) + 1
    assert np.array_equal(robot.sent()[-1].velocity, np.zeros((2, 7)))
    assert robot.states[-1].data == "HOLD COMMAND_SILENCE"


def test_when_joint_states_no_longer_reach_the_controller_the_robot_holds(
    processes, client, weights
):
    robot = Robot(
        processes,
        client,
        backend="fake",
        guard__max_silence=0.1,
        ros_args=["-r", "joint_states:=measured"],
    )
    relay = client.node.create_publisher(JointState, "joint_states", qos.state())
    connected = True
    client.node.create_subscription(
        JointState, "measured", lambda msg: connected and relay.publish(msg), qos.state()
    )
    small = {"planner__sampling__num_samples": 16, "planner__sampling__horizon": 4}
    controller = processes.node("controller_node", model=weights, **small)
    robot.spin_until(lambda: len(robot.commands) > 20, "the controller", timeout_s=40.0)
    robot.run_steadily()
    connected = False
    robot.wait_for_state("HOLD COMMAND_SILENCE")
    robot.spin(0.3)
    last = stamp_from(robot.commands[-1].header.stamp)
    waited = in_periods(robot.begin_of_silence(), last + PERIOD)
    assert waited <= in_periods(0.1, 0.0) + 1
    assert controller.poll() is None


def test_nothing_resumes_by_itself_when_commands_come_back(processes, client):
    robot = Robot(processes, client, backend="fake", guard__max_silence=0.5)
    commander = robot.run_with("sine")
    commander.send_signal(signal.SIGKILL)
    robot.wait_for_state("HOLD COMMAND_SILENCE")
    robot.command_with("sine")
    count = len(robot.commands)
    robot.spin_until(lambda: len(robot.commands) > count + 20, "commands again")
    assert robot.states[-1].data == "HOLD COMMAND_SILENCE"
    robot.arm()


def test_a_software_stop_is_latched_and_recovering_is_not_arming(processes, client):
    robot = Robot(processes, client, backend="fake")
    robot.run_with("sine")
    button = client.node.create_publisher(Bool, "estop", qos.latched())
    button.publish(Bool(data=True))
    robot.wait_for_state("STOPPED ESTOP")
    assert not robot.call("arm").success
    refused = robot.call("recover")
    assert not refused.success and "release" in refused.message

    button.publish(Bool(data=False))
    robot.spin(0.3)
    assert robot.states[-1].data == "STOPPED ESTOP"
    assert robot.call("recover").success
    robot.wait_for_state("HOLD")
    robot.spin(0.3)
    assert robot.states[-1].data.startswith("HOLD")
    robot.arm()


def test_the_stop_service_stops_and_hold_holds(processes, client):
    robot = Robot(processes, client, backend="fake")
    robot.run_with("sine")
    assert robot.call("hold").success
    robot.wait_for_state("HOLD")
    robot.arm()
    assert robot.call("estop").success
    robot.wait_for_state("STOPPED")


def test_a_required_heartbeat_that_stops_is_a_stop(processes, client):
    robot = Robot(
        processes, client, backend="fake", heartbeat_required=True, heartbeat_timeout=3.0
    )
    robot.wait_for_state("STOPPED HEARTBEAT_LOST")
    heart = client.node.create_publisher(UInt64, "estop_heartbeat", 1)
    beats = iter(range(10**6))
    timer = client.node.create_timer(0.03, lambda: heart.publish(UInt64(data=next(beats))))
    robot.spin_until(heart.get_subscription_count)
    robot.spin(0.3)
    assert robot.call("recover").success
    robot.run_with("sine")
    timer.cancel()
    robot.wait_for_state("STOPPED HEARTBEAT_LOST")
    assert "estop_heartbeat" in robot.call("recover").message


@pytest.mark.parametrize(
    ("mode", "reason"), [("nan:100", "HOLD NOT_FINITE"), ("names:100", "HOLD WRONG_NAMES")]
)
def test_a_command_that_is_none_is_refused_and_the_robot_holds(processes, client, mode, reason):
    robot = Robot(processes, client, backend="fake", guard__max_silence=1.0)
    robot.run_with(mode)
    robot.wait_for_state(reason)
    assert all(np.isfinite(c.position).all() for c in robot.sent())
    assert robot.process.poll() is None


def test_a_second_publisher_of_commands_means_hold_and_is_named(processes, client):
    robot = Robot(processes, client, backend="fake")
    robot.run_with("sine")
    intruder = client.node.create_publisher(JointTrajectory, "command", 1)
    robot.wait_for_state("HOLD SECOND_COMMANDER")
    refused = robot.call("arm")
    assert not refused.success
    assert "/client" in refused.message and "/commander" in refused.message
    client.node.destroy_publisher(intruder)
    robot.spin_until(lambda: robot.call("arm").success, "arming without the intruder")


def test_two_controllers_of_the_same_name_are_told_by_what_they_say(processes, client):
    robot = Robot(processes, client, backend="fake")
    robot.run_with("sine")
    robot.command_with("still", name="commander")
    robot.wait_for_state("HOLD SECOND_COMMANDER")


@pytest.fixture
def clock(client):
    """A source of /clock at the pace of the wall clock; its `jump` is added, [s]."""
    publisher = client.node.create_publisher(Clock, "/clock", 10)
    origin, closing = time.monotonic(), threading.Event()
    state = SimpleNamespace(jump=0.0)

    def publish():
        while not closing.wait(0.005):
            msg = Clock()
            now = 1000.0 + time.monotonic() - origin + state.jump
            msg.clock.sec, msg.clock.nanosec = int(now), int((now % 1.0) * 1e9)
            publisher.publish(msg)

    thread = threading.Thread(target=publish)
    thread.start()
    yield state
    closing.set()
    thread.join()


def test_a_clock_jump_means_hold_within_100_ms_and_one_period(processes, client, clock):
    robot = Robot(processes, client, backend="fake", use_sim_time=True)
    robot.run_with("sine")
    robot.run_steadily()
    count, clock.jump = len(robot.commanded), 5.0
    robot.wait_for_state("HOLD CLOCK_JUMP")
    robot.spin(0.3)
    held = next(i for i, c in enumerate(robot.sent()[count:]) if c.reason == "CLOCK_JUMP")
    assert held <= in_periods(0.1, 0.0) + 1
    assert robot.states[-1].data == "HOLD CLOCK_JUMP"


def test_a_process_that_was_frozen_does_not_go_on_where_it_was(processes, client):
    robot = Robot(processes, client, backend="fake", guard__max_gap=0.2)
    robot.run_with("sine")
    robot.process.send_signal(signal.SIGSTOP)
    time.sleep(0.5)
    robot.process.send_signal(signal.SIGCONT)
    robot.wait_for_state("HOLD")


def test_limits_are_read_only_while_armed(processes, client):
    robot = Robot(processes, client, backend="fake")
    robot.run_with("sine")
    refused = robot.set("guard.tool_speed", 0.5)
    assert not refused.successful and "read-only while the robot is armed" in refused.reason
    assert robot.call("hold").success
    robot.spin_until(lambda: robot.set("guard.tool_speed", 0.2).successful, "rest")
    assert not robot.set("guard.tool_speed", -1.0).successful


@pytest.mark.sim
def test_a_perturbation_set_live_changes_the_body(processes, client):
    robot = Robot(processes, client, backend="twin")
    robot.wait_for_state("HOLD")
    robot.spin(0.5)
    before = np.array(robot.joint_states[-1].position)
    set_it = "import sys; from robot_meta.nodes.twin_client import main; sys.exit(main())"
    command = processes.python("-c", set_it, "set", "payload_mass", "3", name="set")
    robot.spin_until(lambda: command.poll() is not None, "the twin command")
    assert command.returncode == 0, command.log.read_text()
    robot.spin(1.0)
    after = np.array(robot.joint_states[-1].position)
    assert np.abs(after - before).max() > 0.01

    refused = robot.set("twin.perturbations.payload_mass", -1.0)
    assert not refused.successful and "payload_mass" in refused.reason
    wrong = processes.python("-c", set_it, "set", "payload_mas", "3", name="wrong")
    robot.spin_until(lambda: wrong.poll() is not None, "the wrong twin command")
    text = wrong.log.read_text()
    assert wrong.returncode != 0 and "did you mean 'payload_mass'" in text


def lockstep_run(processes, client, ticks):
    robot = Robot(
        processes,
        client,
        backend="twin",
        lockstep=True,
        arm_on_start=True,
        twin__seed=5,
        twin__schedule="0.5 payload_mass 2.0",
    )
    robot.spin_until(lambda: robot.joint_states and robot.commanded, "the first state")
    commander = robot.command_with("sine")
    robot.spin_until(lambda: len(robot.sent()) > ticks + 20, "ticks", timeout_s=60.0)
    for process in (commander, robot.process):
        process.send_signal(signal.SIGINT)
        process.wait(timeout=10)
    states = {}
    for msg in robot.joint_states:
        states[stamp_from(msg.header.stamp)] = [*msg.position, *msg.velocity, *msg.effort]
    commanded = {c.stamp: c for c in robot.sent()}
    stamps = [k * 20 / 1000 for k in range(ticks)]
    return (
        np.array([states[s] for s in stamps]),
        np.array([commanded[s].position for s in stamps]),
        [commanded[s].reason for s in stamps],
    )


@pytest.mark.sim
def test_two_lockstep_runs_with_one_seed_are_equal_bit_for_bit(processes, client):
    first = lockstep_run(processes, client, 120)
    second = lockstep_run(processes, client, 120)
    np.testing.assert_array_equal(first[0], second[0])
    np.testing.assert_array_equal(first[1], second[1])
    assert np.abs(first[1][-1, 1] - SPEC.home).max() > 1e-3


@pytest.mark.sim
def test_lockstep_over_topics_is_lockstep_in_one_process_bit_for_bit(processes, client):
    sys.path.insert(0, str(COMMANDER.parent))
    from commander import sine

    from robot_meta.collection.lockstep import lockstep
    from robot_meta.robots.guarded import GuardedRobot
    from robot_meta.safety.guard import Guard, GuardConfig
    from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
    from robot_meta.twin.perturbations import ScheduledChange

    over_topics = lockstep_run(processes, client, 120)
    description = arm_description("fr3")
    change = ScheduledChange(stamp=0.5, name="payload_mass", value=2.0)
    twin = MujocoRobot(description, TwinConfig(seed=5, schedule=(change,)))
    guarded = GuardedRobot(twin, Guard(description.spec, description.chain, GuardConfig()))
    guarded.arm()
    here = list(lockstep(guarded, lambda observation, commanded: sine(commanded), 120))
    np.testing.assert_array_equal(
        over_topics[1], np.array([tick.commanded.position for tick in here])
    )
    np.testing.assert_array_equal(
        over_topics[0][:, :7], np.array([tick.observation.position for tick in here])
    )


@pytest.mark.parametrize(
    ("parameters", "parts"),
    [
        ({"backend": "franka"}, ["no backend 'franka'", "twin", "fake"]),
        ({"backend": "fake", "robot": "fr4"}, ["no robot 'fr4'", "fr3"]),
        ({"backend": "fake", "guard__tool_sped": 0.1}, ["guard.tool_sped", "guard.tool_speed"]),
        ({"backend": "fake", "speed_scale": 7.0}, ["speed_scale must be in [0, 1], got 7.0"]),
        ({"backend": "fake", "lockstep": 3}, ["'lockstep'", "want bool, got 3"]),
        ({"twin__schedule": "9.0 payload 1"}, ["no perturbation 'payload'"]),
    ],
)
def test_a_wrong_start_is_one_line_and_a_code_of_its_own(processes, parameters, parts):
    node = processes.node("robot_node", **parameters)
    assert node.wait(timeout=30) == (16 if "robot" in parameters else 20)
    (line,) = node.log.read_text().splitlines()
    assert line.startswith("robot: error: ")
    assert all(part in line for part in parts), line


def test_a_parameter_file_with_a_syntax_error_is_one_line(processes, tmp_path):
    path = tmp_path / "arm.yaml"
    path.write_text("/**:\n  ros__parameters:\n    a: [1, two\n")
    node = processes.node("robot_node", ros_args=["--params-file", path])
    assert node.wait(timeout=30) == 20
    line = node.log.read_text().splitlines()[-1]
    assert line.startswith("robot: error: ") and str(path) in line
