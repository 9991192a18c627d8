"""Settings of the Franka driver: what is refused, and what the driver process gets of them."""

import pytest

from robot_meta.robots.franka.config import FrankaConfig


@pytest.mark.parametrize(
    ("change", "part"),
    [
        ({"realtime": "maybe"}, "'ignore' or 'enforce'"),
        ({"max_delta_tau": 0.0}, "max_delta_tau must be > 0"),
        ({"load_mass": -0.1}, "load_mass must be >= 0"),
        ({"load_center": (0.1, 0.0)}, "load_center must have 3 values, got 2"),
        ({"watchdog": -1.0}, "watchdog must be > 0"),
        ({"stiffness": (100.0,) * 6}, "stiffness must have 7 values, got 6"),
        ({"force_contact": (10.0,) * 7}, "force_contact must have 6 values, got 7"),
        ({"torque_contact": ()}, "torque_contact must have 7 values, got 0"),
        ({"damping": (float("nan"),) * 7}, "damping must be finite"),
        ({"friction_coulomb": (-0.1,) * 7}, "friction_coulomb must be >= 0"),
        ({"torque_contact": (90.0,) * 7}, "torque_contact must not exceed torque_collision"),
    ],
)
def test_a_wrong_value_is_refused(change, part):
    with pytest.raises(ValueError, match=part.replace("(", r"\(")):
        FrankaConfig(**change)


def test_gains_may_be_left_to_the_robot_type():
    assert FrankaConfig().stiffness == FrankaConfig(stiffness=()).damping == ()
