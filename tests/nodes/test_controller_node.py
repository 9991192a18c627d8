"""The controller node with a test as its robot, and with weights that nobody trained."""

import dataclasses
import itertools
import signal
import time

import numpy as np
import pytest
import torch

pytest.importorskip("rclpy")

from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from nav_msgs.msg import Path as PathMsg  # noqa: E402
from rcl_interfaces.srv import SetParameters  # noqa: E402
from rclpy.parameter import Parameter  # noqa: E402
from sensor_msgs.msg import JointState  # noqa: E402
from std_msgs.msg import String  # noqa: E402
from std_srvs.srv import Trigger  # noqa: E402
from trajectory_msgs.msg import JointTrajectory  # noqa: E402

from robot_meta.build import AdapterConfig, BuildConfig, build_controller  # noqa: E402
from robot_meta.collection.decoding import command_from, stamp_from  # noqa: E402
from robot_meta.controller import ControllerConfig  # noqa: E402
from robot_meta.nodes import messages, qos  # noqa: E402
from robot_meta.nodes.params import declare_config  # noqa: E402
from robot_meta.planning.mppi import MPPIConfig  # noqa: E402
from robot_meta.planning.paths import figure_eight  # noqa: E402
from robot_meta.planning.planner import SamplingConfig  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.safety.config import GuardConfig  # noqa: E402
from robot_meta.types import Commanded, Observation  # noqa: E402

pytestmark = pytest.mark.ros

FR3 = arm_description("fr3")
SPEC = FR3.spec
SMALL = {"planner.sampling.num_samples": 32, "planner.sampling.horizon": 6}
numbers = itertools.count()
HOME_TOOL = FR3.chain.tool_position_in_base(SPEC.home)


class Body:
    """The robot's side of the topics: publishes periods, hears commands."""

    def __init__(self, client):
        node, state = client.node, qos.state()
        self.client = client
        self.commands = client.hear(JointTrajectory, "command", qos.state())
        self._states = node.create_publisher(JointState, "joint_states", state)
        self._external = node.create_publisher(JointState, "external_joint_torques", state)
        self._commanded = node.create_publisher(JointTrajectory, "commanded", state)
        self._target = node.create_publisher(PathMsg, "target", qos.latched())

    def wait_for_listener(self):
        publishers = (self._states, self._external, self._commanded, self._target)
        self.client.spin_until(
            lambda: all(p.get_subscription_count() for p in publishers), what="the controller"
        )

    def set_target(self):
        self._target.publish(messages.target_msg(figure_eight(HOME_TOOL)))

    def publish(self, observation, commanded, names=SPEC.joint_names):
        self._states.publish(messages.joint_state_msg(observation, names))
        self._external.publish(messages.external_torque_msg(observation, names))
        self._commanded.publish(messages.commanded_msg(commanded, SPEC.joint_names, 0.02))

    def ask(self, observation, commanded):
        """The answer to one period."""
        count = len(self.commands)
        self.publish(observation, commanded)
        self.client.spin_until(lambda: len(self.commands) > count, what="an answer")
        return self.commands[-1]

    def publish_fresh_until_answered(self):
        """Periods of now, one after the other; their stamps."""
        stamps = []

        def answered():
            stamps.append(time.time())
            self.publish(*period(stamps[-1]))
            return self.commands

        self.client.spin_until(answered, what="an answer to a fresh state")
        return stamps


def period(stamp, position=SPEC.home):
    rng = np.random.default_rng(round(stamp * 50) % 1000)
    noise = 1e-3 * rng.normal(size=(3, 7))
    observation = Observation(
        stamp=stamp,
        position=position + noise[0],
        velocity=noise[1],
        torque=noise[2],
        external_torque=np.zeros(7),
    )
    still = np.stack([position, position])
    return observation, Commanded(
        stamp=stamp, position=still, velocity=np.zeros((2, 7)), altered=False, reason=""
    )


@pytest.fixture
def body(client):
    return Body(client)


def start(processes, weights, limits_of="", **parameters):
    small = {key.replace(".", "__"): value for key, value in SMALL.items()}
    name = f"controller{next(numbers)}"
    return processes.node(
        "controller_node", name=name, model=weights, limits_of=limits_of, **small, **parameters
    )


def test_over_topics_it_answers_bit_for_bit_what_it_answers_in_process(processes, body, weights):
    start(processes, weights, lockstep=True)
    sampling = SamplingConfig(num_samples=32, horizon=6)
    config = ControllerConfig(planner=MPPIConfig(sampling=sampling))
    torch.set_num_threads(1)
    here = build_controller(BuildConfig(model=str(weights), controller=config))
    here.set_target(figure_eight(HOME_TOOL))
    heard = body.client.hear(DiagnosticArray, "adaptation", qos.state())
    body.wait_for_listener()
    body.set_target()
    for k in range(25):
        parts = period(k * 20 / 1000)
        want = here.act(*parts)
        got = command_from(body.ask(*parts), SPEC.joint_names)
        assert got.stamp == want.stamp
        np.testing.assert_array_equal(got.position, want.position)
        np.testing.assert_array_equal(got.velocity, want.velocity)
    body.client.spin_until(lambda: len(heard) >= 25)
    figures = {item.key: float(item.value) for item in heard[-1].status[0].values}
    assert {"loss_before", "loss_after", "slack_ms", "contact"} <= set(figures)


def test_in_lockstep_it_waits_for_a_target_and_repeats_a_lost_answer(processes, body, weights):
    start(processes, weights, lockstep=True)
    body.wait_for_listener()
    body.publish(*period(0.0))
    end = time.monotonic() + 0.5
    body.client.spin_until(lambda: time.monotonic() > end)
    assert body.commands == []
    body.set_target()
    body.client.spin_until(lambda: body.commands, what="the answer after the target")
    assert body.ask(*period(0.0)) == body.commands[0]


def test_it_plans_within_the_limits_that_the_robot_node_tells_and_not_before(
    processes, body, weights
):
    start(processes, weights, limits_of="robot", lockstep=True)
    body.wait_for_listener()
    body.set_target()
    body.publish(*period(0.0))
    end = time.monotonic() + 0.5
    body.client.spin_until(lambda: time.monotonic() > end)
    assert body.commands == []
    robot = body.client.add_node("robot")
    declare_config(robot, GuardConfig(tool_speed=0.01), "guard.", live=True)
    body.client.spin_until(lambda: body.commands, what="the answer")

    def answers(guard):
        sampling = SamplingConfig(num_samples=32, horizon=6)
        config = ControllerConfig(planner=MPPIConfig(sampling=sampling))
        here = build_controller(BuildConfig(model=str(weights), controller=config, guard=guard))
        here.set_target(figure_eight(HOME_TOOL))
        return here.act(*period(0.0)).velocity

    got = command_from(body.commands[0], SPEC.joint_names).velocity
    np.testing.assert_array_equal(got, answers(GuardConfig(tool_speed=0.01)))
    assert (got != answers(GuardConfig())).any()


def test_in_lockstep_a_state_it_cannot_use_is_answered_with_no_command(processes, body, weights):
    node = start(processes, weights, lockstep=True)
    body.wait_for_listener()
    body.set_target()
    observation, commanded = period(0.0)
    body.publish(observation, commanded, [f"left_{name}" for name in SPEC.joint_names])
    body.client.spin_until(lambda: body.commands, what="an answer")
    assert len(body.commands[0].points) == 0 and stamp_from(body.commands[0].header.stamp) == 0.0
    assert "'fr3_joint1' is not in the message" in node.log.read_text()


def test_in_real_time_a_stale_state_is_not_answered_and_a_fresh_one_is(processes, body, weights):
    node = start(processes, weights)
    body.wait_for_listener()
    body.set_target()
    body.publish(*period(time.time() - 5.0))
    end = time.monotonic() + 0.5
    body.client.spin_until(lambda: time.monotonic() > end)
    assert body.commands == []
    assert "observation is 5." in node.log.read_text()

    stamps = body.publish_fresh_until_answered()
    assert stamp_from(body.commands[0].header.stamp) in stamps


def test_in_real_time_periods_that_came_while_it_was_away_are_learned_from(
    processes, body, weights
):
    node = start(processes, weights, max_age=60.0)
    heard = body.client.hear(DiagnosticArray, "adaptation", qos.state())
    body.wait_for_listener()
    body.set_target()
    begin, last = time.time(), 20
    body.ask(*period(begin))
    node.send_signal(signal.SIGSTOP)
    for k in range(1, last + 1):
        body.publish(*period(begin + k * SPEC.control_dt))
    node.send_signal(signal.SIGCONT)

    def newest_figures():
        at = [h for h in heard if stamp_from(h.header.stamp) > begin + (last - 0.5) * 0.02]
        return {item.key: float(item.value) for h in at for item in h.status[0].values}

    body.client.spin_until(newest_figures, what="the answer to the last period")
    assert newest_figures()["window"] == last
    assert len(body.commands) < last


def test_in_real_time_without_a_target_it_asks_to_stay(processes, body, weights):
    start(processes, weights)
    body.wait_for_listener()
    body.publish_fresh_until_answered()
    answer = command_from(body.commands[0], SPEC.joint_names)
    np.testing.assert_allclose(answer.position, SPEC.home, atol=1e-12)
    np.testing.assert_array_equal(answer.velocity, np.zeros(7))


def test_weights_that_do_not_fit_are_one_line_and_a_code_of_their_own(
    processes, tmp_path, small_model
):
    other = small_model(tmp_path / "other.safetensors", robot="panda")
    cut = small_model(tmp_path / "cut.safetensors")
    cut.write_bytes(cut.read_bytes()[:-100])
    cases = {
        19: (start(processes, other, namespace="/a"), ["robot: the model has panda"]),
        18: (start(processes, cut, namespace="/b"), [str(cut), "truncated or damaged"]),
        20: (start(processes, cut, namespace="/c", adapter__kind="best"), ["subspace", "best"]),
    }
    for code, (node, parts) in cases.items():
        assert node.wait(timeout=120) == code
        line = node.log.read_text().splitlines()[-1]
        assert line.startswith("controller: error: ") and all(part in line for part in parts)


def test_every_kind_of_adapter_and_planner_can_be_built(weights):
    for kind in (
        "subspace",
        "last_layer",
        "recursive",
        "gradient",
        "finetune",
        "residual",
        "none",
    ):
        for planner in ("mppi", "cem"):
            config = BuildConfig(
                model=str(weights), planner_kind=planner, adapter=AdapterConfig(kind=kind)
            )
            controller = build_controller(config)
            controller.set_target(figure_eight(HOME_TOOL))
            command = controller.act(*period(0.0))
            assert np.isfinite(command.position).all()


def test_a_controller_at_reduced_speed_plans_within_the_reduced_limits(weights):
    config = dataclasses.replace(BuildConfig(model=str(weights)), speed_scale=0.2)
    limits = build_controller(config).embodiment.spec.limits
    np.testing.assert_allclose(limits.velocity, 0.2 * SPEC.limits.velocity)


def test_the_adapter_changes_while_it_runs_and_a_wrong_one_is_refused(processes, body, weights):
    node = start(processes, weights, lockstep=True)
    heard = body.client.hear(DiagnosticArray, "adaptation", qos.state())
    body.wait_for_listener()
    body.set_target()

    def set_kind(kind):
        parameter = Parameter("adapter.kind", value=kind).to_parameter_msg()
        request = SetParameters.Request(parameters=[parameter])
        return body.client.call(SetParameters, "controller/set_parameters", request).results[0]

    for k in range(3):
        body.ask(*period(k * 20 / 1000))
    assert set_kind("residual").successful
    assert not set_kind("best").successful
    refused = set_kind("recurrent")
    assert not refused.successful and "needs weights trained for it" in refused.reason
    body.ask(*period(3 * 20 / 1000))
    body.client.spin_until(lambda: len(heard) >= 4)
    windows = [
        float(item.value)
        for message in heard
        for item in message.status[0].values
        if item.key == "window"
    ]
    assert windows == [0.0, 1.0, 2.0, 0.0]  # the new adapter begins anew
    assert "adapter is now 'residual'" in node.log.read_text()


def test_it_says_that_it_cannot_adapt_holds_and_goes_on_when_told(processes, body, weights):
    node = start(processes, weights, lockstep=True, change__span=5)
    states = body.client.hear(String, "controller_state", qos.latched())
    body.wait_for_listener()
    body.set_target()
    body.client.spin_until(lambda: states and states[-1].data == "TRACKING")
    for k in range(10):
        answer = body.ask(*period(k * 20 / 1000, SPEC.home + 0.5 * (-1) ** k))
    body.client.spin_until(lambda: states[-1].data == "HOLD CANNOT_ADAPT")
    np.testing.assert_array_equal(command_from(answer, SPEC.joint_names).velocity, np.zeros(7))
    assert "call the controller's `resume`" in node.log.read_text()
    assert body.client.call(Trigger, "resume").success
    body.client.spin_until(lambda: states[-1].data == "TRACKING")
    assert not body.client.call(Trigger, "resume").success
