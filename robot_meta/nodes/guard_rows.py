"""What /diagnostics says of the guard: its state and counts, and how its state changed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from diagnostic_msgs.msg import DiagnosticStatus

from robot_meta.nodes.diagnostics import ERROR, OK, WARN
from robot_meta.nodes.messages import status_msg
from robot_meta.robots.gate import Gate
from robot_meta.safety.life import Transition
from robot_meta.safety.reasons import explain
from robot_meta.safety.state import LATCHED, State

LOG_ROWS = 20  # changes of state that one message tells


def guard_row(
    name: str, guard: Gate[Any, Any, Any, Any], text: str, stalls: int
) -> DiagnosticStatus:
    """State, what to do about it, how often each rule altered, held or stopped.

    Args:
        name: Of the row.
        guard: The guard.
        text: State and reason.
        stalls: How often the control thread was late.
    """
    values: dict[str, object] = {
        **guard.figures,
        "stalls": stalls,
        **guard.counts,
    }
    if guard.reason:
        about = explain(guard.reason)
        text, values["remedy"] = f"{text}: {about.meaning}", about.remedy
    return status_msg(name, _level(guard.state), text, values)


def change_row(name: str, step: Transition) -> DiagnosticStatus:
    """One change of state."""
    values = {"before": step.before.name, "event": step.event.value, "after": step.after.name}
    if step.reason:
        about = explain(step.reason)
        values |= {"reason": step.reason, "meaning": about.meaning, "remedy": about.remedy}
    return status_msg(name, _level(step.after), str(step), values)


def log_row(name: str, log: Sequence[Transition]) -> DiagnosticStatus:
    """The last changes of state, newest first, by stamp and number."""
    newest = log[: -LOG_ROWS - 1 : -1]
    values = {f"{step.stamp:.3f} #{step.number}": str(step) for step in newest}
    return status_msg(name, OK, f"the last {len(newest)} changes of state", values)


def _level(state: State) -> bytes:
    """How bad it is to be in that state."""
    if state in LATCHED:
        return bytes(ERROR)
    return bytes(OK if state is State.RUNNING else WARN)
