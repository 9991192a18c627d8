import fcntl
import json
import os
import subprocess
import sys
import threading

import pytest

from robot_meta.annotation.annotations import (
    Annotation,
    label,
    preference,
    retraction,
    skip,
    unsure,
)
from robot_meta.annotation.answers import current_answers, labels, preferences
from robot_meta.annotation.clips import Clip
from robot_meta.annotation.exchange import read_jsonl, write_jsonl
from robot_meta.annotation.history import HISTORY, AnnotationHistory
from robot_meta.errors import RecordingFailed, StoreMissing, StoreVersion
from robot_meta.replay.files import Files

ONE, TWO = Clip("episode 0", 0, 40), Clip("episode 1", 20, 60)
BAD = {
    "no words": dict(kind="label", who="ann", clip=ONE, text=" "),
    "no annotator": dict(kind="label", who=" ", clip=ONE, text="opens it"),
    "no clip": dict(kind="label", who="ann", text="opens it"),
    "unknown kind": dict(kind="praise", who="ann", clip=ONE, text="opens it"),
    "unknown choice": dict(kind="preference", who="ann", clip=ONE, other=TWO, choice="c"),
    "one clip": dict(kind="preference", who="ann", clip=ONE, choice="a"),
    "twice the same": dict(kind="preference", who="ann", clip=ONE, other=ONE, choice="a"),
    "retracts nothing": dict(kind="retract", who="ann"),
    "endless": dict(kind="label", who="ann", clip=ONE, text="open " * 1000),
    "no time": dict(kind="skip", who="ann", clip=ONE, time="noon"),
}


@pytest.mark.parametrize("fields", BAD.values(), ids=BAD)
def test_nonsense_is_refused(fields):
    with pytest.raises(ValueError, match="not an annotation"):
        Annotation(**fields)


@pytest.mark.parametrize("steps", [(-1, 3), (5, 5), (0, 1.5)])
def test_a_clip_needs_whole_steps_in_order(steps):
    with pytest.raises(ValueError, match="want a clip"):
        Clip("episode 0", *steps)


def test_what_was_added_is_read_again_with_all_of_it(tmp_path):
    said = [
        label("ann", ONE, "opens the drawer", about={"page": 3}),
        skip("ann", TWO),
        unsure("ben", ONE),
        preference("ben", ONE, TWO, "b", text="open the drawer"),
    ]
    history = AnnotationHistory(tmp_path)
    history.add(*said[:2])
    AnnotationHistory(tmp_path).add(*said[2:])
    assert history.annotations() == AnnotationHistory(tmp_path).annotations() == said


def test_the_newest_answer_counts_until_it_is_taken_back(tmp_path):
    history = AnnotationHistory(tmp_path)
    first, second = label("ann", ONE, "opens it"), label("ann", ONE, "closes it")
    history.add(first, second, label("ben", ONE, "opens it"))
    (texts,) = labels(current_answers(history.annotations())).values()
    assert texts == {"ann": "closes it", "ben": "opens it"}
    history.add(retraction("ann", second))
    (texts,) = labels(current_answers(history.annotations())).values()
    assert texts == {"ann": "opens it", "ben": "opens it"}
    history.add(retraction("ann", first))
    (texts,) = labels(current_answers(history.annotations())).values()
    assert texts == {"ben": "opens it"}
    assert len(history.annotations()) == 5  # nothing was forgotten


def test_a_pair_shown_the_other_way_round_is_the_same_question():
    said = [preference("ann", ONE, TWO, "a"), preference("ben", TWO, ONE, "b")]
    (choices,) = preferences(current_answers(said)).values()
    assert choices == {"ann": "a", "ben": "a"}


def test_pairs_compared_for_different_things_are_different_questions():
    said = [preference("ann", ONE, TWO, "a", text=t) for t in ("open the drawer", "lift it")]
    assert len(preferences(current_answers(said))) == 2


def test_everybody_retracts_only_what_is_their_own(tmp_path):
    history = AnnotationHistory(tmp_path)
    said = label("ann", ONE, "opens it")
    history.add(said)
    with pytest.raises(ValueError, match="'ben' cannot retract what 'ann' said"):
        history.add(retraction("ben", said))
    with pytest.raises(ValueError, match="nothing with id"):
        history.add(retraction("ann", label("ann", ONE, "never written")))
    assert history.annotations() == [said]


def test_a_torn_end_is_cut_and_costs_nothing_else(tmp_path):
    said = [label("ann", ONE, f"text {i}") for i in range(4)]
    AnnotationHistory(tmp_path).add(*said[:3])
    whole = (tmp_path / HISTORY).read_bytes()
    for size in range(whole.rstrip(b"\n").rfind(b"\n") + 2, len(whole)):
        (tmp_path / HISTORY).write_bytes(whole[:size])
        assert AnnotationHistory(tmp_path).annotations() == said[:2]
    AnnotationHistory(tmp_path).add(said[3])
    assert AnnotationHistory(tmp_path).annotations() == [*said[:2], said[3]]


def test_an_altered_line_is_left_out_counted_and_kept(tmp_path):
    said = [label("ann", ONE, f"text {i}") for i in range(3)]
    AnnotationHistory(tmp_path).add(*said)
    content = (tmp_path / HISTORY).read_bytes().replace(b"text 1", b"text 7")
    (tmp_path / HISTORY).write_bytes(content)
    history = AnnotationHistory(tmp_path)
    assert history.annotations() == [said[0], said[2]] and history.damaged == 1
    history.add(label("ann", TWO, "more"))
    assert (tmp_path / HISTORY).read_bytes().startswith(content)


def test_a_newer_history_is_refused_and_left_alone(tmp_path, monkeypatch):
    monkeypatch.setattr("robot_meta.annotation.history.FORMAT", 2)
    AnnotationHistory(tmp_path).add(label("ann", ONE, "from the future"))
    monkeypatch.undo()
    before = (tmp_path / HISTORY).read_bytes()
    with pytest.raises(StoreVersion, match="Update robot_meta"):
        AnnotationHistory(tmp_path)
    assert (tmp_path / HISTORY).read_bytes() == before


def test_annotations_need_a_store_beside_them(tmp_path):
    with pytest.raises(StoreMissing):
        AnnotationHistory(tmp_path / "none")


class FullDisk(Files):
    """Takes half of what it is given."""

    def append(self, file, data):
        os.write(file, data[: len(data) // 2])
        raise OSError(28, "No space left on device")


def test_a_full_disk_keeps_what_was_there(tmp_path):
    said = label("ann", ONE, "opens it")
    AnnotationHistory(tmp_path).add(said)
    before = (tmp_path / HISTORY).read_bytes()
    with pytest.raises(RecordingFailed, match="No space left"):
        AnnotationHistory(tmp_path, FullDisk()).add(label("ann", TWO, "closes it"))
    assert (tmp_path / HISTORY).read_bytes() == before
    AnnotationHistory(tmp_path).add(label("ann", TWO, "closes it"))
    assert len(AnnotationHistory(tmp_path).annotations()) == 2


ANNOTATOR = """
import sys
from pathlib import Path
from robot_meta.annotation.annotations import label
from robot_meta.annotation.clips import Clip
from robot_meta.annotation.history import AnnotationHistory

history = AnnotationHistory(Path(sys.argv[1]))
for number in range(50):
    history.add(label(sys.argv[2], Clip("episode 0", number, number + 10), f"text {number}"))
"""


def test_annotators_in_several_processes_lose_nothing(tmp_path):
    people = [
        subprocess.Popen([sys.executable, "-c", ANNOTATOR, str(tmp_path), f"worker {i}"])
        for i in range(3)
    ]
    assert [person.wait(120) for person in people] == [0, 0, 0]
    history = AnnotationHistory(tmp_path)
    assert history.damaged == 0
    counts = [sum(a.who == f"worker {i}" for a in history.annotations()) for i in range(3)]
    assert counts == [50, 50, 50]


def test_who_adds_waits_for_whoever_writes_at_the_moment(tmp_path):
    history = AnnotationHistory(tmp_path)
    with (tmp_path / "annotations.lock").open("w") as held:
        fcntl.flock(held, fcntl.LOCK_EX)
        other = threading.Thread(target=history.add, args=(label("ann", ONE, "opens it"),))
        other.start()
        other.join(0.2)
        assert not (tmp_path / HISTORY).exists()
    other.join(60)
    assert len(history.annotations()) == 1


def test_export_and_import_keep_everything_and_import_twice_changes_nothing(tmp_path):
    source, target = tmp_path / "source", tmp_path / "target"
    source.mkdir(), target.mkdir()
    said = label("ann", ONE, "öffnet die Schublade\nlangsam")
    AnnotationHistory(source).add(said, preference("ben", ONE, TWO, "equal"))
    AnnotationHistory(source).add(retraction("ann", said))
    exported = tmp_path / "out" / "annotations.jsonl"
    write_jsonl(exported, AnnotationHistory(source).annotations())
    assert [json.loads(line)["format"] for line in exported.open()] == [1, 1, 1]
    history = AnnotationHistory(target)
    assert history.merge(read_jsonl(exported)) == 3
    assert history.merge(read_jsonl(exported)) == 0
    assert history.annotations() == AnnotationHistory(source).annotations()


@pytest.mark.parametrize(
    "line",
    ["{", "[]", "3", '{"kind": "label"}', '{"kind": "label", "who": "a", "clip": {"x": 1}}'],
)
def test_a_bad_line_is_named_and_nothing_is_taken_in(tmp_path, line):
    good = tmp_path / "good.jsonl"
    write_jsonl(good, [label("ann", ONE, "opens it")])
    (tmp_path / "bad.jsonl").write_text(good.read_text() + line + "\n")
    with pytest.raises(ValueError, match=r"bad\.jsonl, line 2"):
        read_jsonl(tmp_path / "bad.jsonl")
