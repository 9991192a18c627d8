"""Reads a checked launch file from top to bottom and says what it comes to."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from robot_meta.launching import process_tags
from robot_meta.launching.names import joined_namespace
from robot_meta.launching.parser import Element, parse_file
from robot_meta.launching.plan import Plan, Process
from robot_meta.launching.scope import NAMESPACE, PARAMETERS, REMAPS, Scope
from robot_meta.launching.substitutions import expand
from robot_meta.launching.values import as_bool, condition, global_value

_DEEPEST = 30  # includes within includes; more is taken for a circle
# Variables that ROS launch itself reads, so giving one is never a typing error.
_SPECIAL = {"sigterm_timeout", "sigkill_timeout"}


def resolve(
    path: Path, arguments: Mapping[str, str], environment: Mapping[str, str] | None = None
) -> Plan:
    """The plan of a launch file under these arguments; starts nothing.

    Raises:
        LaunchError: The file is not a valid launch file, or an argument is missing or wrong.
    """
    scope = Scope(path, dict(arguments), dict(os.environ if environment is None else environment))
    evaluator = Evaluator(scope)
    evaluator.run_file(parse_file(path))
    known = evaluator.declared | scope.used | _SPECIAL
    return Plan(
        processes=tuple(evaluator.processes),
        messages=tuple(evaluator.messages),
        shutdown=evaluator.shutdown,
        unused=tuple(name for name in arguments if name not in known),
    )


class Evaluator:
    """One method per tag; each reads and changes the scope or adds to the plan."""

    def __init__(self, scope: Scope) -> None:
        self.scope = scope
        self.processes: list[Process] = []
        self.messages: list[str] = []
        self.shutdown: str | None = None
        self.declared: set[str] = set()
        self._depth = 0
        self._actions: dict[str, Callable[[Element], None]] = {
            "arg": self._arg,
            "let": self._let,
            "group": self._group,
            "include": self._include,
            "node": self._process,
            "executable": self._process,
            "push_ros_namespace": self._push_ros_namespace,
            "push-ros-namespace": self._push_ros_namespace,
            "set_parameter": self._set_parameter,
            "set_remap": self._set_remap,
            "set_env": self._set_env,
            "unset_env": self._unset_env,
            "append_env": self._append_env,
            "log": self._log,
            "shutdown": self._shutdown,
        }

    def run_file(self, root: Element) -> None:
        """Everything in a file."""
        self.declared |= set(_declared(root))
        self._run(root.children)

    def text(self, element: Element, name: str, default: str = "") -> str:
        """An attribute with its substitutions filled in; `default` where it is absent."""
        raw = element.attributes.get(name)
        if raw is None:
            return default
        try:
            return expand(raw, self.scope)
        except ValueError as error:
            raise element.place.error(f'{name}="{raw}": {error}') from None

    def _run(self, elements: list[Element]) -> None:
        for element in elements:
            if self.shutdown is None and self._wanted(element):
                try:
                    self._actions[element.tag](element)
                except ValueError as error:
                    raise element.place.error(f"<{element.tag}>: {error}") from None

    def _wanted(self, element: Element) -> bool:
        for name in ("if", "unless"):
            if name in element.attributes:
                text = self.text(element, name)
                try:
                    return condition(text) == (name == "if")
                except ValueError as error:
                    raw = element.attributes[name]
                    raise element.place.error(f'{name}="{raw}": {error}') from None
        return True

    def _arg(self, element: Element) -> None:
        name = element.attributes["name"]
        default = self.text(element, "default") if "default" in element.attributes else None
        if default is not None:
            self.scope.accept_leak(name, default)
        value = self.scope.variable(name)
        if value is None:
            if default is None:
                says = element.attributes.get("description", "no description given")
                raise ValueError(f"the argument '{name}' must be given as {name}:=... ({says})")
            value = default
        choices = [choice.attributes["value"] for choice in element.all("choice")]
        if choices and value not in choices:
            raise ValueError(f"'{name}' must be one of {', '.join(choices)}, got '{value}'")
        self.scope.set_variable(name, value)

    def _let(self, element: Element) -> None:
        self.scope.set_variable(self.text(element, "name"), self.text(element, "value"))

    def _group(self, element: Element) -> None:
        if as_bool(element.attributes.get("scoped", "true")):
            with self.scope.group(element.place):
                self._run(element.children)
        else:
            self._run(element.children)

    def _include(self, element: Element) -> None:
        path = Path(self.text(element, "file")).absolute()
        root = parse_file(path)
        if self._depth == _DEEPEST:
            raise ValueError(f"more than {_DEEPEST} files include each other; is it a circle?")
        self._depth += 1
        with self.scope.include(path, element.place):
            for argument in element.all("arg"):
                self.scope.set_variable(self.text(argument, "name"), self.text(argument, "value"))
            self.scope.enter_file()
            self.run_file(root)
        self._depth -= 1

    def _push_ros_namespace(self, element: Element) -> None:
        outer = self.scope.variable(NAMESPACE)
        inner = self.text(element, "namespace")
        self.scope.set_variable(NAMESPACE, joined_namespace(outer, inner))

    def _set_parameter(self, element: Element) -> None:
        value = global_value(self.text(element, "value"))
        self.scope.add_rule(PARAMETERS, self.text(element, "name"), value)

    def _set_remap(self, element: Element) -> None:
        self.scope.add_rule(REMAPS, self.text(element, "from"), self.text(element, "to"))

    def _set_env(self, element: Element) -> None:
        self.scope.set_environment(self.text(element, "name"), self.text(element, "value"))

    def _unset_env(self, element: Element) -> None:
        self.scope.set_environment(self.text(element, "name"), None)

    def _append_env(self, element: Element) -> None:
        name, value = self.text(element, "name"), self.text(element, "value")
        before = self.scope.environment.get(name)
        if before is not None:
            parts = [before, value]
            if as_bool(self.text(element, "prepend", "false")):
                parts.reverse()
            value = self.text(element, "separator", os.pathsep).join(parts)
        self.scope.set_environment(name, value)

    def _log(self, element: Element) -> None:
        self.messages.append(self.text(element, "message"))

    def _shutdown(self, element: Element) -> None:
        self.shutdown = self.text(element, "reason", "the launch file says so")

    def _process(self, element: Element) -> None:
        build = process_tags.node if element.tag == "node" else process_tags.executable
        self.processes.append(build(element, self.text, self.scope, self.processes))


def _declared(element: Element) -> list[str]:
    """Names of all arguments a file declares, under conditions or not."""
    names = [element.attributes["name"]] if element.tag == "arg" else []
    return names + [name for child in element.children for name in _declared(child)]
