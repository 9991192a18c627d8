"""Configuration dataclasses as ROS parameters: one parameter per field, strict about the rest.

The dataclass is the home of name, default, unit and check; a parameter is how a person overrides
it. A parameter that no field knows is an error, because it is a typo: somebody thinks it counts.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, TypeVar

from rcl_interfaces.msg import ParameterDescriptor, SetParametersResult
from rclpy.node import Node
from rclpy.parameter import Parameter

from robot_meta.errors import BadConfig
from robot_meta.nodes.fields import FieldFact, coerced, facts, replaced

ConfigT = TypeVar("ConfigT")

_ROS_OWN = ("use_sim_time", "qos_overrides.", "start_type_description_service")


def declare_config(
    node: Node,
    defaults: ConfigT,
    prefix: str = "",
    *,
    live: bool = False,
    skip: Sequence[str] = (),
) -> ConfigT:
    """Declare one parameter per field and return `defaults` with the overrides applied.

    Args:
        node: Whose parameters they are.
        defaults: A dataclass; nested dataclasses give dotted names.
        prefix: In front of every name, such as "guard.".
        live: Whether they may be set later; else they are read-only.
        skip: Names of fields that no parameter carries.

    Raises:
        BadConfig: An override has the wrong type or a value that the dataclass refuses.
    """
    values: dict[str, Any] = {}
    for fact in facts(defaults, skip=skip):
        name = prefix + fact.name
        value = fact.default
        if name in node._parameter_overrides:  # nothing public tells what was given
            value = node._parameter_overrides[name].value
        try:
            values[fact.name] = coerced(fact.kind, value)
        except ValueError as error:
            raise BadConfig(f"parameter '{name}'{_where(name)}: {error}") from None
        _declare(node, name, fact, values[fact.name], live)
    try:
        return replaced(defaults, values)
    except ValueError as error:
        given = [prefix + name for name in values if prefix + name in node._parameter_overrides]
        near = [name for name in given if name.rpartition(".")[2] in str(error)]
        place = _where((near or given or [""])[0])
        raise BadConfig(f"parameters '{prefix}*' of {_name(node)}{place}: {error}") from None


def given(node: Node, name: str, default: str) -> str:
    """The text that an override gives for a parameter, before it is declared."""
    override = node._parameter_overrides.get(name)  # nothing public tells what was given
    return default if override is None else str(override.value)


def refuse_unknown(node: Node) -> None:
    """Raise unless every parameter that was given has been declared.

    Raises:
        BadConfig: With the names that come nearest, and where the wrong one stands.
    """
    declared = set(node._parameters)
    for name in node._parameter_overrides:
        if name in declared or name.startswith(_ROS_OWN):
            continue
        near = difflib.get_close_matches(name, declared, n=3, cutoff=0.6) or [
            known for known in sorted(declared) if known.endswith("." + name.rpartition(".")[2])
        ]
        hint = (
            f"did you mean {' or '.join(repr(n) for n in near)}?"
            if near
            else ("`ros2 param list` shows what it has; `/**/NODE:` heads a section for one node.")
        )
        raise BadConfig(f"{_name(node)} has no parameter '{name}'{_where(name)}; {hint}")


class LiveConfig(Generic[ConfigT]):
    """A configuration whose parameters may be set while the node runs.

    Args:
        node: Whose parameters they are.
        config: As `declare_config(..., live=True)` returned it.
        prefix: As given there.
        apply: Called with the old and the new configuration, once the new one is accepted.
        refuse: Says why nothing may change now, or "" where it may.
        validate: Raises `ValueError` for a configuration that cannot be applied.
        skip: As given to `declare_config`.
    """

    def __init__(
        self,
        node: Node,
        config: ConfigT,
        prefix: str,
        apply: Callable[[ConfigT, ConfigT], None],
        refuse: Callable[[], str] = lambda: "",
        validate: Callable[[ConfigT], object] = lambda config: None,
        skip: Sequence[str] = (),
    ) -> None:
        self.config = config
        self._apply, self._refuse, self._validate = apply, refuse, validate
        self._facts = {prefix + fact.name: fact for fact in facts(config, skip=skip)}
        node.add_pre_set_parameters_callback(self._convert)
        node.add_on_set_parameters_callback(self._check)
        node.add_post_set_parameters_callback(self._store)

    def _convert(self, parameters: list[Parameter]) -> list[Parameter]:
        """`ros2 param set ... 2` sends an integer; where a float is wanted it is one."""
        converted = []
        for parameter in parameters:
            fact = self._facts.get(parameter.name)
            if fact is not None:
                try:
                    value = coerced(fact.kind, parameter.value)
                    parameter = Parameter(parameter.name, value=_plain(value))
                except ValueError:
                    pass  # refused with a reason by the check that comes next
            converted.append(parameter)
        return converted

    def _check(self, parameters: list[Parameter]) -> SetParametersResult:
        mine = [p for p in parameters if p.name in self._facts]
        if not mine:
            return SetParametersResult(successful=True)
        reason = self._refuse()
        if not reason:
            try:
                self._validate(self._changed(mine))
            except ValueError as error:
                reason = str(error)
        return SetParametersResult(successful=not reason, reason=reason)

    def _store(self, parameters: list[Parameter]) -> None:
        mine = [p for p in parameters if p.name in self._facts]
        if mine:
            before, self.config = self.config, self._changed(mine)
            self._apply(before, self.config)

    def _changed(self, parameters: list[Parameter]) -> ConfigT:
        values = {}
        for parameter in parameters:
            fact = self._facts[parameter.name]
            try:
                values[fact.name] = coerced(fact.kind, parameter.value)
            except ValueError as error:
                raise ValueError(f"parameter '{parameter.name}': {error}") from None
        return replaced(self.config, values)


def _declare(node: Node, name: str, fact: FieldFact, value: Any, live: bool) -> None:
    plain = _plain(value)
    empty = plain is None or plain == []
    descriptor = ParameterDescriptor(
        description=fact.meaning,
        additional_constraints=str(fact.kind),
        read_only=not live,
        dynamic_typing=bool(live or empty or fact.kind.optional),
    )
    node.declare_parameter(name, None if empty else plain, descriptor, ignore_override=True)


def _plain(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) or hasattr(value, "dtype") else value


def _name(node: Node) -> str:
    return str(node.get_fully_qualified_name())


def _where(name: str) -> str:
    """Where a parameter file gives the parameter, as " (FILE:LINE)"; "" where none does."""
    leaf = name.rpartition(".")[2]
    if not leaf:
        return ""
    arguments = sys.argv
    for flag, path in zip(arguments, arguments[1:], strict=False):
        if flag != "--params-file" or not Path(path).is_file():
            continue
        for number, line in enumerate(Path(path).read_text().splitlines(), start=1):
            key = line.split("#")[0].partition(":")[0].strip().strip("'\"")
            if key in (name, leaf) or key.endswith("." + leaf):
                return f" ({path}:{number})"
    return ""
