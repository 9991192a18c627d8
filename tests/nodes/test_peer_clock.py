import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes.peer_clock import OffsetFilter  # noqa: E402

MS = 1_000_000


def test_an_answer_in_the_middle_gives_the_offset_exactly():
    known = OffsetFilter()
    known.add(asked=100 * MS, theirs=5105 * MS, answered=110 * MS)
    assert known.offset.ahead == pytest.approx(5.0)
    assert known.offset.error == pytest.approx(0.005)


@pytest.mark.parametrize("forth_ms", [0, 3, 40])
def test_the_error_bounds_what_is_unknown_about_the_way(forth_ms):
    known, ahead_ms, way_ms = OffsetFilter(), -730, 40
    known.add(0, (forth_ms + ahead_ms) * MS, way_ms * MS)
    assert abs(known.offset.ahead - ahead_ms / 1e3) <= known.offset.error + 1e-12


def test_the_quickest_of_the_newest_answers_counts():
    known = OffsetFilter(size=2)
    known.add(0, 2_000 * MS, 2 * MS)
    known.add(0, 2_050 * MS, 90 * MS)
    assert known.offset.ahead == pytest.approx(1.999)
    known.add(0, 2_040 * MS, 70 * MS)
    assert known.offset.ahead == pytest.approx(2.005)


def test_before_the_first_answer_nothing_is_known():
    assert OffsetFilter().offset is None


def test_a_clock_that_was_set_makes_older_answers_void():
    known = OffsetFilter()
    known.add(0, 5_001 * MS, 2 * MS)
    known.add(1_000 * MS, 1_040 * MS, 1_080 * MS)
    assert known.offset.ahead == pytest.approx(0.0)
    known.add(2_000 * MS, 2_003 * MS, 2_004 * MS)  # fits, and is quicker
    assert known.offset.ahead == pytest.approx(0.001)
