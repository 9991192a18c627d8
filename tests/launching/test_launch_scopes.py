"""Arguments, groups, includes, namespaces and remaps: what holds where."""

import pytest

from robot_meta.errors import LaunchError


def names(plan):
    return [process.node.full_name for process in plan.processes]


# Arguments


def test_a_required_argument_that_is_missing_is_named_with_its_description(plan):
    with pytest.raises(LaunchError) as caught:
        plan('<arg name="robot_ip" description="address of the arm"/>')
    assert "test.launch.xml:2: " in str(caught.value)
    assert "'robot_ip' must be given as robot_ip:=... (address of the arm)" in str(caught.value)


def test_an_empty_default_is_a_value_and_no_requirement(plan):
    assert plan('<arg name="a" default=""/><log message="[$(var a)]"/>').messages == ("[]",)


def test_a_given_argument_replaces_the_default_and_may_be_used_by_later_ones(plan):
    made = plan(
        '<arg name="a" default="1"/><arg name="b" default="$(var a)0"/>'
        '<log message="$(var b)"/>', a="7",
    )  # fmt: skip
    assert made.messages == ("70",)


def test_a_value_that_is_none_of_the_choices_is_refused_with_the_choices(plan):
    body = '<arg name="backend" default="twin"><choice value="twin"/><choice value="fake"/></arg>'
    plan(body, backend="fake")
    with pytest.raises(LaunchError, match="'backend' must be one of twin, fake, got 'real'"):
        plan(body, backend="real")


def test_an_argument_that_nothing_uses_is_accepted_as_in_ros_and_reported(plan):
    body = '<arg name="a" default="1"/><log message="$(var undeclared)"/>'
    assert plan(body, a="2", undeclared="3", typo="4").unused == ("typo",)


def test_an_argument_declared_in_a_branch_not_taken_counts_as_used(plan):
    assert plan('<group if="false"><arg name="a"/></group>', a="1").unused == ()


# Conditions and groups


@pytest.mark.parametrize(
    ("word", "runs"),
    [
        ("true", True),
        ("True", True),
        ("1", True),
        ("false", False),
        ("FALSE", False),
        ("0", False),
    ],
)
def test_conditions_take_true_false_1_and_0(plan, word, runs):
    made = plan(
        f'<log message="if" if="{word}"/><log message="unless" unless="{word}"/>'
        f'<group if="{word}"><log message="group"/></group>'
    )
    assert made.messages == (("if", "group") if runs else ("unless",))


@pytest.mark.parametrize("word", ["yes", "on", "", "2", "none"])
def test_any_other_word_in_a_condition_is_an_error(plan, word):
    with pytest.raises(LaunchError, match="want true, false, 1 or 0"):
        plan(f'<log message="a" if="{word}"/>')


def test_what_a_group_sets_ends_with_it(plan):
    made = plan("""
        <let name="a" value="outer"/>
        <group>
          <let name="a" value="inner"/> <let name="b" value="new"/>
          <set_env name="GROUP_ENV" value="x"/>
          <push_ros_namespace namespace="left"/>
          <set_remap from="x" to="y"/>
          <node pkg="demo" exec="node" name="n"/>
        </group>
        <log message="$(var a) $(var b gone)"/>
        <node pkg="demo" exec="node" name="n"/>
    """)
    inside, outside = made.processes
    assert made.messages == ("outer gone",)
    assert (inside.node.full_name, outside.node.full_name) == ("/left/n", None)
    assert (inside.node.remaps, outside.node.remaps) == ((("x", "y"),), ())
    assert inside.environment["GROUP_ENV"] == "x"
    assert "GROUP_ENV" not in outside.environment


def test_an_unscoped_group_is_only_a_common_condition(plan):
    body = '<group scoped="false"><let name="a" value="1"/></group><log message="$(var a)"/>'
    assert plan(body).messages == ("1",)


# Includes


CHILD = '<arg name="speed" default="1"/><let name="own" value="x"/><log message="$(var speed)"/>'


def test_an_include_gets_the_arguments_it_is_given(plan, write):
    write(CHILD, "child.launch.xml")
    made = plan(
        '<include file="$(dirname)/child.launch.xml"><arg name="speed" value="5"/></include>'
    )
    assert made.messages == ("5",)


def test_a_required_argument_of_an_included_file_is_named_with_that_file(plan, write):
    child = write('<arg name="ip"/>', "child.launch.xml")
    with pytest.raises(LaunchError) as caught:
        plan('<include file="$(dirname)/child.launch.xml"/>')
    assert str(caught.value).startswith(f"{child}:2: ")


@pytest.mark.parametrize("name", ["speed", "own"])
def test_what_an_include_sets_cannot_be_used_behind_it(plan, write, name):
    # ROS 2 launch would let it leak; a file that depends on that is refused here.
    write(CHILD, "child.launch.xml")
    with pytest.raises(LaunchError) as caught:
        plan(f'<include file="$(dirname)/child.launch.xml"/>\n<log message="$(var {name} none)"/>')
    assert "test.launch.xml:3: " in str(caught.value)
    assert f"'{name}' was changed inside" in str(caught.value)


def test_an_include_in_a_group_leaves_no_trace(plan, write):
    write(CHILD, "child.launch.xml")
    made = plan("""
        <let name="speed" value="9"/>
        <group>
          <include file="$(dirname)/child.launch.xml"><arg name="speed" value="5"/></include>
        </group>
        <log message="$(var speed) $(var own none)"/>
    """)
    assert made.messages == ("5", "9 none")


def test_a_second_include_gets_its_own_defaults_or_is_refused(plan, write):
    write(CHILD, "child.launch.xml")
    include = '<include file="$(dirname)/child.launch.xml">{}</include>'
    slow = include.format('<arg name="speed" value="5"/>')
    assert plan(slow + slow).messages == ("5", "5")
    assert plan(include.format("") * 2).messages == ("1", "1")
    with pytest.raises(LaunchError, match="'speed' was changed inside"):
        plan(slow + include.format(""))  # under ROS 2 launch the second would get 5 too


def test_a_namespace_pushed_by_an_include_cannot_reach_later_nodes(plan, write):
    write('<push_ros_namespace namespace="left"/>', "child.launch.xml")
    with pytest.raises(LaunchError, match="'ros_namespace' was changed inside"):
        plan('<include file="$(dirname)/child.launch.xml"/><node pkg="demo" exec="node"/>')


def test_environment_set_by_an_include_cannot_reach_later_nodes(plan, write):
    write('<set_env name="A" value="1"/>', "child.launch.xml")
    with pytest.raises(LaunchError, match="the environment was changed inside"):
        plan('<include file="$(dirname)/child.launch.xml"/><node pkg="demo" exec="node"/>')


def test_dirname_behind_an_include_of_another_folder_is_refused(plan, write):
    # ROS 2 launch takes it from the included file, from the <arg>s of the include on.
    write('<log message="$(dirname)"/>', "sub/child.launch.xml")
    include = '<include file="$(dirname)/sub/child.launch.xml">{}</include>'
    with pytest.raises(LaunchError, match="takes \\$\\(dirname\\) from the included file"):
        plan(include.format("") + '<log message="$(dirname)"/>')
    with pytest.raises(LaunchError, match="takes \\$\\(dirname\\) from the included file"):
        plan(include.format('<arg name="a" value="$(dirname)"/>'))


def test_dirname_behind_an_include_of_the_same_folder_is_the_folder(plan, write, tmp_path):
    write("", "child.launch.xml")
    made = plan('<include file="$(dirname)/child.launch.xml"/><log message="$(dirname)"/>')
    assert made.messages == (str(tmp_path),)


def test_a_circle_of_includes_ends_in_an_error(plan):
    with pytest.raises(LaunchError, match="is it a circle"):
        plan('<include file="$(filename)"/>')


def test_a_parameter_set_in_a_group_cannot_leak_as_ros_launch_lets_it(plan):
    with pytest.raises(LaunchError, match="'global_params' was changed inside"):
        plan("""
            <set_parameter name="a" value="1"/>
            <group><set_parameter name="b" value="2"/></group>
            <node pkg="demo" exec="node"/>
        """)


# Names


@pytest.mark.parametrize(
    ("pushed", "own", "full"),
    [
        ([""], None, "/n"),
        (["left"], None, "/left/n"),
        (["/left/"], None, "/left/n"),
        (["left", "arm"], None, "/left/arm/n"),
        (["left", "/right"], None, "/right/n"),
        (["left"], "tool", "/left/tool/n"),
        (["left"], "/tool", "/tool/n"),
        (["left"], "", "/left/n"),
        ([], "left", "/left/n"),
        ([], None, None),
    ],
)
def test_namespaces_join_unless_they_are_absolute(plan, pushed, own, full):
    pushes = "".join(f'<push_ros_namespace namespace="{name}"/>' for name in pushed)
    attribute = "" if own is None else f'namespace="{own}"'
    made = plan(f'{pushes}<node pkg="demo" exec="node" name="n" {attribute}/>')
    assert names(made) == [full]


@pytest.mark.parametrize("namespace", ["1st", "a b", "a//b", "a-b", "~x"])
def test_an_invalid_namespace_is_refused(plan, namespace):
    with pytest.raises(LaunchError, match="is not a valid namespace"):
        plan(f'<push_ros_namespace namespace="{namespace}"/>')


@pytest.mark.parametrize("name", ["left/arm", "1st", "a-b", ""])
def test_an_invalid_node_name_is_refused(plan, name):
    with pytest.raises(LaunchError, match="is not a valid node name"):
        plan(f'<node pkg="demo" exec="node" name="{name}"/>')


def test_two_nodes_of_one_full_name_are_refused(plan):
    two = '<node pkg="demo" exec="node" name="n" namespace="{}"/>' * 2
    with pytest.raises(LaunchError, match="a node called '/a/n' is there already"):
        plan(two.format("a", "a"))
    assert names(plan(two.format("a", "b"))) == ["/a/n", "/b/n"]


def test_command_line_is_that_of_ros_launch(plan, demo):
    (process,) = plan("""
        <set_remap from="/tf" to="tf"/>
        <node pkg="demo" exec="node" name="n" namespace="left" args="a 'b c' $(var d)"
              ros_args="--log-level $(var level)">
          <remap from="in" to="/out"/>
        </node>
    """, d="d e", level="info").processes  # fmt: skip
    assert process.argv(lambda _: "FILE") == [
        str(demo), "a", "b c", "d e", "--ros-args", "--log-level", "info",
        "--ros-args", "-r", "__node:=n", "-r", "__ns:=/left",
        "-r", "/tf:=tf", "-r", "in:=/out",
    ]  # fmt: skip


# Environment, messages, ends


def test_environment_tags_change_what_later_processes_get(plan):
    made = plan("""
        <executable cmd="true" name="before"/>
        <set_env name="A" value="1"/> <unset_env name="GONE"/>
        <append_env name="LIST" value="b"/>
        <append_env name="LIST" value="0" prepend="true" separator=","/>
        <executable cmd="true" name="after"><env name="OWN" value="$(env A)"/></executable>
    """, {"GONE": "x", "LIST": "a"}).processes  # fmt: skip
    assert made[0].environment == {"GONE": "x", "LIST": "a"}
    assert made[1].environment == {"A": "1", "LIST": "0,a:b", "OWN": "1"}


def test_shutdown_ends_the_reading_and_starts_nothing(plan):
    made = plan('<shutdown reason="no $(var a)"/><log message="$(var missing)"/>', a="robot")
    assert (made.shutdown, made.messages) == ("no robot", ())


def test_an_executable_that_a_package_lacks_is_an_error_with_its_line(plan):
    with pytest.raises(LaunchError, match=r"test\.launch\.xml:2: .*no executable 'nope'"):
        plan('<node pkg="demo" exec="nope"/>')


def test_on_exit_knows_shutdown_only(plan):
    with pytest.raises(LaunchError, match='on_exit can only be "shutdown"'):
        plan('<executable cmd="true" on_exit="restart"/>')
