"""`robot-meta train dynamics`: collect in the twin (or read recorded runs), meta-train, save."""

from __future__ import annotations

import argparse
import dataclasses
import hashlib
import json
import os
import subprocess
from pathlib import Path

import torch
from safetensors.torch import load_file, save_file
from tqdm import tqdm

from robot_meta import __version__
from robot_meta.cli.training_data import TrainingData, training_data
from robot_meta.dynamics.dataset import EpisodeData, WindowDataset, fit_normalizers, split
from robot_meta.dynamics.files import ModelCard, save_model
from robot_meta.dynamics.meta_training import METHODS, MetaTrainer, MetaTrainingConfig
from robot_meta.dynamics.model import NeuralDynamics
from robot_meta.dynamics.space import StateSpace

VALIDATE_EVERY = 200  # training steps; also how often a checkpoint is written
WINDOW_ROWS = 4608  # transitions per training step, the same for every length of window
QUERY = 12  # future steps that are predicted (K)
PROFILES = ("quick", "full")
_DEFAULTS = MetaTrainingConfig()

EPILOG = """examples:
  robot-meta train dynamics --out out/mine.safetensors
      collect in the twin, meta-train the default adapter, write weights and their card
  robot-meta train dynamics --profile quick --data out/quick --out out/quick.safetensors
      the same in about a minute, to see how it goes
  robot-meta train dynamics --robot go2 --out out/go2.safetensors
      the same for a walking robot
  robot-meta train dynamics --from out/runs/*/run.mcap --out out/mine.safetensors
      train on recorded runs of the robot instead
A run that was stopped goes on where it was when the same command is given again.
"""


def main(argv: list[str]) -> int:
    """Entry point of `robot-meta train`."""
    args = _parser().parse_args(argv)
    if args.threads:
        torch.set_num_threads(args.threads)
    data = training_data(args)
    support = args.support or data.support
    training = MetaTrainingConfig(
        method=args.method,
        steps=args.steps or data.steps,
        hidden=data.hidden,
        imagined_weight=data.imagined_weight,
        support=support,
        windows=args.windows or WINDOW_ROWS // (support + QUERY),
        query=QUERY,
        inner_steps=args.inner_steps,
        inner_rate=args.inner_rate,
        inner_layers=tuple(args.inner_layers),
        first_order=args.first_order,
        seed=args.seed,
    )
    device = training_device(args.device)
    model, figures = _train(data.space, data.episodes, training, args.out, device)
    card = _card(data, training, figures)
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
    parser.add_argument("--profile", choices=PROFILES, default="full")
    parser.add_argument("--episodes", type=int, help="bodies to collect (default: by profile)")
    parser.add_argument(
        "--ticks", type=int, help="control periods per episode (default: by robot)"
    )
    parser.add_argument("--steps", type=int, help="training steps (default: by profile)")
    parser.add_argument("--support", type=int, help="past steps that adapt (M; default: by robot)")
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
        "--data", type=Path, help="where collected episodes are kept (default: out/data/ROBOT)"
    )
    parser.add_argument(
        "--from", dest="recordings", type=Path, nargs="+", help="recorded runs to train on"
    )
    return parser


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
    space: StateSpace,
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


def _card(data: TrainingData, config: MetaTrainingConfig, figures: dict[str, float]) -> ModelCard:
    return ModelCard(
        **data.spec.trained_for,
        position_range=data.position_range,
        method=config.method,
        training={
            "version": __version__,
            "commit": _commit(),
            "config": dataclasses.asdict(config),
            "space": dataclasses.asdict(data.space),
            "data": data.source,
            "episodes": len(data.episodes),
            "transitions": sum(len(episode.action) for episode in data.episodes),
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
    joints = f", joints from\n  {list(low)} to {list(high)} rad" if low else ""
    tool = (
        f"\n- tool that gravity compensation knows: {card.tool_mass} kg" if card.tool_mass else ""
    )
    past = training["space"].get("action_history")
    history = "" if past is None else f"\n- past actions that the network sees: {past}"
    path.with_suffix(".md").write_text(
        f"""# {path.stem}

Dynamics of `{card.robot}` at {1 / card.control_dt:.0f} Hz, meta-trained for `{card.method}`.

Made by `robot-meta train {" ".join(argv)}` at commit {training["commit"]},
robot_meta {training["version"]}.

- gains: K = {list(card.stiffness)} Nm/rad, D = {[round(d, 3) for d in card.damping]} Nms/rad{tool}
- data: {training["episodes"]} episodes, {training["transitions"]} transitions{joints}
- source: `{json.dumps(training["data"])}`{history}
- training: `{json.dumps(training["config"])}`

Mean squared error of the normalised deltas on windows kept apart, before and after the update,
and on the last training batch:

| figure | value |
|---|---|
{rows}

A driver whose robot, rate, gains or tool differ refuses these weights.
"""
    )
