"""Distances between parts of the arm: known postures, no pair forgotten, nothing overstated."""

from __future__ import annotations

import itertools

import mujoco
import numpy as np
import pytest

from robot_meta.robots.description import arm_description
from robot_meta.twin.collision import COLLISION_PAIRS, SelfCollision
from robot_meta.twin.scenes import SceneConfig, build_arm_model

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec
LIMITS = SPEC.limits
ORDER = [f"fr3_link{i}" for i in range(8)] + ["hand/hand", "hand/left_finger", "hand/right_finger"]
FOLDED = np.array([0.0, 0.0, 0.0, -3.0, 0.0, 1.5, 0.785])  # hand against the shoulder
LOW = np.array([0.0, 0.5, 0.0, -2.2, 0.0, 2.7, 0.785])  # fingers down, 5 cm above the table


@pytest.fixture(scope="module")
def distance() -> SelfCollision:
    return SelfCollision(ARM, cap=0.1)


def postures(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).uniform(LIMITS.lower, LIMITS.upper, (count, 7))


def test_home_is_clear(distance: SelfCollision) -> None:
    assert distance(SPEC.home) > 0.05


def test_a_hand_that_reaches_for_the_base_comes_near_and_says_what_is_near(
    distance: SelfCollision,
) -> None:
    way = np.linspace(SPEC.home, FOLDED, 30)
    distances = [distance(posture) for posture in way]
    assert min(distances) < 0.0
    value, parts = distance.nearest(way[int(np.argmin(distances))])
    assert value == min(distances)
    assert parts is not None
    assert set(parts) & {"fr3_link0", "fr3_link1", "fr3_link2"}


def test_the_distance_of_many_postures_is_that_of_the_nearest(distance: SelfCollision) -> None:
    many = postures(60)
    assert distance(many) == pytest.approx(min(distance(posture) for posture in many), abs=1e-9)


def test_distances_change_little_when_joints_do(distance: SelfCollision) -> None:
    """A finger moves at most 0.9 m per radian of one joint; the distance no faster."""
    step = 1e-3
    for posture in postures(40, seed=1):
        moved = posture + step * np.eye(7)[np.argmin(np.abs(posture))]
        assert abs(distance(moved) - distance(posture)) <= 1.2 * step + 1e-6


@pytest.fixture(scope="module")
def brute() -> tuple[np.ndarray, np.ndarray]:
    """Distances of all pairs of bodies in random postures: (postures, pairs), names of pairs."""
    model = build_arm_model(ARM, SceneConfig(collision=True))
    data = mujoco.MjData(model)
    mesh = {
        model.body(model.geom_bodyid[g]).name: g
        for g in range(model.ngeom)
        if model.geom_type[g] == mujoco.mjtGeom.mjGEOM_MESH
    }
    pairs = list(itertools.combinations(ORDER, 2))
    rows = []
    for posture in postures(250, seed=2):
        data.qpos[:] = posture
        mujoco.mj_kinematics(model, data)
        rows.append(
            [mujoco.mj_geomDistance(model, data, mesh[a], mesh[b], 0.3, None) for a, b in pairs]
        )
    return np.array(rows), np.array(pairs)


def test_no_pair_that_can_meet_is_forgotten(brute: tuple[np.ndarray, np.ndarray]) -> None:
    """Pairs that are left out keep their distance, or always stand close by construction."""
    rows, pairs = brute
    for column, (a, b) in enumerate(pairs):
        if (a, b) in COLLISION_PAIRS:
            continue
        near, far = rows[:, column].min(), rows[:, column].max()
        assert near > 0.04 or far < 0.035, (a, b, near, far)


def test_it_agrees_with_measuring_every_pair(
    distance: SelfCollision, brute: tuple[np.ndarray, np.ndarray]
) -> None:
    rows, pairs = brute
    watched = [tuple(pair) in COLLISION_PAIRS for pair in pairs]
    expected = np.minimum(rows[:, watched].min(axis=1), 0.1)
    found = [distance(posture) for posture in postures(250, seed=2)]
    np.testing.assert_allclose(found, expected, atol=1e-6)


def test_the_table_is_as_near_as_the_lowest_fingertip() -> None:
    above = SelfCollision(ARM, cap=1.0)
    tool = ARM.chain.tool_position_in_base(LOW)
    value, parts = above.nearest(LOW, 0.0)
    assert parts is not None and parts[1] == "table"
    assert "finger" in parts[0]
    assert value == pytest.approx(tool[2], abs=0.015)
    assert above(LOW, 0.05) == pytest.approx(value - 0.05, abs=1e-9)


def test_without_a_table_only_the_arm_itself_counts() -> None:
    assert SelfCollision(ARM)(LOW) > SelfCollision(ARM)(LOW, 0.0)


def test_a_cap_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="cap"):
        SelfCollision(ARM, cap=0.0)
