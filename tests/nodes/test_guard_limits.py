import pytest

pytest.importorskip("rclpy")

from rclpy.parameter import Parameter  # noqa: E402

from robot_meta.nodes.guard_limits import GuardLimits  # noqa: E402
from robot_meta.nodes.params import declare_config  # noqa: E402
from robot_meta.safety.config import GuardConfig  # noqa: E402

pytestmark = pytest.mark.ros


def test_the_limits_of_the_robot_are_known_and_followed_when_they_change(client):
    told = []
    limits = GuardLimits(client.node, "robot", told.append)
    assert limits.known is None
    robot = client.add_node("robot")
    declare_config(robot, GuardConfig(tool_speed=0.2), "guard.", live=True)
    client.spin_until(lambda: told, what="the limits")
    assert told == [GuardConfig(tool_speed=0.2)] and limits.known == told[0]
    robot.set_parameters([Parameter("guard.lead_limit", value=[0.1] * 7)])
    client.spin_until(lambda: len(told) > 1, what="the change")
    assert told[1] == GuardConfig(tool_speed=0.2, lead_limit=(0.1,) * 7)


def test_a_node_without_a_guard_tells_no_limits_and_later_ones_are_still_heard(client):
    told = []
    GuardLimits(client.node, "robot", told.append)
    robot = client.add_node("robot")
    robot.declare_parameter("asked", False)
    for _ in range(10):
        client.spin_until(lambda: True)
    assert told == []
    declare_config(robot, GuardConfig(), "guard.", live=True)
    client.spin_until(lambda: told == [GuardConfig()], what="the limits")


def test_without_a_robot_to_ask_the_defaults_count_at_once(client):
    told = []
    assert GuardLimits(client.node, "", told.append).known == GuardConfig()
    assert told == [GuardConfig()]
