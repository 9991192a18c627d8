"""A wall and a held tool while the model adapts: bounded force, and no wall taken for a weak arm.

The controller is the shipped one: weights, closed-form adapter and MPPI. It wants the tool beyond
what blocks it.
"""

import dataclasses
from functools import cache
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from robot_meta.build import BuildConfig, build_controller
from robot_meta.collection.lockstep import lockstep
from robot_meta.robots.description import arm_description
from robot_meta.robots.guarded import GuardedRobot
from robot_meta.safety.guard import Guard, GuardConfig
from robot_meta.safety.reasons import Reason
from robot_meta.twin.mujoco_robot import MujocoRobot, TwinConfig
from robot_meta.twin.scenes import SceneConfig
from robot_meta.twin.surroundings import TIP_RADIUS
from robot_meta.types import TargetPath

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
SPEC = ARM.spec
TOOL = ARM.chain.tool_position_in_base(SPEC.home)
USUAL = GuardConfig()
# Here the torque says contact long before the guard ends the push.
FIRM = dataclasses.replace(USUAL, external_force=100.0, external_torque=(60.0,) * 4 + (20.0,) * 3)
ALL_TOUCH = frozenset({Reason.LEAD, Reason.EXTERNAL_FORCE, Reason.EXTERNAL_TORQUE})
WALL, HELD = "wall", "held"
TICKS = {WALL: 300, HELD: 120}
CASES = pytest.mark.parametrize("case", [WALL, HELD])


def blocked(case):
    if case == WALL:
        point = (float(TOOL[0]) + TIP_RADIUS + 0.02, 0.0, 0.0)
        return MujocoRobot(ARM, TwinConfig(scene=SceneConfig(wall_point=point)))
    robot = MujocoRobot(ARM, TwinConfig())
    robot.hold_tool(True)
    return robot


@cache
def push(case, config=USUAL, disabled=frozenset(), contact_torque=USUAL.contact_torque):
    """What happens tick by tick while the target moves 5 cm/s into what blocks the tool."""
    torch.set_num_threads(1)
    known = dataclasses.replace(config, contact_torque=contact_torque)
    controller = build_controller(BuildConfig(guard=known))
    beyond = np.stack([TOOL, TOOL + [0.2, 0.0, 0.0]])
    controller.set_target(TargetPath(stamp=np.array([0.3, 4.3]), position=beyond))
    trace = SimpleNamespace(force=[], states=[], window=[], alarms=[], contact=[], belief=[])
    with blocked(case) as robot:
        guard = Guard(SPEC, ARM.chain, config, disabled=disabled)
        guarded = GuardedRobot(robot, guard)
        assert guarded.arm()
        for _ in lockstep(guarded, controller.act, TICKS[case]):
            figures = controller.diagnostics()
            trace.force.append(float(np.linalg.norm(robot.contact_force())))
            trace.states.append(guard.state.name)
            trace.window.append(figures["window"])
            trace.alarms.append(figures.get("alarms", 0.0))
            trace.contact.append(bool(figures["contact"]))
            trace.belief.append(belief(controller))
    trace.reason = guard.reason
    return trace


def belief(controller):
    """How fast each joint of the free arm would follow, as the adapted model sees it, [rad/s]."""
    space, context = controller.embodiment._space, controller._adapter.context()
    moving = np.concatenate([SPEC.home, np.full(7, 0.1), np.full(7, 0.01), np.full(7, 0.1)])
    state = torch.as_tensor(moving, dtype=torch.float32)[None]
    with torch.no_grad():
        after = controller._model.predict(context, state, torch.full((1, 7), 0.1))
    return space.velocity(after).numpy()[0]


def learned(trace, first):
    """Largest change of that belief from tick `first` on, [rad/s]."""
    return max(float(np.abs(now - trace.belief[first]).max()) for now in trace.belief[first:])


@CASES
def test_with_adaptation_on_the_force_stays_within_the_configured_limit(case):
    trace = push(case)
    assert max(trace.window[: trace.states.index("HOLD")]) > 10.0  # it adapts
    assert 0.5 * USUAL.external_force < max(trace.force) <= USUAL.external_force
    assert trace.states[-1] == "HOLD" and trace.reason == "EXTERNAL_FORCE"


@CASES
def test_without_the_rules_of_touch_the_adapting_controller_pushes_beyond_it(case):
    trace = push(case, disabled=ALL_TOUCH)
    assert max(trace.force) > 1.2 * USUAL.external_force and trace.states[-1] == "RUNNING"


@CASES
def test_adaptation_freezes_while_the_torque_says_contact_and_the_force_stays_bounded(case):
    trace = push(case, FIRM)
    first = trace.contact.index(True)
    assert trace.states[first] == "RUNNING" and all(trace.contact[first:])
    assert learned(trace, first) == 0.0
    assert max(trace.force) <= FIRM.external_force


def test_a_touch_that_looked_like_a_change_of_the_body_is_taken_back_when_it_proves_to_be_one():
    trace = push(WALL, FIRM)
    alarm, first = trace.alarms.index(1.0), trace.contact.index(True)
    assert trace.window[alarm] < 5.0 < trace.window[first - 1]  # it began anew, with the touch
    before = trace.window.index(trace.window[first])
    assert before < alarm and alarm - before <= 3
    np.testing.assert_array_equal(trace.belief[first], trace.belief[before])


@CASES
def test_without_the_freeze_the_model_goes_on_learning_from_the_push(case):
    first = push(case, FIRM).contact.index(True)
    blind = push(case, FIRM, contact_torque=(1e3,) * 7)
    assert not any(blind.contact[: first + 5])
    assert learned(blind, first) > 0.004


@CASES
def test_what_makes_the_guard_hold_is_contact_too(case):
    trace = push(case)
    held = trace.states.index("HOLD")
    assert not any(trace.contact[:held]) and all(trace.contact[held:])
    assert learned(trace, held) == 0.0
