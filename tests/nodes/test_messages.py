import numpy as np
import pytest

pytest.importorskip("rclpy")

from builtin_interfaces.msg import Time  # noqa: E402
from rclpy.serialization import deserialize_message, serialize_message  # noqa: E402

from robot_meta.collection.decoding import (  # noqa: E402
    by_joint,
    command_from,
    commanded_from,
    observation_from,
    stamp_from,
    target_from,
)
from robot_meta.errors import MissingJoint  # noqa: E402
from robot_meta.nodes import messages  # noqa: E402
from robot_meta.planning.paths import figure_eight  # noqa: E402
from robot_meta.robots.description import arm_description  # noqa: E402
from robot_meta.types import Command, Commanded, Observation  # noqa: E402

FR3 = arm_description("fr3")
NAMES = FR3.spec.joint_names
rng = np.random.default_rng(3)


def over_the_wire(msg):
    return deserialize_message(serialize_message(msg), type(msg))


def observation(stamp=0.02):
    return Observation(
        stamp=stamp,
        position=rng.normal(size=7),
        velocity=rng.normal(size=7),
        torque=rng.normal(size=7),
        external_torque=rng.normal(size=7),
    )


def same(one, other):
    for name, value in vars(one).items():
        assert np.array_equal(value, getattr(other, name)), name


def test_every_stamp_of_a_long_run_comes_back_bit_for_bit():
    for millisecond in range(0, 3_600_000, 20):
        stamp = millisecond / 1000
        assert stamp_from(messages.time_msg(stamp)) == stamp


def test_stamps_of_today_come_back_bit_for_bit():
    for stamp in 1.79e9 + rng.uniform(0.0, 1e7, size=20_000):
        assert stamp_from(messages.time_msg(float(stamp))) == stamp


def test_a_stamp_just_below_a_second_carries_over():
    assert messages.time_msg(np.nextafter(2.0, 0.0)) == Time(sec=2, nanosec=0)


@pytest.mark.parametrize("stamp", [np.nan, np.inf])
def test_a_stamp_that_is_no_time_is_refused(stamp):
    with pytest.raises(ValueError, match="finite"):
        messages.time_msg(stamp)


def test_an_observation_comes_back_bit_for_bit_whatever_the_joint_order():
    sent = observation()
    state = over_the_wire(messages.joint_state_msg(sent, NAMES))
    external = over_the_wire(messages.external_torque_msg(sent, NAMES))
    same(sent, observation_from(state, external, NAMES))

    order = rng.permutation(7)
    state.name = [state.name[i] for i in order]
    for field in ("position", "velocity", "effort"):
        setattr(state, field, [getattr(state, field)[i] for i in order])
    same(sent, observation_from(state, external, NAMES))


def test_commanded_comes_back_bit_for_bit_with_its_reason():
    for reason in ("", "LEAD"):
        sent = Commanded(
            stamp=1.24,
            position=rng.normal(size=(2, 7)),
            velocity=rng.normal(size=(2, 7)),
            altered=bool(reason),
            reason=reason,
        )
        msg = over_the_wire(messages.commanded_msg(sent, NAMES, 0.02))
        same(sent, commanded_from(msg, NAMES))
        assert [p.time_from_start.nanosec for p in msg.points] == [0, 20_000_000]


def test_a_command_comes_back_bit_for_bit_even_when_it_is_nonsense():
    sent = Command(stamp=3.5, position=rng.normal(size=7), velocity=np.full(7, np.inf))
    msg = over_the_wire(messages.command_msg(sent, NAMES, 0.02))
    same(sent, command_from(msg, NAMES))
    assert msg.points[0].time_from_start.nanosec == 40_000_000


def test_a_target_path_comes_back_bit_for_bit():
    sent = figure_eight(np.array([0.4, 0.0, 0.5]), start=0.3)
    same(sent, target_from(over_the_wire(messages.target_msg(sent))))


def test_a_single_pose_is_a_target_path_of_one_point():
    path = messages.target_msg(figure_eight(np.array([0.4, 0.0, 0.5])))
    target = target_from(path.poses[0])
    np.testing.assert_array_equal(target.position, [[0.4, 0.0, 0.5]])


def test_a_target_in_a_foreign_frame_is_refused():
    msg = messages.target_msg(figure_eight(np.array([0.4, 0.0, 0.5])), frame="camera")
    with pytest.raises(ValueError, match="'base'.*'camera'"):
        target_from(msg)


def test_a_joint_missing_in_a_message_is_named_with_those_that_are_there():
    sent = observation()
    state = messages.joint_state_msg(sent, [f"left_{name}" for name in NAMES])
    external = messages.external_torque_msg(sent, NAMES)
    with pytest.raises(MissingJoint, match=r"'fr3_joint1' is not in the message.*left_fr3_joint1"):
        observation_from(state, external, NAMES)


def test_wrong_lengths_twins_and_strangers_are_refused():
    with pytest.raises(ValueError, match="want 2 values of position, one per name, got 1"):
        by_joint(["a", "b"], [1.0], ["a"], "position")
    with pytest.raises(ValueError, match="twice"):
        by_joint(["a", "a"], [1.0, 2.0], ["a"], "position")
    msg = messages.command_msg(
        Command(stamp=0.0, position=np.zeros(8), velocity=np.zeros(8)), [*NAMES, "tail"], 0.02
    )
    with pytest.raises(ValueError, match="has not.*tail"):
        command_from(msg, NAMES)


def test_an_observation_of_two_stamps_or_with_nan_is_refused():
    sent = observation()
    later = messages.external_torque_msg(observation(0.04), NAMES)
    with pytest.raises(ValueError, match="one stamp"):
        observation_from(messages.joint_state_msg(sent, NAMES), later, NAMES)
    state = messages.joint_state_msg(sent, NAMES)
    state.velocity[3] = np.nan
    with pytest.raises(ValueError, match="velocity .* not finite"):
        observation_from(state, messages.external_torque_msg(sent, NAMES), NAMES)


def test_the_tool_pose_is_that_of_the_kinematics():
    msg = messages.tool_pose_msg(0.0, FR3.chain, FR3.spec.home)
    point = msg.pose.position
    np.testing.assert_allclose(
        [point.x, point.y, point.z], FR3.chain.tool_position_in_base(FR3.spec.home), atol=1e-12
    )
