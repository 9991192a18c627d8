"""How each thing on the desk is done with one hand: what the tool aims at, tick by tick.

A move is a generator: it yields where to aim, gets what is seen next, and ends when it is done or
has taken too long.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass

import numpy as np

from robot_meta.twin.desk.model import MAX_WIDTH
from robot_meta.twin.desk.predicates import Skill
from robot_meta.twin.desk.state import STATE
from robot_meta.types import Array

TRAVEL = 0.215  # height at which closed fingers pass above everything, [m]
NEAR, CLOSE = 0.02, 0.008  # how near is there, on the way and where it counts, [m]
LEAD, PRESS = 0.035, 0.012  # how far ahead of a post or a button the tool aims, [m]
PATIENCE, PUSHING = 3.5, 5.0  # longest stretch of one move, and of pushing, [s]
_POST_RADIUS = 0.009  # [m]
_FINGERS = np.array([0.009, 0.0125, 0.0])  # half of what closed fingers take up, [m]
_TIP = 0.0085  # how far the fingers reach below the tool point, [m]
_GRASP_HEIGHT = 0.024  # of the tool point around a block, [m]
_POSTS = ("drawer", "door", "knob", "switch")


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What the operator sees.

    Attributes:
        tool: Where the tool is meant to be now, base frame, (3,), [m].
        state: Of the desk, (D,).
        handles: Where things are taken hold of, by name, base frame, (3,) each, [m].
        period: Between two looks, [s].
    """

    tool: Array
    state: Array
    handles: dict[str, Array]
    period: float


@dataclass(frozen=True)
class Aim:
    """Where the tool should go, base frame, (3,), [m], and how wide the fingers, [m]."""

    position: Array
    width: float = 0.0


Move = Generator[Aim, Sight, Sight]
Target = Callable[[Sight], Array]


def do(skill: Skill, amount: float, jitter: Array, sight: Sight) -> Move:
    """Do `skill`, or as much of it as `amount` says.

    Args:
        skill: What to do.
        amount: How far to change its entry of the state, in its units.
        jitter: By how much the approach is off, (2,), [m].
        sight: What is seen now.
    """
    if skill.entry in _POSTS:
        return _push(skill, amount, jitter, sight)
    if skill.entry == "lamp":
        return _press(amount, jitter, sight)
    return _lift(skill.entry.removesuffix("_z"), amount, jitter, sight)


def wander(points: Array, sight: Sight) -> Move:
    """Visit points (n, 3) in the air, base frame, [m], one after the other."""
    for point in points:
        sight = yield from _go(sight, lambda _, p=point: p, near=NEAR)  # type: ignore[misc]
    return sight


def _push(skill: Skill, amount: float, jitter: Array, sight: Sight) -> Move:
    """Push a post: from above to the side behind it, along its way, up again."""
    start = sight.state

    def behind(now: Sight, gap: float, height: float) -> Array:
        way = _way(skill, now)
        room = _POST_RADIUS + float(np.abs(way) @ _FINGERS) + gap
        place = now.handles[skill.entry] - room * way
        return np.array([place[0], place[1], height])

    work = sight.handles[skill.entry][2] - 0.01
    sight = yield from _rise(sight)
    gap = 0.012 + 0.5 * abs(jitter[0])
    sight = yield from _go(sight, lambda s: behind(s, gap, TRAVEL))
    sight = yield from _go(sight, lambda s: behind(s, gap, work), near=CLOSE)
    for _ in range(round(PUSHING / sight.period)):
        left = skill.direction * (skill.reach - sight.state[skill.index])
        if skill.change(start, sight.state) >= amount or left < 0.03 * skill.complete:
            break
        sight = yield Aim(behind(sight, -LEAD, work))
    sight = yield from _go(sight, lambda s: behind(s, 0.012, work), most=0.3)
    return (yield from _rise(sight))


def _press(amount: float, jitter: Array, sight: Sight) -> Move:
    """Press the button until the lamp changes, or for an `amount` below 1 not quite so deep."""
    lamp, lit = STATE.index("lamp"), sight.state[STATE.index("lamp")]
    depth = STATE.index("button")
    off = np.array([*jitter, 0.0])

    def above(now: Sight, gap: float) -> Array:
        place: Array = now.handles["button"] + off + [0.0, 0.0, _TIP + gap]
        return place

    sight = yield from _rise(sight)
    sight = yield from _go(sight, lambda s: np.array([*above(s, 0.0)[:2], TRAVEL]))
    sight = yield from _go(sight, lambda s: above(s, 0.012), near=CLOSE)
    for _ in range(round(PATIENCE / sight.period)):
        if sight.state[lamp] != lit or (amount < 1.0 and sight.state[depth] > 0.006 * amount):
            break
        sight = yield Aim(above(sight, -PRESS if amount >= 1.0 else -0.5 * PRESS))
    return (yield from _rise(sight))


def _lift(block: str, amount: float, jitter: Array, sight: Sight) -> Move:
    """Take a block from above, lift it by `amount` [m], hold it, and put it down again."""
    off = 0.5 * np.array(jitter)
    width = MAX_WIDTH

    def over(now: Sight, height: float) -> Array:
        place = now.handles[block]
        return np.array([place[0] + off[0], place[1] + off[1], height])

    sight = yield from _rise(sight)
    sight = yield from _go(sight, lambda s: over(s, TRAVEL - 0.06), width)
    sight = yield from _go(sight, lambda s: over(s, _GRASP_HEIGHT), width, near=CLOSE)
    place = over(sight, _GRASP_HEIGHT)
    sight = yield from _stay(sight, place, 0.0, 0.5)
    high = place + [0.0, 0.0, amount + 0.012]
    sight = yield from _go(sight, lambda _: high, near=CLOSE)
    sight = yield from _stay(sight, high, 0.0, 0.4)
    down = place + [0.0, 0.0, 0.004]
    sight = yield from _go(sight, lambda _: down, near=CLOSE)
    sight = yield from _stay(sight, down, width, 0.3)
    return (yield from _rise(sight, width))


def _way(skill: Skill, sight: Sight) -> Array:
    """Direction in which the post of `skill` moves, (3,)."""
    if skill.entry == "drawer":
        way = np.array([-1.0, 0.0, 0.0])
    elif skill.entry == "door":
        way = np.array([0.0, 1.0, 0.0])
    elif skill.entry == "switch":
        way = np.array([1.0, 0.0, 0.0])
    else:
        angle = sight.state[STATE.index("knob")]  # its post points to the base at 0
        way = np.array([np.sin(angle), -np.cos(angle), 0.0])
    return skill.direction * way


def _rise(sight: Sight, width: float = 0.0) -> Move:
    """Straight up to the height of travel, if it is not there."""
    if sight.tool[2] > TRAVEL - NEAR:
        return sight
    top = np.array([sight.tool[0], sight.tool[1], TRAVEL])
    return (yield from _go(sight, lambda _: top, width))


def _go(
    sight: Sight, target: Target, width: float = 0.0, near: float = NEAR, most: float = PATIENCE
) -> Move:
    for _ in range(round(most / sight.period)):
        if np.linalg.norm(target(sight) - sight.tool) < near:
            break
        sight = yield Aim(target(sight), width)
    return sight


def _stay(sight: Sight, place: Array, width: float, duration: float) -> Move:
    for _ in range(round(duration / sight.period)):
        sight = yield Aim(place, width)
    return sight
