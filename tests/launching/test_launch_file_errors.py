"""What is not a valid launch file is refused with file and line before anything starts."""

import pytest

from robot_meta.errors import LaunchError
from robot_meta.launching.parser import parse_file

NODE = '<node pkg="demo" exec="node"/>'


def refusal(path):
    with pytest.raises(LaunchError) as caught:
        parse_file(path)
    return str(caught.value)


@pytest.mark.parametrize(
    ("body", "line", "says"),
    [
        ("<nod/>", 2, "<nod> is not known inside a launch file; did you mean 'node'?"),
        (f"{NODE}\n\n<frobnicate/>", 4, "<frobnicate> is not known"),
        ('<group>\n<param name="a" value="1"/>\n</group>', 3, "not known inside <group>"),
        ('<node pkg="demo" exec="node"><choice value="1"/></node>', 2, "inside <node>"),
        ('<node pkg="demo" exec="node" nam="x"/>', 2, "no attribute 'nam'; did you mean 'name'?"),
        ('<node pkg="demo"/>', 2, "<node> needs the attribute 'exec'"),
        ('<param name="a" value="1"/>', 2, "<param> is not known inside a launch file"),
        ('<node pkg="demo" exec="node">\n<param name="a" value="1" if="true"/></node>', 3, "'if'"),
        ('<group if="true" unless="false"/>', 2, "both 'if' and 'unless'"),
        ('<log message="a"/>\n<log message="$(nope a)"/>', 3, "$(nope ...) is not known"),
        ('<log message="$(var)"/>', 2, "$(var ...) takes 1 to 2 arguments, got 0"),
        ('<log message="$(var a"/>', 2, "want ')'"),
        ('<log message="$(var  a)"/>', 2, "an argument is missing"),
        ("hello", 2, "text outside of tags: 'hello'"),
        ('<set_use_sim_time value="true"/>', 2, "<set_parameter"),
        ("<group>", 3, "mismatched tag"),
    ],
)
def test_a_mistake_is_named_with_its_line(write, body, line, says):
    path = write(body)
    assert refusal(path).startswith(f"{path}:{line}: ")
    assert says in refusal(path)


def test_a_mistake_in_a_branch_that_is_not_taken_is_found_too(write):
    path = write('<group if="false">\n<nonsense/>\n</group>')
    assert refusal(path).startswith(f"{path}:3: <nonsense>")


def test_another_outermost_tag_is_refused(tmp_path):
    path = tmp_path / "x.launch.xml"
    path.write_text("<robot/>")
    assert "must be <launch>, got <robot>" in refusal(path)


def test_a_document_type_is_refused_so_that_no_entity_can_expand(tmp_path):
    path = tmp_path / "x.launch.xml"
    path.write_text('<!DOCTYPE launch [<!ENTITY a "b">]>\n<launch><log message="&a;"/></launch>')
    assert "document type" in refusal(path)


def test_a_missing_file_is_one_clear_line(tmp_path):
    message = refusal(tmp_path / "gone.launch.xml")
    assert message == f"{tmp_path}/gone.launch.xml: cannot be read: No such file or directory"


def test_launch_errors_have_an_exit_code_of_their_own():
    assert LaunchError("x").exit_code == 22
