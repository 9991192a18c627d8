"""How one desk differs from another: places, colours, camera, dynamics and how it is found.

The furniture itself is data (`sim/desk/desk.xml`). Every aspect has a stream of random numbers of
its own, so that one can be held fixed while the others vary.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, field

import numpy as np

from robot_meta.perception.poses import Pose
from robot_meta.types import Array

ASPECTS = ("places", "colours", "camera", "dynamics", "start")
PLACES = ("drawer_place", "door_place", "knob_place", "button_place", "switch_place", "lamp_place")
PAINTED = ("drawer", "door", "knob", "button", "switch", "wood", "cabinet")
COLOURED = ("red", "blue")  # what is painted and keeps its name
BLOCKS = ("red_block", "blue_block")
BLOCK_HEIGHT = 0.022  # of the centre of a block that lies on the desk, [m]
BLOCK_AREA = ((0.34, -0.16), (0.47, 0.09))  # where blocks are found, two corners, [m]
BLOCK_DISTANCE = 0.13  # between their centres, so that open fingers fit beside each, [m]
EYE, LOOK_AT = (-0.02, -0.72, 0.86), (0.45, 0.03, 0.04)  # of the camera, base frame, [m]


@dataclass(frozen=True, kw_only=True)
class DeskLayout:
    """One desk.

    Attributes:
        side: 1.0, or −1.0 where left and right of all places are swapped.
        shift: By how much each place is moved on the desk, before swapping, (x, y), [m].
        colours: RGB of the painted materials.
        eye: Where the camera is, (3,), [m].
        look_at: What it looks at, (3,), [m].
        friction: Factor on the friction of all joints of the furniture.
        damping: Factor on their damping.
        block_mass: Factor on the mass of the blocks.
        block_friction: Factor on what keeps blocks from sliding.
        joints: Share of its range at which each joint is found, by name.
        lamp: Whether the lamp is found lit.
        blocks: Centre and yaw of each block as found, before swapping, (x, y, yaw), [m], [rad].
    """

    side: float = 1.0
    shift: dict[str, tuple[float, float]] = field(default_factory=dict)
    colours: dict[str, tuple[float, float, float]] = field(default_factory=dict)
    eye: tuple[float, float, float] = EYE
    look_at: tuple[float, float, float] = LOOK_AT
    friction: float = 1.0
    damping: float = 1.0
    block_mass: float = 1.0
    block_friction: float = 1.0
    joints: dict[str, float] = field(
        default_factory=lambda: {"drawer": 0.0, "door": 0.5, "knob": 0.5, "switch": 0.0}
    )
    lamp: bool = False
    blocks: dict[str, tuple[float, float, float]] = field(
        default_factory=lambda: {"red_block": (0.42, -0.1, 0.0), "blue_block": (0.38, 0.07, 0.0)}
    )


def draw_layout(seed: int, vary: Collection[str] = ASPECTS) -> DeskLayout:
    """The desk number `seed`; the same number always gives the same desk.

    Args:
        seed: Its number.
        vary: Which of `ASPECTS` differ from the nominal desk.
    """
    if not set(vary) <= set(ASPECTS):
        raise ValueError(f"vary must be some of {ASPECTS}, got {tuple(vary)}")
    drawn: dict[str, object] = {}
    for number, aspect in enumerate(ASPECTS):
        if aspect in vary:
            drawn |= _DRAW[aspect](np.random.default_rng((seed, number)))
    return DeskLayout(**drawn)  # type: ignore[arg-type]


def desk_layout(seed: int) -> DeskLayout:
    """The desk number `seed`, -1 for the nominal one."""
    return DeskLayout() if seed < 0 else draw_layout(seed)


def desk_eye(layout: DeskLayout) -> Pose:
    """The optical frame of a desk's fixed camera in the base."""
    eye = np.array(layout.eye)
    return Pose(position=eye, rotation=optical_axes(eye, np.array(layout.look_at)))


def optical_axes(eye: Array, look_at: Array) -> Array:
    """Columns right, down and forward, (3, 3), of a level camera at `eye` aimed at `look_at`."""
    forward = (look_at - eye) / np.linalg.norm(look_at - eye)
    right = np.cross(forward, [0.0, 0.0, 1.0])
    right /= np.linalg.norm(right)
    return np.stack([right, np.cross(forward, right), forward], axis=1)


def _places(rng: np.random.Generator) -> dict[str, object]:
    shift = {place: _pair(rng.uniform(-0.015, 0.015, 2)) for place in PLACES}
    return {"side": 1.0 if rng.uniform() < 0.5 else -1.0, "shift": shift}


def _colours(rng: np.random.Generator) -> dict[str, object]:
    colours = {}
    for name in PAINTED:
        pale = name in ("wood", "cabinet")
        saturation = rng.uniform(0.05, 0.35) if pale else rng.uniform(0.35, 0.7)
        value = rng.uniform(0.65, 0.95) if pale else rng.uniform(0.4, 0.8)
        colours[name] = _rgb(rng.uniform(), saturation, value)
    colours["red"] = _rgb(rng.uniform(-0.02, 0.03), rng.uniform(0.75, 0.95), rng.uniform(0.6, 0.9))
    colours["blue"] = _rgb(rng.uniform(0.58, 0.66), rng.uniform(0.75, 0.95), rng.uniform(0.6, 0.9))
    return {"colours": colours}


def _camera(rng: np.random.Generator) -> dict[str, object]:
    eye = np.array(EYE) + rng.uniform(-0.06, 0.06, 3)
    look_at = np.array(LOOK_AT) + rng.uniform(-0.02, 0.02, 3)
    return {"eye": tuple(eye.tolist()), "look_at": tuple(look_at.tolist())}


def _dynamics(rng: np.random.Generator) -> dict[str, object]:
    names = ("friction", "damping", "block_mass", "block_friction")
    widest = (2.0, 2.0, 2.0, 1.3)  # factors between 1/widest and widest
    factors = np.array(widest) ** rng.uniform(-1.0, 1.0, 4)
    return dict(zip(names, factors.tolist(), strict=True))


def _start(rng: np.random.Generator) -> dict[str, object]:
    """Mostly at an end of each range, where both things that can be asked make sense."""
    joints = {}
    for name in ("drawer", "door", "knob"):
        at_end = rng.uniform() < 0.8
        joints[name] = float(rng.integers(2)) if at_end else float(rng.uniform(0.0, 1.0))
    joints["switch"] = float(rng.integers(2))
    low, high = np.array(BLOCK_AREA)
    first = rng.uniform(low, high)
    second = rng.uniform(low, high)
    while np.linalg.norm(second - first) < BLOCK_DISTANCE:
        second = rng.uniform(low, high)
    yaw = rng.uniform(-0.2, 0.2, 2)
    blocks = {
        name: (*_pair(place), float(turn))
        for name, place, turn in zip(BLOCKS, (first, second), yaw, strict=True)
    }
    return {"joints": joints, "lamp": bool(rng.integers(2)), "blocks": blocks}


_DRAW = {
    "places": _places,
    "colours": _colours,
    "camera": _camera,
    "dynamics": _dynamics,
    "start": _start,
}


def _pair(values: Array) -> tuple[float, float]:
    return float(values[0]), float(values[1])


def _rgb(hue: float, saturation: float, value: float) -> tuple[float, float, float]:
    """Hue in turns, the rest in [0, 1]; as in Smith 1978, written as one formula."""
    k = (np.array([5.0, 3.0, 1.0]) + 6.0 * hue) % 6.0
    red, green, blue = value * (1.0 - saturation * np.clip(np.minimum(k, 4.0 - k), 0.0, 1.0))
    return float(red), float(green), float(blue)
