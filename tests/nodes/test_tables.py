import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes import backends, controller_node, legged_backends, tables  # noqa: E402
from robot_meta.nodes.arm_task import ArmTaskConfig  # noqa: E402
from robot_meta.nodes.legged_task import LeggedTaskConfig  # noqa: E402
from robot_meta.nodes.params import declare_config  # noqa: E402

pytestmark = pytest.mark.ros


def declared(node):
    return {name for name in node._parameters if not name.startswith(("use_sim", "start_type"))}


def listed(node):
    return {fact.name for fact in tables.parameters()[node]}


def test_the_tables_list_exactly_what_the_nodes_declare(make_node):
    robot, controller = make_node(), make_node(name="controller")
    franka = make_node("-p", "backend:=franka", "-p", "robot_ip:=127.0.0.1")
    topics = make_node(
        "-p", "backend:=ros2_control", "-p", "ros2_control.state_topic:=/arm/joint_states"
    )
    robots = (robot, franka, topics)
    for node in robots:
        backends.declare(node)
    controller_node.declare(controller)
    assert listed("robot") == set().union(*map(declared, robots))
    assert listed("controller") == declared(controller)
    walkers = (
        make_node("-p", "robot:=go2"),
        make_node("-p", "robot:=go2", "-p", "backend:=go2", "-p", "interface:=lo"),
        make_node(
            "-p", "robot:=go2", "-p", "backend:=cmd_vel", "-p", "cmd_vel.odom_topic:=/dog/odom"
        ),
    )
    for node in walkers:
        legged_backends.declare(node)
    assert listed("robot of legs") == set().union(*map(declared, walkers))
    walk = make_node(name="task")
    declare_config(walk, LeggedTaskConfig())
    assert listed("task of legs") == declared(walk)
    task = make_node(name="task")
    declare_config(task, ArmTaskConfig())
    assert listed("task") == declared(task)


def test_every_parameter_says_what_it_means():
    silent = [
        f"{node}: {fact.name}"
        for node, facts in tables.parameters().items()
        for fact in facts
        if not fact.meaning
    ]
    assert silent == []


def test_every_topic_and_service_is_in_the_text():
    text = tables.markdown()
    for row in (*tables.TOPICS, *tables.SERVICES):
        assert f"| `{row.name}` | {row.kind} |" in text


def test_the_shipped_parameter_file_fits_all_nodes(make_node):
    from robot_meta.nodes.params import refuse_unknown
    from robot_meta.resources import resource

    arguments = ("--params-file", resource("config/arm.yaml"))
    for name, declare in (
        ("robot", backends.declare),
        ("controller", controller_node.declare),
        ("task", lambda node: declare_config(node, ArmTaskConfig())),
    ):
        node = make_node(*arguments, "-r", "__ns:=/cell/left", name=name)
        assert node._parameter_overrides
        assert declare(node) == declare(make_node(name=name)), "it shows the defaults"
        refuse_unknown(node)


def test_the_shipped_parameter_file_of_legs_fits_all_nodes(make_node):
    from robot_meta.nodes.params import refuse_unknown
    from robot_meta.resources import resource

    arguments = ("--params-file", resource("config/legged.yaml"), "-p", "robot:=go2")
    for name, declare in (
        ("robot", legged_backends.declare),
        ("controller", controller_node.declare),
        ("task", lambda node: declare_config(node, LeggedTaskConfig())),
    ):
        node = make_node(*arguments, name=name)
        declare(node)
        refuse_unknown(node)
