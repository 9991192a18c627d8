"""What is remembered of the guard's life, and when it asks for a person."""

import pytest

from robot_meta.safety.life import LOG_SIZE, LifeCycle
from robot_meta.safety.recovery import RecoveryConfig
from robot_meta.safety.state import Event, State


def life(**config):
    made = LifeCycle(RecoveryConfig(**config))
    made.happens(Event.START, "START", 0.0)
    return made


def reflex(guard, stamp, reason="joint_reflex"):
    """The robot stops itself, and is recovered where that is still allowed."""
    guard.happens(Event.FAULT, reason, stamp)
    if not guard.asks_for_person:
        guard.happens(Event.RECOVER, "RECOVERED", stamp)


def test_each_change_is_kept_with_its_stamp_and_its_reason():
    guard = life()
    guard.happens(Event.ARM, "", 1.0)
    assert not guard.happens(Event.ARM, "", 1.5)
    guard.happens(Event.HOLD, "COMMAND_SILENCE", 2.0)
    guard.happens(Event.HOLD, "OPERATOR", 2.5)
    assert [(step.stamp, str(step)) for step in guard.log] == [
        (0.0, "BOOT -> HOLD START"),
        (1.0, "HOLD -> RUNNING"),
        (2.0, "RUNNING -> HOLD COMMAND_SILENCE"),
    ]
    assert [step.number for step in guard.log] == [1, 2, 3]


def test_the_log_is_bounded_and_keeps_the_newest():
    guard = life()
    for k in range(LOG_SIZE):
        guard.happens(Event.ARM, "", float(k))
        guard.happens(Event.HOLD, "OPERATOR", float(k))
    assert len(guard.log) == LOG_SIZE
    assert guard.log[-1].number == 2 * LOG_SIZE + 1


def test_reflexes_within_the_window_ask_for_a_person_until_one_acknowledges():
    guard = life(reflex_limit=3, reflex_window=10.0)
    reflex(guard, 1.0)
    reflex(guard, 5.0)
    assert not guard.asks_for_person
    reflex(guard, 11.0, "cartesian_reflex")
    assert guard.asks_for_person
    assert (guard.state, guard.reason) == (State.INACTIVE, "REPEATED_REFLEXES")
    assert str(guard.log[-2]) == "HOLD -> INACTIVE cartesian_reflex"
    assert guard.acknowledge(12.0) and not guard.asks_for_person
    assert guard.state is State.INACTIVE and guard.log[-1].event is Event.ACKNOWLEDGE
    guard.happens(Event.RECOVER, "RECOVERED", 13.0)
    reflex(guard, 14.0)
    assert guard.state is State.HOLD  # counted from the acknowledgement on


def test_reflexes_further_apart_do_not():
    guard = life(reflex_limit=3, reflex_window=10.0)
    for stamp in (1.0, 6.0, 11.1, 16.2):
        reflex(guard, stamp)
        assert not guard.asks_for_person


def test_a_limit_of_zero_never_asks():
    guard = life(reflex_limit=0)
    for k in range(20):
        reflex(guard, 0.1 * k)
    assert not guard.asks_for_person


def test_a_robot_clock_that_began_anew_hides_no_reflex():
    guard = life(reflex_limit=2, reflex_window=10.0)
    reflex(guard, 1000.0)
    reflex(guard, 1.0)
    assert guard.asks_for_person


def test_there_is_nothing_to_acknowledge_without_repeated_reflexes():
    guard = life()
    reflex(guard, 1.0)
    assert not guard.acknowledge(2.0)


@pytest.mark.parametrize(
    "wrong", [{"speed": 0.0}, {"reflex_limit": -1}, {"patience": float("nan")}]
)
def test_a_wrong_setting_is_refused_by_name(wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        RecoveryConfig(**wrong)
