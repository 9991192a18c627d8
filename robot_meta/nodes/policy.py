"""The access policy of DDS security, from the list of topics and services.

`python -m robot_meta.nodes.policy > config/sros2_policy.xml`. Each of our nodes is an enclave that
may publish its own topics, answer its own services, hear all topics and call all services; so only
controller, exciter and teleop command the robot, and nobody but a stop device, or the operator's
page for its own stop, can say that it was released.
"""

from __future__ import annotations

from collections.abc import Iterable
from xml.etree import ElementTree as xml

from robot_meta.nodes.topics import SERVICES, TOPICS

ENCLAVES = {  # of a node, and who it is in the tables
    "robot": "robot",
    "controller": "controller",
    "exciter": "exciter",
    "teleop": "teleop",
    "task": "task",
    "recorder": "recorder",
    "view": "view",
    "camera": "camera",
    "wrist_camera": "wrist_camera",
    "objects": "objects",
    "frames": "frames",
    "episodes": "episodes",
    "web": "web",
    "video": "video",
    "stop_device": "stop device",
    "operator": "operator",  # a person's command line
}
EVERYBODY = ("/diagnostics", "/rosout", "/parameter_events")
OWN_SERVICES = (  # that every node answers, below its own name
    "describe_parameters",
    "get_parameter_types",
    "get_parameters",
    "list_parameters",
    "set_parameters",
    "set_parameters_atomically",
)


def policy() -> str:
    """The policy as XML."""
    root = xml.Element("policy", version="0.2.0")
    enclaves = xml.SubElement(root, "enclaves")
    for node, role in ENCLAVES.items():
        enclave = xml.SubElement(enclaves, "enclave", path=f"/robot_meta/{node}")
        profiles = xml.SubElement(enclave, "profiles")
        profile = xml.SubElement(profiles, "profile", ns="/", node=node)
        published = [topic.name for topic in TOPICS if role in topic.publisher.split(" or ")]
        if role in ("operator", "web"):
            published += [topic.name for topic in TOPICS if topic.publisher == "anybody"]
        heard = [topic.name for topic in TOPICS if topic.publisher != "every node"]
        answered = [service.name for service in SERVICES if service.server == role]
        own = [f"~/{name}" for name in OWN_SERVICES]
        asked = [service.name for service in SERVICES]
        asked += [f"{other}/{name}" for other in ENCLAVES for name in OWN_SERVICES]
        _allow(profile, "topics", "publish", "topic", [*published, *EVERYBODY])
        _allow(profile, "topics", "subscribe", "topic", [*heard, *EVERYBODY])
        _allow(profile, "services", "reply", "service", [*answered, *own])
        _allow(profile, "services", "request", "service", asked)
    xml.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + xml.tostring(root, encoding="unicode")


def _allow(profile: xml.Element, group: str, right: str, kind: str, names: Iterable[str]) -> None:
    element = xml.SubElement(profile, group, {right: "ALLOW"})
    for name in dict.fromkeys(names):
        xml.SubElement(element, kind).text = name


if __name__ == "__main__":
    print(policy())
