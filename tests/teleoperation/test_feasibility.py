"""Where the arm cannot do what is asked: stretched, folded, a joint at its end, near itself."""

import numpy as np
import pytest

from robot_meta.safety.state import State
from robot_meta.twin.collision import SelfCollision

pytestmark = pytest.mark.sim
OUTWARD = [
    [1.0, 0, 0], [1.0, 0, 1.0], [0, 0, 1.0], [0, 1.0, 0], [0, 1.0, -1.0], [-1.0, 0, -1.0],
    [0, 0, 0, 1.0, 0, 0], [0, 0, 0, 0, 1.0, 0], [0, 0, 0, 0, -1.0, 0], [0, 0, 0, 0, 0, 1.0],
]  # fmt: skip


@pytest.mark.parametrize("push", OUTWARD, ids=str)
def test_where_the_arm_cannot_go_on_it_rests_and_neither_drifts_nor_chatters(driven, push):
    """Stretched, folded, or with a joint at its end."""
    person = driven()

    def fastest(periods):
        return max(np.abs(c.velocity).max() for c in person.commanded[-periods:])

    person.push(push, 50)
    while fastest(25) > 0.1 and len(person.commanded) < 1000:
        person.push(push, 50)
    place = person.tool
    person.push(push, 150)
    assert fastest(150) < 0.1
    np.testing.assert_allclose(person.tool, place, atol=0.01)
    assert person.reasons(2) == set()


@pytest.mark.parametrize("push", OUTWARD[:6], ids=str)
def test_it_comes_back_from_there_as_it_went(driven, push):
    person = driven()
    start, turned = person.tool, person.rotation
    person.push(push, 300)
    assert np.linalg.norm(person.tool - start) > 0.1
    for _ in range(400):
        away = start - person.tool
        person.push(away / max(0.05, np.linalg.norm(away)), 1)
    np.testing.assert_allclose(person.tool, start, atol=0.01)
    np.testing.assert_allclose(person.rotation, turned, atol=0.05)
    assert person.reasons(2) == set()


def test_turning_in_vain_need_not_be_turned_back(driven):
    person = driven()
    person.push([0, 0, 0, 0, 0, 1.0], 600)  # joint 7 stops long before
    ended = person.rotation
    person.push([0, 0, 0, 0, 0, -1.0], 30)
    angle = np.arctan2(*(person.rotation @ ended.T)[[1, 0], 0])
    assert angle < -0.1


def test_where_turning_brings_the_arm_near_itself_only_that_rule_steps_in(driven, arm):
    rng, person = np.random.default_rng(0), driven(clearance=SelfCollision(arm))
    for _ in range(20):
        person.push(rng.uniform(-1.0, 1.0, 6), rng.integers(5, 60))
        person.let_go(rng.integers(1, 12))
    assert person.reasons(2) <= {"SELF_COLLISION", "TOOL_SPEED"}
    assert person.robot.state is State.RUNNING
