import numpy as np
import torch

from robot_meta.planning.tool import ToolPositions
from robot_meta.robots.description import arm_description

CHAIN = arm_description("fr3").chain


def test_many_postures_at_once_are_where_each_by_itself_is():
    tool = ToolPositions(CHAIN)
    for count in (5, 1, 64):
        position = np.random.default_rng(count).uniform(-2.5, 2.5, (count, 7))
        together = tool(torch.as_tensor(position.T, dtype=torch.float32)).numpy()
        np.testing.assert_allclose(together.T, CHAIN.tool_position_in_base(position), atol=1e-6)


def test_a_result_outlives_the_next_call():
    tool = ToolPositions(CHAIN)
    first = tool(torch.zeros(7, 3))
    kept = first.clone()
    tool(torch.ones(7, 3))
    assert torch.equal(first, kept)
