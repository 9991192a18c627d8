"""Parameters get the types that ROS 2 launch gives them."""

import pytest
import yaml

from robot_meta.errors import LaunchError


def one_parameter(value, more=""):
    return f"""<node pkg="demo" exec="node"><param name="p" value="{value}" {more}/></node>"""


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("'1'", "1"),
        ("1.5", 1.5),
        ("1e-3", "1e-3"),  # YAML 1.1: without a point it is text
        ("1.0e-3", 0.001),
        ("true", True),
        ("True", True),
        ("on", True),
        ("fr3", "fr3"),
        ("172.16.0.2", "172.16.0.2"),
        ("", ""),
        ("[1, 2]", [1, 2]),
        ("[0.5, 1.0]", [0.5, 1.0]),
        ("[a, b]", ["a", "b"]),
        ("[]", []),
        ("$(var digits)", 123),
        ("'$(var digits)'", 123),  # YAML takes the quotes before the substitution is filled in
        ("id_$(var digits)", "id_123"),
        ("[$(var digits), $(var digits)]", [123, 123]),
        ("$(var flag)", True),
        ("$(var nothing)", ""),
    ],
)
def test_values_are_read_by_yaml_rules(node, written, value):
    made = node(one_parameter(written), digits="123", flag="True", nothing="")
    (parameters,) = made.parameters
    assert parameters == {"p": value}
    assert type(parameters["p"]) is type(value)


@pytest.mark.parametrize(
    ("written", "kind", "value"),
    [
        ("$(var digits)", "str", "123"),
        ("true", "str", "true"),
        ("2", "float", 2.0),
        ("1", "bool", True),
        ("$(var digits)", "int", 123),
        ("['1', '2']", "list_of_str", ["1", "2"]),
        ("$(var digits)", "yaml", 123),
    ],
)
def test_an_explicit_type_wins_over_yaml(node, written, kind, value):
    (parameters,) = node(one_parameter(written, f'type="{kind}"'), digits="123").parameters
    assert parameters == {"p": value}
    assert type(parameters["p"]) is type(value)


@pytest.mark.parametrize(
    ("written", "more", "says"),
    [
        ("{a: 1}", "", "reads as dict"),
        ("~", "", "reads as NoneType"),
        ("[1, a]", "", "must all be"),
        ("$(var text)", "", "not YAML"),
        ("x", 'type="int"', "invalid literal"),
        ("x", 'type="number"', "type 'number' is not known"),
        ("x", 'type="list_of_int"', "want a list of int"),
    ],
)
def test_a_value_no_parameter_can_hold_is_refused_with_its_name(node, written, more, says):
    with pytest.raises(LaunchError) as caught:
        node(one_parameter(written, more), text="a: b: c")
    assert "test.launch.xml:2: parameter 'p': " in str(caught.value)
    assert says in str(caught.value)


def test_nested_parameters_get_dotted_names(node):
    made = node("""
        <node pkg="demo" exec="node">
          <param name="twin">
            <param name="seed" value="4"/>
            <param name="noise"><param name="position" value="0.1"/></param>
          </param>
        </node>
    """)
    assert made.parameters == ({"twin.seed": 4, "twin.noise.position": 0.1},)


def test_sources_keep_their_order_so_that_later_ones_win(node, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("/**:\n  ros__parameters: {a: 1}\n")
    made = node(f"""
        <node pkg="demo" exec="node">
          <param name="a" value="0"/>
          <param name="a" value="1"/>
          <param from="{file}"/>
          <param name="a" value="2"/>
        </node>
    """)
    assert made.parameters == ({"a": 1}, file, {"a": 2})


def test_command_line_names_the_parameter_files_in_order(plan, tmp_path):
    file = tmp_path / "p.yaml"
    file.write_text("/**:\n  ros__parameters: {a: 1}\n")
    (process,) = plan(f"""
        <node pkg="demo" exec="node" name="arm" namespace="left">
          <param name="a" value="0"/> <param from="{file}"/> <param name="b" value="x"/>
        </node>
    """).processes
    written = []

    def write(content):
        written.append(content)
        return tmp_path / f"{len(written)}.yaml"

    argv = process.argv(write)
    files = [b for a, b in zip(argv, argv[1:], strict=False) if a == "--params-file"]
    assert files == [str(tmp_path / "1.yaml"), str(file), str(tmp_path / "2.yaml")]
    assert written == [
        {"/left/arm": {"ros__parameters": {"a": 0}}},
        {"/left/arm": {"ros__parameters": {"b": "x"}}},
    ]
    assert yaml.safe_load(yaml.safe_dump(written[0])) == written[0]


def test_parameters_of_a_node_whose_name_is_its_own_go_to_all_names(plan):
    (process,) = plan('<node pkg="demo" exec="node"><param name="a" value="0"/></node>').processes
    assert process.parameter_file({"a": 0}) == {"/**": {"ros__parameters": {"a": 0}}}


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (None, "cannot be read: No such file"),
        ("a: [", "not YAML"),
        ("a: 1", "not a ROS parameter file"),
        ("/**:\n  ros_parameters: {a: 1}", "not a ROS parameter file"),
    ],
)
def test_a_parameter_file_that_is_none_is_refused(node, tmp_path, content, says):
    file = tmp_path / "p.yaml"
    if content is not None:
        file.write_text(content)
    with pytest.raises(LaunchError) as caught:
        node(f'<node pkg="demo" exec="node"><param from="{file}"/></node>')
    assert says in str(caught.value)
    assert str(file) in str(caught.value)


@pytest.mark.parametrize(
    "param",
    [
        '<param name="a"/>',
        '<param value="1"/>',
        '<param name="a" value="1"><param name="b" value="1"/></param>',
        '<param name="a" from="x.yaml"/>',
        '<param name="a" type="int"><param name="b" value="1"/></param>',
    ],
)
def test_a_param_that_is_two_things_or_none_is_refused(node, param):
    with pytest.raises(LaunchError, match=r"test\.launch\.xml:2: "):
        node(f'<node pkg="demo" exec="node">{param}</node>')


def test_set_parameter_reaches_the_nodes_after_it_in_its_group(plan):
    processes = plan("""
        <node pkg="demo" exec="node" name="before"/>
        <group>
          <set_parameter name="use_sim_time" value="true"/>
          <node pkg="demo" exec="node" name="inside"><param name="a" value="1"/></node>
        </group>
        <node pkg="demo" exec="node" name="after"/>
    """).processes
    given = {p.node.name: p.node.global_parameters for p in processes}
    assert given == {"before": (), "inside": (("use_sim_time", True),), "after": ()}
    argv = processes[1].argv(lambda _: "FILE")
    assert argv.index("use_sim_time:=True") < argv.index("FILE")  # the node's own win


@pytest.mark.parametrize("value", ["[1, 2]", "'1'"])
def test_set_parameter_refuses_what_ros_launch_would_garble(plan, value):
    with pytest.raises(LaunchError, match="cannot pass"):
        plan(f'<set_parameter name="a" value="{value}"/>')
