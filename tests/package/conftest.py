import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]


def _project_files() -> list[Path]:
    """Every file that belongs to the project, relative to its root."""
    listing = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if listing.returncode != 0:
        pytest.skip("this copy of the project is no git checkout")
    names = filter(None, listing.stdout.split("\0"))
    return sorted(Path(name) for name in names if (ROOT / name).is_file())


@pytest.fixture(scope="session")
def root() -> Path:
    return ROOT


@pytest.fixture(scope="session")
def project_files() -> list[Path]:
    return _project_files()


@pytest.fixture(scope="session")
def copy_project(project_files):
    """A function that copies the project's files, nothing built, to a folder."""

    def copy(target: Path) -> Path:
        for file in project_files:
            (target / file.parent).mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / file, target / file)
        return target

    return copy


class Environment(dict):
    """Variables that do not show in the report of a failed test."""

    def __repr__(self) -> str:
        return f"<{len(self)} variables>"


@pytest.fixture
def clean_environment() -> Environment:
    """The environment of a new shell: nothing sourced, no trace of this Python environment."""
    dropped = ("ROS_", "RMW_", "AMENT_", "COLCON_", "PYTEST_", "COV_", "_ROS_WHEELS", "PYTHON")
    kept = Environment((k, v) for k, v in os.environ.items() if not k.startswith(dropped))
    kept.pop("LD_LIBRARY_PATH", None)
    kept.pop("VIRTUAL_ENV", None)
    return kept
