"""What can befall a twin while it runs, so that people and programs can rehearse trouble."""

from __future__ import annotations

from dataclasses import dataclass

from robot_meta.robots.robot import USER_STOPPED

REFLEXES = (
    "joint_reflex",
    "cartesian_reflex",
    "self_collision_avoidance_violation",
    "power_limit_violation",
    "tau_j_range_violation",
    "communication_constraints_violation",
)
"""Names that libfranka gives to reflexes; nothing but `recover` ends one."""

SILENCE = "silence"
LASTING = (USER_STOPPED, SILENCE)  # until it is ended, and not by `recover`
INCIDENTS = (*REFLEXES, *LASTING)


@dataclass(frozen=True, kw_only=True)
class IncidentConfig:
    """What befalls the twin now.

    Attributes:
        incident: The name of a reflex of libfranka (joint_reflex, cartesian_reflex,
            self_collision_avoidance_violation, power_limit_violation, tau_j_range_violation,
            communication_constraints_violation); "user_stopped" (pressed until this is empty
            again) or "silence" (its time stands still until then).
    """

    incident: str = ""

    def __post_init__(self) -> None:
        if self.incident and self.incident not in INCIDENTS:
            raise ValueError(
                f"no incident '{self.incident}'; choose one of {', '.join(INCIDENTS)}, or ''"
            )
