"""The hand of a page: one at a time, down only while the page says so, no jumps."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_meta.perception.poses import IDENTITY, Pose, angle
from robot_meta.web.clutch import Clutch
from robot_meta.web.hand import Hand, HandConfig

TOOL = Pose(position=np.array([0.4, 0.1, 0.3]), rotation=IDENTITY.rotation)
ELSEWHERE = Pose(position=np.array([0.5, 0.0, 0.4]), rotation=IDENTITY.rotation)
FORWARD = np.array([1.0, 0, 0, 0, 0, 0])
DT = 0.02


def hand(**config):
    return Hand(HandConfig(**config))


def test_first_come_first_served_until_it_lets_go():
    clutch = Clutch(0.1)
    assert clutch.press("a", 0.0)
    assert not clutch.press("b", 0.05)
    assert clutch.holder(0.05) == "a"
    clutch.release("b")
    assert clutch.holder(0.05) == "a", "nobody lets go for another"
    clutch.release("a")
    assert clutch.press("b", 0.06)


def test_a_silent_hand_has_let_go_and_must_press_anew():
    clutch = Clutch(0.1)
    clutch.press("a", 0.0)
    assert clutch.beat("a", 0.09)
    assert clutch.holder(0.19) == "a"
    assert clutch.holder(0.2) == ""
    assert not clutch.beat("a", 0.21), "a beat that comes too late brings nothing back"
    assert clutch.holder(0.22) == ""
    assert clutch.press("a", 0.23)


def test_nothing_is_said_of_a_hand_whose_page_is_silent_for_a_moment():
    one = hand(timeout=0.1, gap=0.05)
    assert not one.waits(7.0), "nobody's hand is down"
    one.push("a", FORWARD, 0.0)
    assert not one.waits(0.05) and one.waits(0.06)
    one.beat("a", 0.09)
    assert not one.waits(0.1) and one.step(TOOL, DT, 0.1) is not None
    assert not one.waits(0.3) and one.step(TOOL, DT, 0.3) is None, "it has let go by then"


@given(
    st.lists(
        st.tuples(
            st.sampled_from(["press", "beat", "release"]),
            st.sampled_from("ab"),
            st.floats(0.0, 0.2),
        ),
        max_size=40,
    )
)
def test_whoever_holds_has_pressed_and_not_been_silent_since(events):
    clutch, now, holder, heard = Clutch(0.1), 0.0, "", 0.0
    for act, who, pause in events:
        now += pause
        if now - heard > 0.1:
            holder = ""
        getattr(clutch, act)(*((who,) if act == "release" else (who, now)))
        if act == "press" and holder in ("", who):
            holder, heard = who, now
        elif act == "beat" and holder == who:
            heard = now
        elif act == "release" and holder == who:
            holder = ""
        assert clutch.holder(now) == holder


def test_a_pushed_hand_begins_at_the_tool_and_goes_as_fast_as_configured():
    one = hand(speed=0.1)
    assert one.step(TOOL, DT, 0.0) is None
    assert one.push("a", 0.5 * FORWARD, 0.0)
    first = one.step(TOOL, DT, 0.0)
    np.testing.assert_allclose(first.position - TOOL.position, [0.001, 0, 0], atol=1e-12)
    second = one.step(TOOL, DT, 0.02)
    np.testing.assert_allclose(second.position - TOOL.position, [0.002, 0, 0], atol=1e-12)


def test_a_pushed_hand_turns_about_the_base_axes():
    one = hand(turn=0.5)
    one.push("a", np.array([0.0, 0, 0, 0, 0, 1.0]), 0.0)
    turned = one.step(TOOL, DT, 0.0)
    assert angle(TOOL, turned) == pytest.approx(0.01)
    np.testing.assert_allclose(turned.rotation @ [1, 0, 0], [np.cos(0.01), np.sin(0.01), 0])


def test_a_pushed_hand_waits_for_a_robot_that_does_not_follow_and_can_come_back():
    one = hand(lead=0.05, timeout=100.0)
    one.push("a", FORWARD, 0.0)
    for _ in range(100):
        far = one.step(TOOL, DT, 0.0)
    assert 0.045 < far.position[0] - TOOL.position[0] <= 0.05
    one.push("a", -FORWARD, 0.0)
    assert one.step(TOOL, DT, 0.0).position[0] < TOOL.position[0], "it begins at the tool again"


def test_a_new_press_begins_where_the_tool_is_by_then():
    one = hand()
    one.push("a", FORWARD, 0.0)
    one.step(TOOL, DT, 0.0)
    one.release("a")
    assert one.step(TOOL, DT, 0.02) is None
    one.push("a", FORWARD, 0.04)
    assert np.linalg.norm(one.step(ELSEWHERE, DT, 0.04).position - ELSEWHERE.position) < 0.01


def test_only_the_one_who_grabbed_the_handle_drags_it():
    one = hand()
    assert one.grab("a", TOOL, 0.0)
    assert not one.grab("b", ELSEWHERE, 0.01)
    one.drag("b", ELSEWHERE, 0.01)
    np.testing.assert_array_equal(one.step(TOOL, DT, 0.01).position, TOOL.position)
    one.drag("a", ELSEWHERE, 0.02)
    np.testing.assert_allclose(one.step(ELSEWHERE, DT, 0.02).position, ELSEWHERE.position)
    one.drag("a", TOOL, 0.5)
    assert one.step(TOOL, DT, 0.5) is None, "the page that drags must say that the pointer is down"


def test_a_handle_that_is_torn_away_leads_no_further_than_configured():
    one = hand(lead=0.05)
    one.grab("a", TOOL, 0.0)
    far = Pose(position=TOOL.position + [3.0, 0, 4.0], rotation=TOOL.rotation)
    one.drag("a", far, 0.0)
    ahead = one.step(TOOL, DT, 0.0).position - TOOL.position
    np.testing.assert_allclose(ahead, [0.03, 0, 0.04])


def test_a_page_that_pushes_cannot_be_dragged():
    one = hand()
    one.push("a", FORWARD, 0.0)
    one.drag("a", ELSEWHERE, 0.0)
    assert np.linalg.norm(one.step(TOOL, DT, 0.0).position - TOOL.position) < 0.01


@pytest.mark.parametrize("direction", [[1.0] * 5, [2.0, 0, 0, 0, 0, 0], [np.nan] * 6])
def test_nonsense_moves_nothing(direction):
    one = hand()
    with pytest.raises(ValueError, match="want 6 directions in"):
        one.push("a", np.array(direction), 0.0)
    assert one.step(TOOL, DT, 0.0) is None
