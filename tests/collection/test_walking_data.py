"""Training data of walking robots: commands over the whole range, states that fit them."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from robot_meta.collection.walking_data import (
    Wandering,
    WanderingConfig,
    walking_space,
    wandering_walk,
)
from robot_meta.legged_types import VelocityCommanded
from robot_meta.robots.description import legged_description
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig

GO2 = legged_description("go2")
SPEC = GO2.spec


def test_wandering_commands_reach_all_ends_of_the_range_and_never_leave_it():
    with LeggedTwin(GO2) as twin:
        seen = twin.observe()
    told = VelocityCommanded(stamp=0.0, velocity=np.zeros((2, 3)), altered=False, reason="")
    commands = []
    for seed in range(20):
        wandering = Wandering(SPEC, WanderingConfig(), np.random.default_rng(seed))
        commands += [wandering.act(seen, told).velocity for _ in range(200)]
    commands = np.array(commands)
    assert (commands >= SPEC.command_lower).all() and (commands <= SPEC.command_upper).all()
    span = SPEC.command_upper - SPEC.command_lower
    assert (np.percentile(commands, 95, axis=0) > SPEC.command_upper - 0.3 * span).all()
    assert (np.percentile(commands, 5, axis=0) < SPEC.command_lower + 0.3 * span).all()


@pytest.mark.sim
def test_a_walk_holds_what_was_sent_and_where_it_led():
    rng = np.random.default_rng(0)
    episode = wandering_walk(GO2, LeggedTwinConfig(), WanderingConfig(), 40, rng)
    space = walking_space(SPEC)
    assert episode.state.shape == (40, space.state_size)
    np.testing.assert_allclose(episode.state[1:, -3:], episode.action)
    assert np.abs(episode.action).max() <= 1.0
    way = np.linalg.norm(np.diff(episode.state[:, :2], axis=0), axis=1)
    assert 0.0 < way.mean() < 0.1


@pytest.mark.sim
def test_a_walk_ends_where_the_robot_fell(monkeypatch):
    level = LeggedTwin.observe

    def falls(twin):
        seen = level(twin)
        lies = np.array([1.5, 0.0]) if twin.time >= 1.0 else seen.attitude
        return dataclasses.replace(seen, attitude=lies)

    monkeypatch.setattr(LeggedTwin, "observe", falls)
    rng = np.random.default_rng(0)
    episode = wandering_walk(GO2, LeggedTwinConfig(), WanderingConfig(), 40, rng)
    assert len(episode.state) == 10
