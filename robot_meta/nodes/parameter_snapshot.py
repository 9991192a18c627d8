"""Asks other nodes for all their parameters, without waiting for the answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rcl_interfaces.srv import GetParameters, ListParameters
from rclpy.node import Node
from rclpy.parameter import parameter_value_to_python
from rclpy.task import Future


class ParameterSnapshot:
    """Collects the parameters of the nodes of a namespace, once per node.

    Args:
        node: The node that asks; its executor handles the answers.
        namespace: Only nodes below it are asked.
        take: Called with the full name of a node and its parameters.
    """

    def __init__(
        self, node: Node, namespace: str, take: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._node, self._take = node, take
        self._base = namespace.rstrip("/") + "/"
        self._clients: dict[str, Any] = {}
        self._asked: set[str] = set()

    def look(self) -> None:
        """Ask the nodes that have appeared since the last look."""
        own = self._node.get_fully_qualified_name()
        for name, namespace in self._node.get_node_names_and_namespaces():
            full = f"{namespace.rstrip('/')}/{name}"
            if full == own or full in self._asked or not full.startswith(self._base):
                continue
            if full not in self._clients:
                self._clients[full] = self._node.create_client(
                    ListParameters, f"{full}/list_parameters"
                )
            if self._clients[full].service_is_ready():
                self._asked.add(full)
                future = self._clients[full].call_async(ListParameters.Request())
                future.add_done_callback(lambda done, full=full: self._get(full, done))

    def _get(self, full: str, listed: Future) -> None:
        names = list(listed.result().result.names)
        client = self._node.create_client(GetParameters, f"{full}/get_parameters")
        self._clients[f"{full}/get"] = client
        future = client.call_async(GetParameters.Request(names=names))
        future.add_done_callback(lambda done: self._store(full, names, done))

    def _store(self, full: str, names: list[str], got: Future) -> None:
        values = [parameter_value_to_python(value) for value in got.result().values]
        plain = [list(v) if hasattr(v, "typecode") else v for v in values]
        self._take(full, dict(sorted(zip(names, plain, strict=True))))
