"""What counts as done: progress, success with hold time and hysteresis, events."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from robot_meta.twin.desk.predicates import HOLD, KEEP, SKILLS, Judge, events
from robot_meta.twin.desk.state import STATE

PERIOD = 0.05
LASTS = round(HOLD / PERIOD)
ENTRIES = sorted({skill.entry for skill in SKILLS.values()})
skills = st.sampled_from(list(SKILLS.values()))
desks = arrays(float, len(STATE), elements=st.floats(-2.0, 2.0))


def path(entry, values):
    """States in which only one entry changes."""
    states = np.zeros((len(values), len(STATE)))
    states[:, STATE.index(entry)] = values
    return states


def test_there_are_twelve_skills_on_entries_that_exist():
    assert len(SKILLS) == 12
    assert set(ENTRIES) <= set(STATE)
    assert all(0.0 < skill.event <= skill.complete for skill in SKILLS.values())


@given(skills, desks, desks)
def test_progress_is_a_share_and_begins_at_zero(skill, start, state):
    assert 0.0 <= skill.progress(start, state) <= 1.0
    assert skill.progress(start, start) == 0.0


@given(skills, desks, st.floats(0.0, 3.0), st.floats(0.0, 3.0))
def test_going_further_the_right_way_is_never_less_progress(skill, start, one, other):
    near, far = (start.copy() for _ in range(2))
    near[skill.index] += skill.direction * min(one, other)
    far[skill.index] += skill.direction * max(one, other)
    assert skill.progress(start, near) <= skill.progress(start, far)


@given(skills, desks, desks)
def test_nothing_but_its_own_entry_counts(skill, start, other):
    state = other.copy()
    state[skill.index] = start[skill.index]
    assert skill.progress(start, state) == 0.0


@given(skills, desks)
def test_what_can_be_done_reaches_full_progress_at_the_end_of_the_range(skill, start):
    end = start.copy()
    end[skill.index] = skill.reach
    if skill.possible(start):
        assert skill.progress(start, end) == pytest.approx(1.0, abs=1e-4)


@given(skills, st.integers(1, 3 * LASTS))
def test_it_is_done_once_all_of_it_has_lasted(skill, length):
    values = [0.0] + [skill.direction * skill.complete] * length + [0.0] * 3
    done = skill.success(path(skill.entry, values), PERIOD)
    expected = np.zeros(len(values), bool)
    expected[LASTS : length + 1] = True
    np.testing.assert_array_equal(done, expected)


@pytest.mark.parametrize("left, still", [(KEEP + 0.01, True), (KEEP - 0.01, False)])
def test_a_little_less_does_not_undo_it_and_much_less_does(left, still):
    skill = SKILLS["open_drawer"]
    values = [0.0] + [skill.complete] * LASTS + [left * skill.complete] * 5
    assert skill.success(path("drawer", values), PERIOD)[-1] == still


@given(st.sampled_from(ENTRIES), st.lists(st.integers(-1, 1), min_size=1, max_size=6))
def test_every_change_of_way_is_one_event_of_the_right_name(entry, ways):
    """Moves of a full event each, held long enough, one after the other."""
    least = next(s.event for s in SKILLS.values() if s.entry == entry)
    values, expected, last, level = [0.0] * LASTS, [], 0, 0.0
    for way in ways:
        level += way * least
        values += [level] * (LASTS + 1)
        if way and way != last:
            named = [s.name for s in SKILLS.values() if (s.entry, s.direction) == (entry, way)]
            expected += named
            last = way
    assert [e.skill for e in events(path(entry, values), PERIOD)] == expected


@given(st.sampled_from(ENTRIES), st.lists(st.floats(-0.45, 0.45), min_size=2, max_size=40))
def test_less_than_an_event_is_nothing(entry, shares):
    least = next(s.event for s in SKILLS.values() if s.entry == entry)
    assert events(path(entry, least * np.array(shares)), PERIOD) == []


def test_a_touch_too_short_to_last_is_no_event():
    values = [0.0] * 5 + [0.1] * (LASTS - 1) + [0.0] * 10
    assert events(path("drawer", values), PERIOD) == []


def test_two_things_at_once_are_two_events():
    states = path("drawer", [0.0] * 3 + [0.1] * 6)
    states[5:, STATE.index("lamp")] = 1.0
    found = events(states, PERIOD)
    assert [e.skill for e in found] == ["open_drawer", "light_lamp"]
    assert [e.step for e in found] == [2 + LASTS, 4 + LASTS]


@given(st.integers(0, 2**31 - 1))
def test_what_is_judged_as_it_happens_is_what_is_judged_afterwards(seed):
    rng = np.random.default_rng(seed)
    states = np.cumsum(rng.normal(0.0, 0.05, (60, len(STATE))), axis=0)
    states[:, STATE.index("lamp")] = rng.integers(0, 2, 60).repeat(12)[:60]
    judge = Judge(PERIOD)
    judge.look(states[0])
    judge.begin()
    seen = [judge.look(state) for state in states[10:]]
    for k, skill in enumerate(SKILLS.values()):
        np.testing.assert_allclose(
            [progress[k] for progress, _ in seen], skill.progress(states[10], states[10:])
        )
        np.testing.assert_array_equal(
            [done[k] for _, done in seen], skill.success(states[10:], PERIOD)
        )
