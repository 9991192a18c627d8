"""The policy of DDS security is what the list of topics says."""

from pathlib import Path
from xml.etree import ElementTree as xml

import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes.policy import ENCLAVES, policy  # noqa: E402
from robot_meta.nodes.topics import SERVICES, TOPICS  # noqa: E402

FILE = Path(__file__).parents[2] / "config/sros2_policy.xml"
ROOT = xml.fromstring(policy().encode())


def allowed(right, kind):
    """Which enclaves may do that with each name."""
    who = {}
    for enclave in ROOT.iter("enclave"):
        for element in enclave.iter():
            if right in element.attrib:
                for name in element.iter(kind):
                    who.setdefault(name.text, set()).add(enclave.get("path").rsplit("/", 1)[-1])
    return who


def test_the_file_is_what_the_code_says():
    assert FILE.read_text() == policy() + "\n"


def test_only_controller_exciter_and_teleop_command_and_only_the_robot_measures():
    publishers = allowed("publish", "topic")
    assert publishers["command"] == {"controller", "exciter", "teleop"}
    assert publishers["joint_states"] == publishers["commanded"] == {"robot"}
    assert publishers["estop_heartbeat"] == {"stop_device"}
    assert publishers["estop"] == {"stop_device"}
    assert publishers["page_estop"] == {"web"}
    assert publishers["/diagnostics"] == set(ENCLAVES)


def test_every_topic_and_service_has_its_owner_and_can_be_heard():
    publishers, listeners = allowed("publish", "topic"), allowed("subscribe", "topic")
    assert {topic.name for topic in TOPICS} <= set(publishers) & set(listeners)
    servers = allowed("reply", "service")
    assert {service.name: {service.server} for service in SERVICES}.items() <= servers.items()


@pytest.mark.parametrize("robot", ["arm", "legs"])
def test_every_topic_is_listed_once_per_kind_of_robot(robot):
    names = [topic.name for topic in TOPICS if robot in topic.robots]
    assert sorted(set(names)) == sorted(names)
    assert {"state", "command", "estop", "page_estop"} <= set(names)
