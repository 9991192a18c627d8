"""A keyboard whose keys are never let go, as in a terminal: one press is one short jog.

A terminal tells that a key was pressed, and repeats it while it is held; it tells of no release.
So every press moves the tool for `jog_time` and no longer, and presses that follow each other keep
it moving; a terminal that goes ends the jog. What a key starts besides motion it starts once,
however long it is held.
"""

from __future__ import annotations

import numpy as np

from robot_meta.teleoperation.device import Button, Reading

# Entry of the velocity, and its sign. Base frame: x away from the base, y to its left, z up.
MOTION_KEYS = {
    "w": (0, 1.0),
    "s": (0, -1.0),
    "a": (1, 1.0),
    "d": (1, -1.0),
    "e": (2, 1.0),
    "q": (2, -1.0),
    "o": (3, 1.0),
    "u": (3, -1.0),
    "k": (4, 1.0),
    "i": (4, -1.0),
    "j": (5, 1.0),
    "l": (5, -1.0),
}
BUTTON_KEYS = {
    "g": Button.GRIPPER,
    "+": Button.FASTER,
    "-": Button.SLOWER,
    "enter": Button.RECORD,
    "backspace": Button.DISCARD,
    "m": Button.MARK,
    "c": Button.RESUME,
    "space": Button.HOLD,
    "!": Button.STOP,
    "1": Button.ARM,
    "2": Button.RECOVER,
    "3": Button.HOME,
}
HELP = """\
w s  away, back      o u  roll       enter      start or stop an episode
a d  left, right     k i  pitch      backspace  discard it    m  mark    c  go on with the newest
e q  up, down        j l  yaw        + -        faster, slower           g  open or close the hand
space  hold    !  software stop      1  arm     2  recover    3  home    ctrl-d  leave
"""
LET_GO = "let go"  # no key: what a terminal says when it is left or lost
_REPEATS = 0.7  # a key that comes again within this time was held, not pressed again, [s]
_REPEATING = (Button.FASTER, Button.SLOWER)


class Keyboard:
    """Remembers which key was pressed last, and when.

    Args:
        jog_time: How long one press moves the tool, [s].
    """

    def __init__(self, jog_time: float = 0.12) -> None:
        if not jog_time > 0.0:
            raise ValueError(f"jog_time must be > 0, got {jog_time}")
        self._jog_time = jog_time
        self._velocity, self._until = np.zeros(6), -np.inf
        self._pressed: dict[str, float] = {}
        self._buttons: list[Button] = []

    def press(self, key: str, now: float) -> bool:
        """A key was pressed at `now` [s]; whether it means anything."""
        if key in MOTION_KEYS:
            entry, sign = MOTION_KEYS[key]
            self._velocity, self._until = np.zeros(6), now + self._jog_time
            self._velocity[entry] = sign
        elif key == LET_GO:
            self._until = -np.inf
        elif key in BUTTON_KEYS:
            button = BUTTON_KEYS[key]
            held = now - self._pressed.get(key, -np.inf) < _REPEATS
            self._pressed[key] = now
            if not held or button in _REPEATING:
                self._buttons.append(button)
        return key in MOTION_KEYS or key in BUTTON_KEYS or key == LET_GO

    def read(self, now: float) -> Reading:
        """The jog that is under way at `now` [s], and the buttons since the last reading."""
        buttons, self._buttons = tuple(self._buttons), []
        if now >= self._until:
            return Reading(buttons=buttons)
        return Reading(engaged=True, velocity=self._velocity.copy(), buttons=buttons)

    def close(self) -> None:
        """Nothing to let go of."""
