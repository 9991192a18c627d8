import threading

import numpy as np
import pytest

from robot_meta.nodes.mailbox import Mailbox
from robot_meta.types import Command


def command(stamp, value=0.0):
    return Command(stamp=stamp, position=np.full(2, value), velocity=np.zeros(2))


def test_the_newest_command_is_taken_once():
    mailbox = Mailbox()
    mailbox.put(0.0, command(0.0))
    mailbox.put(0.02, command(0.02))
    assert mailbox.take().stamp == 0.02
    assert mailbox.take() is None


def test_a_stamp_that_was_rounded_on_its_way_answers_the_exact_one():
    mailbox = Mailbox()
    mailbox.expect(0.02)
    mailbox.put(0.02 + 2e-7, command(0.02 + 2e-7))
    assert mailbox.take().stamp == 0.02


def test_waiting_ends_with_the_answer_from_another_thread():
    mailbox = Mailbox()
    mailbox.expect(0.5)
    threading.Timer(0.05, mailbox.put, (0.5, command(0.5))).start()
    came, answer = mailbox.wait(0.5, timeout=10.0)
    assert came and answer.stamp == 0.5


def test_word_that_there_is_no_command_is_an_answer_too():
    mailbox = Mailbox()
    mailbox.expect(0.5)
    mailbox.put(0.5, None)
    assert mailbox.wait(0.5, timeout=0.0) == (True, None)
    assert mailbox.take() is None


def test_an_answer_to_another_stamp_does_not_end_the_waiting():
    mailbox = Mailbox()
    mailbox.expect(0.5)
    mailbox.put(0.48, command(0.48))
    assert mailbox.wait(0.5, timeout=0.01) == (False, None)


@pytest.mark.parametrize(("second", "conflicts"), [(0.0, 0), (0.1, 1)])
def test_only_different_answers_to_one_stamp_are_a_conflict(second, conflicts):
    mailbox = Mailbox()
    mailbox.expect(0.5)
    mailbox.put(0.5, command(0.5, 0.0))
    mailbox.put(0.5, command(0.5, second))
    assert mailbox.conflicts() == conflicts
    assert mailbox.conflicts() == 0


def test_stamps_on_another_clock_are_brought_back_exactly():
    mailbox = Mailbox()
    mailbox.expect(0.02, outward=1_790_000_000.0200001)
    assert mailbox.put(1_790_000_000.0200001, command(1_790_000_000.0200001)) == 0.02
    assert mailbox.take().stamp == 0.02


def test_a_stamp_that_never_went_out_keeps_its_own_value_for_the_guard_to_judge():
    mailbox = Mailbox()
    mailbox.expect(0.02)
    assert mailbox.put(7.0, command(7.0), unknown=6.5) == 6.5
    assert mailbox.take().stamp == 6.5


def test_a_state_that_was_sent_twice_may_have_two_answers_but_not_three():
    mailbox = Mailbox()
    mailbox.expect(0.02)
    mailbox.expect(0.02)
    mailbox.put(0.02, command(0.02, 1.0))
    mailbox.put(0.02, command(0.02, 2.0))
    assert mailbox.conflicts() == 0
    mailbox.put(0.02, command(0.02, 3.0))
    assert mailbox.conflicts() == 1
