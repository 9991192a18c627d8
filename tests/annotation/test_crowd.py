"""The simulated crowd: seeded, wordy, wrong as often as it is told to be, and scored apart."""

import json
from collections import Counter

import numpy as np
import pytest

from robot_meta.annotation.annotations import LABEL, SKIP
from robot_meta.annotation.crowd.comparing import ComparisonConfig, compare
from robot_meta.annotation.crowd.inflection import gerund, past, third_person
from robot_meta.annotation.crowd.slips import SlipConfig, with_typo
from robot_meta.annotation.crowd.truth import DeskTruth
from robot_meta.annotation.crowd.vocabulary import NOUNS, OPPOSITE, VERBS
from robot_meta.annotation.crowd.wording import Wording
from robot_meta.annotation.crowd.workers import CrowdConfig, annotate, drawn_clips
from robot_meta.annotation.history import AnnotationHistory
from robot_meta.cli.main import main
from robot_meta.errors import BadConfig
from robot_meta.replay.store import ReplayStore
from robot_meta.replay.transitions import Transitions
from robot_meta.twin.desk.predicates import SKILLS
from robot_meta.twin.desk.state import STATE

STEPS, EPISODES = 40, 50
NONE = SlipConfig(**dict.fromkeys(vars(SlipConfig()), 0.0))


@pytest.fixture(scope="module")
def play(tmp_path_factory):
    """A store in which nothing, one thing or two things happen in every stretch of 40 steps."""
    path = tmp_path_factory.mktemp("crowd") / "store"
    width = len(STATE) + 1
    rng = np.random.default_rng(0)
    with ReplayStore(path, fields={"state": width, "next_state": width}) as store:
        for number in range(EPISODES):
            states = np.zeros((201, width))
            drawer = lamp = 0.0
            for begin in range(0, 200, STEPS):
                kind = rng.integers(3)
                if kind >= 1:
                    drawer = 0.15 - drawer
                if kind == 2:
                    lamp = 1.0 - lamp
                states[begin + 12 :, 1 + STATE.index("drawer")] = drawer
                states[begin + 25 :, 1 + STATE.index("lamp")] = lamp
            values = {"state": states[:-1], "next_state": states[1:]}
            key = store.begin_episode(f"play {number}")
            store.append(key, Transitions(values, 0.05 * np.arange(200)))
    return path


def crowd(play, **changes):
    config = CrowdConfig(steps=STEPS, **{"budget": 0.009, **changes})
    return list(annotate(config, DeskTruth(play)))


def everybody(play, slips):
    """Every clip of the store, by workers who err in one way only."""
    return crowd(play, budget=1.0, slips=slips)


def test_the_same_seed_says_the_same(play):
    first, again, other = (
        [(j.annotation.id, j.annotation.who, j.annotation.text) for j in crowd(play, seed=seed)]
        for seed in (3, 3, 4)
    )
    assert first == again
    assert not {text for _, _, text in first} == {text for _, _, text in other}


def test_few_clips_are_drawn_and_each_is_judged_by_two_workers(play):
    judged = crowd(play)
    config = CrowdConfig(steps=STEPS, budget=0.009)
    clips, every = drawn_clips(config, DeskTruth(play).lengths)
    assert every == EPISODES * 161 and 0.005 * every < len(clips) < 0.01 * every
    assert len(judged) == 2 * len(clips)
    assert len({(j.annotation.who, j.annotation.clip) for j in judged}) == len(judged)
    assert all(j.annotation.clip.begin % STEPS == 0 for j in judged)


def says(text, skill):
    """Whether a text without a typo names the thing of a skill."""
    words = f" {text.lower().replace(',', '').rstrip('.')} "
    return any(f" {noun} " in words for noun in NOUNS[skill])


def test_without_errors_everybody_says_what_is_true(play):
    judged = everybody(play, NONE)
    assert all(j.annotation.text == j.clean and not j.slips for j in judged)
    mentioned = {True: 0, False: 0}
    for each in judged:
        drawer = bool({"open_drawer", "close_drawer"} & set(each.truth))
        assert says(each.annotation.text, "open_drawer") == drawer
        mentioned[drawer] += 1
    assert min(mentioned.values()) > 100


@pytest.fixture(scope="module")
def usual_crowd(play):
    return crowd(play, budget=1.0, seed=1)


@pytest.mark.parametrize("name", sorted(vars(SlipConfig())))
def test_each_error_comes_as_often_as_it_is_told(usual_crowd, name):
    usual = getattr(SlipConfig(), name)
    able = {
        "one_of_two": lambda j: len(j.truth) > 1,
        "invented": lambda j: not j.truth,
        "missed": lambda j: bool(j.truth),
        "wrong_object": lambda j: bool(j.truth),
        "flipped": lambda j: bool(j.truth),
    }.get(name, lambda j: True)
    chosen = [j for j in usual_crowd if able(j)]
    share = np.mean([name in j.slips for j in chosen])
    spread = np.sqrt(usual * (1 - usual) / len(chosen))
    assert abs(share - usual) < 4 * spread + 0.02 + 0.05 * usual  # one error may hide another


def only(**share):
    return SlipConfig(**{**vars(NONE), **share})


def test_errors_are_what_they_are_called(play):
    for each in everybody(play, only(empty=1.0)):
        assert each.annotation.kind == SKIP
    for each in everybody(play, only(one_of_two=1.0)):
        assert {bool(says(each.annotation.text, s)) for s in ("open_drawer", "light_lamp")} == {
            True,
            False,
        } or len(each.truth) < 2
    for each in everybody(play, only(missed=1.0)):
        assert not says(each.annotation.text, "open_drawer")
    for each in everybody(play, only(typo=1.0)):
        assert each.annotation.text != each.clean or each.slips == ["typo"]
        assert abs(len(each.annotation.text) - len(each.clean)) <= 1
    wrong = everybody(play, only(wrong_object=1.0))
    assert all(j.annotation.text != j.clean for j in wrong if j.truth)
    assert all(j.annotation.kind == LABEL for j in wrong)


def test_preferences_go_by_what_was_done_but_for_as_many_errors_as_are_told(play):
    truth, crowd_config = DeskTruth(play), CrowdConfig(steps=STEPS, budget=1.0)
    judged = list(compare(crowd_config, ComparisonConfig(pairs=300), truth))
    assert len(judged) == 600
    right = 0
    for each in judged:
        said, (skill,) = each.annotation, each.truth
        ahead = truth.progress(said.clip, skill) - truth.progress(said.other, skill)
        assert each.clean == ("equal" if abs(ahead) < 0.15 else "a" if ahead > 0 else "b")
        right += said.choice == each.clean
    assert 0.6 < right / 600 < 0.97
    assert {j.annotation.choice for j in judged} == {"a", "b", "equal", "unsure"}
    assert 0.01 < np.mean(["unsure" in j.slips for j in judged]) < 0.06
    exact = ComparisonConfig(pairs=50, noise=0.0, flipped=0.0, unsure=0.0)
    assert all(j.annotation.choice == j.clean for j in compare(crowd_config, exact, truth))
    again = list(compare(crowd_config, ComparisonConfig(pairs=300), truth))
    assert [j.annotation.id for j in again] == [j.annotation.id for j in judged]


def test_a_typo_changes_one_letter():
    rng = np.random.default_rng(0)
    texts = [with_typo("open the drawer", rng) for _ in range(200)]
    assert {len(text) for text in texts} == {14, 15, 16}
    assert with_typo("12 34", rng) == "12 34"


def test_words_are_many_and_everybody_has_habits():
    assert set(VERBS) == set(NOUNS) == set(SKILLS)
    assert min(map(len, VERBS.values())) >= 12 and min(map(len, NOUNS.values())) >= 6
    assert all(OPPOSITE[OPPOSITE[skill]] == skill for skill in OPPOSITE)
    rng = np.random.default_rng(0)
    crowd = [Wording(0, worker) for worker in range(40)]
    texts = {w.sentence([skill], rng) for w in crowd for skill in SKILLS for _ in range(5)}
    assert len(texts) >= 1500
    favourites = set()
    for worker in crowd[:10]:
        said = [worker.sentence(["open_drawer"], rng) for _ in range(60)]
        used = Counter(noun for text in said for noun in NOUNS["open_drawer"] if noun in text)
        ((favourite, count),) = used.most_common(1)
        favourites.add(favourite)
        assert count >= 15
    assert len(favourites) > 1


@pytest.mark.parametrize(
    ("verb", "forms"),
    [
        ("open", ("opens", "opened", "opening")),
        ("push", ("pushes", "pushed", "pushing")),
        ("slide", ("slides", "slid", "sliding")),
        ("shut", ("shuts", "shut", "shutting")),
        ("drag", ("drags", "dragged", "dragging")),
        ("move", ("moves", "moved", "moving")),
        ("do", ("does", "did", "doing")),
    ],
)
def test_verbs_are_inflected(verb, forms):
    assert (third_person(verb), past(verb), gerund(verb)) == forms


def test_stores_without_a_desk_are_refused(filled, capsys):
    with pytest.raises(BadConfig, match="collect play"):
        DeskTruth(filled)
    assert main(["annotations", "crowd", str(filled)]) == BadConfig.exit_code


def test_the_command_writes_annotations_and_truth_once(play, tmp_path, capsys):
    command = ["annotations", "crowd", str(play), "--budget", "0.005", "--quiet", "--pairs", "0"]
    assert main(command) == main(command) == 0
    said = AnnotationHistory(play).annotations()
    truth = [json.loads(line) for line in (play / "crowd_truth.jsonl").open()]
    assert {line["id"] for line in truth} == {a.id for a in said} and len(said) == 80
    assert not any("truth" in json.dumps(a.about) for a in said)
    out = capsys.readouterr().out
    assert "80 new annotations; 40 labelled clips are 0.50% of all" in out
    assert "\n0 new annotations" in out
    assert main(["annotations", "show", str(play)]) == 0
    assert "| labels, letter by letter | " in capsys.readouterr().out
    exported = tmp_path / "said.jsonl"
    assert main(["annotations", "export", str(play), str(exported)]) == 0
    assert main(["annotations", "import", str(exported), str(play)]) == 0
    assert "0 new annotations, 80 were in" in capsys.readouterr().out


def test_annotations_of_another_store_are_not_taken_in(play, filled, tmp_path, capsys):
    AnnotationHistory(play).merge(j.annotation for j in crowd(play))
    exported = tmp_path / "said.jsonl"
    assert main(["annotations", "export", str(play), str(exported)]) == 0
    assert main(["annotations", "import", str(exported), str(filled)]) == 2
    assert "is not in the store" in capsys.readouterr().err
    assert AnnotationHistory(filled).annotations() == []


def test_ls_shows_what_counts_now(play, capsys):
    AnnotationHistory(play).merge(j.annotation for j in crowd(play, slips=NONE))
    assert main(["annotations", "ls", str(play)]) == 0
    assert "| 'play " in capsys.readouterr().out
