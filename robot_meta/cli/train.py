"""`robot-meta train dynamics`: collect in the twin (or read recorded runs), meta-train, save."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from robot_meta import __version__
from robot_meta.collection.episode_files import load_episode
from robot_meta.collection.episodes import episodes_from
from robot_meta.collection.run_reader import RunReader
from robot_meta.collection.twin_data import TwinDataConfig, collect
from robot_meta.dynamics.action_history import with_action_history
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers, split
from robot_meta.dynamics.files import ModelCard, save_model
from robot_meta.dynamics.meta_training import METHODS, MetaTrainer, MetaTrainingConfig
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.robots.description import arm_description
from robot_meta.types import RobotSpec

VALIDATE_EVERY = 200  # training steps; also how often a checkpoint is written
WINDOW_ROWS = 4608  # transitions per training step, the same for every length of window
QUERY = 12  # future steps that are predicted (K)
PROFILES = {"quick": (60, 400), "full": (2400, 5000)}  # episodes, training steps
_DEFAULTS = MetaTrainingConfig()

EPILOG = """examples:
  robot-meta train dynamics --out out/mine.safetensors
      collect in the twin, meta-train the default adapter, write weights and their card
  robot-meta train dynamics --profile quick --data out/quick --out out/quick.safetensors
      the same in about a minute, to see how it goes
  robot-meta train dynamics --from out/runs/*/run.mcap --out out/mine.safetensors
      train on recorded runs of the robot instead
A run that was stopped goes on where it was when the same command is given again.
"""


def main(argv: list[str]) -> int:
    """Entry point of `robot-meta train`."""
    args = _parser().parse_args(argv)
    episodes_default, steps_default = PROFILES[args.profile]
    if args.threads:
        torch.set_num_threads(args.threads)
    spec = _spec(args.robot, args.stiffness_scale)
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
            episodes=args.episodes or episodes_default,
            ticks=args.ticks,
            stiffness_scale=args.stiffness_scale,
            seed=args.seed,
        )
        episodes = _collected(config, args.data, args.jobs)
        source = {"twin": dataclasses.asdict(config)}
        if args.late:
            late = dataclasses.replace(config, split="train_late", episodes=args.late)
            folder = args.data.with_name(f"{args.data.name}_late")
            episodes += _collected(late, folder, args.jobs)
            source["late"] = dataclasses.asdict(late)
    episodes = with_action_history(space, episodes)
    training = MetaTrainingConfig(
        method=args.method,
        steps=args.steps or steps_default,
        support=args.support,
        windows=args.windows or WINDOW_ROWS // (args.support + QUERY),
        query=QUERY,
        inner_steps=args.inner_steps,
        inner_rate=args.inner_rate,
        inner_layers=tuple(args.inner_layers),
        first_order=args.first_order,
        seed=args.seed,
    )
    model, figures = _train(space, episodes, training, args.out, training_device(args.device))
    card = _card(spec, space, episodes, training, source, figures)
    save_model(args.out, model, card)
    _write_card(args.out, card, argv)
    print(f"wrote {args.out} and {args.out.with_suffix('.md')}")
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="robot-meta train",
        description="Meta-train a model that one cheap update fits to the robot as it is.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("what", choices=["dynamics"], help="what to train")
    parser.add_argument("--robot", default="fr3", help="robot type (default: %(default)s)")
    parser.add_argument(
        "--method", choices=list(METHODS), default=_DEFAULTS.method, help="what adapts"
    )
    parser.add_argument("--out", type=Path, required=True, help="weights file to write")
    parser.add_argument("--profile", choices=sorted(PROFILES), default="full")
    parser.add_argument("--episodes", type=int, help="bodies to collect (default: by profile)")
    parser.add_argument("--ticks", type=int, default=160, help="control periods per episode")
    parser.add_argument("--steps", type=int, help="training steps (default: by profile)")
    parser.add_argument("--support", type=int, default=48, help="past steps that adapt (M)")
    parser.add_argument("--windows", type=int, help="windows per step (default: by --support)")
    gradient = parser.add_argument_group("of --method gradient")
    gradient.add_argument(
        "--inner-steps", type=int, default=_DEFAULTS.inner_steps, help="gradient steps per update"
    )
    gradient.add_argument(
        "--inner-rate", type=float, default=_DEFAULTS.inner_rate, help="first inner learning rate"
    )
    gradient.add_argument(
        "--inner-layers", type=int, nargs="+", default=[], help="layers that move (default: all)"
    )
    gradient.add_argument(
        "--first-order", action="store_true", help="leave out the second derivative"
    )
    parser.add_argument(
        "--late", type=int, default=0, help="further bodies that follow the reference late"
    )
    parser.add_argument(
        "--action-history", type=int, default=0, help="past actions that the network sees"
    )
    parser.add_argument("--stiffness-scale", type=float, default=1.0, help="impedance factor")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument(
        "--jobs", type=int, default=os.cpu_count() or 1, help="processes that collect"
    )
    parser.add_argument("--threads", type=int, help="threads that train (default: cores)")
    parser.add_argument(
        "--device",
        choices=["auto", "cpu", "cuda"],
        default="auto",
        help="where to train; auto takes a GPU where there is one (default: %(default)s)",
    )
    parser.add_argument(
        "--data", type=Path, default=Path("out/data/fr3"), help="where collected episodes are kept"
    )
    parser.add_argument(
        "--from", dest="recordings", type=Path, nargs="+", help="recorded runs to train on"
    )
    return parser


def _spec(robot: str, stiffness_scale: float) -> RobotSpec:
    spec = arm_description(robot).spec
    return dataclasses.replace(
        spec,
        stiffness=spec.stiffness * stiffness_scale,
        damping=spec.damping * np.sqrt(stiffness_scale),
    )


def _collected(config: TwinDataConfig, folder: Path, jobs: int) -> list[EpisodeData]:
    with tqdm(total=config.episodes, desc="collect", unit="episode") as bar:
        paths = collect(config, folder, jobs=jobs, progress=bar.update)
    return [load_episode(path)[0] for path in paths]


def _recorded(spec: RobotSpec, runs: list[RunReader]) -> list[EpisodeData]:
    space = JointReferenceSpace(num_joints=spec.num_joints, control_dt=spec.control_dt)
    episodes = []
    for run in tqdm(runs, desc="read", unit="run"):
        episodes += episodes_from(space, run.steps(spec.joint_names))
    return episodes


def training_device(name: str) -> torch.device:
    """The device of that name; "auto" is a GPU where torch sees one, else the CPU.

    Raises:
        ValueError: A GPU is wanted and torch sees none.
    """
    seen = torch.cuda.is_available()
    if name == "cuda" and not seen:
        raise ValueError("--device cuda: torch sees no GPU here; leave it out to train on the CPU")
    return torch.device("cuda" if seen and name != "cpu" else "cpu")


def _train(
    space: JointReferenceSpace,
    episodes: list[EpisodeData],
    config: MetaTrainingConfig,
    out: Path,
    device: torch.device,
) -> tuple[NeuralDynamics, dict[str, float]]:
    """Train on most of the episodes, validate on the rest; resume from a checkpoint of `out`."""
    train, validation = split(episodes, config.support + config.query)
    inputs, deltas = fit_normalizers(space, train)
    empty = NeuralDynamics(space=space, params={}, inputs=inputs, deltas=deltas)
    trainer = MetaTrainer(
        empty,
        WindowDataset(empty, train, config.support, config.query),
        WindowDataset(empty, validation, config.support, config.query),
        config,
        device,
    )
    out.parent.mkdir(parents=True, exist_ok=True)
    checkpoint = out.with_name(f"{out.stem}.{_fingerprint(config, episodes)}.checkpoint")
    if checkpoint.exists():
        trainer.restore(load_file(checkpoint))
    figures: dict[str, float] = {}
    with tqdm(total=config.steps, initial=trainer.steps_done, desc="train", unit="step") as bar:
        while trainer.steps_done < config.steps:
            losses = trainer.step()
            bar.update()
            if trainer.steps_done % VALIDATE_EVERY == 0 or trainer.steps_done == config.steps:
                figures = {**losses, **trainer.validate()}
                bar.set_postfix({k: f"{v:.4f}" for k, v in figures.items()})
                partial = checkpoint.with_suffix(".partial")
                save_file(trainer.checkpoint(), partial)
                partial.replace(checkpoint)
    model = trainer.result()
    checkpoint.unlink(missing_ok=True)
    return model, figures or trainer.validate()


def _fingerprint(config: MetaTrainingConfig, episodes: list[EpisodeData]) -> str:
    digest = hashlib.sha256(json.dumps(dataclasses.asdict(config)).encode())
    for episode in episodes:
        digest.update(episode.state.tobytes())
    return digest.hexdigest()[:12]


def _card(
    spec: RobotSpec,
    space: JointReferenceSpace,
    episodes: list[EpisodeData],
    config: MetaTrainingConfig,
    source: dict[str, Any],
    figures: dict[str, float],
) -> ModelCard:
    positions = np.concatenate([episode.state[:, : spec.num_joints] for episode in episodes])
    low, high = (tuple(map(float, edge(positions, axis=0).round(4))) for edge in (np.min, np.max))
    return ModelCard(
        robot=spec.name,
        control_dt=spec.control_dt,
        stiffness=tuple(map(float, spec.stiffness)),
        damping=tuple(map(float, spec.damping)),
        tool_mass=spec.tool_load.mass,
        position_range=(low, high),
        method=config.method,
        training={
            "version": __version__,
            "commit": _commit(),
            "config": dataclasses.asdict(config),
            "space": dataclasses.asdict(space),
            "data": source,
            "episodes": len(episodes),
            "transitions": sum(len(episode.action) for episode in episodes),
            "figures": figures,
        },
    )


def _commit() -> str:
    try:
        done = subprocess.run(
            ["git", "rev-parse", "--short", "HEAD"],
            cwd=Path(__file__).parent,
            capture_output=True,
            text=True,
            check=True,
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return done.stdout.strip()


def _write_card(path: Path, card: ModelCard, argv: list[str]) -> None:
    """A page beside the weights that a person reads."""
    training = card.training
    rows = "\n".join(f"| {key} | {value:.5f} |" for key, value in training["figures"].items())
    low, high = card.position_range
    path.with_suffix(".md").write_text(
        f"""# {path.stem}

Dynamics of `{card.robot}` at {1 / card.control_dt:.0f} Hz, meta-trained for `{card.method}`.

Made by `robot-meta train {" ".join(argv)}` at commit {training["commit"]},
robot_meta {training["version"]}.

- gains: K = {list(card.stiffness)} Nm/rad, D = {[round(d, 3) for d in card.damping]} Nms/rad
- tool that gravity compensation knows: {card.tool_mass} kg
- data: {training["episodes"]} episodes, {training["transitions"]} transitions, joints from
  {list(low)} to {list(high)} rad
- source: `{json.dumps(training["data"])}`
- past actions that the network sees: {training["space"]["action_history"]}
- training: `{json.dumps(training["config"])}`

Mean squared error of the normalised deltas on windows kept apart, before and after the update,
and on the last training batch:

| figure | value |
|---|---|
{rows}

A driver whose robot, rate, gains or tool differ refuses these weights.
"""
    )
