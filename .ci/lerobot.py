"""Make .venv-lerobot: the real LeRobot, to read what this project exports; stdlib only.

It takes torch and whatever else it can from .venv, next to which it lies, and adds 0.3 GB. LeRobot
itself is installed without what its robots and policies need, torchvision without its compiled
operators, which belong to another torch and are not called. Idempotent. Tests that read with it
say so and are skipped where it is not.
"""

import os
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
FOLDER = ROOT / ".venv-lerobot"
ALONE = [
    "lerobot==0.4.4",
    "torchvision==0.25.0",  # the newest that reads videos, as this LeRobot wants it
    "accelerate==1.15.0",
]
WITH_NEEDS = [
    "datasets==4.8.5",
    "huggingface-hub==0.35.3",
    "av==15.1.0",
    "draccus==0.10.0",
    "pandas==2.3.3",
    "jsonlines==4.0.0",
    "einops==0.8.2",
]


def main() -> int:
    """Make the environment, or see that it is there."""
    stamp = FOLDER / "robot_meta.stamp"
    wanted = " ".join([*ALONE, *WITH_NEEDS]) + "\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    print(f"set-up {FOLDER.name}: {wanted}", end="", flush=True)
    venv.create(FOLDER, with_pip=True, clear=True)
    python = FOLDER / "bin" / "python"
    packages = FOLDER / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
    (packages / "project.pth").write_text(sysconfig.get_paths()["purelib"] + "\n")
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    for packages_and_options in (["--no-deps", *ALONE], WITH_NEEDS):
        if subprocess.run([*pip, *packages_and_options], env=clean, check=False).returncode:
            print(f"set-up: error: {FOLDER.name} could not be made; what pip said stands above")
            return 1
    for operators in (packages / "torchvision").glob("*.so"):
        operators.unlink()
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main())
