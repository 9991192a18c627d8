"""A little of every kind of trouble of `bench store`, beside what lacks the rule against it."""

import pytest

from robot_meta.benchmarks.store.damage import flipped_bits, torn_tails
from robot_meta.benchmarks.store.disks import NoDisk, full_disk, read_only, small_disk
from robot_meta.benchmarks.store.kills import BufferedFiles, kill_rounds
from robot_meta.benchmarks.store.live import live
from robot_meta.benchmarks.store.power import power_cuts
from robot_meta.benchmarks.store.scale import drawing, fill, opening
from robot_meta.benchmarks.store.workload import Verdict

NOTHING = Verdict()


def test_kills_lose_nothing_that_was_acknowledged(tmp_path):
    wrong, promised = kill_rounds(tmp_path, 8, seed=1)
    assert wrong == NOTHING and promised > 100


def test_the_same_kills_show_a_writer_that_acknowledges_too_early(tmp_path):
    wrong, _ = kill_rounds(tmp_path, 8, seed=1, make_files=BufferedFiles)
    assert wrong.lost > 0


def test_power_cuts_lose_nothing_that_was_acknowledged(tmp_path):
    wrong, _, promised = power_cuts(tmp_path, 30, seed=1)
    assert wrong == NOTHING and promised > 1000


def test_the_same_power_cuts_show_a_writer_that_does_not_sync(tmp_path):
    wrong, _, _ = power_cuts(tmp_path, 15, seed=1, honest=False)
    assert wrong.lost > 0


def test_torn_tails_and_flipped_bits_never_come_back(tmp_path):
    wrong, unchecked = torn_tails(tmp_path, 6, seed=1)
    assert wrong == NOTHING and unchecked.corrupt > 0 and unchecked.duplicated > 0
    wrong, unchecked, noticed = flipped_bits(tmp_path, 16, seed=1)
    assert wrong == NOTHING and unchecked.corrupt > 0 and noticed == 16


def test_a_full_disk_keeps_what_was_acknowledged_and_a_read_only_one_is_read(tmp_path):
    try:
        with small_disk(tmp_path / "disk") as disk:
            assert full_disk(disk, 1) == NOTHING
        with small_disk(tmp_path / "control") as disk:
            assert full_disk(disk, 1, BufferedFiles).lost > 0
        with small_disk(tmp_path / "read-only") as disk:
            assert read_only(disk, 1) == (NOTHING, True)
    except NoDisk as reason:
        pytest.skip(str(reason))


def test_a_reader_beside_a_writer_sees_what_was_written(tmp_path):
    seen = live(tmp_path, 0.5, seed=1)
    assert seen.corrupt == 0 and seen.append_p99_ms > 0.0


def test_memory_stays_within_the_budget_however_many_batches_are_drawn(tmp_path):
    assert fill(tmp_path, 50_000, seed=1) > 0.0
    assert min(opening(tmp_path, cold=True)) > 0.0
    found = drawing(tmp_path, 200, seed=1)
    assert found["index_bytes_per_row"] <= 16.0
    assert found["growth_mb"] < 10.0
