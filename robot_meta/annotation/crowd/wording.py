"""How a worker words what happened: habits of their own, with a long tail."""

from __future__ import annotations

import zlib
from collections.abc import Callable, Sequence
from typing import TypeVar

import numpy as np

from robot_meta.annotation.crowd.inflection import gerund, past, third_person
from robot_meta.annotation.crowd.vocabulary import NOTHING, NOUNS, VAGUE, VERBS

_SUBJECTS = ("the robot", "the robot arm", "the arm", "it", "the gripper", "a robot")
_ARTICLES = ("the ", "the ", "", "that ", "a ")
_JOINTS = (" and then ", ", then ", " and ", ", and after that ")
_FRAMES: tuple[Callable[[str, str, str], str], ...] = (
    lambda subject, verb, rest: f"{verb}{rest}",
    lambda subject, verb, rest: f"{third_person(verb)}{rest}",
    lambda subject, verb, rest: f"{subject} {third_person(verb)}{rest}",
    lambda subject, verb, rest: f"{gerund(verb)}{rest}",
    lambda subject, verb, rest: f"{subject} {past(verb)}{rest}",
    lambda subject, verb, rest: f"{subject} is {gerund(verb)}{rest}",
    lambda subject, verb, rest: f"please {verb}{rest}",
    lambda subject, verb, rest: f"{past(verb)}{rest}",
    lambda subject, verb, rest: f"can you {verb}{rest}",
)
_FINISHES: tuple[Callable[[str], str], ...] = (
    lambda text: text,
    lambda text: text[:1].upper() + text[1:] + ".",
    lambda text: text + ".",
)
_STEEPNESS = 1.2  # of the law by which habits rank choices, p ~ 1 / rank^s
ChoiceT = TypeVar("ChoiceT")


class Wording:
    """The words of one worker.

    Args:
        seed: Of the crowd.
        worker: Number of the worker.
    """

    def __init__(self, seed: int, worker: int) -> None:
        self._seed = (seed, worker)
        self._orders: dict[str, list[int]] = {}

    def sentence(self, skills: Sequence[str], rng: np.random.Generator) -> str:
        """What happened, in order; "nothing" for no skill.

        Args:
            skills: Names of what happened.
            rng: Of this text.
        """
        if not skills:
            return self._finished(self._framed(self._choice("nothing", NOTHING, rng), rng), rng)
        parts = [self._framed(self._clause(skill, rng), rng) for skill in skills]
        return self._finished(self._choice("joint", _JOINTS, rng).join(parts), rng)

    def vague(self, rng: np.random.Generator) -> str:
        """Words that could be said of anything."""
        return self._finished(self._framed(self._choice("vague", VAGUE, rng), rng), rng)

    def _clause(self, skill: str, rng: np.random.Generator) -> str:
        noun = self._choice(NOUNS[skill][0], NOUNS[skill], rng)
        thing = self._choice("article", _ARTICLES, rng) + noun
        return self._choice(skill, VERBS[skill], rng).format(thing)

    def _framed(self, clause: str, rng: np.random.Generator) -> str:
        if clause == "nothing happens":
            return clause
        verb, _, rest = clause.partition(" ")
        subject = self._choice("subject", _SUBJECTS, rng)
        return self._choice("frame", _FRAMES, rng)(subject, verb, f" {rest}" if rest else "")

    def _finished(self, text: str, rng: np.random.Generator) -> str:
        return self._choice("finish", _FINISHES, rng)(text)

    def _choice(self, habit: str, choices: Sequence[ChoiceT], rng: np.random.Generator) -> ChoiceT:
        """One of `choices`, which this worker ranks in an order of their own (Zipf)."""
        if habit not in self._orders:
            own = np.random.default_rng((*self._seed, zlib.crc32(habit.encode())))
            self._orders[habit] = own.permutation(len(choices)).tolist()
        weights = 1.0 / np.arange(1, len(choices) + 1) ** _STEEPNESS
        rank = int(rng.choice(len(choices), p=weights / weights.sum()))
        return choices[self._orders[habit][rank]]
