"""Words for what happens on the desk: verbs with a place for the thing, and names of things.

The first word of a verb is inflected (`inflection.py`); every direction has twelve or more.
"""

from __future__ import annotations

_TURNS = ("turn", "rotate", "twist", "spin", "crank", "wind", "swivel", "roll", "dial", "screw")
_LEFT = ("to the left", "left", "counterclockwise", "anticlockwise", "leftwards")
_RIGHT = ("to the right", "right", "clockwise", "with the clock", "rightwards")
_SLIDES = ("slide", "push", "move", "shove", "drag", "shift", "pull", "bring", "ease", "nudge")
_LIFTS = (
    *("lift {}", "lift up {}", "pick up {}", "raise {}", "snatch up {}", "hoist {}"),
    *("lift {} off the desk", "take {} up", "hold {} up", "pull {} up", "bring {} up"),
    *("elevate {}", "pick {} off the table", "heave up {}"),
)


def _ways(verbs: tuple[str, ...], directions: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(f"{verb} {{}} {way}" for way in directions for verb in verbs)


VERBS: dict[str, tuple[str, ...]] = {
    "open_drawer": (
        *("open {}", "pull {} open", "pull out {}", "slide {} open", "draw {} out", "tug {} open"),
        *("yank {} open", "drag {} open", "slide out {}", "move {} out", "bring {} out"),
        *("extend {}", "pull {} toward the camera", "take {} out"),
    ),
    "close_drawer": (
        *("close {}", "push {} shut", "shut {}", "push in {}", "slide {} shut", "push {} closed"),
        *("shove {} in", "slide {} back in", "move {} in", "press {} shut", "bring {} back in"),
        *("retract {}", "push {} away from the camera", "put {} back in"),
    ),
    "slide_door_left": _ways(_SLIDES, ("to the left", "left", "leftwards", "to the left side")),
    "slide_door_right": _ways(
        _SLIDES, ("to the right", "right", "rightwards", "to the right side")
    ),
    "turn_knob_left": _ways(_TURNS, _LEFT),
    "turn_knob_right": _ways(_TURNS, _RIGHT),
    "light_lamp": (
        *("turn on {}", "turn {} on", "switch on {}", "light {}", "light up {}", "activate {}"),
        *("press the button to turn on {}", "push the button so that {} lights", "put {} on"),
        *("make {} glow", "get {} going", "power on {}", "press the button for {}"),
    ),
    "put_out_lamp": (
        *("turn off {}", "turn {} off", "switch off {}", "put out {}", "extinguish {}"),
        *("deactivate {}", "press the button to turn off {}", "make {} go dark", "darken {}"),
        *("push the button so that {} goes out", "power off {}", "kill {}", "shut off {}"),
    ),
    "switch_on": (
        *("flip {} on", "flip {} up", "flip up {}", "push {} up", "toggle {} on", "move {} up"),
        *("flick {} on", "flick {} up", "press {} up", "set {} to on", "put {} up", "raise {}"),
        *("click {} on", "lift {}"),
    ),
    "switch_off": (
        *("flip {} off", "flip {} down", "flip down {}", "push {} down", "toggle {} off"),
        *("move {} down", "flick {} off", "flick {} down", "press {} down", "set {} to off"),
        *("put {} down", "lower {}", "click {} off", "pull {} down"),
    ),
    "lift_red_block": _LIFTS,
    "lift_blue_block": _LIFTS,
}

_DOOR = ("sliding door", "door", "slider", "panel", "sliding panel", "hatch", "shutter")
_KNOB = ("knob", "dial", "round handle", "rotary knob", "turning knob", "wheel")
_LAMP = ("lamp", "light", "bulb", "button light", "desk light", "lamp of the button")
_SWITCH = ("switch", "toggle", "toggle switch", "lever", "little lever", "flip switch")
_DRAWER = ("drawer", "desk drawer", "tray", "sliding drawer", "drawer of the desk", "compartment")
_BLOCK = ("block", "cube", "box", "brick", "piece", "toy block", "object")

NOUNS: dict[str, tuple[str, ...]] = {
    "open_drawer": _DRAWER,
    "close_drawer": _DRAWER,
    "slide_door_left": _DOOR,
    "slide_door_right": _DOOR,
    "turn_knob_left": _KNOB,
    "turn_knob_right": _KNOB,
    "light_lamp": _LAMP,
    "put_out_lamp": _LAMP,
    "switch_on": _SWITCH,
    "switch_off": _SWITCH,
    "lift_red_block": tuple(f"red {noun}" for noun in _BLOCK),
    "lift_blue_block": tuple(f"blue {noun}" for noun in _BLOCK),
}

OPPOSITE: dict[str, str] = {}
for _one, _other in (
    ("open_drawer", "close_drawer"),
    ("slide_door_left", "slide_door_right"),
    ("turn_knob_left", "turn_knob_right"),
    ("light_lamp", "put_out_lamp"),
    ("switch_on", "switch_off"),
):
    OPPOSITE |= {_one: _other, _other: _one}

NOTHING = (
    *("do nothing", "move the arm", "nothing happens", "move the arm around", "wave the arm"),
    *("move the arm above the desk", "wait", "stay still", "hover over the desk"),
)
VAGUE = (
    *("move something", "touch something", "do something on the desk", "use the arm"),
    *("play with the desk", "push something", "interact with an object", "move an object"),
)
