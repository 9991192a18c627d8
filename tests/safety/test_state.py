"""Every state and every event: a table."""

import pytest

from robot_meta.safety.state import Event, State, next_state

TABLE = """
HOLD    arm     RUNNING
HOLD    hold    HOLD
HOLD    stop    STOPPED
HOLD    recover HOLD
RUNNING arm     RUNNING
RUNNING hold    HOLD
RUNNING stop    STOPPED
RUNNING recover RUNNING
STOPPED arm     STOPPED
STOPPED hold    STOPPED
STOPPED stop    STOPPED
STOPPED recover HOLD
"""
ROWS = [line.split() for line in TABLE.strip().splitlines()]


@pytest.mark.parametrize(("before", "event", "after"), ROWS)
def test_each_event_leads_where_the_table_says(before, event, after):
    assert next_state(State(before), Event(event)) is State(after)


def test_the_table_is_complete():
    assert {(a, b) for a, b, _ in ROWS} == {(s.value, e.value) for s in State for e in Event}


def test_only_arming_leads_to_motion():
    into = [event for _, event, after in ROWS if after == "RUNNING" and _ != "RUNNING"]
    assert into == ["arm"]
