"""The crowd at work: clips drawn, judged twice each, and what is true written down apart."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from robot_meta.annotation.annotations import Annotation, label, skip
from robot_meta.annotation.clips import Clip, windows
from robot_meta.annotation.crowd.slips import SlipConfig, with_typo
from robot_meta.annotation.crowd.truth import DeskTruth
from robot_meta.annotation.crowd.vocabulary import NOUNS, OPPOSITE
from robot_meta.annotation.crowd.wording import Wording

_LATE = (0.10, 0.25)  # of the length of a clip


@dataclass(frozen=True, kw_only=True)
class CrowdConfig:
    """Who annotates what.

    Attributes:
        seed: Of everything.
        workers: How many there are.
        steps: Of a clip.
        budget: Clips that are annotated, as a share of all windows, one beginning at every step.
        texts: Annotators of a clip.
        slips: How they err.
    """

    seed: int = 0
    workers: int = 40
    steps: int = 40
    budget: float = 0.005
    texts: int = 2
    slips: SlipConfig = field(default_factory=SlipConfig)

    def __post_init__(self) -> None:
        if not 1 <= self.texts <= self.workers:
            raise ValueError(f"want 1 <= texts <= workers, got {self.texts} and {self.workers}")
        if not 0.0 < self.budget <= 1.0:
            raise ValueError(f"budget must be in (0, 1], got {self.budget}")


@dataclass(frozen=True)
class Judged:
    """What a worker said, and what is true.

    Attributes:
        annotation: What was said.
        truth: Skills that happened in the clip, in order, or the one that a pair was compared for.
        clean: What the same worker would have said without an error.
        slips: Names of the errors.
    """

    annotation: Annotation
    truth: list[str]
    clean: str
    slips: list[str]

    def as_json(self) -> dict[str, Any]:
        """For scoring only; the learner sees the annotation and nothing of this."""
        return {
            "id": self.annotation.id,
            "truth": self.truth,
            "clean": self.clean,
            "slips": self.slips,
        }


def drawn_clips(config: CrowdConfig, lengths: dict[str, int]) -> tuple[list[Clip], int]:
    """The clips to annotate, in order, none overlapping another, and how many windows there are.

    Raises:
        ValueError: There is no window of that length.
    """
    every = sum(max(0, length - config.steps + 1) for length in lengths.values())
    apart = windows(lengths, config.steps)
    if not apart:
        raise ValueError(f"no episode has {config.steps} steps")
    rng = np.random.default_rng((config.seed, 0))
    count = min(len(apart), max(1, int(config.budget * every)))
    return [apart[i] for i in sorted(rng.choice(len(apart), count, replace=False))], every


def annotate(
    config: CrowdConfig, truth: DeskTruth, progress: Callable[[], object] = lambda: None
) -> Iterator[Judged]:
    """What the crowd says of the clips; the same config and store always give the same.

    Source: the error model and the habits of wording are this project's own; two texts a clip as
    in Nair et al. 2021 (LOReL).

    Args:
        config: Who annotates what.
        truth: Of the store.
        progress: Called once per clip.
    """
    clips, _ = drawn_clips(config, truth.lengths)
    happened = [truth.events(clip) for clip in clips]
    crowd = [Wording(config.seed, worker) for worker in range(config.workers)]
    for place, clip in enumerate(clips):
        rng = np.random.default_rng((config.seed, 1, place))
        for worker in rng.choice(config.workers, config.texts, replace=False).tolist():
            yield _judge(config, truth, crowd[worker], worker, clip, happened, place, rng)
        progress()


def _judge(
    config: CrowdConfig,
    truth: DeskTruth,
    wording: Wording,
    worker: int,
    clip: Clip,
    happened: Sequence[list[str]],
    place: int,
    rng: np.random.Generator,
) -> Judged:
    habits = int(rng.integers(2**63))  # the same words with an error and without
    slips: list[str] = []
    shares = config.slips

    def slipped(name: str) -> bool:
        if rng.random() < getattr(shares, name):
            slips.append(name)
            return True
        return False

    seen = happened[place]
    if slipped("late"):
        seen = truth.events(_shifted(clip, truth.lengths[clip.episode], rng))
    if slipped("other_window"):
        seen = happened[int(rng.integers(len(happened)))]
    seen = _mistaken(seen, slipped, rng)
    clean = wording.sentence(happened[place], np.random.default_rng(habits))
    text = wording.sentence(seen, np.random.default_rng(habits))
    if slipped("vague"):
        text = wording.vague(rng)
    if slipped("typo"):
        text = with_typo(text, rng)
    about = {"by": "simulated crowd", "seed": config.seed}
    name = worker_name(worker)
    digest = hashlib.sha256(f"crowd {config} {place} {clip} {name}".encode()).hexdigest()[:32]
    if slipped("empty"):
        said = skip(name, clip, about=about, id=digest)
    else:
        said = label(name, clip, text, about=about, id=digest)
    return Judged(said, happened[place], clean, slips)


def worker_name(worker: int) -> str:
    """What a worker signs with."""
    return f"worker {worker:02d}"


def _mistaken(
    seen: list[str], slipped: Callable[[str], bool], rng: np.random.Generator
) -> list[str]:
    """What a worker takes for what happened."""
    skills = list(NOUNS)
    if not seen:
        return [skills[int(rng.integers(len(skills)))]] if slipped("invented") else []
    if slipped("missed"):
        return []
    if len(seen) > 1 and slipped("one_of_two"):
        seen = [seen[int(rng.integers(len(seen)))]]
    place = int(rng.integers(len(seen)))
    skill = seen[place]
    if slipped("wrong_object"):
        others = [other for other in skills if NOUNS[other] != NOUNS[skill]]
        skill = others[int(rng.integers(len(others)))]
    elif slipped("flipped"):
        skill = OPPOSITE.get(skill, skill)
    return [*seen[:place], skill, *seen[place + 1 :]]


def _shifted(clip: Clip, length: int, rng: np.random.Generator) -> Clip:
    """The clip 10 to 25 % of its length earlier or later, inside its episode."""
    steps = clip.end - clip.begin
    shift = round(float(rng.uniform(*_LATE)) * steps) * (1 if rng.random() < 0.5 else -1)
    begin = int(np.clip(clip.begin + shift, 0, length - steps))
    return Clip(clip.episode, begin, begin + steps)
