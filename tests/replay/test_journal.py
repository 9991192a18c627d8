"""What was said about episodes is kept through crashes and full disks, and the newest counts."""

import errno

import pytest

from robot_meta.errors import RecordingFailed
from robot_meta.replay.files import Files
from robot_meta.replay.journal import JOURNAL, Journal, Note, discarded, read_notes


def write(path, notes):
    journal = Journal(path)
    for note in notes:
        journal.add(note)
    journal.close()


def note(episode, kind, step=0):
    return Note(episode=episode, kind=kind, step=step, text="a\nb", who="me", time=1.5)


def test_notes_come_back_as_they_were_written(tmp_path):
    written = [note("one", "started"), note("one", "mark", 7)]
    write(tmp_path, written[:1])
    write(tmp_path, written[1:])
    assert read_notes(tmp_path) == written


def test_a_note_without_a_time_gets_one(tmp_path):
    write(tmp_path, [Note(episode="one", kind="mark", step=0)])
    assert read_notes(tmp_path)[0].time > 1e9


@pytest.mark.parametrize("cut", [1, 5, 40])
def test_a_torn_end_costs_no_other_note(tmp_path, cut):
    write(tmp_path, [note("one", "started"), note("one", "mark")])
    file = tmp_path / JOURNAL
    file.write_bytes(file.read_bytes()[:-cut])
    write(tmp_path, [note("two", "started")])
    assert [n.episode for n in read_notes(tmp_path)] == ["one", "two"]


def test_an_altered_note_is_left_out(tmp_path):
    write(tmp_path, [note("one", "started"), note("two", "started")])
    file = tmp_path / JOURNAL
    file.write_bytes(file.read_bytes().replace(b"one", b"xne"))
    assert [n.episode for n in read_notes(tmp_path)] == ["two"]


class Filling(Files):
    """A disk that fills up in the middle of the second note."""

    writes = 0

    def append(self, file, data):
        self.writes += 1
        if self.writes == 2:
            super().append(file, data[:10])
            raise OSError(errno.ENOSPC, "No space left on device")
        super().append(file, data)


def test_a_full_disk_is_said_and_what_comes_later_is_sound(tmp_path):
    journal = Journal(tmp_path, Filling())
    journal.add(note("one", "started"))
    with pytest.raises(RecordingFailed, match="No space left"):
        journal.add(note("two", "started"))
    journal.add(note("three", "started"))
    assert [n.episode for n in read_notes(tmp_path)] == ["one", "three"]


def test_the_newest_word_decides_what_is_discarded():
    said = [note("one", "discarded"), note("two", "discarded"), note("one", "resumed")]
    assert discarded(said) == {"two"}
