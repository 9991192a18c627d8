"""`robot-meta twin`: change the simulated body while it runs, or let something befall it."""

from __future__ import annotations

import argparse
import difflib
import time
from collections.abc import Sequence
from typing import Any

import rclpy
import yaml
from rcl_interfaces.msg import Parameter as ParameterMsg
from rcl_interfaces.srv import DescribeParameters, GetParameters, ListParameters, SetParameters
from rclpy.node import Node
from rclpy.parameter import Parameter, parameter_value_to_python
from rclpy.utilities import try_shutdown

from robot_meta.errors import BadConfig, NotConnected
from robot_meta.twin.incidents import INCIDENTS
from robot_meta.twin.legged.incidents import LEGGED_INCIDENTS

PREFIX = "twin.perturbations."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; the exit code."""
    parser = argparse.ArgumentParser(
        prog="robot-meta twin",
        description="Change the simulated body while it runs, or let something befall it.",
        epilog="examples: robot-meta twin set payload_mass 1.5; "
        "robot-meta twin set joint_gain '[1, 0.4, 1, 0.4, 1, 1, 1]'; robot-meta twin list; "
        "robot-meta twin befall joint_reflex. To make the twin move as a recorded robot did: "
        "robot-meta twin fit --help",
    )
    parser.add_argument("--namespace", default="", help="of the robot, such as /left")
    parser.add_argument("--timeout", type=float, default=5.0, help="to find the robot, [s]")
    actions = parser.add_subparsers(dest="action", required=True)
    actions.add_parser("list", help="what can be changed, what it means and how it stands")
    setter = actions.add_parser("set", help="change one thing")
    setter.add_argument("name")
    setter.add_argument("value", help="a number, or a list such as '[0, 0, 0.1]'")
    happens = actions.add_parser("befall", help="let a reflex happen, or the like")
    happens.add_argument("incident", choices=[*INCIDENTS, *LEGGED_INCIDENTS, "nothing"])
    arguments = parser.parse_args(argv)

    rclpy.init(args=[])
    try:
        twin = TwinClient(arguments.namespace, arguments.timeout)
        if arguments.action == "list":
            print(twin.table())
        elif arguments.action == "befall":
            twin.befall(arguments.incident.replace("nothing", ""))
            print(f"{arguments.incident} befell the twin")
        else:
            twin.set(arguments.name, yaml.safe_load(arguments.value))
            print(f"{arguments.name} = {arguments.value}")
    finally:
        try_shutdown()
    return 0


class TwinClient:
    """Speaks to the parameters of a robot node that runs a twin."""

    def __init__(self, namespace: str = "", timeout: float = 5.0) -> None:
        self._node, self._timeout = Node("twin_client"), timeout
        self._robot = f"/{namespace.strip('/')}/robot".replace("//", "/")

    def names(self) -> list[str]:
        """What can be changed."""
        request = ListParameters.Request(prefixes=[PREFIX.rstrip(".")], depth=0)
        answer = self._call(ListParameters, "list_parameters", request)
        names = [name.removeprefix(PREFIX) for name in answer.result.names]
        if not names:
            raise BadConfig(f"{self._robot} runs no twin; start it with backend:=twin")
        return names

    def set(self, name: str, value: Any) -> None:
        """Change one thing from the next period on.

        Raises:
            BadConfig: No such thing, or a value it cannot have; the message lists what there is.
            NotConnected: No robot node answers.
        """
        try:
            parameter = Parameter(PREFIX + name, value=value).to_parameter_msg()
        except TypeError:
            raise BadConfig(f"want a number or a list of numbers, got {value!r}") from None
        names = self.names()
        if name not in names:
            near = difflib.get_close_matches(name, names, n=1)
            hint = f"did you mean '{near[0]}'? " if near else ""
            raise BadConfig(f"no perturbation '{name}'; {hint}choose one of {', '.join(names)}")
        self._set(name, parameter)

    def befall(self, incident: str) -> None:
        """Let something befall the twin; "" ends what lasts.

        Raises:
            BadConfig: No such incident, or no twin.
            NotConnected: No robot node answers.
        """
        self.names()
        self._set(incident, Parameter("twin.incident", value=incident).to_parameter_msg())

    def _set(self, name: str, parameter: ParameterMsg) -> None:
        answer = self._call(
            SetParameters, "set_parameters", SetParameters.Request(parameters=[parameter])
        )
        (result,) = answer.results
        if not result.successful:
            raise BadConfig(f"{self._robot} refused {name}: {result.reason}")

    def table(self) -> str:
        """Name, value and meaning of everything that can be changed."""
        names = self.names()
        full = [PREFIX + name for name in names]
        values = self._call(GetParameters, "get_parameters", GetParameters.Request(names=full))
        meanings = self._call(
            DescribeParameters, "describe_parameters", DescribeParameters.Request(names=full)
        )
        rows = []
        for name, value, about in zip(names, values.values, meanings.descriptors, strict=True):
            plain = parameter_value_to_python(value)
            text = plain if isinstance(plain, float) else [float(item) for item in plain]
            rows.append(f"{name:<18} {text!s:<38} {about.description}")
        return "\n".join(rows)

    def _call(self, kind: Any, service: str, request: Any) -> Any:
        client = self._node.create_client(kind, f"{self._robot}/{service}")
        if client.wait_for_service(timeout_sec=self._timeout):
            future = client.call_async(request)
            end = time.monotonic() + self._timeout
            while not future.done() and time.monotonic() < end:
                rclpy.spin_once(self._node, timeout_sec=0.1)
            if future.done():
                return future.result()
        raise NotConnected(
            f"{self._robot} does not answer within {self._timeout} s. Check that the robot node "
            "runs, and --namespace and ROS_DOMAIN_ID."
        )
