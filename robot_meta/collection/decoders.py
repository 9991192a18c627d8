"""Which decoder reads the messages of a robot."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from robot_meta.collection.arm_decoder import ArmDecoder
from robot_meta.collection.decoder import Decoder
from robot_meta.collection.legged_decoder import LeggedDecoder
from robot_meta.robots.description import arm_description, kind_of, legged_description


def decoder_of(robot: str) -> Decoder[Any, Any, Any, Any]:
    """The decoder of a robot type.

    Raises:
        UnknownRobot: No file describes it.
    """
    return _DECODERS[kind_of(robot)](robot)


_DECODERS: dict[str, Callable[[str], Decoder[Any, Any, Any, Any]]] = {
    "arm": lambda robot: ArmDecoder(arm_description(robot).spec.joint_names),
    "legs": lambda robot: LeggedDecoder(legged_description(robot).spec),
}
