"""The physics baselines are good at physics, so that beating them means something."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot_meta.benchmarks.arm_payload.baselines.observers import (
    IdentifiedPayload,
    IntegralObserver,
)
from robot_meta.benchmarks.arm_payload.baselines.payload import (
    added_inertia,
    payload_slope,
    payload_torque,
)
from robot_meta.benchmarks.arm_payload.baselines.rigid_body import RigidBodyDynamics
from robot_meta.benchmarks.arm_payload.baselines.told import ToldBody
from robot_meta.collection.excitation import Excitation, ExcitationConfig
from robot_meta.collection.lockstep import lockstep
from robot_meta.dynamics.window import Transition
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.perturbations import Perturbations

ARM = arm_description("fr3")
MASS, CENTER = 2.0, np.array([0.05, 0.03, 0.03])
LOAD = np.array([MASS, *(MASS * CENTER)])
HEAVY = Perturbations(payload_mass=MASS, payload_offset=tuple(CENTER))


def transitions(body, ticks=150, seed=0):
    """What an excited twin with that body does."""
    with MujocoRobot(ARM, TwinConfig(seed=seed, perturbations=body)) as twin:
        guarded = GuardedRobot(twin, Guard(ARM.spec, ARM.chain, GuardConfig()))
        guarded.arm()
        moves = Excitation(ARM.spec, ExcitationConfig(), np.random.default_rng(seed))
        space = RigidBodyDynamics(ARM).space
        states = [
            space.state(tick.observation, tick.commanded)
            for tick in lockstep(guarded, moves.act, ticks)
        ]
    actions = [space.action(state[3 * space.num_joints :]) for state in states[1:]]
    return [
        Transition(state, action, after)
        for state, action, after in zip(states, actions, states[1:], strict=False)
    ]


def errors(adapter, steps):
    """What the model misses of each change of position and velocity, (T, 2J), and the change."""
    missed, change = [], []
    for step in steps:
        with torch.no_grad():
            predicted = adapter.model.predict(
                adapter.context(),
                torch.as_tensor(step.state).float(),
                torch.as_tensor(step.action).float(),
            )
        missed.append(step.next_state[:14] - predicted.numpy()[:14])
        change.append(step.next_state[:14] - step.state[:14])
        adapter.observe(step)
    return np.array(missed), np.array(change)


def rms(values):
    return np.sqrt(np.mean(np.square(values), axis=0))


@pytest.fixture(scope="module")
def nominal():
    return transitions(Perturbations())


@pytest.fixture(scope="module")
def heavy():
    return transitions(HEAVY)


@pytest.mark.sim
def test_the_nominal_model_predicts_a_nominal_twin_almost_perfectly(nominal):
    missed, _ = errors(IntegralObserver(RigidBodyDynamics(ARM), gain=1e-9), nominal)
    assert (rms(missed[20:, :7]) < 1.5e-4).all()  # [rad]
    assert (rms(missed[20:, 7:]) < 0.02).all()  # [rad/s]


@pytest.mark.sim
def test_the_observer_takes_most_of_the_error_that_a_payload_causes(heavy):
    none, _ = errors(IntegralObserver(RigidBodyDynamics(ARM), gain=1e-9), heavy)
    observed, _ = errors(IntegralObserver(RigidBodyDynamics(ARM), gain=0.2), heavy)
    # The wrist shakes with its load; the large joints carry it steadily.
    assert (rms(observed[50:, 1:4]) < 0.3 * rms(none[50:, 1:4])).all()


@pytest.mark.sim
def test_identification_finds_the_mass_and_where_it_is(heavy):
    adapter = IdentifiedPayload(RigidBodyDynamics(ARM), gain=0.1, forgetting=0.98)
    errors(adapter, heavy)
    assert adapter.payload[0] == pytest.approx(MASS, rel=0.05)
    # How far down it hangs below a hand that points down hardly shows; to the sides it does.
    sideways = adapter.payload[1:3] / adapter.payload[0]
    np.testing.assert_allclose(sideways, CENTER[:2], atol=0.012)


@pytest.mark.sim
def test_identification_finds_nothing_where_nothing_is_held(nominal):
    adapter = IdentifiedPayload(RigidBodyDynamics(ARM), gain=0.1, forgetting=0.98)
    errors(adapter, nominal)
    assert adapter.payload[0] < 0.08


def test_a_load_pulls_as_the_gradient_of_its_potential_energy():
    position = ARM.spec.home + 0.1

    def energy(q):
        origins, rotations = ARM.chain.joint_frames_in_base(q)
        return MASS * 9.81 * (origins[-1] + rotations[-1] @ CENTER)[2]

    step = 1e-6
    gradient = [
        (energy(position + step * axis) - energy(position - step * axis)) / (2 * step)
        for axis in np.eye(7)
    ]
    np.testing.assert_allclose(
        payload_torque(ARM.chain, position, LOAD), -np.array(gradient), atol=1e-6
    )


def test_the_slope_of_the_load_torque_is_its_derivative():
    position, move = ARM.spec.home, 1e-3 * np.arange(7)
    slope = payload_slope(ARM.chain, position, LOAD)
    change = payload_torque(ARM.chain, position + move, LOAD) - payload_torque(
        ARM.chain, position, LOAD
    )
    np.testing.assert_allclose(slope @ move, change, atol=3e-4)


def test_the_added_inertia_gives_the_kinetic_energy_of_the_load():
    position, velocity, step = ARM.spec.home, np.linspace(-1.0, 1.0, 7), 1e-6

    def center(q):
        origins, rotations = ARM.chain.joint_frames_in_base(q)
        return origins[-1] + rotations[-1] @ CENTER

    speed = (center(position + step * velocity) - center(position - step * velocity)) / (2 * step)
    inertia = added_inertia(ARM.chain, position, LOAD)
    assert velocity @ inertia @ velocity == pytest.approx(MASS * speed @ speed, rel=1e-6)


def test_taking_back_steps_returns_to_the_estimate_before_them(nominal):
    adapter = IntegralObserver(RigidBodyDynamics(ARM), gain=0.5)
    for step in nominal[:10]:
        adapter.observe(step)
    before = adapter.context().params["torque"].clone()
    for step in nominal[10:13]:
        adapter.observe(step)
    assert not torch.equal(adapter.context().params["torque"], before)
    adapter.forget_newest(3)
    torch.testing.assert_close(adapter.context().params["torque"], before)


@pytest.mark.sim
def test_told_of_the_body_the_model_is_as_good_as_on_the_nominal_one():
    gains = (1.0, 0.4, 1.0, 0.4, 1.0, 1.0, 1.0)
    body = Perturbations(payload_mass=1.0, payload_offset=tuple(CENTER), joint_gain=gains)
    steps = transitions(body)
    untold = ToldBody(RigidBodyDynamics(ARM), gain=1e-9)
    told = ToldBody(RigidBodyDynamics(ARM), gain=1e-9)
    told.tell(body)
    missed, knowing = errors(untold, steps)[0], errors(told, steps)[0]
    weak = [1, 3]
    assert (rms(knowing[20:, weak]) < 0.2 * rms(missed[20:, weak])).all()
    assert (rms(knowing[20:, :7]) < 3e-4).all()  # [rad]
