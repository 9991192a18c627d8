"""What a device says becomes commands that the guard has no reason to alter.

Whatever happens, a command begins where the reference stands: a clutch that closes, a device that
comes back, a guard that let go cause no jump. Once a reading asks for no motion, the reference
comes to rest within `stop_time`, the period that is decided already included: no joint is ever
faster than it can be stopped in the others. Readings are made every period. So 100 ms after a hand
has let go, or after the last word of one that fell silent (`MAX_GAP` of device.py), the reference
is at rest: 15 ms until silence counts, up to 20 ms until the next reading, 60 ms to stop.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass, field

import numpy as np

from robot_meta.collection.cartesian import CartesianAction, CartesianConfig
from robot_meta.collection.gradual import standing
from robot_meta.perception.poses import Pose
from robot_meta.reference import advance, velocity_step
from robot_meta.robots.description import ArmDescription
from robot_meta.safety.config import GuardConfig
from robot_meta.teleoperation.clutch import Clutch, Hold
from robot_meta.teleoperation.device import Reading
from robot_meta.teleoperation.feasibility import SingularityConfig, allowed_share, directness
from robot_meta.teleoperation.following import Following, FollowingConfig, shortened
from robot_meta.types import Array, Command, Commanded

LEVELS = (0.1, 0.25, 0.5, 1.0)  # shares of the full speed that a button chooses among


def next_level(share: float, levels: int) -> float:
    """The share that is so many levels above the one nearest to `share`, or below it."""
    nearest = int(np.argmin(np.abs(np.array(LEVELS) - share)))
    return LEVELS[min(max(nearest + levels, 0), len(LEVELS) - 1)]


@dataclass(frozen=True, kw_only=True)
class MotionConfig:
    """How fast a person may move the tool.

    Attributes:
        share: Of the full speed, at first.
        tool_share: Full speed, as a share of what the guard allows the tool.
        turn_speed: Full speed of its turning, [rad/s].
        acceleration: Of the tool when it speeds up, [m/s^2].
        turn_acceleration: The same of its turning, [rad/s^2].
        stop_time: Within which a motion that a reading does not ask for any more is at rest, [s];
            a longer one allows faster joints.
        wall_margin: The tool keeps this far from the walls of the guard's workspace, [m].
        wall_time: Near a wall it is no faster than the way that is left in this time, [s].
        following: How it follows a hand.
        singularity: Where it gets slower because the arm is stretched or folded.
    """

    share: float = 0.5
    tool_share: float = 0.9
    turn_speed: float = 0.8
    acceleration: float = 1.0
    turn_acceleration: float = 3.0
    stop_time: float = 0.06
    wall_margin: float = 0.005
    wall_time: float = 0.2
    following: FollowingConfig = field(default_factory=FollowingConfig)
    singularity: SingularityConfig = field(default_factory=SingularityConfig)

    def __post_init__(self) -> None:
        for name in ("share", "tool_share"):
            if not 0.0 < getattr(self, name) <= 1.0:
                raise ValueError(f"{name} must be in (0, 1], got {getattr(self, name)}")
        for name in ("turn_speed", "acceleration", "turn_acceleration", "stop_time", "wall_time"):
            if not getattr(self, name) > 0.0:
                raise ValueError(f"{name} must be > 0, got {getattr(self, name)}")
        if not self.wall_margin >= 0.0:
            raise ValueError(f"wall_margin must be >= 0, got {self.wall_margin}")


class Teleoperator:
    """Answers every control period of an arm with what a person wants of it.

    Args:
        description: The arm, with limits scaled for the allowed speed.
        config: Settings.

    Attributes:
        clutch: Whether the device moves the tool.
        share: Of the full speed, now.
    """

    def __init__(self, description: ArmDescription, config: MotionConfig | None = None) -> None:
        self._config = config or MotionConfig()
        spec = description.spec
        periods = round(self._config.stop_time / spec.control_dt) - 1
        if periods < 1:
            raise ValueError(
                f"stop_time must be two periods or more, got {self._config.stop_time}"
            )
        slow = np.minimum(
            spec.limits.velocity, periods * velocity_step(spec.limits, spec.control_dt)
        )
        limits = dataclasses.replace(spec.limits, velocity=slow)
        self._spec, self._chain = dataclasses.replace(spec, limits=limits), description.chain
        self._action = CartesianAction(
            dataclasses.replace(description, spec=self._spec),
            CartesianConfig(
                speed=1.0, turn_speed=1.0, turn_lead=0.15
            ),  # its actions are [m/s] and [rad/s]
        )
        self._limits: GuardConfig | None = None
        self._following: Following | None = None
        self._velocity = np.zeros(6)  # asked for one period ago
        self.clutch, self.share = Clutch(), self._config.share

    def use(self, limits: GuardConfig) -> None:
        """What the guard allows from now on; nothing moves before that is known."""
        self._limits = limits

    def faster(self, levels: int) -> None:
        """Go that many levels up, or down."""
        self.share = next_level(self.share, levels)

    def command_for(self, commanded: Commanded, reading: Reading, following: bool) -> Command:
        """The command that answers the period `commanded`.

        Args:
            commanded: The period that begins.
            reading: What the device says.
            following: Whether the robot follows commands.
        """
        held = self.clutch.hold is Hold.CLOSED
        known = self._limits is not None
        if not self.clutch.update(reading.engaged, following and known):
            return self._rest(commanded)
        if not held:
            self._take_hold(commanded, reading)
        if self._lost(reading):
            self.clutch.open()
            return self._rest(commanded)
        if reading.silent:
            return self._rest(commanded)
        self._velocity = self._softened(self._wanted(commanded, reading))
        if not self._velocity.any():
            return self._rest(commanded)
        return self._move(commanded)

    def _rest(self, commanded: Commanded) -> Command:
        self._velocity = np.zeros(6)
        return standing(commanded, self._spec)

    def _move(self, commanded: Commanded) -> Command:
        """Move the tool as it is asked to, as far as the arm can do that."""
        position, velocity, twist = commanded.position[1], commanded.velocity[1], self._velocity
        fastest = self._spec.limits.velocity
        twist = twist * allowed_share(
            self._chain, position, twist, fastest, self._config.singularity
        )
        wish = self._action.command_for(commanded, twist)
        share = directness(self._chain, position, wish.velocity, twist)
        self._velocity = share * twist
        if share == 1.0:
            return wish
        if share == 0.0 and twist[3:].any():
            self._action.engage(position)  # what cannot be turned is not asked for any more
        rest = standing(commanded, self._spec).velocity
        mixed = rest + share * (wish.velocity - rest)
        dt = self._spec.control_dt
        return dataclasses.replace(
            wish, position=advance(position, velocity, mixed, dt), velocity=mixed
        )

    def _take_hold(self, commanded: Commanded, reading: Reading) -> None:
        """Couple the hand to the tool, both as they are now."""
        self._action.engage(commanded.position[1])
        self._following = None
        if reading.hand is not None:
            config, tool = self._config.following, self._tool(commanded)
            self._following = Following(config, reading.hand, tool)

    def _lost(self, reading: Reading) -> bool:
        """Whether the hand is not where it can have moved."""
        if self._following is None:
            return False
        return reading.hand is None or self._following.jumped(reading.hand)

    def _tool(self, commanded: Commanded) -> Pose:
        """Where the tool of the reference is, turned as it is meant to be."""
        place = self._chain.tool_position_in_base(commanded.position[1])
        return Pose(position=place, rotation=self._action.rotation)

    def _wanted(self, commanded: Commanded, reading: Reading) -> Array:
        """Velocity of the tool within speed and workspace, (6,), [m/s] and [rad/s]."""
        assert self._limits is not None
        speed = self.share * self._config.tool_share * self._limits.tool_speed
        turn_speed = self.share * self._config.turn_speed
        tool = self._tool(commanded)
        if self._following is not None and reading.hand is not None:
            wanted = self._following.velocity(reading.hand, tool)
        else:
            wanted = reading.velocity * np.repeat([speed, turn_speed], 3)
        linear, angular = shortened(wanted[:3], speed), shortened(wanted[3:], turn_speed)
        return np.concatenate([self._inside(tool.position, linear, self._limits), angular])

    def _inside(self, tool: Array, velocity: Array, limits: GuardConfig) -> Array:
        """`velocity` (3,), [m/s], slower the nearer it leads to a wall of the workspace."""
        margin, time = self._config.wall_margin, self._config.wall_time
        lower = np.array([*limits.workspace_lower[:2], limits.floor]) + margin
        upper = np.array(limits.workspace_upper) - margin
        return np.clip(velocity, -(tool - lower).clip(0.0) / time, (upper - tool).clip(0.0) / time)

    def _softened(self, wanted: Array) -> Array:
        """`wanted` (6,), or what of it the tool may speed up to in one period."""
        dt, config = self._spec.control_dt, self._config
        return np.concatenate(
            [
                _speed_up(self._velocity[:3], wanted[:3], config.acceleration * dt),
                _speed_up(self._velocity[3:], wanted[3:], config.turn_acceleration * dt),
            ]
        )


def _speed_up(before: Array, wanted: Array, step: float) -> Array:
    """Along `wanted` (3,), at most `step` faster than `before` was that way; slower at once."""
    size = float(np.linalg.norm(wanted))
    if size == 0.0:
        return wanted
    along = max(0.0, float(before @ wanted) / size)
    return wanted * min(1.0, (along + step) / size)
