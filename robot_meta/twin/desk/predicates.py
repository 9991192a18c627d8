"""What counts as done on the desk: the one place that labels, checks and rewards take it from.

Everything is judged relative to how the desk was at first, from states alone (`STATE` of
furniture.py): a truth can always be derived again from what was stored. A change of any number
here is a new `VERSION`; recordings carry the version that they were made under.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from robot_meta.twin.desk.state import STATE
from robot_meta.types import Array

VERSION = 1
HOLD = 0.2  # what is done has to last this long to count, [s]
KEEP = 0.9  # progress below which something done is undone again


class Lasting:
    """Whether something is done, period by period: it has to last, and holds out a little.

    Args:
        period: Between two looks, [s].
    """

    def __init__(self, period: float) -> None:
        self._lasts = max(1, round(HOLD / period))
        self._since, self._done = 0, False

    def look(self, share: float) -> bool:
        """Whether it is done now that `share` of it is."""
        self._since = self._since + 1 if share >= 1.0 - 1e-9 else 0
        self._done = self._since >= self._lasts or (self._done and share >= KEEP)
        return self._done


@dataclass(frozen=True)
class Skill:
    """One thing to do.

    Attributes:
        name: What it is called.
        entry: The entry of the state that tells.
        direction: 1 where the entry has to grow, −1 where it has to shrink.
        event: Change that counts as something having happened, [m], [rad] or 1.
        complete: Change that counts as done.
        reach: Value of the entry at which it can grow or shrink no further; infinite for none.
    """

    name: str
    entry: str
    direction: int
    event: float
    complete: float
    reach: float

    @property
    def index(self) -> int:
        """Place of the entry in the state."""
        return STATE.index(self.entry)

    def change(self, start: Array, state: Array) -> Array:
        """How far the entry went the right way from `start` (D,) to `state` (..., D)."""
        moved: Array = self.direction * (state[..., self.index] - start[self.index])
        return moved

    def possible(self, start: Array) -> bool:
        """Whether it can be done from `start` (D,)."""
        room = self.direction * (self.reach - start[self.index])
        return bool(room >= self.complete - 1e-6)

    def progress(self, start: Array, state: Array) -> Array:
        """Share of it that is done, in [0, 1], for states (..., D)."""
        share: Array = np.clip(self.change(start, state) / self.complete, 0.0, 1.0)
        return share

    def success(self, states: Array, period: float) -> npt.NDArray[np.bool_]:
        """Whether it is done at each of the states (T, D), `period` [s] apart, as (T,).

        It becomes done when all of it has lasted for `HOLD`, and stays so until less than `KEEP`
        of it is left.
        """
        done = Lasting(period)
        return np.array([done.look(share) for share in self.progress(states[0], states)], bool)


@dataclass(frozen=True)
class Event:
    """Something happened to the desk: which skill it is an instance of, and when it had lasted."""

    skill: str
    step: int


def events(states: Array, period: float) -> list[Event]:
    """What happened along states (T, D), `period` [s] apart, in order of time.

    Further motion the same way is the same event; after motion the other way it is another.
    """
    found = []
    for entry, ways in _by_entry().items():
        values = states[:, STATE.index(entry)]
        for step, way in _turns(values, ways[0].event, max(1, round(HOLD / period))):
            found += [Event(s.name, step) for s in ways if s.direction == way]
    return sorted(found, key=lambda event: (event.step, event.skill))


def _turns(values: Array, least: float, lasts: int) -> Iterator[tuple[int, int]]:
    """Steps at which a value had moved by `least` for `lasts` steps, and the way it went."""
    low = high = values[0]  # extremes that lasted
    last = 0
    for t in range(lasts, len(values) + 1):
        window = values[t - lasts : t]
        bottom, top = window.min(), window.max()
        low, high = min(low, top), max(high, bottom)
        rose = last != 1 and bottom - low >= least - 1e-9
        fell = last != -1 and high - top >= least - 1e-9
        if rose or fell:
            way = 1 if rose else -1
            yield t - 1, way
            last, low, high = way, bottom, top


def _by_entry() -> dict[str, list[Skill]]:
    ways: dict[str, list[Skill]] = {}
    for skill in SKILLS.values():
        ways.setdefault(skill.entry, []).append(skill)
    return ways


_TWO_WAYS = (  # entry, names of growing and shrinking, event, complete, ends of the range
    ("drawer", ("open_drawer", "close_drawer"), 0.02, 0.12, (0.0, 0.18)),
    ("door", ("slide_door_left", "slide_door_right"), 0.02, 0.15, (-0.11, 0.11)),
    (
        "knob",
        ("turn_knob_left", "turn_knob_right"),
        np.pi / 10,
        np.pi / 3,
        (-np.pi / 2, np.pi / 2),
    ),
    ("lamp", ("light_lamp", "put_out_lamp"), 1.0, 1.0, (0.0, 1.0)),
    ("switch", ("switch_on", "switch_off"), 0.4, 0.75, (-0.45, 0.45)),
)
_LIFTS = ("red_block", "blue_block")


def _all_skills() -> Iterator[Skill]:
    for entry, names, event, complete, (low, high) in _TWO_WAYS:
        for name, way, reach in zip(names, (1, -1), (high, low), strict=True):
            yield Skill(name, entry, way, event, complete, reach)
    for block in _LIFTS:
        yield Skill(f"lift_{block}", f"{block}_z", 1, 0.03, 0.08, np.inf)


SKILLS = {skill.name: skill for skill in _all_skills()}
"""All skills by name."""


class Judge:
    """Progress and success of all skills while it happens, as `Skill` tells them afterwards.

    Args:
        period: Between two looks, [s].
    """

    def __init__(self, period: float) -> None:
        self._period = period
        self.begin()

    def begin(self) -> None:
        """Judge by the next state from now on."""
        self._start: Array | None = None

    def look(self, state: Array) -> tuple[list[float], list[bool]]:
        """Progress in [0, 1] and success of each of `SKILLS`, in order, at a state (D,)."""
        start = self._start  # another thread may begin anew at any moment
        if start is None:
            start = self._start = state
            self._done = [Lasting(self._period) for _ in SKILLS]
        progress = [float(skill.progress(start, state)) for skill in SKILLS.values()]
        return progress, [d.look(share) for d, share in zip(self._done, progress, strict=True)]
