"""What a robot can still do once it has become another, whoever commands it.

Constant velocities are told blindly, all over the range of commands: how often it stays up, and
how fast it then goes straight ahead. A path that asks for much more cannot be followed.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.benchmarks.markdown import table
from robot_meta.benchmarks.shards import run_shards
from robot_meta.collection.lockstep import lockstep
from robot_meta.legged_types import LeggedObservation, VelocityCommand, VelocityCommanded
from robot_meta.robots.description import legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.state import State
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.perturbations import LeggedChange
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig
from robot_meta.twin.splits import LEGGED
from robot_meta.types import Array

CHANGE, SETTLED, END = 3.0, 5.0, 9.0  # when it becomes another, counts, and ends, [s]
STRAIGHT = 0.1  # turning that still is straight ahead, [rad/s]
DRAWS, STANDS = 100, 10  # velocities of a scene, and how often it is told to stand instead


@dataclass(frozen=True, kw_only=True)
class ReachConfig:
    """One constant velocity.

    Attributes:
        scene: Name of a held-out body.
        seed: Draws the velocity; also of the sensors' noise.
        standing: Whether it is told to stand still instead.
        robot: Robot type.
        version: Hash of the code, so that a changed one is run again.
    """

    scene: str
    seed: int
    standing: bool = False
    robot: str = "go2"
    version: str = ""


def reach_shard(config: ReachConfig) -> dict[str, Any]:
    """Whether it stays up, and with which velocity it goes, (3,), in its own frame."""
    description = legged_description(config.robot)
    spec = description.spec
    rng = np.random.default_rng((config.seed, 17))
    told = rng.uniform(spec.command_lower, spec.command_upper) * (not config.standing)
    body = LEGGED.held_out_bodies()[config.scene]
    twin = LeggedTwinConfig(seed=config.seed, schedule=LeggedChange.all_at(CHANGE, body))

    def act(observation: LeggedObservation, commanded: VelocityCommanded) -> VelocityCommand:
        return VelocityCommand(stamp=observation.stamp, velocity=told)

    poses = []
    with LeggedTwin(description, twin) as robot:
        guarded = GuardedDriver(robot, WalkingGuard(spec))
        guarded.arm()
        for _ in lockstep(guarded, act, round(END / spec.control_dt)):
            poses.append(robot.true_pose)
        stays_up = guarded.state is State.RUNNING
    velocity = _mean_velocity(np.array(poses[round(SETTLED / spec.control_dt) :]), spec.control_dt)
    return {"told": told.tolist(), "stays_up": stays_up, "velocity": velocity.tolist()}


def _mean_velocity(pose: Array, control_dt: float) -> Array:
    """In the robot's own frame, (3,), [m/s, m/s, rad/s], of poses (T, 3) on the ground."""
    way = np.diff(pose, axis=0) / control_dt
    c, s = np.cos(pose[:-1, 2]), np.sin(pose[:-1, 2])
    own = np.stack([c * way[:, 0] + s * way[:, 1], c * way[:, 1] - s * way[:, 0], way[:, 2]])
    mean: Array = own.mean(axis=1)
    return mean


def measure(scenes: Sequence[str], out: Path, *, version: str, jobs: int, first: int) -> str:
    """Run all, and write the table as `reach.md`; the table."""
    configs = [
        ReachConfig(scene=scene, seed=seed, standing=standing, version=version)
        for scene in scenes
        for standing, count in ((True, STANDS), (False, DRAWS))
        for seed in range(first, first + count)
    ]
    results = run_shards(configs, reach_shard, out / "shards", jobs=jobs, label="reach")
    rows = []
    for scene in scenes:
        of_scene = [(c, r) for c, r in zip(configs, results, strict=True) if c.scene == scene]
        stands, walks = (
            [r for c, r in of_scene if c.standing is still] for still in (True, False)
        )
        up = [r["velocity"] for r in walks if r["stays_up"]]
        fastest = max((v[0] for v in up if abs(v[2]) <= STRAIGHT), default=0.0)
        rows.append([scene, _share(stands), _share(walks), f"{fastest:.2f}"])
    head = ["scene", "stays up standing", "stays up walking", "fastest straight ahead [m/s]"]
    text = "\n".join(table(head, rows))
    (out / "reach.md").write_text(text + "\n")
    return text


def _share(results: Sequence[dict[str, Any]]) -> str:
    return f"{sum(r['stays_up'] for r in results)} of {len(results)}"
