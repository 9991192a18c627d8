"""Environments as gymnasium makes them."""

from __future__ import annotations

import gymnasium
import pytest

from robot_meta.benchmarks.environments.registration import register


@pytest.fixture
def make():
    """A function that makes the unwrapped environment `robot_meta/<name>-v0`."""
    register()
    made = []

    def make(name, **kwargs):
        made.append(gymnasium.make(f"robot_meta/{name}-v0", **kwargs))
        return made[-1].unwrapped

    yield make
    for environment in made:
        environment.close()
