"""Stretches of a recorded run that the twin drives again, from the recorded state."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from robot_meta.robots.description import ArmDescription
from robot_meta.safety.profile import Ramp
from robot_meta.twin.impedance import ImpedanceLaw
from robot_meta.twin.perturbations import Perturbations
from robot_meta.twin.plant import Plant, PlantConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.types import Array, Commanded, Observation, RobotSpec

HISTORY = 6  # periods of the reference that are known before a segment begins
LONGEST_DELAY = 0.08  # of the law behind the reference, [s]; less than HISTORY periods
LEAST_RANGE = 0.02  # of a joint's reference; of one that moves less nothing can be told, [rad]
LEAST_SPEED = 0.01  # fastest joint of a segment that counts as motion, [rad/s]


@dataclass(frozen=True, kw_only=True)
class Segment:
    """K control periods of a recorded run.

    Attributes:
        stamp: Its begin, [s].
        moments: When the readings were taken, in samples of the reference since `targets` began,
            (K + 1,). In real time they come a little early or late; the reference does not.
        position: Readings at the ends of periods, the first at the begin, (K + 1, J), [rad].
        velocity: The same, (K + 1, J), [rad/s].
        torque: What the law commanded last before the begin, (J,), [Nm].
        reference_position: At the begin, (J,), [rad].
        reference_velocity: At the ends of periods, from HISTORY periods before the begin on,
            (HISTORY + K + 1, J), [rad/s].
        targets: Position and velocity of the reference in every sample of those periods and of
            the one that follows, ((HISTORY + K + 1) n, 2J).
    """

    stamp: float
    moments: Array
    position: Array
    velocity: Array
    torque: Array
    reference_position: Array
    reference_velocity: Array
    targets: Array


def segments_from(
    spec: RobotSpec,
    steps: Iterable[tuple[Observation, Commanded]],
    periods: int,
    count: int,
    rng: np.random.Generator,
) -> list[Segment]:
    """At most `count` segments of K = `periods`, drawn from where the robot moved.

    Raises:
        ValueError: No unbroken stretch is long enough, or a joint hardly moved.
    """
    stretches = _stretches(spec, steps)
    want = HISTORY + periods + 1
    longest = max(map(len, stretches), default=0)
    if longest < want:
        raise ValueError(
            f"want a run with an unbroken stretch of {want} control periods, got {longest}; "
            "record a longer one (`robot-meta excite`) or ask for shorter segments"
        )
    _require_motion(spec, stretches)
    ramp = Ramp(spec.limits, spec.control_dt, spec.reference_dt)
    found = [
        (stretch, begin)
        for stretch in stretches
        for begin in range(HISTORY, len(stretch) - periods, periods)
        if _moves(stretch[begin : begin + periods])
    ]
    chosen = sorted(rng.choice(len(found), size=min(count, len(found)), replace=False))
    return [_segment(spec, ramp, found[i][0], found[i][1], periods) for i in chosen]


class SegmentSimulator:
    """The twin without noise, set to the begin of a segment and driven by its reference.

    Args:
        description: The arm.
        observation_delay: Age of a reading when it is stamped, [s].
    """

    def __init__(self, description: ArmDescription, observation_delay: float) -> None:
        spec = description.spec
        unit = (1.0,) * spec.num_joints  # so that scales are friction in physical units
        self._plant = Plant(description, PlantConfig(friction=unit, damping=unit), SceneConfig())
        self._law = ImpedanceLaw(spec)
        self._silent = np.zeros(spec.num_joints)
        self._rate = round(1.0 / spec.reference_dt)
        self._age = round(observation_delay * self._rate)

    def set_body(self, friction: Array, damping: Array, gain: Array) -> None:
        """Coulomb [Nm] and viscous [Nms/rad] friction and share of the feedback torque, (J,)."""
        body = Perturbations(friction_scale=tuple(friction), damping_scale=tuple(damping))
        self._plant.set_perturbations(body)
        self._law.set_gain(tuple(gain))

    def run(self, segment: Segment, delay: float) -> tuple[Array, Array]:
        """What the twin's joints do in a segment when the law is `delay` [s] late.

        Returns:
            Position and velocity at the ends of the K periods, (K, J) each.
        """
        plant, law = self._plant, self._law
        ends = np.round(segment.moments[1:] - segment.moments[0]).astype(int)
        first = segment.moments[0] - self._age - delay * self._rate
        low = int(np.floor(first))
        late = low + 1 - first  # share of the older sample
        rows = segment.targets[low : low + ends[-1] + 1]
        targets = late * rows[:-1] + (1.0 - late) * rows[1:]
        plant.reset(segment.position[0])
        plant.velocity[:] = segment.velocity[0]
        law.reset(segment.torque)
        position, velocity = np.empty((2, len(targets), len(segment.torque)))
        for i, target in enumerate(targets):
            plant.begin()
            plant.finish(law.torque(target, plant), self._silent)
            position[i], velocity[i] = plant.position, plant.velocity
        return position[ends - 1], velocity[ends - 1]


def _stretches(
    spec: RobotSpec, steps: Iterable[tuple[Observation, Commanded]]
) -> list[list[tuple[Observation, Commanded]]]:
    """Runs of periods without a gap in time or in the reference."""
    stretches: list[list[tuple[Observation, Commanded]]] = []
    last: tuple[Observation, Commanded] | None = None
    for step in steps:
        follows = last is not None and (
            abs(step[0].stamp - last[0].stamp - spec.control_dt) < 0.5 * spec.control_dt
            and np.allclose(step[1].position[0], last[1].position[1], atol=1e-9)
        )
        if not follows:
            stretches.append([])
        stretches[-1].append(step)
        last = step
    return stretches


def _require_motion(spec: RobotSpec, stretches: list[list[tuple[Observation, Commanded]]]) -> None:
    reference = np.array([c.position[1] for stretch in stretches for _, c in stretch])
    still = np.ptp(reference, axis=0) < LEAST_RANGE
    if still.any():
        names = [name for name, rests in zip(spec.joint_names, still, strict=True) if rests]
        raise ValueError(
            f"the references of {', '.join(names)} move less than {LEAST_RANGE} rad in this run, "
            "so nothing can be told of their friction; record one with `robot-meta excite`"
        )


def _moves(stretch: list[tuple[Observation, Commanded]]) -> bool:
    return max(float(np.abs(c.velocity).max()) for _, c in stretch) > LEAST_SPEED


def _segment(
    spec: RobotSpec,
    ramp: Ramp,
    stretch: list[tuple[Observation, Commanded]],
    begin: int,
    periods: int,
) -> Segment:
    known = stretch[begin - HISTORY : begin + periods + 1]
    position, velocity = zip(
        *(ramp.period(c.position[0], c.velocity[0], c.velocity[1]) for _, c in known),
        strict=True,
    )
    even = spec.control_dt * np.arange(len(known))
    stamps = np.array([o.stamp for o, _ in known])
    late = stamps - even - np.median(stamps - even)
    readings = [o for o, _ in stretch[begin : begin + periods + 1]]
    return Segment(
        stamp=readings[0].stamp,
        moments=(even + late)[HISTORY:] / spec.reference_dt,
        position=np.array([o.position for o in readings]),
        velocity=np.array([o.velocity for o in readings]),
        torque=readings[0].torque,
        reference_position=stretch[begin][1].position[0],
        reference_velocity=np.array(
            [known[0][1].velocity[0], *(c.velocity[1] for _, c in known[:-1])]
        ),
        targets=np.concatenate([np.concatenate(position), np.concatenate(velocity)], axis=1),
    )
