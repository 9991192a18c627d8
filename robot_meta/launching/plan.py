"""What a launch file comes to: processes with their full command lines, nothing started yet."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ParameterSource = Path | dict[str, Any]


@dataclass(frozen=True, kw_only=True)
class Node:
    """The ROS side of a process.

    Attributes:
        package: Package of the executable.
        executable: Its name there.
        name: Node name, None where the executable's own counts.
        namespace: Absolute namespace, None where nothing sets one.
        global_parameters: Parameters of `<set_parameter>`, in order; weaker than the others.
        parameters: Parameter files and sets of parameters, in order; later ones win.
        remaps: (from, to), in order.
    """

    package: str
    executable: str
    name: str | None
    namespace: str | None
    global_parameters: tuple[tuple[str, Any], ...]
    parameters: tuple[ParameterSource, ...]
    remaps: tuple[tuple[str, str], ...]

    @property
    def full_name(self) -> str | None:
        """Absolute name of the node, None where part of it is left to the executable."""
        if self.name is None or self.namespace is None:
            return None
        return f"{self.namespace.rstrip('/')}/{self.name}"


@dataclass(frozen=True, kw_only=True)
class Process:
    """One process to start.

    Attributes:
        label: What its output lines begin with; unique.
        command: Program and arguments, without what ROS adds for a node.
        environment: The whole environment.
        cwd: Working folder, None for the runner's own.
        shell: Whether a shell reads the command.
        required: Whether the launch ends when it does (`on_exit="shutdown"`).
        respawn: Whether it is started again when it ends.
        respawn_delay: Pause before that, [s].
        respawn_max_retries: How often at most; negative for no bound.
        sigterm_timeout: From SIGINT to SIGTERM, [s].
        sigkill_timeout: From SIGTERM to SIGKILL, [s].
        node: The ROS side, None for a plain executable.
    """

    label: str
    command: tuple[str, ...]
    environment: Mapping[str, str]
    cwd: str | None = None
    shell: bool = False
    required: bool = False
    respawn: bool = False
    respawn_delay: float = 0.0
    respawn_max_retries: int = -1
    sigterm_timeout: float = 5.0
    sigkill_timeout: float = 5.0
    node: Node | None = None

    def argv(self, write: Callable[[dict[str, Any]], Path]) -> list[str]:
        """The full command line.

        Args:
            write: Puts the content of a parameter file somewhere and returns its path.
        """
        if self.node is None:
            return list(self.command)
        node = self.node
        arguments = [*self.command, "--ros-args"]
        if node.name is not None:
            arguments += ["-r", f"__node:={node.name}"]
        if node.namespace is not None:
            arguments += ["-r", f"__ns:={node.namespace}"]
        for name, value in node.global_parameters:
            arguments += ["-p", f"{name}:={value}"]
        for source in node.parameters:
            path = source if isinstance(source, Path) else write(self.parameter_file(source))
            arguments += ["--params-file", str(path)]
        for source_name, target in node.remaps:
            arguments += ["-r", f"{source_name}:={target}"]
        return arguments

    def parameter_file(self, parameters: dict[str, Any]) -> dict[str, Any]:
        """Content of a parameter file that concerns this node alone."""
        name = (self.node.full_name if self.node else None) or "/**"
        return {name: {"ros__parameters": parameters}}


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Everything a launch file asks for.

    Attributes:
        processes: In the order of the file.
        messages: Texts of `<log>`, in order.
        shutdown: Reason of a `<shutdown>` that was reached, None without one; then nothing runs.
        unused: Arguments that were given and that nothing reads.
    """

    processes: tuple[Process, ...]
    messages: tuple[str, ...] = ()
    shutdown: str | None = None
    unused: tuple[str, ...] = ()


def describe(plan: Plan) -> str:
    """The plan for people to read: each process with its command line, parameters and rules."""
    blocks = [f"log: {message}" for message in plan.messages]
    blocks += [_describe_process(process) for process in plan.processes]
    if plan.shutdown is not None:
        blocks.append(f"shutdown: {plan.shutdown}; nothing is started")
    return "\n".join(blocks)


def _describe_process(process: Process) -> str:
    files: list[dict[str, Any]] = []

    def placeholder(content: dict[str, Any]) -> Path:
        files.append(content)
        return Path(f"PARAMETERS_{len(files)}")

    lines = [f"[{process.label}]", f"  command: {shlex.join(process.argv(placeholder))}"]
    for i, content in enumerate(files, start=1):
        lines.append(f"  PARAMETERS_{i}:")
        text = yaml.safe_dump(content, sort_keys=False)
        lines += [f"    {line}" for line in text.splitlines()]
    changed = {k: v for k, v in process.environment.items() if os.environ.get(k) != v}
    lines += [f"  environment: {name}={value}" for name, value in sorted(changed.items())]
    removed = sorted(set(os.environ) - set(process.environment))
    lines += [f"  environment: {name} removed" for name in removed]
    if process.cwd is not None:
        lines.append(f"  folder: {process.cwd}")
    if process.required:
        lines.append("  required: the launch ends when it ends")
    if process.respawn:
        most = process.respawn_max_retries
        bound = f"at most {most} times" if most >= 0 else "without bound"
        lines.append(f"  respawn: after {process.respawn_delay:g} s, {bound}")
    return "\n".join(lines)
