"""What is read from the messages of an arm."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from robot_meta.collection.decoding import (
    command_from,
    commanded_from,
    observation_from,
    target_from,
)
from robot_meta.collection.serialized_path import target_from_serialized
from robot_meta.types import Command, Commanded, Observation, TargetPath


class ArmDecoder:
    """See `Decoder`.

    Args:
        joint_names: Order of the joint arrays.
    """

    period: tuple[str, ...] = ("joint_states", "external_joint_torques", "commanded")

    def __init__(self, joint_names: Sequence[str]) -> None:
        self._names = joint_names

    def step_from(self, parts: Sequence[Any]) -> tuple[Observation, Commanded]:
        """See `Decoder`."""
        state, external, commanded = parts
        return (
            observation_from(state, external, self._names),
            commanded_from(commanded, self._names),
        )

    def command_from(self, msg: Any) -> Command | None:
        """See `Decoder`; no points are no command."""
        if not msg.points:
            return None
        return command_from(msg, self._names)

    def target_from(self, msg: Any) -> TargetPath:
        """See `Decoder`."""
        return target_from_serialized(msg) if isinstance(msg, bytes) else target_from(msg)
