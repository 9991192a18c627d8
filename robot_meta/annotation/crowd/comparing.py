"""The crowd compares: which of two clips does something better?"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from robot_meta.annotation.annotations import preference
from robot_meta.annotation.clips import Clip
from robot_meta.annotation.crowd.truth import DeskTruth
from robot_meta.annotation.crowd.vocabulary import NOUNS, VERBS
from robot_meta.annotation.crowd.workers import CrowdConfig, Judged, drawn_clips, worker_name

_FLIPPED = {"a": "b", "b": "a"}


@dataclass(frozen=True, kw_only=True)
class ComparisonConfig:
    """How the crowd compares; the numbers are this project's own.

    Attributes:
        pairs: How many are compared.
        noise: Standard deviation of how far a worker misjudges progress, in [0, 1].
        equal: Difference of progress below which two clips look the same.
        flipped: Share of answers that name the wrong one.
        unsure: Share of answers that name none.
    """

    pairs: int = 50
    noise: float = 0.1
    equal: float = 0.15
    flipped: float = 0.04
    unsure: float = 0.03


def compare(crowd: CrowdConfig, config: ComparisonConfig, truth: DeskTruth) -> Iterator[Judged]:
    """What the crowd prefers; the same configs and store always give the same.

    One of the two clips is one in which what is asked for happens, if there is one.

    Args:
        crowd: Who looks at which clips.
        config: How they compare.
        truth: Of the store.
    """
    clips, _ = drawn_clips(crowd, truth.lengths)
    if len(clips) < 2:
        return
    happened = {clip: truth.events(clip) for clip in clips}
    for place in range(config.pairs):
        rng = np.random.default_rng((crowd.seed, 2, place))
        skill = list(VERBS)[int(rng.integers(len(VERBS)))]
        showing = [clip for clip in clips if skill in happened[clip]] or clips
        first = showing[int(rng.integers(len(showing)))]
        others = [clip for clip in clips if clip != first]
        pair = [first, others[int(rng.integers(len(others)))]]
        if rng.random() < 0.5:
            pair.reverse()
        for worker in rng.choice(crowd.workers, crowd.texts, replace=False).tolist():
            yield _compared(crowd, config, truth, skill, (pair[0], pair[1]), worker, rng)


def _compared(
    crowd: CrowdConfig,
    config: ComparisonConfig,
    truth: DeskTruth,
    skill: str,
    pair: tuple[Clip, Clip],
    worker: int,
    rng: np.random.Generator,
) -> Judged:
    asked = VERBS[skill][0].format(f"the {NOUNS[skill][0]}")
    progress = np.array([truth.progress(clip, skill) for clip in pair])
    clean = _choice(progress, config.equal)
    choice, slips = _choice(progress + config.noise * rng.standard_normal(2), config.equal), []
    if rng.random() < config.flipped:
        choice = _FLIPPED.get(choice, choice)
        slips.append("flipped")
    if rng.random() < config.unsure:
        choice = "unsure"
        slips.append("unsure")
    name = worker_name(worker)
    digest = hashlib.sha256(f"compare {crowd} {config} {asked} {pair} {name}".encode()).hexdigest()
    about = {"by": "simulated crowd", "seed": crowd.seed}
    said = preference(name, *pair, choice, asked, about=about, id=digest[:32])
    return Judged(said, [skill], clean, slips)


def _choice(progress: np.ndarray, equal: float) -> str:
    """Which of two clips (2,) got further, if one did."""
    if abs(progress[0] - progress[1]) < equal:
        return "equal"
    return "a" if progress[0] > progress[1] else "b"
