"""10,000 streams that try to break a limit, and the same streams against a guard without one rule.

The judge (safety/limits.py) shares no code with the guard's own checks and looks at every sample.
"""

import functools
import itertools
from collections import Counter

import numpy as np
import pytest

from robot_meta.benchmarks.guard.adversary import PUSHES, ROBOTS, Adversary, Trouble
from robot_meta.benchmarks.guard.arena import Arena, arenas
from robot_meta.safety.guard import Guard
from robot_meta.safety.limits import Violation
from robot_meta.safety.reasons import Reason

ARENAS = ("lab", "slow", "fast", "wide", "calm")
CHUNKS, STREAMS, PERIODS = 100, 100, 20  # 10,000 streams of 0.4 s, at 1 kHz
CONTROLS = 100  # streams of each negative control

arena_of = functools.cache(lambda: arenas())


def play(lab: Arena, seed: int, disabled: frozenset[Reason] = frozenset()) -> tuple[Guard, object]:
    rng = np.random.default_rng(seed)
    spec, chain = lab.arm.spec, lab.arm.chain
    guard = Guard(spec, chain, lab.config, lab.clearance, disabled=disabled)
    start = lab.starts[seed % len(lab.starts)]
    return guard, Adversary(spec, chain, rng).play(guard, start, PERIODS)


def violations(lab: Arena, seeds: range, disabled: frozenset[Reason]) -> list[Violation]:
    with np.errstate(all="ignore"):  # a guard without a rule may send what is not a number
        streams = [play(lab, seed, disabled)[1] for seed in seeds]
        return list(itertools.chain.from_iterable(lab.judge.violations(s) for s in streams))


@pytest.mark.parametrize("chunk", range(CHUNKS))
def test_no_sample_of_any_stream_leaves_any_limit(chunk):
    lab = arena_of()[ARENAS[chunk % len(ARENAS)]]
    for seed in range(chunk * STREAMS, (chunk + 1) * STREAMS):
        _, stream = play(lab, seed)
        assert lab.judge.violations(stream) == [], f"stream {seed}"


@pytest.mark.parametrize(
    ("rule", "place"),
    [
        (Reason.POSITION, "wide"),
        (Reason.VELOCITY, "calm"),
        (Reason.VELOCITY_CURVE, "wide"),
        (Reason.ACCELERATION, "lab"),
        (Reason.JERK, "lab"),
        (Reason.WORKSPACE, "lab"),
        (Reason.TOOL_SPEED, "lab"),
        (Reason.SELF_COLLISION, "lab"),
    ],
)
def test_without_one_rule_the_same_streams_break_exactly_that_limit(rule, place):
    lab = arena_of()[place]
    broken = Counter(v.rule for v in violations(lab, range(CONTROLS), frozenset({rule})))
    assert broken[rule] >= 2
    alike = {Reason.POSITION, Reason.VELOCITY_CURVE} if rule is Reason.POSITION else {rule}
    assert set(broken) <= alike


def test_without_looking_ahead_to_the_stop_the_same_streams_leave_the_workspace():
    lab = arena_of()["fast"]
    broken = violations(lab, range(CONTROLS), frozenset({Reason.STOPPING}))
    assert Counter(v.rule for v in broken)[Reason.WORKSPACE] >= 2


def test_without_the_check_for_numbers_and_what_stands_behind_it_nan_gets_out():
    lab = arena_of()["wide"]
    behind = {Reason.JUMP, Reason.WORKSPACE, Reason.TOOL_SPEED, Reason.STOPPING}
    kept = violations(lab, range(CONTROLS), frozenset(behind))
    assert not any(np.isinf(v.excess) for v in kept)
    broken = violations(lab, range(CONTROLS), frozenset({*behind, Reason.NOT_FINITE}))
    assert sum(np.isinf(v.excess) for v in broken) >= 2


def test_the_streams_reach_every_rule_and_every_kind_of_adversary():
    counts: Counter[str] = Counter()
    kinds = set()
    for seed in range(CONTROLS):
        for lab in arena_of().values():
            counts.update(play(lab, seed)[0].counts)
        adversary = Adversary(lab.arm.spec, lab.arm.chain, np.random.default_rng(seed))
        kinds |= {adversary.push, adversary.robot}
    assert kinds == {*PUSHES, *ROBOTS}
    wanted = {
        *(Reason.ACCELERATION, Reason.VELOCITY, Reason.POSITION, Reason.VELOCITY_CURVE),
        *(Reason.WORKSPACE, Reason.TOOL_SPEED, Reason.SELF_COLLISION, Reason.LEAD, Reason.JUMP),
        *(Reason.NOT_FINITE, Reason.WRONG_LENGTH, Reason.STALE_COMMAND, Reason.FUTURE_COMMAND),
        *(Reason.TIME_REVERSED, Reason.NO_COMMAND, Reason.BAD_OBSERVATION, Reason.CLOCK_JUMP),
        *(Reason.ESTOP, Reason.OPERATOR, Reason.RECOVERED, Reason.CORRECTION),
    }
    assert {str(reason) for reason in wanted} - set(counts) == set()


def test_the_same_seed_plays_the_same_stream_bit_for_bit():
    lab = arena_of()["lab"]
    np.testing.assert_array_equal(play(lab, 5)[1], play(lab, 5)[1])


@pytest.mark.parametrize("place", ARENAS)
def test_no_limit_is_left_while_people_ask_for_ways_back_and_home_all_the_time(place):
    lab, counts = arena_of()[place], Counter()
    for seed in range(20):
        rng = np.random.default_rng(seed)
        spec, chain = lab.arm.spec, lab.arm.chain
        guard = Guard(spec, chain, lab.config, lab.clearance)
        trouble = Trouble(person=0.2)
        stream = Adversary(spec, chain, rng, trouble=trouble).play(guard, lab.starts[seed], 60)
        assert lab.judge.violations(stream) == [], f"stream {seed}"
        counts.update(guard.counts)
    assert counts[Reason.RETREAT] > 2 and counts[Reason.HOME] > 2
