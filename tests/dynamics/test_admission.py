import numpy as np
import pytest
import torch

from robot_meta.dynamics.admission import Admission, free_range
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.reference import safe_velocity_bounds, velocity_step
from robot_meta.robots.description import arm_description

SPEC = arm_description("fr3").spec
SPACE = JointReferenceSpace(num_joints=7, control_dt=SPEC.control_dt)
HORIZON = 12


@pytest.fixture(scope="module")
def admission():
    return Admission(SPACE, SPEC.limits, torch.float64)


def start(reference, velocity=None):
    """State whose reference is there, with that velocity."""
    velocity = np.zeros(7) if velocity is None else velocity
    return torch.as_tensor(np.concatenate([reference, np.zeros(14), velocity]))


def obeys(reference, velocity, actions):
    """Whether every step of actions (N, H, J) is within the bounds that the guard has."""
    reference, velocity = (
        np.tile(reference, (len(actions), 1)),
        np.tile(velocity, (len(actions), 1)),
    )
    for action in np.moveaxis(actions, 1, 0):
        low, high = safe_velocity_bounds(reference, velocity, SPEC.limits, SPEC.control_dt)
        if (action < low - 1e-12).any() or (action > high + 1e-12).any():
            return False
        reference = reference + 0.5 * SPEC.control_dt * (velocity + action)
        velocity = action
    return bool((reference >= SPEC.limits.lower).all() and (reference <= SPEC.limits.upper).all())


@pytest.mark.parametrize("scale", [1.0, 3.0])
def test_admitted_sequences_obey_the_guards_rule_at_every_step(admission, scale):
    rng = np.random.default_rng(0)
    for _ in range(40):
        share = rng.uniform(0.001, 0.999, 7)
        reference = SPEC.limits.lower + share * (SPEC.limits.upper - SPEC.limits.lower)
        wanted = torch.as_tensor(rng.uniform(-scale, scale, (16, HORIZON, 7)))
        admitted = admission.begin(start(reference), HORIZON)(wanted).numpy()
        assert obeys(reference, np.zeros(7), admitted)


@pytest.mark.parametrize("speed", [0.3, 0.9, 2.0])
def test_a_moving_start_is_obeyed_too(admission, speed):
    rng = np.random.default_rng(1)
    for _ in range(20):
        velocity = rng.uniform(-speed, speed, 7)
        wanted = torch.as_tensor(rng.uniform(-1.0, 1.0, (16, HORIZON, 7)))
        admitted = admission.begin(start(SPEC.home, velocity), HORIZON)(wanted).numpy()
        assert obeys(SPEC.home, velocity, admitted)


def test_admissible_sequences_pass_unchanged(admission):
    step = velocity_step(SPEC.limits, SPEC.control_dt)
    rng = np.random.default_rng(1)
    wanted = torch.as_tensor(np.cumsum(rng.uniform(-step, step, (8, HORIZON, 7)), axis=1))
    assert torch.equal(admission.begin(start(SPEC.home), HORIZON)(wanted), wanted)


def test_sequences_longer_than_announced_are_brought_inside_as_well(admission):
    reference = SPEC.limits.upper - 0.6
    towards_end = torch.ones(1, 60, 7, dtype=torch.float64)
    admitted = admission.begin(start(reference), 2)(towards_end).numpy()
    assert obeys(reference, np.zeros(7), admitted)


def test_a_plan_that_runs_into_a_limit_later_is_stopped_in_time(admission):
    """It begins where nothing is near, and gets there within the horizon."""
    velocity = np.full(7, 0.9)
    _, free = free_range(SPEC.limits, np.ones(7), SPEC.control_dt)
    reference = free - 0.01
    fast = torch.ones(1, HORIZON, 7, dtype=torch.float64)
    admitted = admission.begin(start(reference, velocity), HORIZON)(fast).numpy()
    assert obeys(reference, velocity, admitted)
