"""What is set at one point of a launch file: variables, environment, namespace, global rules.

As in ROS 2 launch, a `<group>` puts everything back when it ends, and an `<include>` does not:
what it sets stays set behind it, and `$(dirname)` keeps naming the other folder. Jazzy also lets
a `<set_parameter>` or `<set_remap>` out of a group where one was in force before it. Files that
depend on that surprise people, so here what leaked is remembered, and using it is an error. Every
file that is accepted means the same under both.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from robot_meta.launching.parser import Place

NAMESPACE, PARAMETERS, REMAPS = "ros_namespace", "global_params", "ros_remaps"
_ENVIRONMENT = "the environment"
_MOVED = (
    "after an <include>, and in its <arg>s, ROS 2 launch takes $({}) from the included file "
    "({}); keep it in a <let> before the <include>"
)


class Scope:
    """Variables and environment while a launch file is read from top to bottom."""

    def __init__(self, file: Path, variables: dict[str, str], environment: dict[str, str]) -> None:
        self._file = self._ros_file = file
        self.used: set[str] = set()
        self._variables: dict[str, Any] = dict(variables)
        self._environment = dict(environment)
        self._leaked: dict[str, Place] = {}

    @property
    def file(self) -> Path:
        """The launch file being read."""
        if self._ros_file != self._file:
            raise ValueError(_MOVED.format("filename", self._ros_file))
        return self._file

    @property
    def folder(self) -> Path:
        """Its folder."""
        if self._ros_file.parent != self._file.parent:
            raise ValueError(_MOVED.format("dirname", self._ros_file.parent))
        return self._file.parent

    @property
    def environment(self) -> dict[str, str]:
        """Environment of a process started here; to be changed through `set_environment`."""
        self._refuse_leaked(_ENVIRONMENT, "give each <node> its own <env>")
        return self._environment

    def set_environment(self, name: str, value: str | None) -> None:
        """Set a variable of the environment, or remove it with None."""
        if value is None:
            self._environment.pop(name, None)
        else:
            self._environment[name] = value

    def variable(self, name: str) -> str | None:
        """Value of a launch argument or `<let>`, None where there is none."""
        self.used.add(name)
        self._refuse_leaked(name, f"set a <let> called '{name}' of your own")
        value = self._variables.get(name)
        return value if isinstance(value, str) else None

    def set_variable(self, name: str, value: str) -> None:
        """Give a variable a value."""
        self._variables[name] = value
        self._leaked.pop(name, None)

    def accept_leak(self, name: str, value: str) -> None:
        """Declare that a leaked variable has the value it would have without the leak."""
        if self._variables.get(name) == value:
            self._leaked.pop(name, None)

    def rules(self, name: str) -> list[tuple[str, Any]]:
        """Global parameters or remaps that a node started here gets, in order."""
        self._refuse_leaked(name, "set it at each <node> instead")
        return list(self._variables.get(name, []))

    def add_rule(self, name: str, key: str, value: object) -> None:
        """Add a global parameter or remap."""
        self._variables.setdefault(name, []).append((key, value))

    @contextmanager
    def group(self, place: Place) -> Iterator[None]:
        """Everything set inside is undone behind; only what ROS launch fails to undo leaks."""
        variables, environment = dict(self._variables), dict(self._environment)
        leaked = dict(self._leaked)
        lengths = {name: len(value) for name, value in variables.items() if _is_list(value)}
        yield
        self._variables, self._environment, self._leaked = variables, environment, leaked
        for name, length in lengths.items():
            if len(variables[name]) != length:
                self._leaked[name] = place

    @contextmanager
    def include(self, file: Path, place: Place) -> Iterator[None]:
        """Another file is read inside, after `enter_file`; what that changes leaks."""
        outer, self._ros_file = self._file, file
        before = {n: list(v) if _is_list(v) else v for n, v in self._variables.items()}
        environment = dict(self._environment)
        yield
        self._file = outer
        for name, value in self._variables.items():
            if name not in before or before[name] != value:
                self._leaked[name] = place
        if environment != self._environment:
            self._leaked[_ENVIRONMENT] = place

    def enter_file(self) -> None:
        """From here on the included file is being read; before, only its arguments were."""
        self._file = self._ros_file

    def _refuse_leaked(self, name: str, remedy: str) -> None:
        if name in self._leaked:
            what = name if name == _ENVIRONMENT else f"'{name}'"
            raise ValueError(
                f"{what} was changed inside {self._leaked[name]}, and ROS 2 launch lets that leak "
                f"out; put that tag into a <group> of its own, or {remedy}"
            )


def _is_list(value: object) -> bool:
    return isinstance(value, list)
