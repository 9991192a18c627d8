"""What is published about every robot type, and that it fits together."""

import json
from importlib import resources

import numpy as np
import pytest

from robot_meta.robots.description import arm_description, known_robots


@pytest.mark.parametrize("name", known_robots())
def test_home_is_well_inside_and_every_limit_is_positive(name):
    spec = arm_description(name).spec
    limits = spec.limits
    assert spec.name == name
    assert (limits.lower + 0.3 < spec.home).all() and (spec.home < limits.upper - 0.3).all()
    for value in (limits.velocity, limits.acceleration, limits.jerk, limits.torque_rate):
        assert value.shape == (7,) and (value > 0.0).all()


@pytest.mark.parametrize("name", known_robots())
def test_every_table_names_its_source(name):
    data = json.loads(resources.files("robot_meta.robots").joinpath(f"{name}.json").read_text())
    tables = [data["limits"], data["chain"], data["tool_load"], *data["limits"]["velocity_curves"]]
    assert all(len(table["source"]) > 20 for table in tables)


def test_a_panda_has_its_own_limits_and_the_kinematics_of_an_fr3():
    panda, fr3 = arm_description("panda"), arm_description("fr3")
    assert (panda.spec.limits.velocity < fr3.spec.limits.velocity).all()
    assert panda.spec.limits.upper[5] < fr3.spec.limits.upper[5]
    posture = fr3.spec.home + 0.1
    np.testing.assert_array_equal(
        panda.chain.tool_position_in_base(posture), fr3.chain.tool_position_in_base(posture)
    )
