"""The arrows between rooms: who may import whom, read from the source."""

import ast
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "robot_meta"
FILES = sorted(path.relative_to(PACKAGE) for path in PACKAGE.rglob("*.py"))

BASE = {
    "__init__",
    "types",
    "legged_types",
    "errors",
    "reference",
    "kinematics",
    "resources",
    "joint_order",
}
CORE_ROOMS = {"dynamics", "planning", "rewards", "replay", "scheduling", "safety"}
CORE_LIBRARIES = {"numpy", "torch", "safetensors", "ruckig", "onnxruntime", "tokenizers"}
ROS = {"rclpy", "ament_index_python", "builtin_interfaces", "rosbags", "launch", "launch_ros"}
# Drivers whose robot is a set of topics.
TOPIC_DRIVERS = {
    Path("robots/ros2_control/command_topics.py"),
    Path("robots/ros2_control/driver.py"),
    Path("robots/cmd_vel/driver.py"),
    Path("robots/topic_node.py"),
}

# Rooms of robot_meta that a room may import, besides itself and BASE; those not named may all.
MAY_IMPORT = {
    **dict.fromkeys(BASE | CORE_ROOMS | {"launching"}, set()),
    "contact": CORE_ROOMS,
    "embodiments": {*CORE_ROOMS, "contact"},
    "controller": {*CORE_ROOMS, "contact", "embodiments"},
    "build": {*CORE_ROOMS, "contact", "embodiments", "controller", "robots"},
    "robots": {"safety"},
    "perception": set(),
    "twin": {"safety", "robots", "perception"},
    "collection": {*CORE_ROOMS, "embodiments", "controller", "robots", "twin"},
    "annotation": {"replay", "collection", "twin"},
    "formats": {"replay", "robots", "twin", "collection", "annotation"},
    "teleoperation": {"safety", "robots", "perception", "collection"},
    "preflight": {"safety", "robots", "twin"},
    "web": {"robots", "perception", "twin", "collection", "replay", "annotation"},
    "nodes": {
        *CORE_ROOMS,
        "embodiments",
        "controller",
        "build",
        "robots",
        "perception",
        "twin",
        "collection",
        "teleoperation",
        "preflight",
        "web",
    },
}


def room(path: Path) -> str:
    return path.parts[0].removesuffix(".py")


def imports(path: Path) -> set[str]:
    """Full names of all that a file imports, wherever in it."""
    found = set()
    for node in ast.walk(ast.parse((PACKAGE / path).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import, the project uses absolute ones"
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def rooms_imported(path: Path) -> set[str]:
    own = {name.split(".")[1] for name in imports(path) if name.startswith("robot_meta.")}
    return own & ({room(file) for file in FILES} | CORE_ROOMS)


def libraries_imported(path: Path) -> set[str]:
    roots = {name.split(".")[0] for name in imports(path)}
    return roots - set(sys.stdlib_module_names) - {"robot_meta", "__future__"}


def ros_imported(path: Path) -> set[str]:
    return {n for n in libraries_imported(path) if n in ROS or n.endswith(("_msgs", "_srvs"))}


def files_of(rooms: set[str]) -> list[Path]:
    return [path for path in FILES if room(path) in rooms]


@pytest.mark.parametrize(
    "path", files_of(BASE | CORE_ROOMS | {"contact", "embodiments", "controller"}), ids=str
)
def test_the_core_needs_only_arithmetic_libraries(path):
    assert libraries_imported(path) <= CORE_LIBRARIES


@pytest.mark.parametrize("path", files_of(set(MAY_IMPORT)), ids=str)
def test_a_room_imports_only_what_lies_below_it(path):
    allowed = MAY_IMPORT[room(path)] | BASE | {room(path)}
    assert rooms_imported(path) <= allowed


@pytest.mark.parametrize("path", files_of({"robots", "perception", "twin", "web"}), ids=str)
def test_robots_cameras_twin_and_pages_work_without_torch_and_without_ros(path):
    assert "torch" not in libraries_imported(path)
    if path not in TOPIC_DRIVERS:
        assert not ros_imported(path)


@pytest.mark.parametrize("path", files_of({"launching", "collection", "teleoperation"}), ids=str)
def test_launching_collection_and_teleoperation_do_not_import_ros_messages(path):
    assert not {n for n in ros_imported(path) if n.endswith(("_msgs", "_srvs"))}


def test_nobody_but_the_command_line_and_benchmarks_imports_nodes():
    users = {room(path) for path in FILES if "nodes" in rooms_imported(path)}
    assert users <= {"nodes", "cli", "benchmarks"}


def test_every_folder_with_code_is_a_package():
    folders = {path.parent for path in FILES}
    assert not [str(f) for f in folders if not (PACKAGE / f / "__init__.py").is_file()]


def test_the_reader_of_imports_sees_plain_nested_and_from_imports():
    assert {"twin", "errors"} <= rooms_imported(Path("preflight/machine.py"))
    assert "safetensors" in libraries_imported(Path("preflight/machine.py"))
