"""One tick: what is remembered, what freezes it, and what is answered."""

import dataclasses

import numpy as np
import pytest

from robot_meta.build import AdapterConfig, BuildConfig, build_controller, build_dynamics
from robot_meta.contact import ContactConfig
from robot_meta.controller import ControllerConfig
from robot_meta.dynamics.change import ChangeConfig
from robot_meta.planning.mppi import MPPIConfig
from robot_meta.planning.planner import SamplingConfig
from robot_meta.reference import advance, safe_velocity_bounds
from robot_meta.robots.description import arm_description
from robot_meta.safety.config import GuardConfig
from robot_meta.types import Commanded, Observation, TargetPath

ARM = arm_description("fr3")
HOME, DT = ARM.spec.home, ARM.spec.control_dt
TOOL = ARM.chain.tool_position_in_base(HOME)
FAST = MPPIConfig(sampling=SamplingConfig(num_samples=32, horizon=6))


def make(change=ChangeConfig(), **adapter):  # noqa: B008 (frozen)
    config = BuildConfig(
        adapter=AdapterConfig(**adapter),
        change=change,
        controller=ControllerConfig(planner=FAST),
    )
    controller = build_controller(config)
    controller.set_target(TargetPath(stamp=np.zeros(1), position=TOOL[None]))
    return controller


def observed(tick, torque=0.0, position=HOME):
    return Observation(
        stamp=tick * DT,
        position=np.array(position),
        velocity=np.zeros(7),
        torque=np.zeros(7),
        external_torque=np.full(7, torque),
    )


def decided(tick, position=HOME, velocity=None):
    velocity = np.zeros(7) if velocity is None else velocity
    end = advance(position, velocity, velocity, DT)
    return Commanded(
        stamp=tick * DT,
        position=np.stack([position, end]),
        velocity=np.stack([velocity, velocity]),
        altered=False,
        reason="",
    )


def windows(controller, ticks, torque_at=lambda tick: 0.0):
    sizes = []
    for tick in ticks:
        controller.act(observed(tick, torque_at(tick)), decided(tick))
        sizes.append(controller.diagnostics()["window"])
    return sizes


def test_answers_the_stamp_with_what_the_guard_can_send():
    controller = make()
    velocity = np.full(7, 0.1)
    commanded = decided(3, velocity=velocity)
    command = controller.act(observed(3), commanded)
    assert command.stamp == 3 * DT
    low, high = safe_velocity_bounds(commanded.position[1], velocity, ARM.spec.limits, DT)
    assert (command.velocity >= low).all() and (command.velocity <= high).all()
    expected = advance(commanded.position[1], velocity, command.velocity, DT)
    np.testing.assert_array_equal(command.position, expected)


def test_the_newest_step_is_in_the_window_at_once():
    assert windows(make(window=4), range(7)) == [0, 1, 2, 3, 4, 4, 4]


def test_a_missed_tick_is_left_out_and_the_window_kept():
    assert windows(make(), [0, 1, 2, 4, 5]) == [0, 1, 2, 2, 3]


def test_ticks_that_are_only_observed_are_learned_from_like_those_that_are_answered():
    answering, observing = make(), make()
    moving = [(observed(t, position=HOME + 1e-3 * t), decided(t)) for t in range(7)]
    for tick, parts in enumerate(moving):
        answering.act(*parts)
        (observing.act if tick in (0, 6) else observing.observe)(*parts)
    assert observing.diagnostics()["window"] > 0.0
    for key in ("window", "loss_before", "loss_after"):
        assert observing.diagnostics()[key] == answering.diagnostics()[key]


@pytest.mark.parametrize("size", [4, 64])
def test_a_gap_longer_than_the_window_empties_it(size):
    last, longest = 2, 2 + size
    assert windows(make(window=size), [0, 1, last, longest, longest + 1]) == [0, 1, 2, 2, 3]
    assert windows(make(window=size), [0, 1, last, longest + 1, longest + 2]) == [0, 1, 2, 0, 1]


def test_time_that_runs_back_empties_the_window():
    assert windows(make(), [10, 11, 12, 3, 4]) == [0, 1, 2, 0, 1]


def test_contact_freezes_adaptation_and_takes_back_what_led_to_it():
    controller = make()
    pressed = range(10, 14)
    sizes = windows(controller, range(50), lambda t: 30.0 if t in pressed else 0.0)
    rewind, release = ContactConfig().rewind, ContactConfig().release
    assert sizes[9] == 9.0
    assert sizes[10] == 9.0 - rewind
    assert set(sizes[10 : 13 + release]) == {9.0 - rewind}
    assert sizes[13 + release] == 10.0 - rewind


def test_a_new_episode_repeats_the_first_one_bit_for_bit():
    controller = make()
    runs = []
    for _ in range(2):
        controller.reset()
        runs.append([controller.act(observed(t), decided(t)).velocity for t in range(5)])
    np.testing.assert_array_equal(*runs)


def test_time_that_runs_out_ends_the_plan_after_one_iteration():
    controller = make()
    controller.act(observed(0), decided(0), out_of_time=lambda: True)
    assert controller.diagnostics()["plan_iterations"] == 1.0


def test_moves_the_tool_towards_its_target():
    controller = make()
    away = TOOL + [0.0, 0.05, 0.0]
    controller.set_target(TargetPath(stamp=np.zeros(1), position=away[None]))
    position, velocity = HOME.copy(), np.zeros(7)
    for tick in range(40):
        commanded = dataclasses.replace(
            decided(tick, position),
            position=np.stack([position, position + DT * velocity]),
            velocity=np.stack([velocity, velocity]),
        )
        command = controller.act(observed(tick, position=position), commanded)
        position, velocity = commanded.position[1], command.velocity
    reached = ARM.chain.tool_position_in_base(position)
    assert np.linalg.norm(reached - away) < 0.6 * np.linalg.norm(TOOL - away)


def test_the_limits_of_the_guard_count_alike_from_the_start_and_later():
    tight = GuardConfig(lead_limit=(0.01,) * 7, tool_speed=0.01, contact_torque=(1.0,) * 7)
    sampling = ControllerConfig(planner=FAST)
    away = TargetPath(stamp=np.zeros(1), position=TOOL[None] + [0.0, 0.1, 0.0])
    answers = {}
    for name, first in (("first", tight), ("later", GuardConfig()), ("never", GuardConfig())):
        controller = build_controller(BuildConfig(controller=sampling, guard=first))
        controller.set_target(away)
        if name == "later":
            controller.embodiment.set_guard(tight)
        answers[name] = controller.act(observed(0, torque=2.0), decided(0)).velocity
        assert controller.diagnostics()["contact"] == (name != "never")
    np.testing.assert_array_equal(answers["first"], answers["later"])
    assert (answers["first"] != answers["never"]).any()


def test_holding_brakes_as_hard_as_allowed():
    velocity = np.full(7, 0.5)
    command = make().hold(observed(0), decided(0, velocity=velocity))
    np.testing.assert_allclose(command.velocity, 0.5 - 0.18)


def shaken(controller, ticks):
    """The joints jump to and fro, which no model of an arm can explain."""
    moving = np.full(7, 0.1)
    for tick in ticks:
        position = HOME + 0.1 * (-1) ** tick
        yield controller.act(observed(tick, position=position), decided(tick, velocity=moving))


def test_what_the_model_cannot_follow_makes_the_arm_hold_until_somebody_resumes():
    controller = make(change=ChangeConfig(span=5))
    assert not controller.cannot_adapt
    commands = list(shaken(controller, range(10)))
    assert controller.cannot_adapt
    assert controller.diagnostics()["cannot_adapt"] == 1.0
    assert controller.diagnostics()["alarms"] >= 1.0
    np.testing.assert_array_equal(commands[-1].velocity, np.zeros(7))  # braked
    controller.reset()  # no new episode, nor good behaviour, ends it
    for tick in range(10, 30):
        moving = np.full(7, 0.1)
        command = controller.act(observed(tick), decided(tick, velocity=moving))
        np.testing.assert_array_equal(command.velocity, np.zeros(7))
    controller.resume()
    assert not controller.cannot_adapt
    controller.act(observed(30), decided(30))
    assert controller.diagnostics()["window"] == 0.0
    assert "plan_iterations" in controller.diagnostics()


def test_the_state_that_makes_the_arm_hold_can_be_switched_off():
    controller = make(change=ChangeConfig(span=5, hopeless=0.0))
    list(shaken(controller, range(10)))
    assert not controller.cannot_adapt


def test_a_change_of_adapter_does_not_end_the_hold():
    controller = make(change=ChangeConfig(span=5))
    list(shaken(controller, range(10)))
    config = BuildConfig(adapter=AdapterConfig(kind="residual"))
    controller.set_dynamics(*build_dynamics(config))
    assert controller.cannot_adapt
    controller.resume()
    controller.act(observed(10), decided(10))
    controller.act(observed(11), decided(11))
    assert controller.diagnostics()["window"] == 1.0


@pytest.mark.parametrize("wrong", ["no target", "other stamp"])
def test_what_does_not_belong_together_is_refused(wrong):
    controller = make()
    if wrong == "no target":
        controller._target = None
    with pytest.raises(ValueError, match="set_target" if wrong == "no target" else "stamps"):
        controller.act(observed(0), decided(0 if wrong == "no target" else 1))
