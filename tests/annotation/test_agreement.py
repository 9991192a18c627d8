import numpy as np
import pytest

from robot_meta.annotation.agreement import (
    agreement,
    cohen_kappa,
    krippendorff_alpha,
    normalized,
    word_set,
)
from robot_meta.annotation.annotations import Question
from robot_meta.annotation.clips import Clip

# Krippendorff 2011, section C: four observers, twelve units, "." where nobody answered.
OBSERVERS = ("123321412...", "1233224125.3", ".3332342251.", "12332441251.")


def test_alpha_is_that_of_the_published_example():
    units = [[answer for answer in unit if answer != "."] for unit in zip(*OBSERVERS, strict=True)]
    assert krippendorff_alpha(units) == pytest.approx(0.743, abs=5e-4)


def test_kappa_is_that_of_the_textbook_example():
    pairs = [*20 * [("y", "y")], *5 * [("y", "n")], *10 * [("n", "y")], *15 * [("n", "n")]]
    assert cohen_kappa(pairs) == pytest.approx(0.4)


def test_alpha_of_answers_by_chance_is_about_zero():
    units = np.random.default_rng(0).choice(["x", "y"], (20000, 2)).tolist()
    assert abs(krippendorff_alpha(units)) < 0.02


def test_alpha_and_kappa_are_one_for_perfect_agreement_and_undefined_without_variety():
    assert krippendorff_alpha([["x", "x"], ["y", "y"]]) == pytest.approx(1.0)
    assert krippendorff_alpha([["x", "x"], ["x", "x"]]) is None
    assert cohen_kappa([("x", "x"), ("y", "y")]) == pytest.approx(1.0)
    assert cohen_kappa([("x", "x")]) is None


def test_agreement_counts_only_what_two_or_more_answered():
    first, second, third = (Question((Clip("a", i, i + 9),)) for i in range(3))
    given = {
        first: {"ann": "Opens the drawer.", "ben": "opens drawer"},
        second: {"ann": "lifts it", "ben": "drops it", "cy": "lifts it"},
        third: {"ann": "nothing"},
    }
    exact = agreement(given)
    assert (exact.questions, exact.annotators) == (2, 3)
    assert exact.share == pytest.approx(1 / 4)
    assert agreement(given, normalized).share == pytest.approx(2 / 4)
    assert set(exact.kappa) == {("ann", "ben"), ("ben", "cy")}  # ann and cy: one answer
    assert agreement({third: given[third]}).share is None


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("Opens the drawer.", "open drawer", True),
        ("the drawer: opening", "It is opening a drawer", False),
        ("put down the red block", "the red block, put down!", True),
        ("drops it", "it is dropped", False),
        ("dropping it", "it dropped", True),
        ("pushes the button", "push Button", True),
        ("slide the door", "sliding the door", True),
        ("press the button", "pressing buttons", True),
        ("open the drawer", "close the drawer", False),
        ("a is the top", "is top", True),
        ("is it on", "is it in", False),
    ],
)
def test_sets_of_words_forget_order_number_and_endings_and_nothing_else(one, other, same):
    assert (word_set(one) == word_set(other)) is same


def test_a_set_of_words_does_not_know_what_is_put_on_what():
    one, other = "put the red block on the blue one", "put the blue block on the red one"
    assert word_set(one) == word_set(other) and normalized(one) != normalized(other)
