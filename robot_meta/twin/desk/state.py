"""What is known of a desk at one moment, as one vector: names and order of its entries."""

from __future__ import annotations

from robot_meta.twin.desk.layout import BLOCKS

JOINTS = ("drawer", "door", "knob", "button", "switch")
_POSE = ("x", "y", "z", "qw", "qx", "qy", "qz")
STATE = (*JOINTS, "lamp", *(f"{block}_{part}" for block in BLOCKS for part in _POSE))
"""Entries of the state of a desk, D of them: [m], [rad], lamp 0 or 1, poses in the base frame."""
SCENE = ("width", *STATE)
"""Entries of what is seen of a scene with a desk: between the fingers, [m], then `STATE`."""
