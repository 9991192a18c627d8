"""The low-level law on the simulated body, judged by statics and by its own limits."""

from __future__ import annotations

import dataclasses
import math

import numpy as np
import pytest

from robot_meta.kinematics import KinematicChain
from robot_meta.robots.description import arm_description
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.perturbations import Perturbations, ScheduledChange
from robot_meta.twin.plant import PlantConfig
from robot_meta.types import Array, Observation, Reference

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec
GRAVITY = np.array([0.0, 0.0, -9.81])
QUIET = PlantConfig(
    position_noise=0.0, velocity_noise=0.0, torque_noise=0.0, observation_delay=0.0
)
SMOOTH = dataclasses.replace(QUIET, friction=(0.0,) * 7, damping=(1.0,) * 7)


def twin(plant: PlantConfig = QUIET, **config: object) -> MujocoRobot:
    return MujocoRobot(ARM, TwinConfig(plant=plant, **config))  # type: ignore[arg-type]


def constant(position: Array, velocity: Array | float = 0.0) -> Reference:
    shape = (SPEC.samples_per_tick, SPEC.num_joints)
    return Reference(
        stamp=0.0,
        position=np.broadcast_to(position, shape),
        velocity=np.broadcast_to(velocity, shape),
    )


def settle(robot: MujocoRobot, periods: int = 150) -> Observation:
    for _ in range(periods):
        robot.step()
    return robot.observe()


def sway(robot: MujocoRobot, periods: int, seed: int = 0) -> list[Observation]:
    """Follow a reference that moves every joint."""
    rng, n, seen = np.random.default_rng(seed), SPEC.samples_per_tick, []
    size, speed = 0.15 * rng.uniform(0.5, 1.0, 7), rng.uniform(2.0, 4.0, 7)
    for k in range(periods):
        t = (np.arange(1, n + 1) + k * n)[:, None] * SPEC.reference_dt
        robot.command(
            Reference(
                stamp=robot.time,
                position=SPEC.home + size * (1 - np.cos(speed * t)) / 2,
                velocity=size * speed * np.sin(speed * t) / 2,
            )
        )
        seen.append(robot.step())
    return seen


def chain_to(offset: tuple[float, float, float]) -> KinematicChain:
    """The arm's chain, but ending at a point of the tool frame."""
    chain = ARM.chain
    point = chain.tool_position + chain.tool_rotation @ np.array(offset)
    return dataclasses.replace(chain, tool_position=point)


@pytest.mark.parametrize("seed", range(3))
def test_gravity_compensation_holds_an_unloaded_arm_still_anywhere(seed: int) -> None:
    """Without friction that could hide a wrong compensation."""
    limits = SPEC.limits
    posture = np.random.default_rng(seed).uniform(0.8 * limits.lower, 0.8 * limits.upper)
    posture[5] = 2.0
    robot = twin(SMOOTH)
    robot.reset(posture)
    np.testing.assert_allclose(settle(robot).position, posture, atol=1e-9)


def test_a_payload_sags_by_what_statics_says() -> None:
    """The trap of a model that cancels gravity on every body: there a payload changes nothing."""
    mass, offset = 2.0, (0.05, 0.03, 0.03)
    robot = twin(SMOOTH, perturbations=Perturbations(payload_mass=mass, payload_offset=offset))
    start = robot.tool_position()
    q = settle(robot).position
    needed = -chain_to(offset).tool_jacobian(q)[:3].T @ (mass * GRAVITY)
    np.testing.assert_allclose(SPEC.stiffness * (SPEC.home - q), needed, atol=0.01)
    assert start[2] - robot.tool_position()[2] > 0.02


def test_joint_friction_holds_back_at_most_its_own_torque() -> None:
    mass = 2.0
    robot = twin(perturbations=Perturbations(payload_mass=mass))
    q = settle(robot).position
    needed = -ARM.chain.tool_jacobian(q)[:3].T @ (mass * GRAVITY)
    friction = np.array([1.137, 1.137, 1.137, 1.137, 0.763, 0.44, 0.248])
    held_back = np.abs(SPEC.stiffness * (SPEC.home - q) - needed)
    assert (held_back <= friction + 0.01).all()
    assert held_back.max() > 0.1


def test_the_external_torque_of_a_payload_is_its_weight() -> None:
    mass, offset = 2.0, (0.05, 0.03, 0.03)
    robot = twin(perturbations=Perturbations(payload_mass=mass, payload_offset=offset))
    observation = settle(robot)
    weight = chain_to(offset).tool_jacobian(observation.position)[:3].T @ (mass * GRAVITY)
    np.testing.assert_allclose(observation.external_torque, weight, atol=0.01)


def test_the_external_torque_rises_with_the_observer_bandwidth() -> None:
    robot = twin(dataclasses.replace(QUIET, observer_gain=20.0))
    settle(robot, 10)
    robot.change("joint_bias", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1))  # friction holds it
    robot.advance(50)  # one time constant
    felt = robot.measure().external_torque
    assert felt[6] == pytest.approx(0.1 * (1 - math.exp(-1.0)), rel=0.03)


def test_a_weak_joint_is_not_felt_as_an_external_torque_but_a_payload_is() -> None:
    weak = twin(perturbations=Perturbations(joint_gain=(1, 0.4, 1, 0.4, 1, 1, 1)))
    loaded = twin(perturbations=Perturbations(payload_mass=1.0))
    felt_weak = max(np.abs(o.external_torque).max() for o in sway(weak, 150))
    felt_loaded = max(np.abs(o.external_torque).max() for o in sway(loaded, 150))
    assert felt_weak < 0.5
    assert felt_loaded > 3.0


def test_a_weak_joint_sags_further_under_the_same_load() -> None:
    sag = []
    for gain in (1.0, 0.4):
        body = Perturbations(payload_mass=1.0, joint_gain=(1, gain, 1, gain, 1, 1, 1))
        robot = twin(SMOOTH, perturbations=body)
        sag.append(SPEC.home - settle(robot).position)
    assert sag[1][3] / sag[0][3] == pytest.approx(2.5, rel=0.15)


def test_a_dead_joint_floats_while_the_others_follow() -> None:
    robot = twin(perturbations=Perturbations(joint_gain=(1, 1, 0, 1, 1, 1, 1)))
    goal = SPEC.home + 0.1
    for k in range(50):
        robot.command(constant(SPEC.home + 0.1 * min(1.0, k / 40)))
        robot.step()
    moved = settle(robot).position - SPEC.home
    assert abs(moved[2]) < 0.01
    others = np.delete(moved, 2)
    np.testing.assert_allclose(others, np.delete(goal - SPEC.home, 2), atol=0.012)


def test_torque_stays_within_its_limit_and_its_rate_for_any_reference() -> None:
    robot, rng, torques = twin(), np.random.default_rng(0), []
    for _ in range(10):
        position = SPEC.home + rng.uniform(-3.0, 3.0, 7)
        robot.command(constant(position, rng.uniform(-5.0, 5.0, 7)))
        for _ in range(20):
            robot.advance(1)
            torques.append(robot.measure().torque)
    torque = np.array(torques)
    assert (np.abs(torque) <= SPEC.limits.torque + 1e-12).all()
    assert (np.abs(torque) >= SPEC.limits.torque - 1e-12).any()
    rate = np.abs(np.diff(torque, axis=0)) / SPEC.reference_dt
    assert (rate <= SPEC.limits.torque_rate * (1 + 1e-9)).all()
    assert (rate >= SPEC.limits.torque_rate * (1 - 1e-9)).any()


def readings(observations: list[Observation]) -> list[bytes]:
    return [
        b"".join(
            np.ascontiguousarray(value).tobytes()
            for value in (o.position, o.velocity, o.torque, o.external_torque)
        )
        for o in observations
    ]


def test_the_same_seed_and_references_give_the_same_readings_bit_for_bit() -> None:
    config = TwinConfig(
        seed=7, schedule=(ScheduledChange(stamp=0.5, name="payload_mass", value=1.0),)
    )
    first, second = MujocoRobot(ARM, config), MujocoRobot(ARM, config)
    once = readings(sway(first, 50))
    assert readings(sway(second, 50)) == once
    first.reset()
    assert readings(sway(first, 50)) == once
    first.reset(seed=8)
    assert readings(sway(first, 50)) != once


def test_looking_at_the_true_state_changes_nothing() -> None:
    watched, alone = twin(PlantConfig()), twin(PlantConfig())
    seen = []
    for _ in range(30):
        watched.snapshot()
        watched.tool_position()
        watched.contact_force()
        watched.observe()
        watched.command(constant(SPEC.home + 0.02))
        seen.append(watched.step())
    unseen = []
    for _ in range(30):
        alone.command(constant(SPEC.home + 0.02))
        unseen.append(alone.step())
    assert readings(seen) == readings(unseen)


def test_readings_scatter_as_configured_around_the_truth() -> None:
    plant = PlantConfig(position_noise=3e-5, velocity_noise=4e-3)
    robot = twin(plant)
    seen = [robot.step() for _ in range(400)]
    position = np.array([o.position for o in seen]) - SPEC.home
    velocity = np.array([o.velocity for o in seen])
    assert position.std() == pytest.approx(3e-5, rel=0.08)
    assert velocity.std() == pytest.approx(4e-3, rel=0.08)
    assert abs(position.mean()) < 3e-6
    assert abs(np.corrcoef(position[:-1].ravel(), position[1:].ravel())[0, 1]) < 0.08


@pytest.mark.parametrize(("own", "extra"), [(0.0, 0.0), (0.001, 0.0), (0.003, 0.02)])
def test_a_reading_is_exactly_as_old_as_the_delays_say(own: float, extra: float) -> None:
    plant = dataclasses.replace(QUIET, observation_delay=own)
    robot = twin(plant, perturbations=Perturbations(observation_delay=extra))
    robot.command(constant(SPEC.home + 0.05))
    truth = [robot.snapshot()]
    age = round((own + extra) / SPEC.reference_dt)
    for k in range(1, 60):
        robot.advance(1)
        truth.append(robot.snapshot())
        reading = robot.measure()
        assert reading.stamp == truth[k].stamp
        np.testing.assert_array_equal(reading.position, truth[max(0, k - age)].position)
        np.testing.assert_array_equal(reading.velocity, truth[max(0, k - age)].velocity)


def test_a_command_delay_shifts_the_whole_motion() -> None:
    prompt, late = twin(), twin(perturbations=Perturbations(command_delay=0.04))
    shift = 2  # periods
    for a, b in zip(sway(prompt, 40), sway(late, 40)[shift:], strict=False):
        np.testing.assert_allclose(b.position, a.position, atol=1e-9)


def test_a_scheduled_change_acts_from_exactly_its_millisecond() -> None:
    change = ScheduledChange(stamp=0.113, name="payload_mass", value=1.0)
    scheduled, by_hand = twin(schedule=(change,)), twin()
    for robot in (scheduled, by_hand):
        robot.advance(113)
    assert scheduled.perturbations.payload_mass == 0.0
    np.testing.assert_allclose(scheduled.snapshot().velocity, 0.0, atol=1e-9)
    by_hand.change("payload_mass", 1.0)
    for robot in (scheduled, by_hand):
        robot.advance(1)
    assert scheduled.perturbations.payload_mass == 1.0
    assert np.abs(scheduled.snapshot().velocity).max() > 1e-4
    np.testing.assert_array_equal(scheduled.snapshot().velocity, by_hand.snapshot().velocity)


def test_several_changes_at_one_time_all_act() -> None:
    schedule = (
        ScheduledChange(stamp=0.02, name="joint_gain", value=(1, 0.4, 1, 1, 1, 1, 1)),
        ScheduledChange(stamp=0.02, name="payload_mass", value=1.0),
        ScheduledChange(stamp=0.01, name="payload_mass", value=0.5),
    )
    robot = twin(schedule=schedule)
    robot.advance(15)
    assert robot.perturbations == Perturbations(payload_mass=0.5)
    robot.advance(10)
    assert robot.perturbations.payload_mass == 1.0
    assert robot.perturbations.joint_gain[1] == 0.4


def test_changing_the_body_back_gives_the_nominal_arm_again() -> None:
    robot, nominal = twin(), twin()
    robot.set_perturbations(
        Perturbations(
            payload_mass=2.0,
            payload_offset=(0.05, 0.0, 0.0),
            friction_scale=(0.0,) * 7,
            damping_scale=(9.0,) * 7,
            joint_spring=(5.0,) * 7,
            joint_bias=(1.0,) * 7,
            base_tilt=(0.1, 0.2),
            tool_offset=(0.01, 0.0, 0.0),
            tool_force=(5.0, 0.0, 0.0),
        )
    )
    robot.step()
    robot.reset()
    assert readings(sway(robot, 20)) == readings(sway(nominal, 20))


def test_a_base_on_its_back_feels_gravity_twice_the_wrong_way() -> None:
    robot = twin(SMOOTH, perturbations=Perturbations(base_tilt=(math.pi, 0.0)))
    observation = settle(robot)
    reference = robot.snapshot().reference
    known = observation.torque - SPEC.stiffness * (reference - observation.position)
    np.testing.assert_allclose(observation.external_torque, 2 * known, atol=0.02)
    assert np.abs(known).max() > 5.0


def test_a_base_that_pitches_forward_lets_the_arm_lean_forward() -> None:
    robot = twin(SMOOTH, perturbations=Perturbations(base_tilt=(0.0, 0.2)))
    start = robot.tool_position()
    settle(robot)
    assert robot.tool_position()[0] > start[0] + 0.003


def test_a_force_on_the_tool_is_felt_through_the_jacobian() -> None:
    force = (6.0, -4.0, 3.0)
    robot = twin(perturbations=Perturbations(tool_force=force))
    observation = settle(robot)
    felt = ARM.chain.tool_jacobian(observation.position)[:3].T @ np.array(force)
    np.testing.assert_allclose(observation.external_torque, felt, atol=0.02)


def test_drag_on_the_tool_brakes_motion_and_nothing_else() -> None:
    dragged, free = twin(perturbations=Perturbations(tool_drag=60.0)), twin()
    np.testing.assert_array_equal(settle(dragged, 5).position, settle(free, 5).position)
    lag = [np.abs(o.external_torque).max() for o in sway(dragged, 60)]
    assert max(lag) > 2.0
    assert max(np.abs(o.external_torque).max() for o in sway(free, 60)) < 0.5


def test_springs_pull_towards_home() -> None:
    robot = twin(SMOOTH, perturbations=Perturbations(joint_spring=(20.0,) * 7))
    away = SPEC.home + 0.1
    robot.command(constant(away))
    q = settle(robot).position
    expected = 0.1 * SPEC.stiffness / (SPEC.stiffness + 20.0)
    np.testing.assert_allclose(q - SPEC.home, expected, atol=0.002)


def test_a_tool_offset_moves_the_true_tool_only() -> None:
    offset = (0.01, -0.02, 0.03)
    robot, straight = twin(perturbations=Perturbations(tool_offset=offset)), twin()
    expected = chain_to(offset).tool_position_in_base(SPEC.home)
    np.testing.assert_allclose(robot.tool_position(), expected, atol=1e-9)
    assert readings(sway(robot, 5)) == readings(sway(straight, 5))


@pytest.mark.parametrize(
    "variant",
    [{"integrator": "implicit"}, {"integrator": "RK4"}, {"physics_dt": 0.0005}],
    ids=str,
)
def test_another_integrator_tells_nearly_the_same_story(variant: dict[str, object]) -> None:
    usual, other = sway(twin(), 50), sway(twin(dataclasses.replace(QUIET, **variant)), 50)
    differences = [
        np.abs(a.position - b.position).max() for a, b in zip(usual, other, strict=True)
    ]
    assert 0.0 < max(differences) < 1e-3
    assert usual[-1].stamp == other[-1].stamp


def test_stiction_needs_more_torque_to_break_away() -> None:
    moved = []
    for stiction in (0.0, 1.0):
        robot = twin(dataclasses.replace(QUIET, stiction=stiction))
        robot.change("joint_bias", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.4))  # friction is 0.248
        moved.append(settle(robot, 10).position[6] - SPEC.home[6])
    assert moved[0] > 1e-3
    assert abs(moved[1]) < 2e-5


def test_a_joint_that_is_stuck_does_not_creep() -> None:
    robot = twin()
    robot.change("joint_bias", (0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.1))
    assert abs(settle(robot, 200).position[6] - SPEC.home[6]) < 5e-5


def test_the_law_takes_its_gains_from_the_description() -> None:
    sag = []
    for scale in (1.0, 3.0):
        spec = dataclasses.replace(SPEC, stiffness=SPEC.stiffness * scale)
        config = TwinConfig(plant=SMOOTH, perturbations=Perturbations(payload_mass=1.0))
        robot = MujocoRobot(dataclasses.replace(ARM, spec=spec), config)
        sag.append(SPEC.home[1] - settle(robot, 200).position[1])
    assert sag[0] / sag[1] == pytest.approx(3.0, rel=0.1)


@pytest.mark.parametrize(
    "values",
    [
        {"integrator": "magic"},
        {"physics_dt": 0.0},
        {"stiction": -1.0},
        {"position_noise": math.nan},
        {"observation_delay": -0.001},
    ],
    ids=str,
)
def test_a_plant_that_cannot_be_is_refused(values: dict[str, object]) -> None:
    with pytest.raises(ValueError, match=next(iter(values))):
        PlantConfig(**values)  # type: ignore[arg-type]


def test_a_physics_step_that_does_not_fit_the_reference_is_refused() -> None:
    with pytest.raises(ValueError, match="multiple of physics_dt"):
        twin(dataclasses.replace(QUIET, physics_dt=0.0007))
