"""The forms of the few English verbs that the crowd uses."""

from __future__ import annotations

_PAST = {
    **{"slide": "slid", "draw": "drew", "bring": "brought", "take": "took", "shut": "shut"},
    **{"put": "put", "set": "set", "spin": "spun", "wind": "wound", "make": "made", "do": "did"},
    **{"get": "got", "light": "lit", "hold": "held"},
}
_DOUBLED = ("tug", "drag", "shut", "put", "set", "spin", "get", "grab", "flip")
_HISSING = ("s", "sh", "ch", "x", "o")


def third_person(verb: str) -> str:
    """The form of "it ...", such as "pushes"."""
    return verb + ("es" if verb.endswith(_HISSING) else "s")


def past(verb: str) -> str:
    """The form of "it ..." yesterday, such as "pushed"."""
    if verb in _PAST:
        return _PAST[verb]
    return _stem(verb) + "ed"


def gerund(verb: str) -> str:
    """The form of "it is ...", such as "pushing"."""
    return _stem(verb) + "ing"


def _stem(verb: str) -> str:
    if verb in _DOUBLED:
        return verb + verb[-1]
    return verb.removesuffix("e")
