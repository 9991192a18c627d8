"""Which walks are trained on, chosen on and judged by."""

from __future__ import annotations

import numpy as np
import pytest

from robot_meta.twin.legged.perturbations import LeggedPerturbations
from robot_meta.twin.splits import LEGGED

NOMINAL = LeggedPerturbations()


@pytest.mark.parametrize("split", LEGGED.split_names())
def test_every_draw_lies_in_its_split_and_the_seed_decides_it(split):
    bodies = [LEGGED.draw(split, np.random.default_rng(seed)) for seed in range(200)]
    assert bodies == [LEGGED.draw(split, np.random.default_rng(seed)) for seed in range(200)]
    assert len(set(bodies)) > 100
    assert all(LEGGED.contains(split, body) for body in bodies)


def test_no_walk_to_choose_on_is_trained_on():
    rng = np.random.default_rng(0)
    for kind in LEGGED.kinds("validation"):
        bodies = [LEGGED.draw("validation", rng, kind=kind) for _ in range(200)]
        assert not any(LEGGED.contains("train", body) for body in bodies), kind


@pytest.mark.parametrize("scene", LEGGED.held_out_bodies())
@pytest.mark.parametrize("split", LEGGED.split_names())
def test_no_split_contains_a_walk_that_is_judged(split, scene):
    assert not LEGGED.contains(split, LEGGED.held_out_bodies()[scene])


def test_judged_walks_lie_outside_what_was_trained_or_chosen_on():
    """Named one by one, so that widening a range cannot pass unseen."""
    rng = np.random.default_rng(1)
    drawn = [LEGGED.draw(s, rng) for s in LEGGED.split_names() for _ in range(2000)]
    judged = LEGGED.held_out_bodies()
    largest = max(body.payload_mass for body in drawn if LEGGED.contains("train", body))
    assert judged["payload"].payload_mass >= 2.0 * largest
    weakest = min(min(body.leg_gain) for body in drawn)
    for scene in ("weak_front", "dead_front", "weak_rear", "dead_rear"):
        assert min(judged[scene].leg_gain) < weakest
    assert judged["slippery"].ground_friction < 0.6 * min(b.ground_friction for b in drawn)
    assert judged["steep"].slope > 1.2 * max(body.slope for body in drawn)
    assert judged["imu_yaw"].imu_yaw > 1.2 * max(abs(body.imu_yaw) for body in drawn)
    assert min(judged["response"].response) < 0.9 * min(min(body.response) for body in drawn)


def test_a_walk_that_cannot_be_is_refused_by_name():
    with pytest.raises(ValueError, match="leg_gain"):
        NOMINAL.changed("leg_gain", (1.0, 1.0, 1.0))
    with pytest.raises(ValueError, match="payload_mass"):
        NOMINAL.changed("payload", 1.0)
    with pytest.raises(ValueError, match="choose one of"):
        LEGGED.draw("trained", np.random.default_rng(0))
