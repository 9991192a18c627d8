"""Several people at one robot: first come, first served, and it goes from nobody to nobody."""

import numpy as np
import pytest

from robot_meta.teleoperation.device import Button, Reading
from robot_meta.teleoperation.sharing import Shared


class Said:
    """A device that says what it is told to."""

    def __init__(self):
        self.reading, self.closed = Reading(), False

    def read(self, now):
        return self.reading

    def close(self):
        self.closed = True


UP, FREE = Reading(engaged=True, velocity=np.eye(6)[2]), Reading()
DOWN = Reading(engaged=True, velocity=-np.eye(6)[2])


@pytest.mark.parametrize(
    ("periods", "moves"),
    [
        ([(FREE, FREE)], [0]),
        ([(UP, FREE), (UP, DOWN), (UP, DOWN)], [1, 1, 1]),
        ([(FREE, DOWN), (UP, DOWN)], [-1, -1]),
        # One lets go while the other holds: nothing moves until that one lets go, and holds anew.
        ([(UP, FREE), (UP, DOWN), (FREE, DOWN), (FREE, DOWN), (FREE, FREE), (FREE, DOWN)],
         [1, 1, 0, 0, 0, -1]),
        ([(UP, FREE), (FREE, DOWN), (FREE, DOWN)], [1, 0, 0]),
        # Who held late does not keep the other from taking hold again.
        ([(UP, FREE), (UP, DOWN), (FREE, DOWN), (UP, DOWN), (UP, FREE)], [1, 1, 0, 1, 1]),
        ([(UP, FREE), (FREE, FREE), (UP, FREE)], [1, 0, 1]),
    ],
)  # fmt: skip
def test_who_takes_hold_first_has_the_robot_and_it_goes_from_hand_to_hand_through_nobody(
    periods, moves
):
    one, two = Said(), Said()
    shared, seen = Shared([one, two]), []
    for one.reading, two.reading in periods:
        reading = shared.read(0.0)
        assert reading.engaged is bool(reading.velocity.any())
        seen.append(reading.velocity[2])
    assert seen == moves


def test_buttons_and_fingers_count_whoever_holds():
    one, two = Said(), Said()
    one.reading = Reading(engaged=True, buttons=(Button.MARK,), width=0.05)
    two.reading = Reading(buttons=(Button.HOLD,), grip=0.02)
    reading = Shared([one, two]).read(0.0)
    assert reading.engaged and reading.buttons == (Button.MARK, Button.HOLD)
    assert (reading.width, reading.grip) == (0.05, 0.02)


def test_all_are_let_go_of():
    devices = [Said(), Said()]
    Shared(devices).close()
    assert all(device.closed for device in devices)
