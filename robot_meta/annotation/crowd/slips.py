"""How workers err: in what they saw, and in what they typed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

_KEYBOARD = ("qwertyuiop", "asdfghjkl", "zxcvbnm")


@dataclass(frozen=True, kw_only=True)
class SlipConfig:
    """Shares of texts with each error.

    Attributes:
        typo: A letter swapped, dropped, doubled or hit beside.
        wrong_object: The same done with another thing.
        flipped: The opposite direction.
        other_window: What happened in another clip.
        one_of_two: Only one mentioned, of clips in which two things or more happened.
        vague: Could be said of anything.
        missed: "Nothing", of clips in which something happened.
        invented: Something, of clips in which nothing happened.
        empty: No words at all; the clip counts as skipped.
        late: Judged by a window that lies 10 to 25 % earlier or later.
    """

    typo: float = 0.08
    wrong_object: float = 0.04
    flipped: float = 0.04
    other_window: float = 0.04
    one_of_two: float = 0.50
    vague: float = 0.08
    missed: float = 0.03
    invented: float = 0.03
    empty: float = 0.01
    late: float = 0.20

    def __post_init__(self) -> None:
        wrong = {name: share for name, share in vars(self).items() if not 0.0 <= share <= 1.0}
        if wrong:
            raise ValueError(f"shares must be in [0, 1], got {wrong}")


def with_typo(text: str, rng: np.random.Generator) -> str:
    """The text with one letter swapped with the next, dropped, doubled or hit beside."""
    letters = [place for place, letter in enumerate(text) if letter.isalpha()]
    if not letters:
        return text
    place = letters[int(rng.integers(len(letters)))]
    before, letter, after = text[:place], text[place], text[place + 1 :]
    kind = int(rng.integers(4))
    if kind == 0 and after:
        return before + after[0] + letter + after[1:]
    if kind == 1 and len(letters) > 1:
        return before + after
    if kind == 2:
        return before + letter + letter + after
    return before + _beside(letter, rng) + after


def _beside(letter: str, rng: np.random.Generator) -> str:
    for row in _KEYBOARD:
        place = row.find(letter.lower())
        if place >= 0:
            near = row[max(0, place - 1) : place] + row[place + 1 : place + 2]
            return near[int(rng.integers(len(near)))]
    return letter + letter
