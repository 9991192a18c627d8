"""Messages that come one by one and the periods they make."""

from types import SimpleNamespace

from robot_meta.collection.decoding import NANOSECONDS
from robot_meta.collection.periods import MOST, PeriodJoiner


def message(tick, text=""):
    sec, nanosec = divmod(tick * NANOSECONDS // 50, NANOSECONDS)
    stamp = SimpleNamespace(sec=sec, nanosec=nanosec)
    return SimpleNamespace(header=SimpleNamespace(stamp=stamp), text=text)


def fed(joiner, script):
    """The periods that come out when ("a", 3) stands for topic a at tick 3."""
    out = []
    for topic, tick in script:
        if (parts := joiner.put(topic, message(tick, f"{topic}{tick}"))) is not None:
            out.append([part.text for part in parts])
    return out


def test_the_last_part_completes_a_period_in_whatever_order_they_come():
    joiner = PeriodJoiner(("a", "b"))
    assert fed(joiner, [("b", 0), ("a", 0), ("a", 1), ("b", 1)]) == [["a0", "b0"], ["a1", "b1"]]
    assert not joiner.incomplete


def test_topics_may_run_ahead_of_each_other():
    joiner = PeriodJoiner(("a", "b"))
    assert fed(joiner, [("a", 0), ("a", 1), ("a", 2), ("b", 0)]) == [["a0", "b0"]]
    assert joiner.incomplete
    assert fed(joiner, [("b", 1), ("b", 2)]) == [["a1", "b1"], ["a2", "b2"]]


def test_a_period_with_a_part_missing_is_left_out():
    joiner = PeriodJoiner(("a", "b"))
    assert fed(joiner, [("a", 0), ("a", 1), ("b", 1)]) == [["a1", "b1"]]
    assert not joiner.incomplete


def test_a_period_that_is_repeated_counts_once():
    joiner = PeriodJoiner(("a", "b"))
    assert fed(joiner, [("a", 0), ("b", 0)] * 3 + [("a", 1), ("b", 1)]) == [
        ["a0", "b0"],
        ["a1", "b1"],
    ]


def test_when_time_runs_back_what_was_left_of_before_is_forgotten():
    joiner = PeriodJoiner(("a", "b"))
    before = [("a", 90), ("b", 90), ("a", 91)]
    assert fed(joiner, [*before, ("a", 0), ("b", 0)]) == [["a90", "b90"], ["a0", "b0"]]
    assert not joiner.incomplete


def test_a_topic_that_fell_silent_fills_no_memory():
    joiner = PeriodJoiner(("a", "b"))
    fed(joiner, [("a", tick) for tick in range(2 * MOST)])
    assert len(joiner._waiting) == MOST
    assert fed(joiner, [("b", 2 * MOST - 1)]) != []
