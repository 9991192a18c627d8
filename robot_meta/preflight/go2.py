"""Checks about a Go2 before it is armed; none of them moves it."""

from __future__ import annotations

import fcntl
import importlib.metadata
import socket
import struct
from pathlib import Path

from robot_meta.errors import MissingAsset, NotConnected
from robot_meta.preflight.finding import FAIL, OK, WARN, Finding, probe
from robot_meta.preflight.realtime import word_in
from robot_meta.robots.go2.config import Go2Config
from robot_meta.robots.go2.inspection import Go2Facts
from robot_meta.robots.go2.sdk import LOW_STATE, SPORT_STATE, require_interface, require_sdk
from robot_meta.robots.go2.state import LYING
from robot_meta.safety.walking import WalkingGuardConfig

NETWORK = "192.168.123."  # of a Go2's cable
_ADDRESS = 0x8915  # SIOCGIFADDR of linux/sockios.h
_LINKS = Path("/sys/class/net")
_SETTLE = 30.0  # beyond the timeouts of the robot, for a process to start, [s]


def client() -> Finding:
    """Unitree's library is installed."""
    try:
        require_sdk()
    except MissingAsset as error:
        return Finding(FAIL, "unitree", f"{error.what} is not installed", error.remedy)
    version = importlib.metadata.version("unitree-sdk2py-dimos")
    return Finding(OK, "unitree", f"unitree-sdk2py-dimos {version}")


def interface(name: str) -> Finding:
    """The network interface is there, up, and in the robot's network."""
    if not name:
        text = "no --interface, so the robot was not looked for"
        return Finding(FAIL, "interface", text, "give the one of its cable: --interface eth0")
    try:
        require_interface(name)
    except NotConnected as error:
        return Finding(FAIL, "interface", str(error), "ip link  # lists those there are")
    if word_in(_LINKS / name / "operstate") == "down":
        text = f"'{name}' is down: no cable, or a robot that is off"
        return Finding(FAIL, "interface", text, f"plug it in; sudo ip link set {name} up")
    if name == "lo":
        text = "'lo' is this machine alone: good for robot-meta twin go2-server, not for a robot"
        return Finding(WARN, "interface", text, "--interface eth0")
    address = _address(name)
    if not address.startswith(NETWORK):
        text = f"'{name}' has address {address or 'none'}, and a Go2 is in {NETWORK}x"
        remedy = f"sudo ip addr add {NETWORK}222/24 dev {name}"
        return Finding(WARN, "interface", text, remedy)
    return Finding(OK, "interface", f"'{name}' is up, {address}")


def look(robot: str, config: Go2Config) -> Go2Facts:
    """What the robot tells of itself, in a process of its own."""
    told = {"interface": config.interface, "domain": config.domain}
    told |= {"connect_timeout": config.connect_timeout, "answer_timeout": config.answer_timeout}
    code = f"from robot_meta.robots.go2.inspection import show; show({robot!r}, **{told!r})"
    found = probe(code, timeout_s=config.connect_timeout + config.answer_timeout + _SETTLE)
    return Go2Facts.from_json(found.answer) if found.ok else Go2Facts(trouble=found.trouble)


def robot(facts: Go2Facts, config: Go2Config) -> Finding:
    """A DDS participant tells the joints of a Go2."""
    where = f"'{config.interface}', DDS domain {config.domain}"
    if facts.trouble:
        remedy = "switch the robot on, check cable, --interface and --domain"
        return Finding(FAIL, "robot", f"not heard on {where}: {facts.trouble}", remedy)
    if facts.other_robot:
        remedy = "drive another quadruped by its topics: backend:=cmd_vel"
        return Finding(FAIL, "robot", facts.other_robot, remedy)
    return Finding(OK, "robot", f"{LOW_STATE} comes on {where}")


def firmware(facts: Go2Facts) -> Finding:
    """What the robot runs, and whether its topics are those that the driver reads."""
    version = ".".join(map(str, facts.version)) if any(facts.version) else "no version"
    if facts.mode is None:
        text = f"firmware tells {version}, and nothing comes on {SPORT_STATE}"
        return Finding(FAIL, "firmware", text, "update the robot in Unitree's app; switch it on")
    level = OK if any(facts.version) else WARN
    text = f"firmware tells {version}; {LOW_STATE} and {SPORT_STATE} come"
    remedy = "" if level == OK else "hang the robot first: this one was never tried"
    return Finding(level, "firmware", text, remedy)


def sport(facts: Go2Facts) -> Finding:
    """The motion service, which walks, is there, and the robot stands."""
    if facts.service is None:
        text = "the motion switcher gives no answer"
        return Finding(FAIL, "sport", text, "switch the robot off and on")
    if not facts.service:
        text = "no motion service runs: it was released for low-level control"
        remedy = "start it in Unitree's app, or switch the robot off and on"
        return Finding(FAIL, "sport", text, remedy)
    if facts.mode in LYING:
        text = f"motion service '{facts.service}' runs; the robot lies"
        return Finding(WARN, "sport", text, "lay it on its belly, then `recover` lets it stand up")
    return Finding(OK, "sport", f"motion service '{facts.service}' runs, mode {facts.mode}")


def battery(facts: Go2Facts, guard: WalkingGuardConfig) -> Finding:
    """There is charge to walk with; the limits are the guard's."""
    text = f"{facts.charge:.0%}, {facts.voltage:.1f} V"
    if facts.charge <= guard.charge_hold or facts.voltage <= guard.voltage_hold:
        return Finding(FAIL, "battery", f"{text}: the guard holds", "charge it")
    if facts.charge <= guard.charge_warn or facts.voltage <= guard.voltage_warn:
        return Finding(WARN, "battery", f"{text}: it will not last", "charge it soon")
    return Finding(OK, "battery", text)


def motors(facts: Go2Facts, guard: WalkingGuardConfig) -> Finding:
    """No motor is too hot; the limits are the guard's."""
    text = f"the hottest has {facts.hottest:.0f} °C"
    if facts.hottest >= guard.motor_hold:
        return Finding(FAIL, "motors", f"{text}: the guard holds", "let it lie and cool down")
    if facts.hottest >= guard.motor_warn:
        return Finding(WARN, "motors", text, "let it rest soon")
    return Finding(OK, "motors", text)


def remote(facts: Go2Facts) -> Finding:
    """Somebody can damp the robot with its remote."""
    if facts.remote:
        return Finding(OK, "remote", "on: L2+B damps the robot")
    return Finding(FAIL, "remote", "no remote is on: nobody can damp it", "switch it on; try L2+B")


def unseen(name: str) -> Finding:
    """What cannot be known of a robot that was not heard."""
    return Finding(FAIL, name, "not known: the robot was not heard", "see `robot` above")


def _address(name: str) -> str:
    """IPv4 address of an interface, "" for none."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asking:
        try:
            answer = fcntl.ioctl(asking, _ADDRESS, struct.pack("256s", name.encode()))
        except OSError:
            return ""
    return socket.inet_ntoa(answer[20:24])
