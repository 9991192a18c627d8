"""Values of joints in the order of their names; ROS promises none of its own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from robot_meta.errors import MissingJoint
from robot_meta.types import Array


def by_joint(
    names: Sequence[str], values: Sequence[float], joint_names: Sequence[str], what: str
) -> Array:
    """`values` in the order of `joint_names`, (J,); ROS promises no order of its own.

    Raises:
        MissingJoint: A joint is not among `names`.
        ValueError: `values` has another length than `names`, or a name occurs twice.
    """
    if len(values) != len(names):
        raise ValueError(f"want {len(names)} values of {what}, one per name, got {len(values)}")
    index = {name: i for i, name in enumerate(names)}
    if len(index) != len(names):
        raise ValueError(f"a joint occurs twice in {list(names)}")
    try:
        return np.array([values[index[name]] for name in joint_names], dtype=float)
    except KeyError as missing:
        raise MissingJoint(missing.args[0], available=tuple(names)) from None
