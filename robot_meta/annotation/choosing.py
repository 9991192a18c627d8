"""What to show an annotator next: what others have begun to judge first, then something new."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import numpy as np

from robot_meta.annotation.annotations import SKIP, Annotation, Question
from robot_meta.annotation.answers import Answers
from robot_meta.annotation.clips import Clip


def next_clip(
    clips: Sequence[Clip], answers: Answers, who: str, rng: np.random.Generator, wanted: int = 2
) -> Clip | None:
    """A clip for `who` to label; None where nothing is left for them.

    Clips that others have answered, but fewer than `wanted`, come first: they make agreement
    measurable. A clip that `who` answered or skipped does not come again.

    Args:
        clips: To choose from.
        answers: What counts now.
        who: The annotator.
        rng: To choose with.
        wanted: Annotators a clip should have.
    """
    chosen = _next([Question((clip,)) for clip in clips], answers, who, rng, wanted)
    return None if chosen is None else chosen.clips[0]


def next_pair(
    clips: Sequence[Clip],
    answers: Answers,
    who: str,
    rng: np.random.Generator,
    *,
    wanted: int = 2,
    asked: str = "",
) -> tuple[Clip, Clip] | None:
    """Two clips for `who` to compare, in random order; None where there are no two.

    Args:
        clips: To choose from.
        answers: What counts now.
        who: The annotator.
        rng: To choose with.
        wanted: Annotators a pair should have.
        asked: What they are compared for.
    """
    if len(clips) < 2:
        return None
    there = set(clips)
    begun = [
        question
        for question in answers
        if len(question.clips) == 2
        and question.asked == asked
        and there.issuperset(question.clips)
    ]
    new = []
    for _ in range(len(clips)):  # of so many draws hardly one meets only pairs that are judged
        first, second = (clips[i] for i in rng.choice(len(clips), 2, replace=False).tolist())
        question = Question((min(first, second), max(first, second)), asked)
        if first != second and question not in answers:
            new.append(question)
            break
    chosen = _next([*begun, *new], answers, who, rng, wanted)
    if chosen is None:
        return None
    first, second = chosen.clips
    return (second, first) if rng.random() < 0.5 else (first, second)


def _next(
    questions: Iterable[Question],
    answers: Answers,
    who: str,
    rng: np.random.Generator,
    wanted: int,
) -> Question | None:
    begun: list[Question] = []
    new: list[Question] = []
    for question in questions:
        given = answers.get(question, {})
        judged = _judged(given.values())
        if who in given or judged >= wanted:
            continue
        (begun if judged else new).append(question)
    choices = begun or new
    return choices[int(rng.integers(len(choices)))] if choices else None


def _judged(given: Iterable[Annotation]) -> int:
    return sum(annotation.kind != SKIP for annotation in given)
