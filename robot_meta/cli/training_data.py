"""What `robot-meta train` learns from, for every kind of robot."""

from __future__ import annotations

import argparse
import dataclasses
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from robot_meta.collection.collecting import EpisodeSource, collect
from robot_meta.collection.episode_files import load_episode
from robot_meta.collection.episodes import episodes_from
from robot_meta.collection.run_reader import RunReader
from robot_meta.collection.twin_data import TwinDataConfig
from robot_meta.collection.walking_data import WalkDataConfig, walking_space
from robot_meta.dynamics.action_history import with_action_history
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.dynamics.velocity_space import VelocityCommandSpace
from robot_meta.legged_types import LeggedSpec
from robot_meta.robots.description import arm_description, known_robots, legged_description
from robot_meta.types import RobotSpec

# Episodes by profile, control periods of each, and training steps.
ARM_EPISODES, ARM_TICKS, ARM_STEPS = {"quick": 60, "full": 2400}, 160, {"quick": 400, "full": 5000}
WALKS, WALK_TICKS, WALK_STEPS = {"quick": 20, "full": 360}, 200, {"quick": 200, "full": 2400}
_ARM_ONLY = ("late", "action_history", "recordings")


@dataclass(frozen=True)
class TrainingData:
    """Episodes, and what they are of.

    Attributes:
        spec: The robot.
        space: Layout of state and action.
        episodes: All of them.
        source: Where they come from, for the model's card.
        position_range: Lowest and highest joint positions, (2, J), [rad]; empty where the state
            holds none.
        steps: Of training, unless said otherwise.
        support: Past steps that adapt (M), likewise.
        hidden: Widths of the network's hidden layers.
        imagined_weight: Of the error of imagined futures over that of single steps. A step of a
            gait is mostly noise, which tells little of where a second of walking leads.
    """

    spec: RobotSpec | LeggedSpec
    space: JointReferenceSpace | VelocityCommandSpace
    episodes: list[EpisodeData]
    source: dict[str, Any]
    position_range: tuple[tuple[float, ...], tuple[float, ...]]
    steps: int
    support: int
    hidden: tuple[int, ...]
    imagined_weight: float


def training_data(args: argparse.Namespace) -> TrainingData:
    """Collected or read as the arguments of `robot-meta train` say.

    Raises:
        UnknownRobot: No such robot.
        ValueError: An option that is of no use to this kind of robot.
    """
    folder = args.data or Path("out/data") / args.robot
    if args.robot not in known_robots("legs"):
        return _of_arm(args, folder)
    unfit = [name for name in _ARM_ONLY if getattr(args, name)]
    if unfit or args.stiffness_scale != 1.0:
        raise ValueError(
            f"{args.robot} walks: --from, --late, --action-history and --stiffness-scale are for "
            "arms; leave them out"
        )
    config = WalkDataConfig(
        robot=args.robot,
        episodes=args.episodes or WALKS[args.profile],
        ticks=args.ticks or WALK_TICKS,
        seed=args.seed,
    )
    spec = legged_description(args.robot).spec
    return TrainingData(
        spec,
        walking_space(spec),
        _collected(config, folder, args.jobs),
        {"twin": dataclasses.asdict(config)},
        ((), ()),
        steps=WALK_STEPS[args.profile],
        support=64,
        hidden=(128, 128),
        imagined_weight=5.0,
    )


def _of_arm(args: argparse.Namespace, folder: Path) -> TrainingData:
    spec = _arm_spec(args.robot, args.stiffness_scale)
    space = JointReferenceSpace(
        num_joints=spec.num_joints, control_dt=spec.control_dt, action_history=args.action_history
    )
    if args.recordings:
        runs = [RunReader(path) for path in args.recordings]
        episodes = _recorded(spec, runs)
        names = [f"{run.path.resolve().parent.name}/{run.path.name}" for run in runs]
        source: dict[str, Any] = {"recordings": names}
    else:
        config = TwinDataConfig(
            robot=args.robot,
            episodes=args.episodes or ARM_EPISODES[args.profile],
            ticks=args.ticks or ARM_TICKS,
            stiffness_scale=args.stiffness_scale,
            seed=args.seed,
        )
        episodes = _collected(config, folder, args.jobs)
        source = {"twin": dataclasses.asdict(config)}
        if args.late:
            late = dataclasses.replace(config, split="train_late", episodes=args.late)
            episodes += _collected(late, folder.with_name(f"{folder.name}_late"), args.jobs)
            source["late"] = dataclasses.asdict(late)
    episodes = with_action_history(space, episodes)
    positions = np.concatenate([episode.state[:, : spec.num_joints] for episode in episodes])
    low, high = (tuple(map(float, edge(positions, axis=0).round(4))) for edge in (np.min, np.max))
    return TrainingData(
        spec,
        space,
        episodes,
        source,
        (low, high),
        steps=ARM_STEPS[args.profile],
        support=48,
        hidden=(256, 256),
        imagined_weight=1.0,
    )


def _arm_spec(robot: str, stiffness_scale: float) -> RobotSpec:
    spec = arm_description(robot).spec
    return dataclasses.replace(
        spec,
        stiffness=spec.stiffness * stiffness_scale,
        damping=spec.damping * np.sqrt(stiffness_scale),
    )


def _collected(config: EpisodeSource, folder: Path, jobs: int) -> list[EpisodeData]:
    with tqdm(total=config.episodes, desc="collect", unit="episode") as bar:
        paths = collect(config, folder, jobs=jobs, progress=bar.update)
    return [load_episode(path)[0] for path in paths]


def _recorded(spec: RobotSpec, runs: list[RunReader]) -> list[EpisodeData]:
    space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
    episodes = []
    for run in tqdm(runs, desc="read", unit="run"):
        episodes += episodes_from(space, run.steps(spec.joint_names))
    return episodes
