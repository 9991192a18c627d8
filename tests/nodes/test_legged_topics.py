"""What a walking robot says on topics comes back exactly, or is refused."""

import dataclasses
import subprocess
import sys

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.serialization import serialize_message  # noqa: E402

from robot_meta.collection.legged_decoder import GROUND_FRAME  # noqa: E402
from robot_meta.errors import MissingJoint  # noqa: E402
from robot_meta.legged_types import (  # noqa: E402
    LeggedObservation,
    VelocityCommand,
    VelocityCommanded,
)
from robot_meta.nodes.legged_topics import LeggedTopics  # noqa: E402
from robot_meta.planning.pose_paths import figure_eight, placed  # noqa: E402
from robot_meta.robots.description import legged_description  # noqa: E402

SPEC = legged_description("go2").spec
TOPICS = LeggedTopics(SPEC)
STAMP = 1_795_278_112.538


def period(heading=0.3):
    rng = np.random.default_rng(1)
    observation = LeggedObservation(
        stamp=STAMP,
        pose=np.array([*rng.normal(size=2), heading]),
        velocity=rng.normal(size=3),
        attitude=rng.normal(size=2),
        rates=rng.normal(size=2),
        feet=rng.random(4),
        joint_position=rng.normal(size=12),
        joint_velocity=rng.normal(size=12),
        joint_torque=rng.normal(size=12),
    )
    commanded = VelocityCommanded(
        stamp=STAMP, velocity=rng.normal(size=(2, 3)), altered=True, reason="VELOCITY"
    )
    return observation, commanded


def parts(observation, commanded):
    msgs = TOPICS.period_msgs(observation, commanded)
    return [msgs[topic] for topic in TOPICS.period]


def assert_same(one, other):
    for field in dataclasses.fields(one):
        np.testing.assert_array_equal(getattr(one, field.name), getattr(other, field.name))


@pytest.mark.parametrize("heading", [0.3, -2.9, 7.0, -40.123])
def test_a_period_comes_back_bit_for_bit_with_all_turns(heading):
    observation, commanded = period(heading)
    seen, sent = TOPICS.step_from(parts(observation, commanded))
    assert_same(seen, observation)
    assert_same(sent, commanded)


def test_joints_and_legs_may_come_in_any_order():
    observation, commanded = period()
    msgs = parts(observation, commanded)
    for msg in (msgs[0], msgs[4]):
        order = np.random.default_rng(2).permutation(len(msg.name))
        msg.name = [msg.name[i] for i in order]
        for field in ("position", "velocity", "effort"):
            values = getattr(msg, field)
            setattr(msg, field, [values[i] for i in order] if len(values) else [])
    assert_same(TOPICS.step_from(msgs)[0], observation)


def test_a_joint_that_is_missing_or_of_another_robot_is_named():
    msgs = parts(*period())
    msgs[0].name[3] = "FL_ankle"
    with pytest.raises(MissingJoint, match="FL_hip_joint"):
        TOPICS.step_from(msgs)


@pytest.mark.parametrize("field", ["pose", "attitude", "rates", "feet", "joint_velocity"])
def test_what_is_not_finite_is_refused_by_name(field):
    observation, commanded = period()
    spoiled = getattr(observation, field).copy()
    spoiled[0] = np.nan
    with pytest.raises(ValueError, match=f"{field} .* not finite"):
        TOPICS.step_from(parts(dataclasses.replace(observation, **{field: spoiled}), commanded))


def test_parts_of_two_periods_are_not_mixed():
    observation, commanded = period()
    later = parts(dataclasses.replace(observation, stamp=STAMP + 0.1), commanded)
    with pytest.raises(ValueError, match="one stamp"):
        TOPICS.step_from(later)


def test_a_command_comes_back_and_none_stays_none():
    command = VelocityCommand(stamp=STAMP, velocity=np.array([0.3, -0.1, 0.25]))
    assert_same(TOPICS.command_from(TOPICS.command_msg(command)), command)
    assert TOPICS.command_from(TOPICS.no_command_msg(STAMP)) is None


def test_a_command_in_another_frame_or_upwards_is_refused():
    msg = TOPICS.command_msg(VelocityCommand(stamp=STAMP, velocity=np.zeros(3)))
    msg.header.frame_id = "map"
    with pytest.raises(ValueError, match="'map'"):
        TOPICS.command_from(msg)
    msg.header.frame_id = ""
    msg.twist.linear.z = 0.1
    with pytest.raises(ValueError, match="alone"):
        TOPICS.command_from(msg)


@pytest.mark.parametrize("serialized", [False, True])
def test_a_path_keeps_places_exactly_and_headings_through_whole_turns(serialized):
    path = placed(
        figure_eight(speed=0.4, duration=40.0, radius=0.6), np.array([1.0, 2.0, 3.0]), start=STAMP
    )
    msg = TOPICS.target_msg(path)
    again = TOPICS.target_from(serialize_message(msg) if serialized else msg)
    np.testing.assert_array_equal(again.stamp, path.stamp)
    np.testing.assert_array_equal(again.pose[:, :2], path.pose[:, :2])
    turned = again.pose[:, 2] - path.pose[:, 2]
    np.testing.assert_allclose(turned, turned[0], atol=1e-12)
    assert abs(turned[0] / (2.0 * np.pi) - round(turned[0] / (2.0 * np.pi))) < 1e-12


def test_a_path_in_the_frame_of_an_arm_is_refused():
    msg = TOPICS.target_msg(figure_eight(speed=0.4, duration=4.0))
    msg.header.frame_id = "base"
    for given in (msg, serialize_message(msg)):
        with pytest.raises(ValueError, match=f"'{GROUND_FRAME}'"):
            TOPICS.target_from(given)


@pytest.mark.parametrize("node", ["robot_node", "task_node", "recorder_node"])
def test_nodes_that_plan_nothing_start_without_the_tensor_library(node):
    code = f"import sys, robot_meta.nodes.{node}; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
