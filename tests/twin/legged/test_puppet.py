import numpy as np
import pytest

from robot_meta.robots.description import legged_description
from robot_meta.twin.legged.puppet import FOOT, Puppet, Stance
from robot_meta.twin.legged.robot import LeggedTwin
from robot_meta.twin.legged.scene import TRUNK, Looks

GO2 = legged_description("go2")


@pytest.fixture(scope="module")
def puppet():
    return Puppet(GO2, Looks.HULLS)


def test_it_stands_with_its_lowest_foot_on_the_ground_as_high_as_the_twin(puppet):
    with LeggedTwin(GO2) as twin:
        for _ in range(10):
            twin.step()
        puppet.put(Stance.of(twin.observe()))
        height = twin._plant.position[2]
    feet = [puppet.data.geom(leg).xpos[2] for leg in GO2.spec.leg_names]
    assert min(feet) == pytest.approx(FOOT, abs=1e-9)
    assert puppet.data.body(TRUNK).xpos[2] == pytest.approx(height, abs=0.03)


def test_it_leans_and_turns_as_it_is_told(puppet):
    stance = Stance(
        pose=np.array([1.0, 2.0, 0.5 * np.pi]),
        attitude=np.array([0.0, 0.3]),
        joint_position=GO2.spec.stand,
    )
    puppet.put(stance)
    trunk = puppet.data.body(TRUNK)
    np.testing.assert_allclose(trunk.xpos[:2], [1.0, 2.0])
    ahead = trunk.xmat.reshape(3, 3)[:, 0]  # nose down is a positive pitch
    np.testing.assert_allclose(ahead, [0.0, np.cos(0.3), -np.sin(0.3)], atol=1e-12)
