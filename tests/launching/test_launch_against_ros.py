"""The same launch files through the real ROS 2 launch: same nodes, names, parameters, remaps.

Runs where ROS 2 launch is installed. Only the last step, starting a process, is left out.
"""

import os
import stat
from pathlib import Path

import pytest
import yaml

from robot_meta.launching.evaluator import resolve

pytest.importorskip("launch_ros", reason="needs ROS 2 launch")
pytest.importorskip("launch_xml", reason="needs ROS 2 launch")

ROOT = Path(__file__).parents[2]
ARM = ROOT / "launch/arm.launch.xml"
NODES = ("robot", "controller", "task", "recorder", "view")

FEATURES = """
<launch>
  <arg name="speed" default="0.5"/>
  <arg name="serial" default="0123"/>
  <let name="double" value="$(eval '$(var speed) * 2')"/>
  <set_env name="FROM_FILE" value="$(var double)"/>
  <set_parameter name="use_sim_time" value="true"/>
  <set_remap from="/tf" to="tf"/>
  <push_ros_namespace namespace="site"/>
  <group>
    <push_ros_namespace namespace="left"/>
    <let name="speed" value="9"/>
    <node pkg="robot_meta" exec="robot" name="arm" args="a 'b c' $(var speed)d"
          ros_args="--log-level info" if="$(equals $(var speed) 9.0)">
      <env name="OWN" value="$(env FROM_FILE)"/>
      <param name="int" value="1"/>
      <param name="text" value="'1'"/>
      <param name="quoted" value="'$(var serial)'"/>
      <param name="typed" value="$(var serial)" type="str"/>
      <param name="tiny" value="1e-3"/>
      <param name="flag" value="on"/>
      <param name="empty" value=""/>
      <param name="list" value="[$(var speed), 2]"/>
      <param name="words" value="[a, $(var serial)x]"/>
      <param name="nested"><param name="inner"><param name="leaf" value="1.5"/></param></param>
      <param from="$(dirname)/more.yaml"/>
      <param name="int" value="2"/>
      <remap from="in" to="/out"/>
      <remap from="cmd" to="$(var speed)_cmd"/>
    </node>
  </group>
  <group unless="$(not $(var flag true))">
    <node pkg="robot_meta" exec="task" namespace="/abs/$(var speed)x" unless="true"/>
    <node pkg="robot_meta" exec="task"/>
    <node pkg="robot_meta" exec="task" name="t" namespace="sub" output="screen" respawn="true"/>
  </group>
  <group>
    <include file="$(dirname)/child.launch.xml"><arg name="speed" value="3"/></include>
  </group>
  <node pkg="robot_meta" exec="recorder" name="last"><param name="v" value="$(var speed)"/></node>
  <executable cmd="echo $(var speed)/x 'two words'" cwd="/"/>
</launch>
"""
CHILD = """
<launch>
  <arg name="speed"/>
  <arg name="mode" default="m$(var speed)"><choice value="m3"/></arg>
  <push-ros-namespace namespace="$(var mode)"/>
  <node pkg="robot_meta" exec="controller" name="c"><param name="d" value="$(dirname)"/></node>
</launch>
"""


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """This package as `colcon build` leaves it, seen from outside: index, executables, share."""
    prefix = tmp_path / "install"
    marker = prefix / "share/ament_index/resource_index/packages/robot_meta"
    marker.parent.mkdir(parents=True)
    marker.touch()
    (prefix / "share/robot_meta").symlink_to(ROOT)
    for name in NODES:
        program = prefix / "lib/robot_meta" / name
        program.parent.mkdir(parents=True, exist_ok=True)
        program.write_text("#!/bin/sh\n")
        program.chmod(program.stat().st_mode | stat.S_IXUSR)
    others = os.environ.get("AMENT_PREFIX_PATH", "")
    monkeypatch.setenv("AMENT_PREFIX_PATH", f"{prefix}{os.pathsep}{others}")
    return tmp_path


def by_ros(path, arguments, monkeypatch):
    """What ROS 2 launch would start: (command, folder, environment) of each process."""
    from launch.actions import ExecuteLocal, IncludeLaunchDescription
    from launch.launch_description_sources import AnyLaunchDescriptionSource
    from launch.utilities import visit_all_entities_and_collect_futures

    from launch import LaunchContext

    started = []

    def record(self, context):
        self.prepare(context)
        started.append(self.process_description)

    monkeypatch.setattr(ExecuteLocal, "execute", record)
    source = AnyLaunchDescriptionSource(str(path))
    include = IncludeLaunchDescription(source, launch_arguments=arguments.items())
    visit_all_entities_and_collect_futures(include, LaunchContext())
    return [(d.final_cmd, d.final_cwd, d.final_env) for d in started]


def by_us(path, arguments, folder):
    """What this package's runner would start."""

    def write(content):
        file = folder / f"ours_{len(list(folder.iterdir()))}.yaml"
        file.write_text(yaml.safe_dump(content))
        return file

    processes = resolve(path, arguments).processes
    return [(p.argv(write), p.cwd, dict(p.environment)) for p in processes]


def meaning(command, cwd, environment):
    """A command line with the content of its parameter files, merged, in place of their names."""
    words, parameters, rest = list(command), {}, []
    while words:
        word = words.pop(0)
        if word == "--params-file":
            content = yaml.safe_load(Path(words.pop(0)).read_text())
            for node, section in content.items():
                for name, value in flat(section["ros__parameters"]).items():
                    parameters[name] = (node if node.startswith("/**") else "itself", value)
        elif word == "-p":
            name, _, value = words.pop(0).partition(":=")
            parameters[name] = ("-p", yaml.safe_load(value))
        else:
            rest.append(word)
    typed = {name: (*value, type(value[1])) for name, value in parameters.items()}
    changed = {k: v for k, v in environment.items() if os.environ.get(k) != v}
    return rest, typed, cwd, changed


def flat(values, prefix=""):
    found = {}
    for name, value in values.items():
        if isinstance(value, dict):
            found |= flat(value, f"{prefix}{name}.")
        else:
            found[prefix + name] = value
    return found


def assert_same(path, arguments, folder, monkeypatch):
    theirs = [meaning(*process) for process in by_ros(path, arguments, monkeypatch)]
    ours = [meaning(*process) for process in by_us(path, arguments, folder)]
    assert ours == theirs
    return ours


def test_every_feature_means_the_same(installed, monkeypatch):
    path = installed / "features.launch.xml"
    path.write_text(FEATURES)
    (installed / "child.launch.xml").write_text(CHILD)
    (installed / "more.yaml").write_text("/**:\n  ros__parameters: {int: 5, more: [a]}\n")
    same = assert_same(path, {}, installed, monkeypatch)
    assert len(same) == 6
    assert "-r" in same[0][0] and "__ns:=/site/left" in same[0][0]
    assert same[0][1]["int"] == ("itself", 2, int)


@pytest.mark.parametrize(
    "arguments",
    [
        {},
        {"backend": "fake", "namespace": "left", "record": "run 1"},
        {"backend": "franka", "robot_ip": "172.16.0.2", "adapt": "false", "log_level": "debug"},
        {
            "namespace": "/site/right",
            "use_sim_time": "true",
            "lockstep": "true",
            "speed_scale": "1",
        },
        {"view": "1", "view_port": "8081", "arm_on_start": "False", "target": "hold"},
    ],
)
def test_the_arm_launch_file_means_the_same(installed, monkeypatch, arguments):
    same = assert_same(ARM, arguments, installed, monkeypatch)
    assert len(same) == 3 + ("record" in arguments) + ("view" in arguments)


@pytest.mark.parametrize(
    ("body", "why"),
    [
        ("<nod/>", "unknown tag"),
        ('<node pkg="robot_meta" exec="robot" nam="x"/>', "unknown attribute"),
        ('<node pkg="robot_meta"/>', "missing attribute"),
        ('<log message="a" if="true" unless="true"/>', "if and unless"),
        ('<log message="a" if="maybe"/>', "condition"),
        ('<arg name="needed"/>', "missing argument"),
        ('<arg name="a" default="1"><choice value="2"/></arg>', "choice"),
        ('<log message="$(var missing)"/>', "variable"),
        ('<log message="$(nope a)"/>', "substitution"),
        ('<log message="$(equals a  b)"/>', "two spaces"),
        ('<node pkg="robot_meta" exec="nope"/>', "executable"),
        ('<node pkg="robot_meta" exec="robot" name="a/b"/>', "node name"),
        ('<push_ros_namespace namespace="1st"/>', "namespace"),
        ('<node pkg="robot_meta" exec="robot"><param name="a" value="{b: 1}"/></node>', "value"),
    ],
)
def test_both_refuse_the_same_mistakes(installed, monkeypatch, body, why):
    path = installed / "wrong.launch.xml"
    path.write_text(f"<launch>{body}</launch>")
    with pytest.raises(Exception):  # noqa: B017  theirs are of many kinds
        by_ros(path, {}, monkeypatch)
    with pytest.raises(Exception, match="wrong.launch.xml:1: "):
        by_us(path, {}, installed)


def test_an_undeclared_argument_is_accepted_by_both(installed, monkeypatch):
    path = installed / "x.launch.xml"
    path.write_text('<launch><executable cmd="echo $(var undeclared)"/></launch>')
    same = assert_same(path, {"undeclared": "1", "typo": "2"}, installed, monkeypatch)
    assert same[0][0] == ["echo", "1"]
