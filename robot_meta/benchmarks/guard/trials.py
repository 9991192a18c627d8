"""One trial: the robot runs, something happens to it, and from outside it is seen to stop.

Latency is from the event to the start of the first period in which the guard brakes, by the
period's stamp; where robot time stands still or a clock jumps, by the arrival of its message.
Stamps may be off by some milliseconds after a start, so they are set by the quickest message.
"""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from robot_meta.benchmarks.guard.commander import SPEC
from robot_meta.benchmarks.guard.rig import Heard, Rig
from robot_meta.errors import LaunchError
from robot_meta.reference import advance, brake, velocity_step
from robot_meta.robots.robot import USER_STOPPED
from robot_meta.twin.incidents import REFLEXES, SILENCE

STALL, JUMP, SMALL_JUMP = 0.2, 5.0, 0.02  # [s]
LONGEST = 0.7  # within which the robot has to stop, [s]
STAYS = 0.15  # for which it has to stay stopped, [s]
RUN_IN = 0.15  # of undisturbed motion before, [s]
MOST = 20  # repetitions of a trial that something else disturbs
AT_REST = 0.05  # measured, with its noise, [rad/s]
_STEP = velocity_step(SPEC.limits, SPEC.control_dt)


@dataclass(frozen=True)
class Kind:
    """One kind of trouble.

    Attributes:
        inject: Lets it happen; when it did, [s] on the clock of the rig.
        reasons: Beginnings of the states that it may lead to; another one means that something
            else came in between, and the trial is repeated.
        end: Takes it back, so that the robot can be recovered.
        frozen: Whether robot time stands still meanwhile.
        timeless: Whether stamps say nothing of the latency.
        latched: Whether `recover` has to refuse before the end.
    """

    inject: Callable[[Rig, str], float]
    reasons: tuple[str, ...]
    end: Callable[[Rig], None] = lambda rig: None
    frozen: bool = False
    timeless: bool = False
    latched: bool = False


@dataclass(frozen=True, kw_only=True)
class Trial:
    """What was seen.

    Attributes:
        kind: Of the trouble.
        stopped: Whether the robot braked and stayed at rest.
        latency: From the event to the commanded deceleration, [s]; nan where there was none.
        recovered: Whether it ran again afterwards, once somebody asked for it.
        recovery: How long that took, [s].
        cleared_early: Whether `recover` worked while the stop was still pressed.
        disturbed: How often the trial had to be repeated.
    """

    kind: str
    stopped: bool
    latency: float
    recovered: bool
    recovery: float
    cleared_early: bool
    disturbed: int


def _befall(rig: Rig, incident: str) -> float:
    begin = rig.now()
    rig.befall(incident)
    return begin


def _press(rig: Rig, detail: str) -> float:
    begin = rig.now()
    rig.press(detail != "released")
    return begin


def _kill(rig: Rig, detail: str) -> float:
    begin = rig.now()
    rig.commander.kill()
    return begin


def _stall(rig: Rig, detail: str) -> float:
    """The whole process stands still; what counts is what it does when it goes on."""
    rig.robot.send_signal(signal.SIGSTOP)
    time.sleep(STALL)
    begin = rig.now()
    rig.robot.send_signal(signal.SIGCONT)
    return begin


def _fall_silent(rig: Rig, detail: str) -> float:
    begin = rig.now()
    rig.beating = False
    return begin


def _jump(rig: Rig, detail: str) -> float:
    begin = rig.now()
    rig.jump += SMALL_JUMP if detail == "small" else JUMP
    return begin


def _beat(rig: Rig) -> None:
    rig.beating = True
    rig.spin(0.1)


def _end(rig: Rig) -> None:
    rig.wait(rig.befall("").done, "the end of the incident")


ANY = ("HOLD", "INACTIVE", "ESTOP")
KINDS = {
    "reflex": Kind(_befall, tuple(f"INACTIVE {name}" for name in REFLEXES)),
    "user stop": Kind(_befall, (f"ESTOP {USER_STOPPED}",), _end, latched=True),
    "e-stop": Kind(_press, ("ESTOP ESTOP",), lambda rig: rig.press(False), latched=True),
    "heartbeat lost": Kind(_fall_silent, ("ESTOP HEARTBEAT_LOST",), _beat, latched=True),
    "controller killed": Kind(_kill, ("HOLD COMMAND_SILENCE",)),
    "robot silent": Kind(
        _befall, ("HOLD STALE_OBSERVATION", "HOLD CLOCK_JUMP"), _end, frozen=True, timeless=True
    ),
    "node stalled": Kind(_stall, ANY),
    "clock jump": Kind(_jump, ("HOLD CLOCK_JUMP",), timeless=True),
}
DETAILS = {"reflex": REFLEXES, "user stop": (USER_STOPPED,), "robot silent": (SILENCE,)}
CONTROL_DETAILS = {**DETAILS, "e-stop": ("released",), "clock jump": ("small",)}


def run_trial(
    rig: Rig, kind: str, number: int, rng: np.random.Generator, *, control: bool = False
) -> Trial:
    """Let trouble of `kind` happen at a random moment of a period; what was seen.

    Args:
        rig: Where.
        kind: A key of `KINDS`.
        number: Of the trial, which chooses among the reflexes.
        rng: Draws the moment.
        control: The rule that should notice is switched off, or the event is one without meaning;
            nothing should stop, and nothing is repeated.

    Raises:
        LaunchError: Something else stops the robot again and again.
    """
    details = (CONTROL_DETAILS if control else DETAILS).get(kind, ("",))
    what, disturbed = KINDS[kind], 0
    while True:
        rig.run(RUN_IN + float(rng.uniform(0.0, 2.0 * SPEC.control_dt)))
        newest = rig.heard[-1]
        begin = what.inject(rig, details[number % len(details)])
        rig.until(lambda: rig.state != "RUNNING", LONGEST)
        state = rig.state
        if control or state == "RUNNING" or state.startswith(what.reasons):
            break
        what.end(rig)
        disturbed += 1
        if disturbed == MOST:
            raise LaunchError(f"'{kind}' ended {MOST} times in something else, now '{state}'")
    rig.until(lambda: what.frozen or rig.speed < AT_REST, LONGEST)
    rig.spin(STAYS)
    stopped, latency = _seen(rig, newest, begin, what)
    cleared_early = what.latched and not control and rig.call("recover")
    what.end(rig)
    if control:
        rig.call("hold")
    again = time.monotonic()
    recovered = rig.until(rig.bring_back, 10.0)
    return Trial(
        kind=kind,
        stopped=stopped,
        latency=latency,
        recovered=recovered,
        recovery=time.monotonic() - again,
        cleared_early=cleared_early,
        disturbed=disturbed,
    )


def _seen(rig: Rig, before: Heard, begin: float, what: Kind) -> tuple[bool, float]:
    """Whether the robot stopped for good, and the latency, [s]."""
    heard = list(rig.heard)
    start = heard.index(before) + 1
    periods = heard[start:]
    late = min(h.arrival - h.commanded.stamp for h in heard[max(0, start - 50) :])
    braking = [h for h in periods if _brakes(h)]
    rest = [h for h in periods if h.arrival > rig.now() - STAYS]
    still = bool(rest) and not any(h.commanded.velocity[1].any() for h in rest)
    follows = what.frozen or rig.speed < AT_REST
    if not braking:
        return False, float("nan")
    first = braking[0]
    stamp = first.arrival if what.timeless else first.commanded.stamp + late
    return still and follows and rig.state != "RUNNING", max(0.0, stamp - begin)


def _brakes(heard: Heard) -> bool:
    """Whether the guard ends the motion in this period as hard as it may, or from its midst on."""
    commanded, (before, after) = heard.commanded, heard.commanded.velocity
    if not (commanded.reason and before.any()):
        return False
    whole = advance(commanded.position[0], before, after, SPEC.control_dt)
    if np.allclose(whole, commanded.position[1], rtol=0.0, atol=1e-9):
        return bool(np.allclose(after, brake(before, _STEP), atol=1e-9))
    return bool((np.abs(after) <= np.abs(before)).all())
