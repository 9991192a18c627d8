"""Changes of a twin's body at exact times, as one parameter."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import yaml

from robot_meta.twin.body import Change
from robot_meta.twin.legged.perturbations import LeggedChange
from robot_meta.twin.perturbations import ScheduledChange


@dataclass(frozen=True, kw_only=True)
class ScheduleConfig:
    """Changes of an arm's body at exact times.

    Attributes:
        schedule: "STAMP NAME VALUE; STAMP NAME VALUE; ...", stamps in robot time [s], values as
            numbers or lists, such as "6.0 payload_mass 2.0; 6.0 payload_offset [0.05, 0, 0]".
    """

    schedule: str = ""

    CHANGE: ClassVar[type[Change]] = ScheduledChange

    def changes(self) -> tuple[Change, ...]:
        """The schedule, parsed.

        Raises:
            ValueError: A part is not of that form, or names nothing that can change.
        """
        result = []
        for part in filter(None, (part.strip() for part in self.schedule.split(";"))):
            words = part.split(maxsplit=2)
            if len(words) != 3:
                raise ValueError(f"want 'STAMP NAME VALUE', got '{part}'")
            try:
                stamp, value = float(words[0]), yaml.safe_load(words[2])
            except (ValueError, yaml.YAMLError):
                raise ValueError(f"want 'STAMP NAME VALUE', got '{part}'") from None
            if isinstance(value, str):
                raise ValueError(f"want a number or a list for {words[1]}, got '{value}'")
            result.append(self.CHANGE(stamp=stamp, name=words[1], value=value))
        return tuple(result)

    def __post_init__(self) -> None:
        self.changes()


@dataclass(frozen=True, kw_only=True)
class LeggedScheduleConfig(ScheduleConfig):
    """The same of a walking robot's body.

    Attributes:
        schedule: "STAMP NAME VALUE; STAMP NAME VALUE; ...", stamps in robot time [s], values as
            numbers or lists, such as "6.0 payload_mass 4.0; 6.0 leg_gain [0.4, 1, 1, 1]".
    """

    CHANGE: ClassVar[type[Change]] = LeggedChange
