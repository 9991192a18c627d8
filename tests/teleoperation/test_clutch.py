"""The clutch, as a table of what happens and how it stands then."""

import pytest

from robot_meta.teleoperation.clutch import Clutch, Hold

HELD, FREE = (True, True), (False, True)  # engaged, and whether the robot follows
HELD_IN_HOLD, FREE_IN_HOLD = (True, False), (False, False)


@pytest.mark.parametrize(
    ("periods", "hold"),
    [
        ([], Hold.OPEN),
        ([FREE], Hold.OPEN),
        ([FREE, HELD], Hold.CLOSED),
        ([HELD, FREE], Hold.OPEN),
        ([FREE_IN_HOLD, HELD_IN_HOLD], Hold.WAITING),
        ([HELD_IN_HOLD, HELD], Hold.WAITING),
        ([HELD_IN_HOLD, HELD, FREE, HELD], Hold.CLOSED),
        ([HELD, HELD_IN_HOLD, HELD], Hold.WAITING),
        ([HELD, HELD_IN_HOLD, FREE_IN_HOLD, HELD], Hold.CLOSED),
    ],
)
def test_it_closes_only_when_taken_hold_of_while_the_robot_follows(periods, hold):
    clutch = Clutch()
    moves = [clutch.update(engaged, following) for engaged, following in periods]
    assert clutch.hold is hold
    assert moves[-1:] == [hold is Hold.CLOSED][: len(moves)]


def test_a_hand_that_cannot_be_trusted_has_to_let_go_first():
    clutch = Clutch()
    clutch.update(*HELD)
    clutch.open()
    assert not clutch.update(*HELD)
    clutch.update(*FREE)
    assert clutch.update(*HELD)
