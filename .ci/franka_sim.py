"""Make environments of their own for servers that speak the Franka's protocol; stdlib only.

    franka_sim.py              .venv-franka-sim: `franka-sim`, which enforces the robot's limits,
                               and `pylibfranka`, a raw client for tests
    franka_sim.py --friendly   .venv-franky-sim: `franky-sim`, which accepts everything (0.7 GB)

They cannot share .venv: they need other releases of numpy and MuJoCo, and pylibfranka does not
load beside franky. Idempotent. Tests that need a server say so and are skipped where it is not.
"""

import os
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
STRICT = (".venv-franka-sim", ["franka-sim==1.1.7", "pylibfranka==0.21.3"])
FRIENDLY = (".venv-franky-sim", ["franky-sim==1.0.4"])


def main(arguments: list[str]) -> int:
    """Make one environment, or see that it is there."""
    name, packages = FRIENDLY if "--friendly" in arguments else STRICT
    folder = ROOT / name
    stamp = folder / "robot_meta.stamp"
    wanted = " ".join(packages) + "\n"
    if stamp.exists() and stamp.read_text() == wanted:
        return 0
    print(f"set-up {name}: {' '.join(packages)}", flush=True)
    venv.create(folder, with_pip=True, clear=True)
    clean = {k: v for k, v in os.environ.items() if k not in ("PYTHONPATH", "PYTHONHOME")}
    pip = [str(folder / "bin" / "python"), "-m", "pip", "install", "--quiet"]
    done = subprocess.run([*pip, "--disable-pip-version-check", *packages], env=clean, check=False)
    if done.returncode != 0:
        print(f"set-up: error: {name} could not be made; what pip said stands above")
        return 1
    stamp.write_text(wanted)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
