"""Unitree's library and its DDS, imported here and nowhere else, and only when a bus is opened.

A process has one bus: the library keeps one DDS participant for all its clients.
"""

from __future__ import annotations

import importlib
import importlib.util
import json
import socket
import time
from collections.abc import Callable
from typing import Any

from robot_meta.errors import MissingAsset, NotConnected, RobotBusy, RobotNotReady

LOW_STATE, LOW_CMD, SPORT_STATE = "rt/lowstate", "rt/lowcmd", "rt/sportmodestate"
SPORT, SWITCHER = "sport", "motion_switcher"
# As the library's own for a named interface, but without its trace file, /tmp/cdds.LOG, which
# belongs to whoever came first. Clients on "lo" find each other without multicast.
_DOMAIN = """<CycloneDDS><Domain Id="any"><General><Interfaces>
<NetworkInterface name="$__IF_NAME__$" priority="default" multicast="default"/>
</Interfaces></General>
<Discovery><MaxAutoParticipantIndex>60</MaxAutoParticipantIndex></Discovery>
</Domain></CycloneDDS>"""
MOVE = 1008
NOBODY, NO_ANSWER = 3102, 3104  # codes of the library: not sent, not answered


def require_sdk() -> None:
    """Raise unless the library is installed.

    Raises:
        MissingAsset: It is not.
    """
    for module in ("unitree_sdk2py", "cyclonedds"):
        if importlib.util.find_spec(module) is None:
            raise MissingAsset(f"{module} (unitree-sdk2py-dimos)", "make setup-go2")


def require_interface(name: str) -> None:
    """Raise unless this machine has a network interface `name`.

    Raises:
        NotConnected: It has not.
    """
    known = [interface for _, interface in socket.if_nameindex()]
    if name not in known:
        raise NotConnected(
            f"this machine has no network interface '{name}'; it has {known}. Set go2.interface "
            "to the one that the robot's cable is plugged in (its address is 192.168.123.x)"
        )


class Bus:
    """The DDS domain that the robot is on.

    Args:
        domain: Its number.
        interface: Network interface.
    """

    def __init__(self, domain: int, interface: str) -> None:
        require_sdk()
        require_interface(interface)
        channel = importlib.import_module("unitree_sdk2py.core.channel")
        vars(channel)["ChannelConfigHasInterface"] = _DOMAIN
        try:
            channel.ChannelFactoryInitialize(domain, interface)
        except Exception as error:  # the library knows no other kind
            raise NotConnected(
                f"DDS cannot be opened on '{interface}' ({error}); is the interface up?"
            ) from None
        self._domain = importlib.import_module("cyclonedds.domain")
        self._participant = self._domain.DomainParticipant(domain)
        self.go = importlib.import_module("unitree_sdk2py.idl.unitree_go.msg.dds_")
        self.default = importlib.import_module("unitree_sdk2py.idl.default")
        self.crc: Callable[[Any], int] = (
            importlib.import_module("unitree_sdk2py.utils.crc").CRC().Crc
        )

    def reader(self, topic: str, kind: type) -> Newest:
        """What comes on a topic."""
        return Newest(self._participant, topic, kind)

    def writer(self, topic: str, kind: type) -> Any:
        """Something with a `write` for messages on a topic."""
        topics = importlib.import_module("cyclonedds.topic")
        return importlib.import_module("cyclonedds.pub").DataWriter(
            self._participant, topics.Topic(self._participant, topic, kind)
        )

    def sport(self, answer_timeout: float) -> Sport:
        """A client of the motion service, of its own."""
        client = importlib.import_module("unitree_sdk2py.go2.sport.sport_client").SportClient()
        client.Init()
        return Sport(client, answer_timeout)

    def switcher(self, answer_timeout: float) -> Switcher:
        """A client of the service that starts and stops motion services."""
        name = "unitree_sdk2py.comm.motion_switcher.motion_switcher_client"
        client = importlib.import_module(name).MotionSwitcherClient()
        client.Init()
        client.SetTimeout(answer_timeout)
        return Switcher(client)

    def server(self, service: str) -> Any:
        """A service that answers requests, as the robot has them; for the twin."""
        return importlib.import_module("unitree_sdk2py.rpc.server").Server(service)


class Newest:
    """The newest message of a topic; older ones are not even unpacked."""

    def __init__(self, participant: Any, topic: str, kind: type) -> None:
        topics = importlib.import_module("cyclonedds.topic")
        self._reader = importlib.import_module("cyclonedds.sub").DataReader(
            participant, topics.Topic(participant, topic, kind)
        )

    def take(self) -> Any:
        """The newest message, None where none came since the last time; never waits."""
        invalid = importlib.import_module("cyclonedds.internal").InvalidSample
        messages = [m for m in self._reader.take(1) if not isinstance(m, invalid)]
        return messages[-1] if messages else None


class Sport:
    """The robot's motion service. Answers are codes, 0 for done."""

    def __init__(self, client: Any, answer_timeout: float) -> None:
        self._client, self._answer_timeout = client, answer_timeout

    def move(self, velocity: tuple[float, float, float]) -> int:
        """Walk with a velocity from now on; there is no answer to wait for."""
        self._client.SetTimeout(0.1)  # of sending; 0 would never send
        return int(self._client.Move(*velocity))

    def ask(self, name: str, *arguments: Any) -> int:
        """Have something done that is answered, by the name that the library has for it."""
        self._client.SetTimeout(self._answer_timeout)
        return int(getattr(self._client, name)(*arguments))

    def insist(self, name: str, tries: int = 3) -> int:
        """The same, again if there was no answer."""
        code = NO_ANSWER
        for _ in range(tries):
            code = self.ask(name)
            if code == 0:
                break
        return code


class Switcher:
    """Which motion service runs on the robot."""

    def __init__(self, client: Any) -> None:
        self._client = client

    def running(self) -> str:
        """Name of the motion service that runs, "" for none.

        Raises:
            NotConnected: The robot does not say.
        """
        code, data = self._client.CheckMode()
        if code != 0:
            raise NotConnected(
                f"the robot's motion switcher gives no answer (code {code}); is the robot on, and "
                "this machine in its network?"
            )
        return str(data.get("name", ""))

    def require_running(self) -> None:
        """Raise unless a motion service runs.

        Raises:
            RobotNotReady: None does.
        """
        if not self.running():
            raise RobotNotReady(
                "no motion service runs on the robot: it was released for low-level control. "
                "Start it again in Unitree's app, or switch the robot off and on"
            )

    def release(self, timeout: float) -> None:
        """Make the motion service let go of the motors.

        Raises:
            RobotBusy: It still runs after `timeout` [s].
        """
        end = time.monotonic() + timeout
        while name := self.running():
            if time.monotonic() > end:
                raise RobotBusy(
                    f"the motion service '{name}' did not let go of the motors within "
                    f"{timeout:g} s. Let the robot lie down, stop the service in Unitree's app, "
                    "and try again"
                )
            self._client.ReleaseMode()
            time.sleep(0.2)


def parameters(text: str) -> dict[str, Any]:
    """The arguments of a request."""
    found = json.loads(text) if text else {}
    return found if isinstance(found, dict) else {}
