"""All that is run, stage by stage, each run a shard that is done once and then read from disk."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

import robot_meta
from robot_meta.benchmarks.adaptation.budget import SPLITS, Budget
from robot_meta.benchmarks.adaptation.contenders import (
    CONTENDERS,
    DEFAULT,
    SHIPPED,
    Player,
    Settings,
    shipped_weights,
)
from robot_meta.benchmarks.adaptation.findings import MEAN, WORST, Findings, Tests
from robot_meta.benchmarks.adaptation.held_out import collect, held_out_episodes
from robot_meta.benchmarks.adaptation.prediction import (
    COUNTS,
    Prediction,
    predict,
)
from robot_meta.benchmarks.adaptation.speed import Speed, measure_speed
from robot_meta.benchmarks.adaptation.tracking import VALIDATION, Tracking, scenes_of, track
from robot_meta.benchmarks.adaptation.training import Training, episode_paths, train
from robot_meta.benchmarks.arm_payload.tuning import VALIDATION_SEED
from robot_meta.benchmarks.shards import run_shards, source_hash
from robot_meta.collection import collecting, twin_data
from robot_meta.dynamics.meta_training import MetaTrainingConfig

_COLLECTING = ("benchmarks/adaptation/held_out.py", "collection", "robots", "safety", "twin")
_LEARNING = ("benchmarks/adaptation/training.py", "dynamics")
_JUDGING = (
    *(f"benchmarks/adaptation/{n}.py" for n in ("contenders", "prediction", "speed", "tracking")),
    *(f"benchmarks/arm_payload/{n}.py" for n in ("judge", "run", "scenes")),
    "build.py",
    "collection/lockstep.py",
    "controller.py",
    "dynamics",
    "kinematics.py",
    "planning",
    "reference.py",
    "robots",
    "safety",
    "twin",
    "types.py",
)


class Suite:
    """The runs of a budget.

    Args:
        budget: How much of everything.
        data: Folder of the training episodes; what is missing is collected.
        out: Folder of the shards.
        first_seed: Of training and scenes.
        jobs: Processes.
    """

    def __init__(
        self, budget: Budget, *, data: Path, out: Path, first_seed: int, jobs: int
    ) -> None:
        self._budget, self._data, self._out, self._jobs = budget, data, out / "shards", jobs
        self._files = self._out / "files"
        self._seeds = range(first_seed, first_seed + budget.seeds)
        config = twin_data.TwinDataConfig(episodes=max(budget.bodies, *budget.curve, 1))
        with tqdm(total=config.episodes, desc="training data", unit="episode") as bar:
            collecting.collect(config, data, jobs=jobs, progress=bar.update)
        package = Path(robot_meta.__file__).parent
        self._learning = source_hash([package / name for name in _LEARNING])
        self._judging = source_hash([package / name for name in _JUDGING])
        collector = source_hash([package / name for name in _COLLECTING])
        self._tests = tuple(
            test
            for split in SPLITS
            for test in held_out_episodes(split, budget.tests, self._files, collector)
        )
        self.findings = Findings()

    def run_table(self) -> None:
        """Train, choose, predict and track with every contender."""
        budget, findings = self._budget, self.findings
        self._shards("test bodies", list(self._tests), collect)
        methods = dict.fromkeys(c.trained for c in CONTENDERS.values())
        jobs = {(m, s): self._training(m, s) for s in self._seeds for m in methods}
        findings.trained = self._by_key("train", jobs, train)
        findings.settings = self._chosen()
        players = {
            (p.name, seed): p for seed in self._seeds for p in (*self._players(seed), _shipped())
        }
        predictions = {
            key: Prediction(player=p, tests=self._tests, anchors=budget.anchors)
            for key, p in players.items()
        }
        done = self._by_key("predict", self._versioned(predictions), predict)
        findings.predictions = {key: result["tests"] for key, result in done.items()}
        tracks = {
            (name, split, kind, seed): Tracking(
                player=player, split=split, kind=kind, seed=seed, timing=budget.timing
            )
            for (name, seed), player in players.items()
            for split, kind in scenes_of(SPLITS, budget.scenes, seed)
        }
        findings.tracks = self._by_key("track", self._versioned(tracks), track)
        first = tuple(p for (_, seed), p in players.items() if seed == self._seeds[0])
        speed = Speed(players=first, test=self._tests[0], rounds=budget.rounds)
        (findings.update_ms,) = self._shards(
            "update time", [replace(speed, version=self._judging)], measure_speed
        )

    def run_weighting(self) -> None:
        """Train some contenders on the worst share of bodies too, and predict with both."""
        budget = self._budget
        names = [n for n in budget.weighted if CONTENDERS[n].trained == n]
        shares = {MEAN: 1.0, WORST: budget.worst_share}
        jobs = {
            (name, weighting, seed): self._training(name, seed, worst_share=share)
            for seed in self._seeds
            for name in names
            for weighting, share in shares.items()
        }
        self._by_key("train on the worst", jobs, train)
        self.findings.weighting = self._judged("predict with these", jobs)

    def run_curve(self) -> None:
        """Train every method on few and on many bodies, and predict."""
        budget, seed = self._budget, self._seeds[0]
        jobs = {
            (name, bodies): self._training(name, seed, base=budget.curve_training, bodies=bodies)
            for bodies in budget.curve
            for name, contender in CONTENDERS.items()
            if contender.trained == name
        }
        self._by_key("train on few bodies", jobs, train)
        self.findings.curve = self._judged("predict with these", jobs)

    def _training(
        self,
        method: str,
        seed: int,
        *,
        base: MetaTrainingConfig | None = None,
        bodies: int | None = None,
        **changes: Any,
    ) -> Training:
        budget = self._budget
        shown = bodies or budget.bodies
        data = source_hash(episode_paths(str(self._data), shown))
        return Training(
            config=replace(base or budget.training, method=method, seed=seed, **changes),
            bodies=shown,
            validations=budget.validations,
            data=str(self._data),
            folder=str(self._files),
            version=f"{self._learning}-{data}",
        )

    def _players(self, seed: int) -> list[Player]:
        return [
            self._player(name, self._training(contender.trained, seed))
            for name, contender in CONTENDERS.items()
        ]

    def _player(self, name: str, training: Training, settings: Settings | None = None) -> Player:
        chosen = self.findings.settings.get(name, CONTENDERS[name].trials[0])
        given = dict(chosen if settings is None else settings)
        return Player(name=name, kind=name, weights=training.weights, settings=given)

    def _chosen(self) -> dict[str, Settings]:
        """The settings of every contender that drove the validation scenes best."""
        budget, seed = self._budget, self._seeds[0]
        first = {name: contender.trials[0] for name, contender in CONTENDERS.items()}
        jobs = {
            (name, number, kind): Tracking(
                player=self._player(name, self._training(contender.trained, seed), settings),
                split=VALIDATION,
                kind=kind,
                seed=VALIDATION_SEED,
                timing=budget.choice_timing,
            )
            for name, contender in CONTENDERS.items()
            if len(contender.trials) > 1
            for number, settings in enumerate(contender.trials)
            for kind in budget.choices
        }
        if not jobs:
            return first
        done = self._by_key("choose settings", self._versioned(jobs), track)
        for name in dict.fromkeys(name for name, _, _ in jobs):
            trials = CONTENDERS[name].trials
            errors = [
                np.mean([np.log(done[name, n, kind]["after_mm"]) for kind in budget.choices])
                for n in range(len(trials))
            ]
            first[name] = trials[int(np.argmin(errors))]
        return first

    def _judged(self, label: str, jobs: dict[Any, Training]) -> dict[Any, Tests]:
        """Predictions after as many transitions as there are, with weights of many trainings."""
        predictions = {
            key: Prediction(
                player=self._player(key[0], training),
                tests=self._tests,
                counts=COUNTS[-1:],
                anchors=self._budget.anchors,
                shuffled=False,
            )
            for key, training in jobs.items()
        }
        done = self._by_key(label, self._versioned(predictions), predict)
        return {key: result["tests"] for key, result in done.items()}

    def _versioned(self, jobs: dict[Any, Any]) -> dict[Any, Any]:
        return {key: replace(job, version=self._judging) for key, job in jobs.items()}

    def _by_key(
        self, label: str, jobs: dict[Any, Any], work: Callable[[Any], Any]
    ) -> dict[Any, Any]:
        return dict(zip(jobs, self._shards(label, list(jobs.values()), work), strict=True))

    def _shards(
        self, label: str, configs: Sequence[Any], work: Callable[[Any], Any]
    ) -> list[dict[str, Any]]:
        return run_shards(configs, work, self._out, jobs=self._jobs, label=label)


def _shipped() -> Player:
    weights = shipped_weights()
    return Player(
        name=SHIPPED, kind=DEFAULT, weights=weights, version=source_hash([Path(weights)])
    )
