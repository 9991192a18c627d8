"""Candidates shared out among threads that meet once per call, not once per operation.

Threads that meet at every operation wait for the slowest each time, some thousand times per plan:
on a machine with other work to do that costs more than the second core brings.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor, wait
from functools import cache

import torch
from torch import Tensor

from robot_meta.planning.planner import Returns


def in_parallel(returns: Returns, threads: int) -> Returns:
    """The same returns, an equal share of the candidates by each of `threads` threads.

    Args:
        returns: Of each candidate by itself; called by several threads at once.
        threads: That share a call, the calling one included. It should have been told to compute
            by itself, `torch.set_num_threads(1)`, so that there are not more threads than cores.
    """
    if threads == 1:
        return returns

    def shared(actions: Tensor) -> Tensor:
        mine, *theirs = (part for part in actions.tensor_split(threads) if len(part))
        inference = torch.is_inference_mode_enabled()  # a thread does not inherit it
        pool = _helpers(threads - 1)
        pending = [pool.submit(_scored, returns, part, inference) for part in theirs]
        try:
            own = returns(mine)
        finally:
            wait(pending)  # they write into memory that the next call uses
        return torch.cat([own, *(part.result() for part in pending)])

    return shared


def _scored(returns: Returns, actions: Tensor, inference: bool) -> Tensor:
    with torch.inference_mode(inference):
        return returns(actions)


@cache
def _helpers(count: int) -> ThreadPoolExecutor:
    """Threads that compute by themselves, kept for the next plan."""
    return ThreadPoolExecutor(
        count, thread_name_prefix="candidates", initializer=torch.set_num_threads, initargs=(1,)
    )
