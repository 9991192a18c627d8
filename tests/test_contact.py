"""What is contact, and what is taken back when it begins."""

import numpy as np
import pytest

from robot_meta.contact import ContactConfig, ContactMonitor, Experience
from robot_meta.safety.config import GuardConfig


class Ledger:
    """An adapter that does nothing but keep what it is told."""

    window = 10

    def __init__(self):
        self.rows = []

    def reset_episode(self):
        self.rows = []

    def observe(self, transition):
        self.rows = [*self.rows, transition][-self.window :]

    def forget_newest(self, count):
        self.rows = self.rows[: max(0, len(self.rows) - count)]

    def body_changed(self, since):
        self.rows = self.rows[len(self.rows) - since :] if since else []


def told(*events):
    """What is left with the adapter after transitions (numbers), alarms and touches."""
    ledger = Ledger()
    experience = Experience(ledger, ContactConfig(rewind=2, doubt=6))
    for event in events:
        if event == "touch":
            experience.touched()
        elif isinstance(event, str):
            experience.body_changed(int(event.removeprefix("changed ")))
        else:
            experience.add(event)
    return ledger.rows


def test_contact_begins_once_and_ends_after_a_quiet_while():
    monitor = ContactMonitor(ContactConfig(release=3), GuardConfig().contact_torque)
    strong = np.array([0.0, 26.0, 0, 0, 0, 0, 0])
    assert monitor.update(strong) and not monitor.update(-strong)
    assert [monitor.update(np.zeros(7)) or monitor.active for _ in range(3)] == [True, True, False]


@pytest.mark.parametrize("reason", ["EXTERNAL_FORCE", "EXTERNAL_TORQUE"])
def test_what_the_guard_calls_too_much_is_contact_at_any_torque(reason):
    monitor = ContactMonitor(ContactConfig(release=2), GuardConfig().contact_torque)
    assert not monitor.update(np.zeros(7), "LEAD") and monitor.update(np.zeros(7), reason)
    assert monitor.active


def test_a_touch_takes_back_the_newest_transitions():
    assert told(*range(8), "touch") == [0, 1, 2, 3, 4, 5]


def test_a_touch_soon_after_an_alarm_takes_back_the_alarm_and_all_since():
    assert told(*range(14), "changed 2", 14, 15, 16) == [12, 13, 14, 15, 16]
    assert told(*range(14), "changed 2", 14, 15, 16, "touch") == list(range(2, 12))


def test_an_alarm_long_before_a_touch_stands():
    assert told(*range(9), "changed 1", *range(9, 16), "touch") == [8, 9, 10, 11, 12, 13]


def test_an_alarm_is_taken_back_once():
    rows = told(*range(9), "changed 1", "touch", 9, 10, 11, "touch")
    assert rows == [*range(1, 8), 9]


def test_after_a_break_nothing_from_before_it_comes_back():
    ledger = Ledger()
    experience = Experience(ledger, ContactConfig())
    for transition in range(5):
        experience.add(transition)
    experience.body_changed(1)
    experience.reset()
    experience.add(5)
    experience.touched()
    assert ledger.rows == []


def test_settings_of_contact_are_periods():
    with pytest.raises(ValueError, match="doubt"):
        ContactConfig(doubt=-1)
