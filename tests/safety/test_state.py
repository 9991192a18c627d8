"""Every state and every event: a table."""

import pytest

from robot_meta.safety.state import LATCHED, Event, State, next_state

TABLE = """
         start     arm       move      hold      fault     stop   acknowledge  recover
BOOT     HOLD      BOOT      BOOT      BOOT      INACTIVE  ESTOP  BOOT         BOOT
HOLD     HOLD      RUNNING   RECOVERY  HOLD      INACTIVE  ESTOP  HOLD         HOLD
RUNNING  RUNNING   RUNNING   RUNNING   HOLD      INACTIVE  ESTOP  RUNNING      RUNNING
RECOVERY RECOVERY  RECOVERY  RECOVERY  HOLD      INACTIVE  ESTOP  RECOVERY     RECOVERY
INACTIVE INACTIVE  INACTIVE  INACTIVE  INACTIVE  INACTIVE  ESTOP  INACTIVE     HOLD
ESTOP    ESTOP     ESTOP     ESTOP     ESTOP     ESTOP     ESTOP  ESTOP        HOLD
"""
EVENTS, *LINES = [line.split() for line in TABLE.strip().splitlines()]
ROWS = [
    (State(before), Event(event), State(after))
    for before, *afters in LINES
    for event, after in zip(EVENTS, afters, strict=True)
]


@pytest.mark.parametrize(("before", "event", "after"), ROWS)
def test_each_event_leads_where_the_table_says(before, event, after):
    assert next_state(before, event) is after


def test_the_table_is_complete():
    assert {(a, b) for a, b, _ in ROWS} == {(s, e) for s in State for e in Event}


def test_only_what_a_person_asks_for_in_hold_leads_to_motion():
    moving = (State.RUNNING, State.RECOVERY)
    into = [
        (before, event) for before, event, after in ROWS if after in moving and before != after
    ]
    assert into == [(State.HOLD, Event.ARM), (State.HOLD, Event.MOVE)]


def test_only_recover_leads_out_of_a_latched_state_to_one_that_is_not():
    out = {event for a, event, b in ROWS if a in LATCHED and b not in LATCHED}
    assert out == {Event.RECOVER}
