"""Checks about ROS 2 and who can reach it over the network."""

from __future__ import annotations

import importlib.util
import os
import shutil

from robot_meta.preflight.finding import FAIL, OK, WARN, Finding, probe

RCLPY_PROBE = """
import rclpy
from rclpy.utilities import get_rmw_implementation_identifier
context = rclpy.Context()
rclpy.init(context=context)
rclpy.create_node("doctor", context=context).destroy_node()
rclpy.shutdown(context=context)
print(get_rmw_implementation_identifier(), "from", rclpy.__path__[0])
"""
RANGES = ("SUBNET", "LOCALHOST", "OFF", "SYSTEM_DEFAULT")


def rclpy() -> Finding:
    """Nodes can be made, with the middleware and the security settings of this shell."""
    found = probe(RCLPY_PROBE, {"ROS_AUTOMATIC_DISCOVERY_RANGE": "OFF"})
    if found.ok:
        return Finding(OK, "rclpy", found.answer)
    if "SECURITY" in found.trouble or security_is_on():
        remedy = "source a ROS 2 with DDS security (the wheels have none), or fix the keystore"
    elif "No module named" in found.trouble:
        remedy = "make setup, or source ROS 2: . /opt/ros/jazzy/setup.sh"
    else:
        remedy = "check RMW_IMPLEMENTATION and that only one ROS 2 is sourced"
    return Finding(FAIL, "rclpy", found.trouble, remedy)


def network() -> Finding:
    """Who can see the topics, and so command the robot."""
    reach = os.environ.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").upper() or "SUBNET"
    peers = os.environ.get("ROS_STATIC_PEERS", "")
    secured = security_is_on()
    if secured and os.environ.get("ROS_SECURITY_STRATEGY") != "Enforce":
        text = "DDS security is on, but falls back to none where keys are missing"
        return Finding(WARN, "network", text, "export ROS_SECURITY_STRATEGY=Enforce")
    if secured:
        return Finding(OK, "network", "DDS security is enforced")
    if reach not in RANGES:
        text = f"ROS_AUTOMATIC_DISCOVERY_RANGE={reach} is none of {', '.join(RANGES)}"
        return Finding(FAIL, "network", text, "export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST")
    local = reach in ("LOCALHOST", "OFF") or os.environ.get("ROS_LOCALHOST_ONLY") == "1"
    if local and not peers:
        return Finding(OK, "network", "topics stay on this machine (discovery, not a firewall)")
    who = f"this machine and {peers}" if local else "every machine in this subnet"
    text = f"topics are open to {who}: any program there can command the robot"
    remedy = "export ROS_AUTOMATIC_DISCOVERY_RANGE=LOCALHOST (and no ROS_STATIC_PEERS)"
    return Finding(WARN, "network", text, remedy)


def command_network(*, allow_open: bool) -> Finding:
    """Whether the network is narrow enough to drive a real robot over it.

    Good are DDS security that is enforced, topics that stay on this machine, and named peers.

    Args:
        allow_open: Somebody has decided that everybody in the network may command the robot.
    """
    found = network()
    peers = os.environ.get("ROS_STATIC_PEERS", "")
    if found.level == OK or (found.level == WARN and peers in found.text and peers):
        return found
    if allow_open and found.level == WARN:
        return Finding(WARN, found.name, f"{found.text}; allowed by allow_open_network")
    remedy = f"{found.remedy}; or ROS_STATIC_PEERS, DDS security, allow_open_network: true"
    return Finding(FAIL, found.name, found.text, remedy)


def domain() -> Finding:
    """The ROS domain is a number that DDS can use."""
    value = os.environ.get("ROS_DOMAIN_ID", "") or "0"
    if not value.isdecimal() or int(value) > 232:
        text = f"ROS_DOMAIN_ID={value} is no number from 0 to 232"
        return Finding(FAIL, "domain", text, "export ROS_DOMAIN_ID=0")
    if int(value) > 101:
        text = f"ROS_DOMAIN_ID={value}: above 101 its ports can meet those of other programs"
        return Finding(WARN, "domain", text, "choose one from 0 to 101")
    return Finding(OK, "domain", f"ROS_DOMAIN_ID={value}")


def launch() -> Finding:
    """Which program runs launch files."""
    if shutil.which("ros2") is None or importlib.util.find_spec("launch_ros") is None:
        return Finding(
            OK, "launch", "no ROS launch here: `robot-meta launch` runs the files itself"
        )
    return Finding(OK, "launch", "ROS launch is here: `robot-meta launch` hands over to it")


def security_is_on() -> bool:
    """Whether this shell asks for DDS security."""
    return os.environ.get("ROS_SECURITY_ENABLE", "").lower() == "true"
