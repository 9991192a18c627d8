"""A terminal's keys: one press is one bounded jog, and a held key starts nothing twice."""

import os
import pty
import signal
import subprocess
import sys
import termios
import textwrap

import numpy as np
import pytest

from robot_meta.errors import DeviceUnavailable
from robot_meta.teleoperation.device import Button
from robot_meta.teleoperation.keyboard import BUTTON_KEYS, HELP, LET_GO, MOTION_KEYS, Keyboard
from robot_meta.teleoperation.motion import MotionConfig
from robot_meta.teleoperation.terminal import Terminal, keys_from

DT = 0.02


def play(driven, presses, periods):
    """A person who presses keys in the given periods."""
    keyboard, person = Keyboard(), driven(MotionConfig(share=0.5))
    for k in range(periods):
        if k in presses:
            keyboard.press(presses[k], k * DT)
        person.period(keyboard.read(k * DT))
    return person


@pytest.mark.sim
@pytest.mark.parametrize("key", sorted(MOTION_KEYS))
def test_one_press_is_one_short_jog_along_its_axis(driven, key):
    entry, sign = MOTION_KEYS[key]
    person = driven()
    start, turned = person.tool, person.rotation
    person = play(driven, {0: key}, 14)
    assert not person.commanded[-1].velocity.any(), "at rest 100 ms after the jog"
    moved = person.tool - start
    skew = person.rotation @ turned.T
    turn = 0.5 * np.array(
        [skew[2, 1] - skew[1, 2], skew[0, 2] - skew[2, 0], skew[1, 0] - skew[0, 1]]
    )
    amount = np.append(moved, turn)[entry] * sign
    low, high = (0.004, 0.02) if entry < 3 else (0.01, 0.08)
    assert low < amount < high
    aside = np.delete(np.append(moved, 0.1 * turn), entry)
    assert np.abs(aside).max() < 1e-3
    assert person.reasons(2) == set()


@pytest.mark.sim
def test_a_terminal_that_goes_has_the_tool_at_rest_100_ms_later(driven):
    presses = dict.fromkeys(range(0, 10), "w")
    lost = play(driven, {**presses, 10: LET_GO}, 15)
    kept = play(driven, {**presses, 10: "w"}, 15)
    assert lost.commanded[10].velocity.any(), "in the middle of a motion"
    assert not lost.commanded[-1].velocity.any()
    assert kept.commanded[-1].velocity.any(), "without that word the jog would have gone on"


@pytest.mark.sim
def test_a_key_that_repeats_keeps_the_tool_moving(driven):
    held = play(driven, dict.fromkeys(range(0, 60, 2), "w"), 60)  # every 40 ms
    assert all(c.velocity.any() for c in held.commanded[4:])
    bursts = play(driven, {k: "w" for k in range(3)}, 20)  # a lagging line delivers them at once
    once = play(driven, {2: "w"}, 20)
    assert np.linalg.norm(bursts.tool - once.tool) < 0.01


def test_a_held_key_starts_what_it_starts_once():
    keyboard = Keyboard()
    for k in range(100):
        keyboard.press("enter", k * 0.03)
    assert keyboard.read(3.0).buttons == (Button.RECORD,)
    keyboard.press("enter", 4.0)
    assert keyboard.read(4.0).buttons == (Button.RECORD,)
    assert keyboard.read(4.0).buttons == ()


def test_every_speed_key_counts():
    keyboard = Keyboard()
    for k in range(3):
        keyboard.press("+", 0.1 * k)
    assert keyboard.read(1.0).buttons == (Button.FASTER,) * 3


def test_a_key_of_no_meaning_does_nothing():
    keyboard = Keyboard()
    assert not any(keyboard.press(key, 0.0) for key in ("W", "A", "x", "", "escape"))
    assert not keyboard.read(0.0).engaged


def test_the_help_names_every_key():
    words = HELP.split()
    assert not [key for key in {**MOTION_KEYS, **BUTTON_KEYS} if key not in words]
    assert not MOTION_KEYS.keys() & BUTTON_KEYS.keys()


@pytest.mark.parametrize(
    ("data", "keys"),
    [
        (b"w", ["w"]),
        (b"wwww", ["w"]),
        (b"\r", ["enter"]),
        (b"\x7f", ["backspace"]),
        (b" ", ["space"]),
        (b"\x04", ["ctrl-d"]),
        (b"\x1b[A", []),
        (b"\x1b[3~", []),
        (b"\x1b", []),
        (b"rm -rf 1", []),
        (b"\xff", ["\N{REPLACEMENT CHARACTER}"]),
    ],
)
def test_what_a_terminal_sends_becomes_keys_and_what_is_pasted_does_not(data, keys):
    assert keys_from(data) == keys


def test_keys_come_one_by_one_through_a_real_terminal_which_is_left_as_it_was():
    ours, theirs = pty.openpty()

    before = termios.tcgetattr(theirs)
    with Terminal(theirs) as terminal:
        assert terminal.keys(0.0) == []
        os.write(ours, b"w")
        assert terminal.keys(5.0) == ["w"]
        os.write(ours, b"\r")
        assert terminal.keys(5.0) == ["enter"]
    assert termios.tcgetattr(theirs) == before
    os.close(ours), os.close(theirs)


def test_a_terminal_that_is_closed_is_said():
    ours, theirs = pty.openpty()
    with pytest.raises(DeviceUnavailable, match="closed"), Terminal(theirs) as terminal:
        os.close(ours)
        terminal.keys(5.0)
    os.close(theirs)


def test_no_terminal_is_said():
    reading, writing = os.pipe()
    with pytest.raises(DeviceUnavailable, match="no terminal"):
        Terminal(reading)
    os.close(reading), os.close(writing)


def test_a_terminal_is_left_as_it_was_when_ctrl_c_ends_the_program():
    ours, theirs = pty.openpty()
    before = termios.tcgetattr(theirs)
    code = """
        import os, signal
        from robot_meta.teleoperation.terminal import Terminal
        signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests ignore it
        with Terminal(0) as terminal:
            os.write(1, b"ready")
            terminal.keys(60.0)
    """
    program = subprocess.Popen(
        [sys.executable, "-c", textwrap.dedent(code)],
        stdin=theirs,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert program.stdout.read(5) == b"ready"
    assert termios.tcgetattr(theirs) != before
    program.send_signal(signal.SIGINT)
    program.wait(60.0)
    assert termios.tcgetattr(theirs) == before
    os.close(ours), os.close(theirs)
