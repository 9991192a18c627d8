"""Every code explains itself."""

import re
from pathlib import Path

import pytest

from robot_meta.safety import reasons
from robot_meta.safety.reasons import EXPLANATIONS, Reason, explain

SAFETY = Path(reasons.__file__).parent


@pytest.mark.parametrize("reason", Reason)
def test_every_code_has_a_meaning_and_a_remedy(reason):
    text = explain(reason)
    assert text.meaning.endswith(".") and text.remedy.endswith(".")
    assert reason.value == reason.name == str(reason)


def test_no_two_codes_mean_the_same():
    meanings = [text.meaning for text in EXPLANATIONS.values()]
    assert len(set(meanings)) == len(meanings) == len(Reason)


def test_a_code_of_another_room_speaks_for_itself():
    assert explain("SECOND_COMMANDER").meaning == "Second commander."


def test_the_guard_uses_every_code_that_is_its_own():
    source = "".join(
        path.read_text()
        for folder in (SAFETY, SAFETY.parent / "robots")
        for path in folder.rglob("*.py")
        if path.name != "reasons.py"
    )
    used = set(re.findall(r"Reason\.([A-Z_]+)", source))
    from_nodes = {"HEARTBEAT_LOST", "WRONG_NAMES", "CANNOT_ADAPT"}
    assert {reason.name for reason in Reason} - used == from_nodes
