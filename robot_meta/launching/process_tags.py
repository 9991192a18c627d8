"""From a `<node>` or `<executable>` to the process it asks for."""

from __future__ import annotations

import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import yaml

from robot_meta.launching import packages
from robot_meta.launching.names import check_node_name, joined_namespace
from robot_meta.launching.parser import Element
from robot_meta.launching.plan import Node, ParameterSource, Process
from robot_meta.launching.scope import NAMESPACE, PARAMETERS, REMAPS, Scope
from robot_meta.launching.substitutions import Substitution, expand, parse_template, perform
from robot_meta.launching.values import as_bool, parameter_value


class Text(Protocol):
    """An attribute of an element with its substitutions filled in."""

    def __call__(self, element: Element, name: str, default: str = "") -> str:
        """`default` where the element has no such attribute."""


def executable(element: Element, text: Text, scope: Scope, earlier: Sequence[Process]) -> Process:
    """The process of an `<executable cmd="...">`."""
    command = _words(element.attributes["cmd"], scope)
    if not command:
        raise ValueError("the command is empty")
    name = text(element, "name") or Path(command[0]).name
    return Process(
        label=_label(name, earlier), command=tuple(command), **_common(element, text, scope)
    )


def node(element: Element, text: Text, scope: Scope, earlier: Sequence[Process]) -> Process:
    """The process of a `<node pkg="..." exec="...">`."""
    name = text(element, "name") if "name" in element.attributes else None
    if name is not None:
        check_node_name(name)
    namespace = scope.variable(NAMESPACE)
    if "namespace" in element.attributes:
        namespace = joined_namespace(namespace, text(element, "namespace"))
    package, program = text(element, "pkg"), text(element, "exec")
    described = Node(
        package=package,
        executable=program,
        name=name,
        namespace=namespace,
        global_parameters=tuple(scope.rules(PARAMETERS)),
        parameters=_parameters(element, text, scope),
        remaps=(
            *scope.rules(REMAPS),
            *((text(child, "from"), text(child, "to")) for child in element.all("remap")),
        ),
    )
    full_name = described.full_name
    if full_name is not None and any(
        other.node and other.node.full_name == full_name for other in earlier
    ):
        raise ValueError(f"a node called '{full_name}' is there already")
    command = packages.executable(package, program)
    command += _words(element.attributes.get("args", ""), scope)
    if "ros_args" in element.attributes:
        command += ["--ros-args", *_words(element.attributes["ros_args"], scope)]
    label = f"{namespace or ''}/{name or program}".lstrip("/")
    return Process(
        label=_label(label, earlier),
        command=tuple(command),
        node=described,
        **_common(element, text, scope),
    )


def _common(element: Element, text: Text, scope: Scope) -> dict[str, Any]:
    """What nodes and executables have in common."""
    written = element.attributes
    if written.get("on_exit", "shutdown") != "shutdown":
        raise ValueError(f'on_exit can only be "shutdown", got "{written["on_exit"]}"')
    environment = dict(scope.environment)
    for child in element.all("env"):
        environment[text(child, "name")] = text(child, "value")
    stop = {
        name: _seconds(name, written.get(name) or scope.variable(name) or "5")
        for name in ("sigterm_timeout", "sigkill_timeout")
    }
    return {
        "environment": environment,
        "cwd": text(element, "cwd") or None,
        "shell": as_bool(written.get("shell", "false")),
        "required": "on_exit" in written,
        "respawn": as_bool(text(element, "respawn", "false")),
        "respawn_delay": _seconds("respawn_delay", written.get("respawn_delay", "0")),
        "respawn_max_retries": int(written.get("respawn_max_retries", "-1")),
        **stop,
    }


def _parameters(element: Element, text: Text, scope: Scope) -> tuple[ParameterSource, ...]:
    """Files and sets of values in order; values next to each other share one set."""
    sources: list[ParameterSource] = []
    for child in element.all("param"):
        if "from" in child.attributes:
            sources.append(_parameter_file(child, text))
            continue
        values = _values(child, text, scope)
        last = sources[-1] if sources else None
        if isinstance(last, dict):
            last.update(values)
        else:
            sources.append(values)
    return tuple(sources)


def _parameter_file(element: Element, text: Text) -> Path:
    if len(element.attributes) > 1 or element.children:
        raise element.place.error("a <param from=...> can hold nothing else")
    path = Path(text(element, "from"))
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise element.place.error(f"{path}: cannot be read: {error.strerror}") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise element.place.error(f"{path}: not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(content, dict) or not _has_parameters(content):
        raise element.place.error(
            f"{path}: not a ROS parameter file; it must begin with a node name or /**: and "
            "have ros__parameters: below that"
        )
    return path.absolute()


def _has_parameters(content: object) -> bool:
    return isinstance(content, dict) and all(
        key == "ros__parameters" or _has_parameters(value) for key, value in content.items()
    )


def _values(element: Element, text: Text, scope: Scope) -> dict[str, Any]:
    """`{full.name: value}` of a `<param>` and those inside it."""
    written = element.attributes
    if "name" not in written or "from" in written:
        raise element.place.error("a <param> needs either 'name' or, outermost only, 'from'")
    if ("value" in written) == bool(element.children):
        raise element.place.error("a <param> needs either a 'value' or parameters inside it")
    name = text(element, "name")
    if element.children:
        if "type" in written:
            raise element.place.error("a <param> with parameters inside has no 'type'")
        inside = [_values(child, text, scope) for child in element.children]
        return {f"{name}.{key}": value for values in inside for key, value in values.items()}
    try:
        value = parameter_value(
            written["value"], written.get("type", ""), lambda raw: expand(raw, scope)
        )
    except ValueError as error:
        raise element.place.error(f"parameter '{name}': {error}") from None
    return {name: value}


def _words(text: str, scope: Scope) -> list[str]:
    """A command line split as a shell would; what a substitution gives is never split."""
    template = parse_template(text)
    marks: dict[str, str] = {}
    line = ""
    for part in template:
        if isinstance(part, Substitution):
            mark = f"\x00{len(marks)}\x00"
            marks[mark] = perform((part,), scope)
            line += mark
        else:
            line += part
    words = shlex.split(line)
    for mark, value in marks.items():
        words = [word.replace(mark, value) for word in words]
    return words


def _seconds(name: str, text: str) -> float:
    value = float(text)
    if not 0.0 <= value < float("inf"):
        raise ValueError(f"{name} must be a number of seconds >= 0, got {text}")
    return value


def _label(name: str, earlier: Sequence[Process]) -> str:
    taken = {process.label for process in earlier}
    number, label = 1, name
    while label in taken:
        number += 1
        label = f"{name}-{number}"
    return label
