"""Training data from the twin: many bodies, each shown in one episode, in parallel processes."""

from __future__ import annotations

import dataclasses
import json
import multiprocessing
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from robot_meta.collection.episode_files import save_episode
from robot_meta.collection.episodes import episodes_from
from robot_meta.collection.excitation import Excitation, ExcitationConfig
from robot_meta.collection.lockstep import lockstep
from robot_meta.dynamics.dataset import EpisodeData
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.errors import BadConfig
from robot_meta.robots.description import ArmDescription, arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.splits import draw, splits_version


@dataclass(frozen=True, kw_only=True)
class TwinDataConfig:
    """Which data to collect; the same config always gives the same data."""

    robot: str = "fr3"
    split: str = "train"  # of bodies (twin/perturbation_splits.json)
    episodes: int = 900  # bodies, one episode each
    ticks: int = 160  # control periods per episode
    stiffness_scale: float = 1.0  # factor on the impedance of the low-level law
    seed: int = 0
    excitation: ExcitationConfig = ExcitationConfig()


def collect(
    config: TwinDataConfig,
    folder: Path,
    *,
    jobs: int = 1,
    progress: Callable[[], object] = lambda: None,
) -> list[Path]:
    """Episode files of `config` in `folder`; those already there are kept, the rest is collected.

    Args:
        config: What to collect.
        folder: Where to; made if need be.
        jobs: Processes to use.
        progress: Called once per episode, found or collected.

    Raises:
        BadConfig: The folder holds data of another config.
    """
    folder.mkdir(parents=True, exist_ok=True)
    manifest = folder / "manifest.json"
    about = {**dataclasses.asdict(config), "splits_version": splits_version()}
    about.pop("episodes")  # more episodes of the same kind may be added later
    text = json.dumps(about, indent=1)
    if manifest.exists() and manifest.read_text() != text:
        raise BadConfig(
            f"{folder} holds data of another configuration (see {manifest.name} there). "
            "Choose another --data folder or delete this one."
        )
    manifest.write_text(text)
    paths = [folder / f"episode_{index:05d}.npz" for index in range(config.episodes)]
    missing = []
    for index, path in enumerate(paths):
        if path.exists():
            progress()
        else:
            missing.append((config, index, path))
    if jobs == 1 or len(missing) <= 1:
        for work in missing:
            _collect_one(work)
            progress()
    else:
        context = multiprocessing.get_context("spawn")
        with ProcessPoolExecutor(jobs, mp_context=context) as pool:
            try:
                for future in as_completed([pool.submit(_collect_one, work) for work in missing]):
                    future.result()  # a killed process is an error, not a wait
                    progress()
            finally:
                pool.shutdown(cancel_futures=True)
    return paths


def _collect_one(work: tuple[TwinDataConfig, int, Path]) -> None:
    config, index, path = work
    rng = np.random.default_rng((config.seed, index))
    body = draw(config.split, rng)
    description = arm_description(config.robot)
    spec = dataclasses.replace(
        description.spec,
        stiffness=description.spec.stiffness * config.stiffness_scale,
        damping=description.spec.damping * np.sqrt(config.stiffness_scale),
    )
    description = dataclasses.replace(description, spec=spec)
    twin = TwinConfig(seed=int(rng.integers(2**31)), perturbations=body)
    episode = excited_episode(description, twin, config.excitation, config.ticks, rng)
    differences: dict[str, Any] = body.differences()
    save_episode(path, episode, {"body": differences, "split": config.split})


def excited_episode(
    description: ArmDescription,
    twin: TwinConfig,
    excitation: ExcitationConfig,
    ticks: int,
    rng: np.random.Generator,
) -> EpisodeData:
    """What a twin does under random smooth motion, behind the guard.

    Args:
        description: The arm.
        twin: Its body and how it is simulated.
        excitation: The motion.
        ticks: Control periods.
        rng: Source of the motion's randomness.
    """
    spec = description.spec
    with MujocoRobot(description, twin) as robot:
        guarded = GuardedRobot(robot, Guard(spec, description.chain, GuardConfig()))
        guarded.arm()
        motion = Excitation(spec, excitation, rng)
        seen = [
            (tick.observation, tick.commanded) for tick in lockstep(guarded, motion.act, ticks)
        ]
    space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
    (episode,) = episodes_from(space, seen)
    return episode
