"""What counts now, derived from the whole history: one answer per annotator and question."""

from __future__ import annotations

from collections.abc import Iterable

from robot_meta.annotation.annotations import LABEL, PREFERENCE, RETRACT, Annotation, Question

Answers = dict[Question, dict[str, Annotation]]
"""By question, then by annotator."""


def current_answers(history: Iterable[Annotation]) -> Answers:
    """The newest answer of every annotator to every question that was not taken back since."""
    every = list(history)
    retracted = {annotation.retracts for annotation in every if annotation.kind == RETRACT}
    answers: Answers = {}
    for annotation in every:
        if annotation.kind != RETRACT and annotation.id not in retracted:
            answers.setdefault(annotation.question, {})[annotation.who] = annotation
    return answers


def labels(answers: Answers) -> dict[Question, dict[str, str]]:
    """The words of everybody who had some, by clip and annotator."""
    return _of_kind(answers, LABEL)


def preferences(answers: Answers) -> dict[Question, dict[str, str]]:
    """The choice of everybody, by pair and annotator, for the pair in the order of its clips."""
    return _of_kind(answers, PREFERENCE)


def _of_kind(answers: Answers, kind: str) -> dict[Question, dict[str, str]]:
    found = {
        question: {who: said.answer for who, said in given.items() if said.kind == kind}
        for question, given in answers.items()
    }
    return {question: given for question, given in found.items() if given}
