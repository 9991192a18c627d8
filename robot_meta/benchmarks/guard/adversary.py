"""Controllers and robots that try to make the guard break a limit, for tests and `bench guard`.

An adversary pushes one way for a whole stream and sprinkles trouble over it: numbers that are
none, stamps out of order, silence, measurements that lie, a robot that is blocked or drifts.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from robot_meta.kinematics import KinematicChain
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard
from robot_meta.types import Array, Command, Commanded, Observation, RobotSpec

PUSHES = ("joints", "bounds", "over", "flips", "tool", "pulls", "steps", "noise", "bursts")
ROBOTS = ("follows", "blocked", "drifts", "noisy")


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """How often per period each kind of trouble happens."""

    number: float = 0.02  # NaN, infinity or something huge in a command
    time: float = 0.03  # a stamp that is stale, repeated, reversed or ahead
    silence: float = 0.05  # no command
    length: float = 0.005  # a wrong number of joints
    measurement: float = 0.005  # NaN in a measurement, or a jump of its clock
    person: float = 0.02  # hold, stop, recover, arm, retreat or home at a random moment


NO_TROUBLE = Trouble(number=0, time=0, silence=0, length=0, measurement=0, person=0)


class Adversary:
    """One controller and one robot, played together; the same `rng` plays the same game.

    Args:
        spec: The robot.
        chain: Its kinematics.
        rng: Source of every choice.
        push: One of `PUSHES`; drawn if not given.
        robot: One of `ROBOTS`; drawn if not given.
        trouble: How often things go wrong.
    """

    def __init__(
        self,
        spec: RobotSpec,
        chain: KinematicChain,
        rng: np.random.Generator,
        *,
        push: str | None = None,
        robot: str | None = None,
        trouble: Trouble | None = None,
    ) -> None:
        self._spec, self._chain, self._rng = spec, chain, rng
        self.push = push if push is not None else str(rng.choice(PUSHES))
        self.robot = (
            robot if robot is not None else str(rng.choice(ROBOTS, p=[0.7, 0.1, 0.1, 0.1]))
        )
        self._trouble = trouble if trouble is not None else Trouble()
        self._way = rng.choice([-1.0, 0.0, 1.0], spec.num_joints, p=[0.45, 0.1, 0.45])
        self._direction = rng.normal(size=3)
        self._direction /= np.linalg.norm(self._direction)
        self._drift = rng.normal(0.0, 0.01, spec.num_joints)

    def play(self, guard: Guard, start: Array, periods: int) -> Array:
        """Stream of `periods` control periods from rest at `start` (J,): (1 + periods·n, J)."""
        joints = self._spec.num_joints
        stamp, measured = float(self._rng.uniform(0.0, 1e5)), start
        guard.start(self._reading(stamp, measured))
        guard.arm()
        samples = [start[None]]
        command: Command | None = None
        for _ in range(periods):
            reference, commanded = guard.tick(self._observation(stamp, measured), command)
            samples.append(reference.position)
            if guard.state.name != "RUNNING" and self._rng.random() < 0.3:
                guard.recover()
                guard.arm()
            self.meddle(guard)
            command = self.answer(stamp, commanded)
            measured = self._move(measured, commanded.position[1])
            stamp += self._spec.control_dt * (1.0 + 0.05 * self._rng.normal())
        stream = np.concatenate(samples)
        assert stream.shape == (1 + periods * self._spec.samples_per_tick, joints)
        return stream

    def answer(self, stamp: float, commanded: Commanded) -> Command | None:
        """What it commands after a period that began at `stamp` [s]: a push, perhaps spoilt."""
        return self._spoil(self._command(stamp, commanded))

    def _command(self, stamp: float, commanded: Commanded) -> Command:
        """What the controller wants in the period after the one that is decided."""
        position, velocity = commanded.position[1], commanded.velocity[1]
        spec, rng = self._spec, self._rng
        low, high = safe_velocity_bounds(position, velocity, spec.limits, spec.control_dt)
        wanted = np.zeros(spec.num_joints)
        if self.push == "joints":
            wanted = self._way * 2.0 * spec.limits.velocity
        elif self.push == "bounds":
            wanted = np.where(self._way > 0.0, high, low)
        elif self.push == "over":
            wanted = np.where(self._way > 0.0, high + 0.05, low - 0.05)
        elif self.push == "pulls":
            position = position + 0.01 * self._way
        elif self.push == "flips":
            self._way = np.where(rng.random(spec.num_joints) < 0.1, -self._way, self._way)
            wanted = np.where(self._way > 0.0, high, low)
        elif self.push == "tool":
            jacobian = self._chain.tool_jacobian(position)[:3]
            wanted = np.linalg.pinv(jacobian, rcond=0.05) @ self._direction
            wanted = wanted + 0.05 * rng.normal(size=spec.num_joints)
        elif self.push == "steps":
            position = position + rng.normal(0.0, 0.5, spec.num_joints)
        elif self.push == "noise":
            wanted = rng.normal(0.0, 1.0, spec.num_joints) * spec.limits.velocity
        elif self.push == "bursts":
            wanted = self._way * spec.limits.velocity * float(rng.random() < 0.5)
        reachable = wanted if self.push in ("steps", "pulls") else np.clip(wanted, low, high)
        target = advance(position, velocity, reachable, spec.control_dt)
        return Command(stamp=stamp, position=target, velocity=wanted)

    def _spoil(self, command: Command) -> Command | None:
        rng, trouble = self._rng, self._trouble
        position, velocity, stamp = command.position.copy(), command.velocity.copy(), command.stamp
        if rng.random() < trouble.silence:
            return None
        if rng.random() < trouble.number:
            bad = rng.choice([np.nan, np.inf, -np.inf, 1e300, -1e12])
            into = position if rng.random() < 0.5 else velocity
            into[rng.integers(len(into))] = bad
        if rng.random() < trouble.time:
            period = self._spec.control_dt
            stamp += rng.choice([-1e6, -7 * period, -3 * period, -period, period, np.nan, 1e6])
        if rng.random() < trouble.length:
            position = position[: rng.integers(len(position))]
        return Command(stamp=float(stamp), position=position, velocity=velocity)

    def _move(self, measured: Array, reference: Array) -> Array:
        """Where the robot is measured next."""
        if self.robot == "blocked":
            return measured
        if self.robot == "drifts":
            return measured + self._drift
        if self.robot == "noisy":
            return reference + self._rng.normal(0.0, 0.05, reference.size)
        return measured + 0.5 * (reference - measured)

    def _observation(self, stamp: float, measured: Array) -> Observation:
        rng = self._rng
        position = measured.copy()
        if rng.random() < self._trouble.measurement:
            if rng.random() < 0.5:
                position[rng.integers(len(position))] = np.nan
            else:
                stamp += float(rng.choice([-10.0, 10.0]))
        return self._reading(stamp, position)

    def _reading(self, stamp: float, position: Array) -> Observation:
        zero = np.zeros(self._spec.num_joints)
        return Observation(
            stamp=stamp, position=position, velocity=zero, torque=zero, external_torque=zero
        )

    def meddle(self, guard: Guard | GuardedRobot) -> None:
        """Hold, stop, recover or arm at times, as a person might."""
        if self._rng.random() < self._trouble.person:
            acts = (guard.hold, guard.stop, guard.recover, guard.arm, guard.retreat, guard.home)
            acts[self._rng.integers(len(acts))]()
