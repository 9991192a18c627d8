"""Limits without one of their rules: negative controls show with them that each rule is needed."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection

from robot_meta.safety.reasons import Reason
from robot_meta.types import JointLimits

FAR = 1e3  # no joint gets so far or so fast within a test


def relaxed(limits: JointLimits, disabled: Collection[Reason]) -> JointLimits:
    """`limits` without the rules in `disabled`.

    A velocity curve also brings a joint to rest near the end of its range, so without POSITION
    there are no curves either.
    """
    changes: dict[str, object] = {}
    if Reason.POSITION in disabled:
        changes |= {"lower": limits.lower - FAR, "upper": limits.upper + FAR}
    if Reason.VELOCITY in disabled:
        changes["velocity"] = limits.velocity + FAR
    if Reason.ACCELERATION in disabled:
        changes["acceleration"] = 3.0 * limits.acceleration
    if Reason.JERK in disabled:
        changes["jerk"] = 3.0 * limits.jerk
    if Reason.POSITION in disabled or Reason.VELOCITY_CURVE in disabled:
        changes["velocity_curves"] = ()
    return dataclasses.replace(limits, **changes) if changes else limits  # type: ignore[arg-type]
