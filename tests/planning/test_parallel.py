import threading

import pytest
import torch

from robot_meta.planning.parallel import in_parallel


def total(actions):
    return actions.sum(dim=(1, 2))


@pytest.mark.parametrize("count", [1, 2, 3, 64, 65])
@pytest.mark.parametrize("threads", [1, 2, 3])
def test_every_candidate_keeps_its_place(count, threads):
    actions = torch.randn(count, 5, 2, generator=torch.Generator().manual_seed(count))
    assert torch.equal(in_parallel(total, threads)(actions), total(actions))


def test_the_threads_work_at_the_same_time_and_each_for_itself():
    together = threading.Barrier(2, timeout=30.0)
    seen = set()

    def returns(actions):
        together.wait()  # breaks unless two threads are in here
        seen.add((threading.get_ident(), torch.get_num_threads()))
        return total(actions)

    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        in_parallel(returns, 2)(torch.zeros(8, 5, 2))
    finally:
        torch.set_num_threads(before)
    assert len(seen) == 2 and {number for _, number in seen} == {1}


def test_an_error_of_any_thread_is_raised():
    def returns(actions):
        if actions[0, 0, 0] > 0.0:
            raise ArithmeticError("late candidates")
        return total(actions)

    actions = torch.arange(8.0).view(8, 1, 1)
    with pytest.raises(ArithmeticError, match="late"):
        in_parallel(returns, 2)(actions)


def test_helpers_compute_without_gradients_where_the_caller_does():
    modes = []

    def returns(actions):
        modes.append(torch.is_inference_mode_enabled())
        return total(actions)

    shared = in_parallel(returns, 2)
    with torch.inference_mode():
        shared(torch.zeros(4, 1, 1))
    shared(torch.zeros(4, 1, 1))
    assert modes.count(True) == 2 and modes.count(False) == 2
