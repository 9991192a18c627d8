import ast
import sys
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("rclpy")

from rclpy.parameter import Parameter  # noqa: E402

from robot_meta.errors import BadConfig  # noqa: E402
from robot_meta.nodes.fields import descriptions, facts  # noqa: E402
from robot_meta.nodes.params import LiveConfig, declare_config, refuse_unknown  # noqa: E402

pytestmark = pytest.mark.ros
ROOT = Path(__file__).resolve().parents[2]


@dataclass(frozen=True, kw_only=True)
class Inner:
    """A part.

    Attributes:
        mass: What it weighs,
            in all, [kg].
        offset: Where it is, [m].
    """

    mass: float = 0.5
    offset: tuple[float, float, float] = (0.0, 0.0, 0.1)

    def __post_init__(self):
        if self.mass < 0.0:
            raise ValueError(f"mass must be >= 0, got {self.mass}")


@dataclass(frozen=True, kw_only=True)
class Outer:
    """A whole."""

    kind: str = "plain"  # which one
    count: int = 3
    gains: tuple[float, ...] = (1.0, 2.0)
    words: tuple[str, ...] = ()
    home: np.ndarray = field(default_factory=lambda: np.array([0.25, -1.0]))
    limit: float | None = None
    inner: Inner = field(default_factory=Inner)


def test_defaults_come_back_unchanged(make_node):
    config = declare_config(make_node(), Outer(), "a.")
    assert config.inner == Inner() and config.words == () and config.limit is None
    np.testing.assert_array_equal(config.home, Outer().home)


def test_overrides_reach_nested_fields_and_integers_count_as_floats(make_node):
    node = make_node(
        *("-p", "inner.mass:=2", "-p", "gains:=[3, 4, 5]", "-p", "limit:=1", "-p", "kind:=x"),
        *("-p", "words:=['a', 'b']", "-p", "home:=[1.5]", "-p", "inner.offset:=[1, 2, 3]"),
    )
    config = declare_config(node, Outer())
    refuse_unknown(node)
    assert config.inner.mass == 2.0 and isinstance(config.inner.mass, float)
    assert config.gains == (3.0, 4.0, 5.0) and config.limit == 1.0
    assert config.words == ("a", "b") and config.inner.offset == (1.0, 2.0, 3.0)
    np.testing.assert_array_equal(config.home, [1.5])


def test_every_parameter_tells_its_meaning_and_is_read_only(make_node):
    node = make_node()
    declare_config(node, Outer())
    described = node.describe_parameter("inner.mass")
    assert described.description == "What it weighs, in all, [kg]."
    assert node.describe_parameter("kind").description == "which one"
    assert not node.set_parameters([Parameter("inner.mass", value=1.0)])[0].successful


@pytest.mark.parametrize(
    ("given", "part"),
    [
        ("count:=2.5", "want int, got 2.5"),
        ("kind:=7", "want str, got 7"),
        ("inner.offset:=[1.0, 2.0]", "want list of 3 float, got 2 values"),
        ("gains:=heavy", "want list of float, got 'heavy'"),
        ("inner.mass:=-1.0", "mass must be >= 0, got -1.0"),
        ("inner.mass:=true", "want float, got True"),
    ],
)
def test_a_wrong_value_is_named_with_what_was_wanted(make_node, given, part):
    with pytest.raises(BadConfig) as caught:
        declare_config(make_node("-p", given), Outer())
    assert part in str(caught.value) and given.split(":=")[0].split(".")[-1] in str(caught.value)


def test_a_typo_in_a_parameter_file_names_file_line_and_the_right_name(
    make_node, tmp_path, monkeypatch
):
    path = tmp_path / "arm.yaml"
    path.write_text("/**:\n  ros__parameters:\n    inner:\n      maas: 2.0\n")
    node = make_node("--params-file", path)
    monkeypatch.setattr(sys, "argv", ["robot", "--ros-args", "--params-file", str(path)])
    declare_config(node, Outer())
    with pytest.raises(BadConfig) as caught:
        refuse_unknown(node)
    message = str(caught.value)
    assert "'inner.maas'" in message and f"{path}:4" in message and "'inner.mass'" in message


def test_sections_for_one_node_fit_any_namespace(make_node, tmp_path):
    path = tmp_path / "arm.yaml"
    path.write_text(
        "/**:\n  ros__parameters: {kind: shared}\n/**/robot:\n  ros__parameters: {count: 9}\n"
        "/**/controller:\n  ros__parameters: {not_ours: 1}\n"
    )
    for namespace in ("/", "/left", "/cell/left"):
        node = make_node("--params-file", path, "-r", f"__ns:={namespace}")
        config = declare_config(node, Outer())
        refuse_unknown(node)
        assert (config.kind, config.count) == ("shared", 9)


def test_live_parameters_change_after_the_check_of_the_dataclass(make_node):
    node, applied = make_node(), []
    config = declare_config(node, Inner(), "part.", live=True)
    live = LiveConfig(node, config, "part.", lambda *pair: applied.append(pair))
    assert node.set_parameters([Parameter("part.mass", value=2)])[0].successful
    assert applied == [(Inner(), Inner(mass=2.0))] and live.config == Inner(mass=2.0)
    assert node.get_parameter("part.mass").value == 2.0

    refused = node.set_parameters([Parameter("part.mass", value=-2.0)])[0]
    assert not refused.successful and refused.reason == "mass must be >= 0, got -2.0"
    refused = node.set_parameters([Parameter("part.offset", value=[1.0])])[0]
    assert refused.reason == "parameter 'part.offset': want list of 3 float, got 1 values"
    assert len(applied) == 1


def test_live_parameters_refuse_with_a_reason_while_they_must_not_change(make_node):
    node, applied = make_node(), []
    config = declare_config(node, Inner(), live=True)
    LiveConfig(node, config, "", applied.append, refuse=lambda: "the robot is armed")
    refused = node.set_parameters([Parameter("mass", value=2.0)])[0]
    assert refused.reason == "the robot is armed" and applied == []
    assert node.get_parameter("mass").value == 0.5


def test_a_field_that_no_parameter_can_carry_is_an_error_not_a_gap():
    @dataclass(frozen=True)
    class Odd:
        table: dict[str, float] = field(default_factory=dict)

    with pytest.raises(TypeError, match="table"):
        facts(Odd())
    assert facts(Odd(), skip=("table",)) == []


def test_meanings_of_inherited_fields_are_found():
    @dataclass(frozen=True, kw_only=True)
    class Child(Inner):
        """A child.

        Attributes:
            extra: One more.
        """

        extra: int = 0

    assert descriptions(Child)["mass"] == "What it weighs, in all, [kg]."
    assert descriptions(Child)["extra"] == "One more."


def test_no_node_takes_a_name_that_ros_uses_for_itself(make_node):
    """A parameter service answered with what a node kept under the name `_parameters`."""
    bare, taken = set(vars(make_node())), []
    for path in sorted((ROOT / "robot_meta/nodes").glob("*.py")):
        for made in ast.walk(ast.parse(path.read_text())):
            bases = {getattr(b, "id", "") for b in getattr(made, "bases", [])}
            if isinstance(made, ast.ClassDef) and "Node" in bases:
                own = {
                    place.attr
                    for place in ast.walk(made)
                    if isinstance(place, ast.Attribute) and isinstance(place.ctx, ast.Store)
                }
                taken += [f"{made.name}.{name}" for name in sorted(own & bare)]
    assert taken == []
