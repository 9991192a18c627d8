"""The ant, and a leg that is crippled: its motors are dead and its limbs shrunk.

Observation (41,): positions (15), velocities (14), rotation of the torso (9), centre of mass (3).
50 Hz. Source: Nagabandi et al. 2019, released code.
Differs: two physics steps of 0.01 s (there: one of 0.02 s).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import mujoco

from robot_meta.benchmarks.environments.locomotion import Locomotion, asset
from robot_meta.benchmarks.environments.tasks import TaskSet, one_of
from robot_meta.types import Array

EARTH = -9.81  # [m/s²]
# Motors of each leg, and the geoms of its upper and its lower limb. The tests' leg is the last.
LEGS = (
    ((2, 3), ("left_leg_geom", "left_ankle_geom")),
    ((4, 5), ("right_leg_geom", "right_ankle_geom")),
    ((6, 7), ("back_leg_geom", "third_ankle_geom")),
    ((0, 1), ("rightback_leg_geom", "fourth_ankle_geom")),
)
_FRONT, _BACK = slice(2, 8), slice(8, 14)  # bodies of the front and of the back legs


@dataclass(frozen=True, kw_only=True)
class AntBody:
    """What is different about an ant, or where it walks.

    Attributes:
        crippled: Legs without motors and with limbs of half the size.
        front_mass_scale: Factor on the masses of the front legs; those of the back legs are
            divided by it.
        gravity: Along z, [m/s²].
    """

    crippled: tuple[int, ...] = ()
    front_mass_scale: float = 1.0
    gravity: float = EARTH

    def __post_init__(self) -> None:
        if not set(self.crippled) <= set(range(len(LEGS))):
            raise ValueError(f"legs are 0 to {len(LEGS) - 1}, got {self.crippled}")
        if self.front_mass_scale <= 0.0:
            raise ValueError(f"front_mass_scale must be > 0, got {self.front_mass_scale}")


def _crippled(leg: int) -> AntBody:
    return AntBody(crippled=(leg,))


def _front_mass(*scales: float) -> tuple[AntBody, ...]:
    return tuple(AntBody(front_mass_scale=scale) for scale in scales)


def _gravity(*values: float) -> tuple[AntBody, ...]:
    return tuple(AntBody(gravity=value) for value in values)


_GRBAL = TaskSet(
    nominal=AntBody(),
    train=one_of(tuple(map(_crippled, range(3)))),
    held_out=(_crippled(3),),
    source="Nagabandi et al. 2019, released code",
)
_CADM = TaskSet(
    nominal=AntBody(),
    train=one_of(_front_mass(0.85, 0.9, 0.95, 1.0)),
    held_out=_front_mass(0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6),
    source="Lee et al. 2020 (CaDM), released code, ant",
)
_MAC = TaskSet(
    nominal=AntBody(),
    train=one_of((AntBody(), *map(_crippled, range(3)))),
    held_out=(_crippled(3),),
    source="arXiv:2210.03539 (MAC), released code, leg",
)
_MAC_GRAVITY = TaskSet(
    nominal=AntBody(),
    train=one_of(
        _gravity(
            *(EARTH, -6.0, -6.5, -7.0, -7.5, -8.0, -8.5, -9.0, -10.5),
            *(-11.0, -13.0, -14.0, -14.5, -15.0, -16.0, -16.5, -17.0),
        )
    ),
    held_out=_gravity(-3.0, -4.0, -5.0, -10.0, -12.0, -18.0, -25.0, -30.0),
    source="arXiv:2210.03539 (MAC), released code, gravity",
)


class AntLeg(Locomotion[AntBody]):
    """An ant with crippled legs, other masses or other gravity."""

    metadata = {**Locomotion.metadata, "render_fps": 50}
    TASK_SETS: ClassVar[dict[str, TaskSet]] = {
        "published": _GRBAL,
        "cadm": _CADM,
        "mac": _MAC,
        "mac_gravity": _MAC_GRAVITY,
    }
    SUBSTEPS = 2
    EFFORT = 0.0
    ALIVE = 0.05

    def build(self) -> mujoco.MjSpec:
        """Gymnasium's model with the contacts of the published one."""
        spec = asset("ant.xml")
        for geom in spec.geoms:
            geom.solref[:2] = (0.02, 1.0)
            geom.solimp[:3] = (0.8, 0.8, 0.01)
        return spec

    def apply(self, task: AntBody) -> None:
        """Cripple legs, shift mass, set gravity; masses stay with a shrunk limb, as published."""
        for leg in task.crippled:
            motors, limbs = LEGS[leg]
            upper, lower = (self.model.geom(name).id for name in limbs)
            self.powered[list(motors)] = 0.0
            self.model.geom_size[[upper, lower], :2] /= 2.0
            self.model.geom_pos[lower] = self.model.geom_pos[upper]
        self.model.body_mass[_FRONT] *= task.front_mass_scale
        self.model.body_mass[_BACK] /= task.front_mass_scale
        self.model.opt.gravity[2] = task.gravity

    def observed_state(self) -> list[Array]:
        """Positions, velocities, rotation of the torso."""
        rotation = self.data.xmat[self.model.body("torso").id]
        return [self.data.qpos, self.data.qvel, rotation]

    def start_position(self) -> Array:
        """Low, with its ankles bent."""
        return self.model.numeric("init_qpos").data
