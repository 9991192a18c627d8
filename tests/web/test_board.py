"""What pages are told: all of it once, then what changed; and whose stop is whose."""

import io

import numpy as np
from PIL import Image

from robot_meta.web.board import Board
from robot_meta.web.pictures import Pictures


def test_a_late_page_gets_all_facts_and_the_others_only_what_changed():
    board = Board()
    board.put("state", {"state": "HOLD"})
    version, facts = board.facts_since(0)
    assert facts == {"state": {"state": "HOLD"}}
    board.put("state", {"state": "HOLD"})
    assert board.facts_since(version) == (version, {}), "the same again is no news"
    board.put("recording", "key")
    newer, facts = board.facts_since(version)
    assert facts == {"recording": "key"}
    assert newer > version
    assert set(board.facts_since(0)[1]) == {"state", "recording"}


def test_a_late_page_gets_the_samples_that_are_kept_and_each_only_once():
    board = Board(length=3)
    for i in range(5):
        board.sample((float(i),))
    count, samples = board.samples_since(0)
    assert samples == [(2.0,), (3.0,), (4.0,)]
    board.sample((5.0,))
    assert board.samples_since(count) == (6, [(5.0,)])
    assert board.samples_since(6) == (6, [])


def test_a_picture_is_packed_once_and_reads_back():
    pictures = Pictures(("front",))
    assert pictures.jpeg("front") == (0, b"")
    picture = np.zeros((24, 32, 3), np.uint8)
    picture[:, :16] = (200, 40, 40)
    pictures.put("front", picture)
    number, jpeg = pictures.jpeg("front")
    assert pictures.jpeg("front")[1] is jpeg
    back = np.asarray(Image.open(io.BytesIO(jpeg)))
    assert number == 1
    assert abs(back[12, 4].astype(int) - [200, 40, 40]).max() < 12
    pictures.put("front", picture)
    assert pictures.jpeg("front")[0] == 2


def test_somebody_looks_while_anybody_does():
    pictures = Pictures(("front",))
    assert not pictures.watched("front")
    pictures.watch("front", 1)
    pictures.watch("front", 1)
    pictures.watch("front", -1)
    assert pictures.watched("front")
    pictures.watch("front", -1)
    assert not pictures.watched("front")
