import numpy as np
import torch

from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.reference import safe_velocity_bounds, velocity_step
from robot_meta.robots.description import arm_description


def test_next_state_undoes_delta(space, rng):
    state, action = (
        torch.as_tensor(rng.normal(size=(5, 8))),
        torch.as_tensor(rng.normal(size=(5, 2))),
    )
    delta = torch.as_tensor(rng.normal(size=(5, 4)))
    following = space.next_state(state, action, delta)
    torch.testing.assert_close(space.delta(state, following), delta)


def test_reference_moves_by_the_mean_velocity_of_the_period(space, rng):
    state, action = torch.as_tensor(rng.normal(size=8)), torch.as_tensor(rng.normal(size=2))
    following = space.next_state(state, action, torch.zeros(4, dtype=torch.float64))
    before = space.position(state) + space.lead(state)
    after = space.position(following) + space.lead(following)
    mean = 0.5 * (space.reference_velocity(state) + action * space.action_scale)
    torch.testing.assert_close(after - before, space.control_dt * mean)
    torch.testing.assert_close(space.reference_velocity(following), action)


def sequences(state, wanted, limits, space):
    tensors = limits.converted(lambda a: torch.as_tensor(a, dtype=torch.float64))
    return space.admissible(torch.as_tensor(state), torch.as_tensor(wanted), tensors).numpy()


def test_admissible_sequences_obey_the_guards_rule_at_every_step():
    spec = arm_description("fr3").spec
    space = JointReferenceSpace(num_joints=7, control_dt=spec.control_dt)
    rng = np.random.default_rng(0)
    limits = spec.limits
    for trial in range(60):
        scale = 1.0 if trial % 2 else 3.0  # within and beyond normalized actions
        share = rng.uniform(0.001, 0.999, 7)
        position = limits.lower + share * (limits.upper - limits.lower)
        state = np.concatenate([position, np.zeros(21)])
        actions = sequences(state, rng.uniform(-scale, scale, (16, 12, 7)), limits, space)
        reference, velocity = np.tile(position, (16, 1)), np.zeros((16, 7))
        for h in range(12):
            low, high = safe_velocity_bounds(reference, velocity, limits, spec.control_dt)
            assert (actions[:, h] >= low - 1e-12).all() and (actions[:, h] <= high + 1e-12).all()
            reference = reference + 0.5 * spec.control_dt * (velocity + actions[:, h])
            velocity = actions[:, h]
        assert (reference >= limits.lower).all() and (reference <= limits.upper).all()


def test_admissible_sequences_pass_unchanged():
    spec = arm_description("fr3").spec
    space = JointReferenceSpace(num_joints=7, control_dt=spec.control_dt)
    step = velocity_step(spec.limits, spec.control_dt)
    wanted = np.cumsum(np.random.default_rng(1).uniform(-step, step, (8, 12, 7)), axis=1)
    state = np.concatenate([spec.home, np.zeros(21)])
    np.testing.assert_array_equal(sequences(state, wanted, spec.limits, space), wanted)
