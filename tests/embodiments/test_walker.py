"""A walking robot under the same controller as an arm."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from robot_meta.collection.lockstep import lockstep
from robot_meta.collection.walking_data import walking_space
from robot_meta.controller import Controller, LoopConfig
from robot_meta.dynamics.files import load_model
from robot_meta.dynamics.last_layer import LastLayerAdapter
from robot_meta.dynamics.state_space import JointReferenceSpace
from robot_meta.embodiments.embodiment import Touch
from robot_meta.embodiments.walker import Walker
from robot_meta.legged_types import PosePath, VelocityCommanded
from robot_meta.planning.mppi import MPPI, MPPIConfig
from robot_meta.planning.planner import SamplingConfig
from robot_meta.planning.pose_paths import line
from robot_meta.planning.walking import WalkingConfig, walking_reward
from robot_meta.resources import resource
from robot_meta.robots.description import legged_description
from robot_meta.robots.guarded import GuardedDriver
from robot_meta.safety.state import State
from robot_meta.safety.walking_guard import WalkingGuard
from robot_meta.twin.legged.robot import LeggedTwin, LeggedTwinConfig

GO2 = legged_description("go2")
SPEC = GO2.spec
SAMPLING = SamplingConfig(num_samples=32, horizon=10, iterations=3, knots=3, noise_std=0.3)


@pytest.fixture
def walker():
    walker = Walker(SPEC, WalkingConfig())
    walker.use(walking_space(SPEC))
    return walker


def commanded(before, after):
    velocity = np.array([before, after], dtype=float)
    return VelocityCommanded(stamp=0.0, velocity=velocity, altered=False, reason="")


def test_plans_stay_inside_what_the_guard_sends_on_unaltered(walker):
    space = walking_space(SPEC)
    start = torch.zeros(space.state_size)
    start[-3:] = torch.tensor([0.5, -0.2, 0.1])
    path = PosePath(stamp=np.zeros(1), pose=np.zeros((1, 3)))
    _, admit = walker.plan_for(path, 0.0, start, 12)
    rng = torch.Generator().manual_seed(0)
    plans = admit(4.0 * torch.rand(500, 12, 3, generator=rng) - 2.0).double().numpy()
    velocity = plans * np.array(space.command_scale)
    first = start[-3:].double().numpy() * np.array(space.command_scale)
    before = np.concatenate([np.tile(first, (500, 1, 1)), velocity[:, :-1]], axis=1)
    assert (velocity >= SPEC.command_lower - 1e-6).all()
    assert (velocity <= SPEC.command_upper + 1e-6).all()
    step = SPEC.command_acceleration * SPEC.control_dt
    assert (np.abs(velocity - before) <= step + 1e-6).all()
    inside = torch.full((1, 12, 3), 0.1)
    start[-3:] = 0.1
    _, admit = walker.plan_for(path, 0.0, start, 12)
    torch.testing.assert_close(admit(inside.clone()), inside)


def test_actions_are_those_of_the_periods_that_end_and_begin(walker):
    told = commanded([0.8, 0.0, 0.0], [0.0, 0.4, -1.0])
    np.testing.assert_allclose(walker.done(told), [1.0, 0.0, 0.0])
    np.testing.assert_allclose(walker.decided(told), [0.0, 1.0, -1.0])


def test_nothing_counts_as_a_touch_and_holding_is_standing(walker):
    with LeggedTwin(GO2) as twin:
        seen = twin.observe()
    told = commanded([0.8, 0.0, 0.0], [0.8, 0.0, 0.0])
    assert walker.touch(seen, told) is Touch.NONE
    assert not walker.hold(seen, told).velocity.any()
    moving = walker.answer(seen, told, np.array([0.5, 0.5, 0.5]))
    np.testing.assert_allclose(moving.velocity, [0.4, 0.2, 0.5])
    assert moving.stamp == seen.stamp


def test_a_model_of_an_arm_is_refused(walker):
    with pytest.raises(ValueError, match="velocity commands"):
        walker.use(JointReferenceSpace(num_joints=7, control_dt=0.02))


def test_the_reward_is_largest_on_the_target_and_blind_to_whole_turns():
    targets = torch.tensor([[1.0, 2.0, 0.5]])
    poses = torch.tensor([[1.0, 2.0, 0.5], [1.1, 2.0, 0.5], [1.0, 2.0, 0.8]])[:, None]
    actions, before = torch.zeros(3, 1, 3), torch.zeros(3)
    rewards = walking_reward(WalkingConfig(), poses, actions, before, targets)[:, 0]
    torch.testing.assert_close(rewards[:2], torch.tensor([0.0, -1.0]))
    assert -1.1 < rewards[2] < -0.9
    turned = walking_reward(
        WalkingConfig(), poses + torch.tensor([0.0, 0.0, 2.0 * np.pi]), actions, before, targets
    )[:, 0]
    torch.testing.assert_close(turned, rewards, atol=1e-4, rtol=0.0)
    jerky = walking_reward(WalkingConfig(), poses[:1], actions[:1] + 1.0, before, targets)
    assert jerky < rewards[0]


@pytest.mark.sim
def test_the_controller_of_the_arm_walks_along_a_line_without_being_corrected():
    model, card = load_model(resource("models/go2_last_layer.safetensors"))
    card.require_match(SPEC)
    loop = LoopConfig(planner=MPPIConfig(sampling=SAMPLING))
    controller = Controller(
        Walker(SPEC, WalkingConfig()),
        model,
        LastLayerAdapter(model, 32),
        MPPI(loop.planner, model.space.action_size),
        loop,
    )
    path = line(speed=0.35, duration=12.0)
    controller.set_target(path)
    errors, altered = [], []
    with LeggedTwin(GO2, LeggedTwinConfig()) as twin:
        guarded = GuardedDriver(twin, WalkingGuard(SPEC))
        assert guarded.arm()
        for tick in lockstep(guarded, controller.act, 100):
            target = path.at(np.array([tick.observation.stamp]))[0]
            errors.append(np.linalg.norm(twin.true_pose[:2] - target[:2]))
            altered.append(tick.commanded.altered)
        assert guarded.state is State.RUNNING
    # Told to walk straight ahead, the robot would be 0.6 m off by now.
    assert max(errors[30:]) < 0.12
    assert not any(altered[2:])
    figures = controller.diagnostics()
    assert figures["window"] == 32.0
    assert figures["loss_after"] < figures["loss_before"]
