"""The guard with the distances of the real hulls: it never lets the arm come near itself."""

import dataclasses

import numpy as np
import pytest

from robot_meta.benchmarks.guard.adversary import NO_TROUBLE, Adversary
from robot_meta.benchmarks.guard.arena import FR3, WIDE, Arena
from robot_meta.safety.guard import Guard
from robot_meta.safety.paths import THICKNESS, joint_reach
from robot_meta.safety.reasons import Reason
from robot_meta.twin.collision import SelfCollision
from robot_meta.types import Observation

pytestmark = pytest.mark.sim
SPEC = FR3.spec
DISTANCE = 0.02
HULLS, TABLE = SelfCollision(FR3), 0.0
CONFIG = dataclasses.replace(WIDE, self_distance=DISTANCE, table_height=TABLE)


def near_starts(count=30):
    """Postures that are 2 to 6 cm from a collision, with itself or with the table."""
    rng, found = np.random.default_rng(0), []
    while len(found) < count:
        posture = rng.uniform(SPEC.limits.lower, SPEC.limits.upper)
        if 0.02 <= HULLS(posture, TABLE) <= 0.06:
            found.append(posture)
    return np.array(found)


def broken(disabled=()):
    lab = Arena(FR3, CONFIG, HULLS, near_starts())
    rules = []
    for seed, start in enumerate(lab.starts):
        rng = np.random.default_rng(seed)
        adversary = Adversary(SPEC, FR3.chain, rng, push="bounds", trouble=NO_TROUBLE)
        guard = Guard(SPEC, FR3.chain, CONFIG, HULLS, disabled=disabled)
        stream = adversary.play(guard, start, 12)
        rules += [violation.rule for violation in lab.judge.violations(stream)]
    return rules


def test_from_near_postures_no_push_brings_the_hulls_too_close():
    assert broken() == []


def test_a_table_that_is_told_to_be_higher_is_kept_clear_of_at_once():
    guard = Guard(SPEC, FR3.chain, CONFIG, HULLS)
    low = np.array([0.0, 0.5, 0.0, -2.2, 0.0, 2.7, 0.785])  # fingers down, 5 cm above the base
    guard.start(
        Observation(
            stamp=0.0,
            position=low,
            velocity=np.zeros(7),
            torque=np.zeros(7),
            external_torque=np.zeros(7),
        )
    )
    room = HULLS(low, TABLE) - DISTANCE
    guard.configure(dataclasses.replace(CONFIG, table_height=room + 0.01))
    refused = guard.arm()
    assert not refused and "SELF_COLLISION" in refused.message
    guard.configure(dataclasses.replace(CONFIG, table_height=room - 0.001))
    assert guard.arm()


def test_without_the_rule_the_same_pushes_do():
    rules = broken({Reason.SELF_COLLISION})
    assert set(rules) == {Reason.SELF_COLLISION} and len(rules) >= 3


def test_no_distance_changes_faster_than_the_reach_of_the_joints_allows():
    rng, reach, capped = np.random.default_rng(1), joint_reach(FR3.chain) + THICKNESS, HULLS.cap
    compared = 0
    for _ in range(400):
        here = rng.uniform(SPEC.limits.lower, SPEC.limits.upper)
        there = here + rng.normal(0.0, 0.02, 7)
        one, other = HULLS(here, TABLE), HULLS(there, TABLE)
        if min(one, other) <= 0.0 or max(one, other) >= capped:
            continue
        compared += 1
        assert abs(one - other) <= np.abs(there - here) @ reach
    assert compared > 50
