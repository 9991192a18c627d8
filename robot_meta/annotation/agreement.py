"""How far annotators agree, beyond what chance alone would give."""

from __future__ import annotations

import unicodedata
from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations, permutations

from robot_meta.annotation.annotations import Question

Given = Mapping[Question, Mapping[str, str]]
_ARTICLES = {"a", "an", "the"}


@dataclass(frozen=True)
class Agreement:
    """Over the questions that two or more annotators answered.

    Attributes:
        questions: How many there are.
        annotators: How many answered at least one of them.
        share: Of pairs of answers to the same question that are the same; None for no pair.
        alpha: Krippendorff's alpha for nominal data: 1 for perfect agreement, 0 for chance; None
            where it is not defined, all answers being one and the same.
        kappa: Cohen's kappa of every two annotators with a question in common, where defined.
    """

    questions: int
    annotators: int
    share: float | None
    alpha: float | None
    kappa: dict[tuple[str, str], float]


def agreement(given: Given, same: Callable[[str], str] = str) -> Agreement:
    """Compare the answers (`answers.labels` or `answers.preferences`) to the same questions.

    Args:
        given: By question, then by annotator.
        same: Maps answers that mean the same to the same text, such as `normalized`.
    """
    units = [
        {who: same(answer) for who, answer in answers.items()}
        for answers in given.values()
        if len(answers) >= 2
    ]
    pairs = [pair for unit in units for pair in combinations(unit.values(), 2)]
    by_two: dict[tuple[str, str], list[tuple[str, str]]] = {}
    for unit in units:
        for first, second in combinations(sorted(unit), 2):
            by_two.setdefault((first, second), []).append((unit[first], unit[second]))
    kappas = {two: cohen_kappa(answers) for two, answers in sorted(by_two.items())}
    return Agreement(
        questions=len(units),
        annotators=len({who for unit in units for who in unit}),
        share=sum(a == b for a, b in pairs) / len(pairs) if pairs else None,
        alpha=krippendorff_alpha([list(unit.values()) for unit in units]),
        kappa={two: kappa for two, kappa in kappas.items() if kappa is not None},
    )


def cohen_kappa(pairs: Sequence[tuple[str, str]]) -> float | None:
    """κ = (pₒ − pₑ) / (1 − pₑ) of two annotators' answers; None where pₑ = 1.

    Source: Cohen 1960, with pₑ = Σ_c p₁(c) p₂(c).
    """
    count = len(pairs)
    observed = sum(a == b for a, b in pairs) / count
    first, second = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(first[answer] * second[answer] for answer in first) / count**2
    return None if chance == 1.0 else (observed - chance) / (1.0 - chance)


def krippendorff_alpha(units: Iterable[Sequence[str]]) -> float | None:
    """α = 1 − Dₒ / Dₑ for nominal data, whoever answered what; None where Dₑ = 0.

    Source: Krippendorff 2011, "Computing Krippendorff's alpha-reliability", section C.

    Args:
        units: Answers to each question; those with fewer than two tell nothing and are left out.
    """
    coincidences: dict[tuple[str, str], float] = defaultdict(float)
    for answers in units:
        if len(answers) >= 2:
            for pair in permutations(answers, 2):
                coincidences[pair] += 1.0 / (len(answers) - 1)
    totals: dict[str, float] = defaultdict(float)
    for (answer, _), count in coincidences.items():
        totals[answer] += count
    whole = sum(totals.values())
    differing = sum(count for (a, b), count in coincidences.items() if a != b)
    expected = whole**2 - sum(count**2 for count in totals.values())
    return None if expected <= 1e-9 * whole**2 else 1.0 - (whole - 1) * differing / expected


def normalized(text: str) -> str:
    """A text without case, punctuation, articles and spare blanks."""
    folded = unicodedata.normalize("NFKC", text).casefold()
    plain = "".join(c if c.isalnum() else " " for c in folded)
    return " ".join(word for word in plain.split() if word not in _ARTICLES)


def word_set(text: str) -> str:
    """Which words a text has, whatever their order, number and endings (-s, -es, -ed, -ing, -e).

    Texts of the same set mostly mean the same, but not always: it forgets what is put on what.
    """
    return " ".join(sorted({_stem(word) for word in normalized(text).split()}))


def _stem(word: str) -> str:
    """A word without its ending, and without a letter that is doubled before it."""
    for ending in ("ing", "ed", "es", "s", "e"):
        stem = word.removesuffix(ending)
        if stem != word and len(stem) >= 3:
            doubled = len(stem) > 3 and stem[-1] == stem[-2] and ending in ("ing", "ed")
            return stem[:-1] if doubled else stem
    return word
