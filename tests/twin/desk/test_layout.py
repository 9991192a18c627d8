"""One seed is one desk, and every desk keeps what the furniture needs."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from robot_meta.twin.desk.layout import (
    ASPECTS,
    BLOCK_AREA,
    BLOCK_DISTANCE,
    DeskLayout,
    draw_layout,
)

seeds = st.integers(0, 2**31 - 1)


@given(seeds)
def test_the_same_seed_is_the_same_desk(seed):
    assert draw_layout(seed) == draw_layout(seed)


@given(seeds)
def test_blocks_lie_apart_and_where_they_can_be_reached(seed):
    red, blue = (np.array(draw_layout(seed).blocks[b][:2]) for b in ("red_block", "blue_block"))
    assert np.linalg.norm(red - blue) >= BLOCK_DISTANCE
    for block in (red, blue):
        assert (block >= BLOCK_AREA[0]).all() and (block <= BLOCK_AREA[1]).all()


@given(seeds)
def test_a_red_block_is_red_and_a_blue_one_blue(seed):
    colours = draw_layout(seed).colours
    assert np.argmax(colours["red"]) == 0 and np.argmax(colours["blue"]) == 2


@given(seeds, st.sampled_from(ASPECTS))
def test_an_aspect_can_be_held_fixed_while_the_others_stay_as_they_were(seed, fixed):
    whole, part = draw_layout(seed), draw_layout(seed, [a for a in ASPECTS if a != fixed])
    nominal = DeskLayout()
    for field in dataclasses.fields(DeskLayout):
        value = getattr(part, field.name)
        assert value in (getattr(whole, field.name), getattr(nominal, field.name))


def test_nothing_varied_is_the_nominal_desk():
    assert draw_layout(7, ()) == DeskLayout()


def test_an_unknown_aspect_is_refused():
    with pytest.raises(ValueError, match="places"):
        draw_layout(0, ["smell"])
