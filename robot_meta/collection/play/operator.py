"""A scripted, seeded stand-in for a person who plays: what it means to do, and how unsteadily."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from robot_meta.collection.play.moves import TRAVEL, Aim, Move, Sight, do, wander
from robot_meta.twin.desk.model import MAX_WIDTH
from robot_meta.twin.desk.predicates import SKILLS, Skill
from robot_meta.types import Array

KINDS = ("complete", "partial", "wrong", "arm_only", "idle", "random")
_AIR = np.array([[0.34, -0.25, 0.24], [0.55, 0.25, 0.38]])  # where the arm wanders, corners, [m]


@dataclass(frozen=True, kw_only=True)
class OperatorConfig:
    """How the operator plays.

    Attributes:
        complete: Share of episodes in which what is meant is done.
        partial: Share in which it is begun and left at 20 to 90 %.
        wrong: Share in which another thing is done than what is meant.
        arm_only: Share in which the arm moves and touches nothing.
        idle: Share in which nothing is asked of the arm.
        random: Share of random actions without a purpose.
        two_events: Share of all episodes that go on to a second thing after the first.
        skills: What is meant is one of these; an episode in which none is possible is idle.
        slowest: Slowest tool speed of an episode, as a share of the fastest.
        approach_jitter: Standard deviation of how far an approach is off, [m].
        noise: Standard deviation of the noise on each entry of the action.
        noise_time: How long that noise lasts, [s].
        gain: Speed per distance to what the tool aims at, [1/s].
    """

    complete: float = 0.55
    partial: float = 0.15
    wrong: float = 0.10
    arm_only: float = 0.10
    idle: float = 0.10
    random: float = 0.0
    two_events: float = 0.25
    skills: tuple[str, ...] = tuple(SKILLS)
    slowest: float = 0.7
    approach_jitter: float = 0.004
    noise: float = 0.05
    noise_time: float = 0.3
    gain: float = 4.0

    def __post_init__(self) -> None:
        shares = [getattr(self, kind) for kind in KINDS]
        if min(shares) < 0.0 or abs(sum(shares) - 1.0) > 1e-6:
            raise ValueError(f"the shares of {KINDS} must be >= 0 and sum to 1, got {shares}")
        unknown = sorted(set(self.skills) - set(SKILLS))
        if unknown or not self.skills:
            raise ValueError(f"skills must be some of {sorted(SKILLS)}, got {list(self.skills)}")
        if not 0.0 <= self.two_events <= self.complete:
            raise ValueError(
                f"two_events must be in [0, complete = {self.complete}], got {self.two_events}"
            )


@dataclass
class Intent:
    """What an episode is about.

    Attributes:
        kind: One of `KINDS`.
        skill: What was meant, "" for nothing.
        acted: What was really set about, in order.
    """

    kind: str
    skill: str = ""
    acted: list[str] = field(default_factory=list)


class Operator:
    """Plays one episode.

    Args:
        config: How.
        seed: Of all that is random in it.
        speed: Tool speed at an action of 1, [m/s].
        sight: The desk as found.

    Attributes:
        intent: What it means to do and has done so far.
    """

    def __init__(
        self, config: OperatorConfig, seed: tuple[int, ...], speed: float, sight: Sight
    ) -> None:
        self._config, self._speed = config, speed
        self._rng = np.random.default_rng(seed)
        self._jitter = np.random.default_rng((*seed, 1))
        rng = self._rng
        shares = np.array([getattr(config, kind) for kind in KINDS])
        self.intent = Intent(str(rng.choice(KINDS, p=shares / shares.sum())))
        self._pace = rng.uniform(config.slowest, 1.0)
        self._twice = rng.uniform() < config.two_events / max(config.complete, 1e-9)
        if self._twice:
            self._pace = 1.0
        if self.intent.kind in ("complete", "partial", "wrong"):
            able = [SKILLS[name] for name in config.skills if SKILLS[name].possible(sight.state)]
            if able:
                self.intent.skill = able[int(rng.integers(len(able)))].name
            else:
                self.intent.kind = "idle"
        self._noise = np.zeros(3)
        self._script = self._play(sight)
        self._begun = False

    def act(self, sight: Sight) -> Array:
        """What to ask for: tool velocity (3,), and 1 to open or −1 to close the hand, (4,)."""
        config, rng = self._config, self._jitter
        keep = np.exp(-sight.period / config.noise_time)
        kick = rng.standard_normal(3) * np.sqrt(1.0 - keep**2)
        self._noise = keep * self._noise + kick
        velocity, opening = np.zeros(3), -1.0
        aim = self._next_aim(sight)
        if self.intent.kind == "random":
            velocity = 0.6 * self._noise
        elif aim is not None:
            away = config.gain * (aim.position - sight.tool)
            fast = float(np.linalg.norm(away))
            limit = self._pace * self._speed
            velocity = away * min(1.0, limit / max(fast, 1e-9)) / self._speed
            velocity = velocity + config.noise * self._noise
            opening = 1.0 if aim.width > 0.5 * MAX_WIDTH else -1.0
        return np.append(np.clip(velocity, -1.0, 1.0), opening)

    def _next_aim(self, sight: Sight) -> Aim | None:
        """What the script aims at now; None when it is through."""
        try:
            if self._begun:
                return self._script.send(sight)
            self._begun = True
            return next(self._script)
        except StopIteration:
            return None

    def _play(self, sight: Sight) -> Move:
        kind, rng = self.intent.kind, self._rng
        if kind == "arm_only":
            return (yield from wander(rng.uniform(_AIR[0], _AIR[1], (6, 3)), sight))
        if kind in ("idle", "random"):
            return sight
        skill = SKILLS[self.intent.skill]
        if kind == "wrong":
            skill = self._another(skill, sight)
        share = rng.uniform(0.2, 0.9) if kind == "partial" else 1.0
        sight = yield from self._do(skill, share, sight)
        if kind == "complete" and self._twice:
            sight = yield from self._do(self._another(skill, sight), 1.0, sight)
        there = np.array([sight.tool[0], sight.tool[1], TRAVEL + 0.03])
        return (yield from wander(there[None], sight))

    def _do(self, skill: Skill, share: float, sight: Sight) -> Move:
        self.intent.acted.append(skill.name)
        amount = share * skill.complete if share < 1.0 else 1.08 * skill.complete
        if skill.entry == "switch":  # beyond its middle it goes on by itself
            amount *= 0.5 if share < 1.0 else 0.7
        jitter = self._config.approach_jitter * self._rng.standard_normal(2)
        return (yield from do(skill, amount, jitter, sight))

    def _another(self, skill: Skill, sight: Sight) -> Skill:
        """Something else that can be done now, with another thing."""
        able = [s for s in SKILLS.values() if s.possible(sight.state) and s.entry != skill.entry]
        return able[int(self._rng.integers(len(able)))]
