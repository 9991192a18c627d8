"""What annotators are asked and what becomes of their answers."""

import pytest

from robot_meta.annotation.clips import Clip
from robot_meta.errors import StoreMissing
from robot_meta.web.annotating import Annotating


@pytest.fixture
def annotating(play):
    return Annotating(play, steps=40)


def test_everybody_is_asked_about_every_clip_once_and_what_is_begun_comes_first(annotating):
    seen = []
    for _ in range(6):
        (clip,) = annotating.ask("anna")
        annotating.say("anna", "label", (clip,), "open the drawer")
        seen.append(clip)
    assert len(set(seen)) == 6
    assert annotating.ask("anna") == ()
    (clip,) = annotating.ask("ben")
    annotating.say("ben", "label", (clip,), "Open the drawer!")
    found = annotating.overview("ben")
    assert (found["clips"], found["done"], found["annotations"]) == (6, 1, 7)
    assert found["labels"]["share"] == 1.0, "case and punctuation are no disagreement"
    assert found["annotators"] == ["anna", "ben"]


def test_a_pair_can_be_compared_skipped_and_is_not_asked_again(annotating):
    first, second = annotating.ask("anna", pair=True)
    annotating.say("anna", "preference", (first, second), choice="b")
    (own,) = annotating.overview("anna")["own"]
    assert (own["kind"], own["choice"], own["counts"]) == ("preference", "b", True)
    assert own["clips"] == [str(first), str(second)]
    pair = annotating.ask("anna", pair=True, asked="opening the drawer")
    annotating.say("anna", "skip", pair, "opening the drawer")
    assert annotating.overview("anna")["kinds"] == {"preference": 1, "skip": 1}


def test_what_is_taken_back_no_longer_counts_and_stays_in_the_history(annotating):
    (clip,) = annotating.ask("anna")
    annotating.say("anna", "label", (clip,), "close the drawer")
    (own,) = annotating.overview("anna")["own"]
    with pytest.raises(ValueError, match="cannot retract what 'anna' said"):
        annotating.take_back("ben", own["id"])
    annotating.take_back("anna", own["id"])
    newest, oldest = annotating.overview("anna")["own"]
    assert (newest["kind"], oldest["counts"]) == ("retract", False)
    with pytest.raises(ValueError, match="nothing with id 'x'"):
        annotating.take_back("anna", "x")


def test_an_export_holds_everything_and_comes_in_once(annotating, play, tmp_path):
    (clip,) = annotating.ask("anna")
    annotating.say("anna", "unsure", (clip,))
    lines = annotating.exported()
    (play / "annotations.jsonl").unlink()
    other = Annotating(play)
    assert other.take_in(lines, "the file") == 1
    assert other.take_in(lines, "the file") == 0
    assert other.exported() == lines
    with pytest.raises(ValueError, match="the file, line 2: "):
        other.take_in(lines + "{}\n", "the file")
    foreign = lines.replace(clip.episode, "elsewhere")
    with pytest.raises(ValueError, match="is not in the store"):
        other.take_in(foreign, "the file")


@pytest.mark.parametrize(
    ("kind", "clips", "text", "words"),
    [
        ("label", [Clip("play 0", 0, 40)], " ", "a label needs words"),
        ("label", [Clip("play 0", 0, 40), Clip("play 1", 0, 40)], "x", "got 'label' of 2"),
        ("preference", [Clip("play 0", 0, 40)], "", "got 'preference' of 1"),
        ("retract", [Clip("play 0", 0, 40)], "", "got 'retract' of 1"),
        ("label", [Clip("play 9", 0, 40)], "x", "is not in the store"),
        ("label", [Clip("play 0", 60, 100)], "x", "80 steps of that episode"),
    ],
)
def test_nonsense_is_refused_and_nothing_is_written(annotating, kind, clips, text, words):
    with pytest.raises(ValueError, match=words):
        annotating.say("anna", kind, tuple(clips), text)
    assert annotating.exported() == ""


def test_a_store_that_is_missing_or_too_short_is_named(play, tmp_path):
    with pytest.raises(StoreMissing):
        Annotating(tmp_path / "nowhere")
    with pytest.raises(ValueError, match="an episode of 100 steps or more.* has 80"):
        Annotating(play, steps=100)


def test_what_is_recorded_later_is_asked_about_too(annotating, play, record):
    for _ in range(6):
        (clip,) = annotating.ask("anna")
        annotating.say("anna", "unsure", (clip,))
    record(play, "play 3")
    (clip,) = annotating.ask("anna")
    assert clip.episode == "play 3", "the store is looked at again where nothing is left"
    record(play, "play 4")
    assert annotating.overview("anna")["clips"] == 8
    annotating.look_again()
    assert annotating.overview("anna")["clips"] == 10


def test_labels_of_the_same_set_of_words_are_counted_apart_from_those_in_the_same_order(
    annotating,
):
    (clip,) = annotating.ask("anna")
    annotating.say("anna", "label", (clip,), "open the drawer slowly")
    annotating.say("ben", "label", (clip,), "Slowly opens drawer")
    found = annotating.overview("anna")
    assert (found["labels"]["share"], found["word_sets"]["share"]) == (0.0, 1.0)
