"""A robot node in a process, seen from outside; times are counted in control periods."""

import time
from pathlib import Path

import pytest

try:
    from rcl_interfaces.srv import SetParameters
    from rclpy.parameter import Parameter
    from sensor_msgs.msg import JointState
    from std_msgs.msg import String
    from std_srvs.srv import Trigger
    from trajectory_msgs.msg import JointTrajectory

    from robot_meta.nodes import qos
except ModuleNotFoundError:  # the tests of this folder skip themselves
    pass

from robot_meta.collection.decoding import commanded_from
from robot_meta.robots.description import arm_description

SPEC = arm_description("fr3").spec
COMMANDER = Path(__file__).parents[1] / "commander.py"

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

    def spin_until(self, condition, what="a condition"):
        return self._client.spin_until(condition, what=what)

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

    def periods(self, seconds):
        """How many control periods that is."""
        return round(seconds / SPEC.control_dt)

    def sent(self):
        return [commanded_from(msg, SPEC.joint_names) for msg in list(self.commanded)]


@pytest.fixture
def start_robot(processes, client):
    """Starts a robot node with parameters."""
    return lambda **parameters: Robot(processes, client, **parameters)
