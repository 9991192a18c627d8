"""What was asked for a period is joined to it by its stamp, in whatever order messages come."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_meta.collection.live_steps import LiveSteps
from robot_meta.collection.period_record import ArmRecord
from robot_meta.robots.description import arm_description
from robot_meta.types import Command, Commanded, Observation

ARM = arm_description("fr3")
T = ARM.spec.control_dt


def period(k, offset=0.0):
    stamp = offset + k * T
    return (
        Observation(
            stamp=stamp,
            position=ARM.spec.home + 0.01 * k,
            velocity=np.full(7, 0.1 * k),
            torque=np.zeros(7),
            external_torque=np.zeros(7),
        ),
        Commanded(
            stamp=stamp,
            position=np.tile(ARM.spec.home, (2, 1)),
            velocity=np.zeros((2, 7)),
            altered=False,
            reason="",
        ),
    )


def command(k, offset=0.0):
    """Answers period k, so that it is meant for period k + 1; carries k."""
    return Command(stamp=offset + k * T, position=ARM.spec.home, velocity=np.full(7, float(k)))


@given(st.floats(0.0, 1e5), st.lists(st.booleans(), min_size=1, max_size=20))
def test_a_command_is_found_before_and_after_its_period_at_any_stamp(offset, early):
    steps, seen = LiveSteps(ArmRecord(ARM)), []
    for k, soon in enumerate(early, start=1):
        if soon:
            steps.ask(command(k - 1, offset))
        seen += steps.period(*period(k, offset))
        if not soon:
            steps.ask(command(k - 1, offset))
    seen += steps.finish()
    assert [step.requested[0] for step in seen] == list(range(len(early)))
    assert [step.stamp for step in seen] == [offset + k * T for k in range(1, len(early) + 1)]


def test_a_period_that_nobody_asked_anything_for_has_zeros():
    steps = LiveSteps(ArmRecord(ARM))
    steps.ask(command(5))
    steps.ask(Command(stamp=0.0, position=ARM.spec.home, velocity=np.full(7, np.nan)))
    list(steps.period(*period(1)))
    (step,) = steps.finish()
    assert not step.requested.any()
    assert list(steps.finish()) == []


def test_the_state_is_joints_and_tool():
    steps = LiveSteps(ArmRecord(ARM))
    list(steps.period(*period(3)))
    (step,) = steps.finish()
    position = ARM.spec.home + 0.03
    np.testing.assert_allclose(step.state[:7], position)
    np.testing.assert_allclose(step.state[7:14], 0.3)
    np.testing.assert_allclose(step.state[14:], ARM.chain.tool_position_in_base(position))
    record = steps.record
    assert len(record.names) == record.fields["state"] == len(step.state)
    assert (record.fields["requested"], record.fields["measured"]) == (len(step.requested), 7)


def test_commands_do_not_pile_up():
    steps = LiveSteps(ArmRecord(ARM))
    for k in range(10_000):
        steps.ask(command(k))
    assert len(steps._asked) < 100


def test_a_command_of_another_arm_is_no_request():
    steps = LiveSteps(ArmRecord(ARM))
    steps.ask(Command(stamp=0.0, position=np.zeros(2), velocity=np.ones(2)))
    list(steps.period(*period(1)))
    (step,) = steps.finish()
    assert step.requested == pytest.approx(np.zeros(7))
