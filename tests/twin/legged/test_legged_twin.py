"""A Go2 that walks: how it walks, what it feels, and what can happen to it."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from robot_meta.errors import BadModelFile, NotConnected
from robot_meta.legged_types import VelocityReference
from robot_meta.robots.description import legged_description
from robot_meta.robots.legs import velocity_from_legs
from robot_meta.robots.walking_modes import Mode
from robot_meta.robots.walking_policy import WalkingPolicy
from robot_meta.twin.assets import go2_policy_path
from robot_meta.twin.legged.perturbations import LeggedChange, LeggedPerturbations
from robot_meta.twin.legged.plant import LeggedPlant
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig
from robot_meta.twin.legged.sensors import SensorConfig

GO2 = legged_description("go2")
NOMINAL = LeggedPerturbations()
QUIET = SensorConfig(
    gyro_noise=0.0,
    gyro_bias=0.0,
    gravity_noise=0.0,
    joint_noise=0.0,
    joint_velocity_noise=0.0,
    foot_error=0.0,
    external_noise=0.0,
)


@pytest.fixture(scope="module")
def twin():
    with LeggedTwin(GO2) as twin:
        yield twin


def walk(twin, body, command, periods=60, **config):
    """True poses (T, 3), tilts (T,) and observations of a walk from a standing start."""
    twin.reset(LeggedTwinConfig(body=body, **config))
    poses, tilts, seen = [], [], []
    for _ in range(periods):
        twin.command(VelocityReference(stamp=twin.time, velocity=np.array(command)))
        seen.append(twin.step())
        poses.append(twin.true_pose)
        tilts.append(twin.tilt)
    return np.array(poses), np.array(tilts), seen


@pytest.mark.sim
def test_the_nominal_robot_walks_and_drifts_as_the_bare_policy_does(twin):
    poses, tilts, _ = walk(twin, NOMINAL, (0.6, 0.0, 0.0))
    x, y, heading = poses[-1]
    assert 2.2 < x < 3.2
    assert 0.9 < y < 1.7
    assert 0.5 < heading < 1.0
    assert tilts.max() < 0.2


@pytest.mark.sim
@pytest.mark.parametrize(
    ("command", "axis", "low", "high"),
    [
        ((-0.4, 0.0, 0.0), 0, -1.8, -0.7),
        ((0.0, 0.3, 0.0), 1, 0.4, 1.5),
        ((0.0, 0.0, 0.8), 2, 4.0, 5.4),
        ((0.0, 0.0, -0.8), 2, -5.4, -3.0),
    ],
)
def test_every_command_moves_the_robot_its_way(twin, command, axis, low, high):
    poses, _, _ = walk(twin, NOMINAL, command)
    assert low < poses[-1][axis] < high


@pytest.mark.sim
def test_a_weak_front_leg_turns_it_and_a_dead_one_halves_its_speed_but_it_stays_up(twin):
    nominal, _, _ = walk(twin, NOMINAL, (0.6, 0.0, 0.0))
    weak, tilts, _ = walk(twin, LeggedPerturbations(leg_gain=(0.4, 1, 1, 1)), (0.6, 0.0, 0.0))
    assert weak[-1][2] > nominal[-1][2] + 0.5
    assert tilts.max() < 0.6
    dead, tilts, _ = walk(twin, LeggedPerturbations(leg_gain=(0, 1, 1, 1)), (0.6, 0.0, 0.0))
    way = np.linalg.norm(np.diff(dead[:, :2], axis=0), axis=1).sum()
    assert way < 0.8 * np.linalg.norm(np.diff(nominal[:, :2], axis=0), axis=1).sum()
    assert tilts.max() < 0.6


@pytest.mark.sim
def test_a_slope_is_felt_and_climbed(twin):
    body = LeggedPerturbations(slope=0.26)
    poses, _, seen = walk(twin, body, (0.6, 0.0, 0.0))
    assert poses[-1][0] > 1.5
    assert seen[10].attitude[1] == pytest.approx(-0.26, abs=0.15)  # nose up is negative pitch


@pytest.mark.sim
def test_rough_ground_is_rough_and_the_same_for_the_same_seed(twin):
    body = LeggedPerturbations(step_height=0.05)
    poses, _, _ = walk(twin, body, (0.6, 0.0, 0.0))
    again, _, _ = walk(twin, body, (0.6, 0.0, 0.0))
    other, _, _ = walk(twin, body, (0.6, 0.0, 0.0), seed=1)
    smooth, _, _ = walk(twin, NOMINAL, (0.6, 0.0, 0.0))
    np.testing.assert_array_equal(poses, again)
    assert not np.array_equal(poses, other)
    assert poses[-1][0] < 0.93 * smooth[-1][0]  # blocks hold it up


@pytest.mark.sim
def test_the_motor_law_stays_within_the_published_torque(twin):
    _, _, seen = walk(twin, LeggedPerturbations(payload_mass=12.0), (0.8, 0.0, 0.5), periods=30)
    torque = np.abs([o.joint_torque for o in seen])
    assert (torque <= GO2.spec.torque_limit + 1e-9).all()
    assert GO2.spec.torque_limit[2] == 35.55


@pytest.mark.sim
def test_readings_without_noise_say_where_the_robot_is_and_how_fast():
    with LeggedTwin(GO2, LeggedTwinConfig(sensors=QUIET)) as twin:
        before = twin.true_pose
        errors = []
        for k in range(40):
            twin.command(VelocityReference(stamp=twin.time, velocity=np.array([0.6, 0.0, 0.0])))
            seen = twin.step()
            pose = twin.true_pose
            assert seen.pose == pytest.approx(pose, abs=0.01)  # a reading is 5 ms old
            way = np.linalg.norm(pose[:2] - before[:2]) / GO2.spec.control_dt
            if k >= 20:
                errors.append(seen.velocity[0] - way)
            before = pose
    assert abs(np.mean(errors)) < 0.1  # of 0.55 m/s: legs slip a little and bend


@pytest.mark.sim
def test_odometry_drifts_away_and_positions_from_outside_do_not():
    ends = {}
    for source in ("external", "odometry"):
        sensors = SensorConfig(pose_source=source)
        with LeggedTwin(GO2, LeggedTwinConfig(sensors=sensors)) as twin:
            for _ in range(150):
                twin.command(VelocityReference(stamp=0.0, velocity=np.array([0.6, 0.0, -0.12])))
                seen = twin.step()
            ends[source] = np.linalg.norm(seen.pose[:2] - twin.true_pose[:2])
    assert ends["external"] < 0.05 < 0.2 < ends["odometry"]


@pytest.mark.sim
def test_a_turned_inertial_unit_misleads_the_heading_alone(twin):
    _, _, seen = walk(twin, LeggedPerturbations(imu_yaw=0.26), (0.6, 0.0, 0.0), periods=20)
    assert seen[-1].pose[2] - twin.true_pose[2] == pytest.approx(0.26, abs=0.03)
    assert seen[-1].pose[:2] == pytest.approx(twin.true_pose[:2], abs=0.05)


@pytest.mark.sim
def test_a_body_changes_in_the_middle_of_a_walk(twin):
    later = LeggedPerturbations(leg_gain=(0.0, 1.0, 1.0, 1.0))
    nominal, _, _ = walk(twin, NOMINAL, (0.6, 0.0, 0.0), periods=40)
    changed, _, _ = walk(
        twin, NOMINAL, (0.6, 0.0, 0.0), periods=40, schedule=LeggedChange.all_at(2.0, later)
    )
    np.testing.assert_array_equal(nominal[:20], changed[:20])
    assert not np.allclose(nominal[-1], changed[-1], atol=0.1)


def test_ground_does_not_grow_steps_under_a_walking_robot(twin):
    higher = LeggedChange(stamp=0.0, name="step_height", value=0.02)
    twin.reset(LeggedTwinConfig(schedule=(higher,)))
    with pytest.raises(ValueError, match="step_height"):
        twin.step()


@pytest.mark.sim
def test_stopped_it_sinks_stays_down_and_stands_up_only_when_asked(twin):
    twin.reset(LeggedTwinConfig())
    twin.step()
    twin.stop("ESTOP")
    twin.stop("LATER")
    for _ in range(20):
        twin.command(VelocityReference(stamp=twin.time, velocity=np.array([0.6, 0.0, 0.0])))
        twin.step()
    assert twin.stopped == "ESTOP"
    assert twin.mode is Mode.DAMP
    way = np.linalg.norm(twin.true_pose[:2])
    assert way < 0.2
    assert twin.recover()
    for _ in range(25):
        twin.step()
    assert twin.mode is Mode.WALK
    assert twin.tilt < 0.15


@pytest.mark.parametrize("velocity", [[0.1, 0.0], [math.nan, 0.0, 0.0]])
def test_a_reference_that_is_none_is_refused(twin, velocity):
    with pytest.raises(ValueError, match="3 finite"):
        twin.command(VelocityReference(stamp=0.0, velocity=np.array(velocity)))


def test_a_closed_twin_says_so():
    twin = LeggedTwin(GO2)
    twin.close()
    twin.close()
    for use in (twin.observe, twin.step, twin.recover):
        with pytest.raises(NotConnected):
            use()


def test_a_policy_of_another_robot_is_refused():
    names = tuple(f"joint{i}" for i in range(18))
    other = dataclasses.replace(GO2.spec, joint_names=names, stand=np.zeros(18))
    with pytest.raises(BadModelFile, match="want a policy of go2"):
        WalkingPolicy(go2_policy_path(), other)


def test_a_damaged_policy_is_refused(tmp_path):
    path = tmp_path / "policy.onnx"
    path.write_bytes(go2_policy_path().read_bytes()[:1000])
    with pytest.raises(BadModelFile, match="not a policy"):
        WalkingPolicy(path, GO2.spec)


def test_leg_kinematics_agree_with_the_model():
    """A trunk held in the air that turns: velocities of the feet are differences of positions."""
    rng = np.random.default_rng(0)
    position = GO2.spec.stand + 0.3 * rng.standard_normal(12)
    velocity = rng.standard_normal(12)
    feet, speeds = GO2.legs.feet(position, velocity)
    step = 1e-6
    ahead, _ = GO2.legs.feet(position + step * velocity, velocity)
    np.testing.assert_allclose(speeds, (ahead - feet) / step, atol=1e-4)
    plant = LeggedPlant(GO2)
    plant.reset(NOMINAL, rng)
    data = plant._data
    below = (data.geom_xpos[plant._feet] - plant.position) @ plant.rotation
    standing, _ = GO2.legs.feet(GO2.spec.stand, velocity)
    np.testing.assert_allclose(below, standing, atol=5e-3)


def test_standing_feet_tell_the_velocity_of_the_trunk():
    rng = np.random.default_rng(1)
    position, angular = GO2.spec.stand, np.array([0.1, -0.2, 0.5])
    moving = np.array([0.4, -0.1, 0.05])
    feet, _ = GO2.legs.feet(position, np.zeros(12))
    wanted = -(moving + np.cross(angular, feet))  # what feet at rest do in the trunk's frame
    jacobian = np.zeros((4, 3, 3))
    for joint in range(3):
        rate = np.tile(np.eye(3)[joint], 4)
        jacobian[:, :, joint] = GO2.legs.feet(position, rate)[1]
    rates = np.linalg.solve(jacobian, wanted[:, :, None])[..., 0].reshape(-1)
    standing = np.array([True, False, False, True])
    rates[3:9] = rng.standard_normal(6)  # legs in the air may do anything
    found = velocity_from_legs(GO2.legs, position, rates, angular, standing)
    np.testing.assert_allclose(found, moving, atol=1e-9)
    assert velocity_from_legs(GO2.legs, position, rates, angular, ~(standing | True)) is None
