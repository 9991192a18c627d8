"""Substitutions: the grammar of ROS 2 launch, and what each of them gives."""

import re
from pathlib import Path

import pytest

from robot_meta.launching.scope import Scope
from robot_meta.launching.substitutions import expand

FILE = Path("/somewhere/launch/x.launch.xml")


@pytest.fixture
def scope():
    return Scope(
        FILE,
        {"arm": "fr3", "n": "3", "flag": "True", "name": "arm", "nothing": ""},
        {"HOME": "/home/x"},
    )


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", ""),
        ("plain text", "plain text"),
        ("$(var arm)", "fr3"),
        ("a-$(var arm)-$(var n)", "a-fr3-3"),
        ("$(var $(var name))", "fr3"),
        ("$(var other default)", "default"),
        ("$(var other '')", ""),
        ("$(var other 'two words')", "two words"),
        ("$(env HOME)", "/home/x"),
        ("$(env NOT_SET none)", "none"),
        ("$(dirname)/config", "/somewhere/launch/config"),
        ("$(filename)", str(FILE)),
        ("$(not $(var flag))", "false"),
        ("$(and true $(var flag))", "true"),
        ("$(and true 0)", "false"),
        ("$(or false $(var flag))", "true"),
        ("$(any false off no)", "false"),
        ("$(all)", "true"),
        ("$(equals $(var arm) fr3)", "true"),
        ("$(equals 1 TRUE)", "true"),
        ("$(equals 2.0 2)", "true"),
        ("$(equals x$(var nothing) x)", "true"),
        ("$(not-equals $(var arm) panda)", "true"),
        ("$(if $(var flag) yes no)", "yes"),
        ("$(if false yes)", ""),
        ("$(eval '$(var n) * 2 + 1')", "7"),
        ('$(eval \'"$(var arm)" == "fr3"\')', "True"),
        ("$(eval 'sqrt(16) if $(var n) > 2 else 0')", "4.0"),
        (r"\$(var arm)", "$(var arm)"),
        ("cost: 5$", "cost: 5$"),
        ('$(var other "it\'s")', "it's"),
    ],
)
def test_text_with_substitutions_becomes_text(scope, text, value):
    assert expand(text, scope) == value


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("$(var other)", "no argument or <let> is called 'other'"),
        ("$(env NOT_SET)", "'NOT_SET' is not set"),
        ("$(equals $(var nothing) '')", "takes '' in $(equals ...) for '[]'"),
        ("$(not maybe)", "want true or false, got 'maybe'"),
        ("$(find-pkg-share no_such_package)", "package 'no_such_package' is not found"),
        ("$(eval '__import__(\"os\")')", "not supported"),
        ("$(eval '().__class__')", "not supported"),
        ("$(eval '9 ** 9')", "not supported"),
        ("$(eval '\"a\" * 9')", "only numbers"),
        ("$(eval '1 / 0')", "division by zero"),
        ("$(eval 'x +')", "cannot be computed"),
    ],
)
def test_a_substitution_without_a_value_says_why(scope, text, says):
    with pytest.raises(ValueError, match=re.escape(says)):
        expand(text, scope)
