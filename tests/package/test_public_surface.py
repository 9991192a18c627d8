import ast
import importlib
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).resolve().parents[2] / "robot_meta"
FILES = sorted(path.relative_to(PACKAGE.parent) for path in PACKAGE.rglob("*.py"))
MODULES = sorted(
    ".".join(path.with_suffix("").parts)
    for path in FILES
    if path.name not in ("__init__.py", "__main__.py")
)


@pytest.mark.parametrize("name", MODULES)
def test_every_module_imports(name):
    assert importlib.import_module(name).__doc__, "the first thing a file says is what it means"


@pytest.mark.parametrize("path", [f for f in FILES if f.name == "__init__.py"], ids=str)
def test_every_name_that_a_package_offers_exists(path):
    package = importlib.import_module(".".join(path.parent.parts))
    assert [name for name in getattr(package, "__all__", []) if not hasattr(package, name)] == []


@pytest.mark.parametrize(
    ("modules", "unwanted"),
    [
        ("robot_meta.controller", "rclpy mujoco yaml matplotlib scipy"),
        ("robot_meta.robots.fake robot_meta.robots.robot", "rclpy torch mujoco"),
        ("robot_meta.twin.mujoco_robot", "rclpy torch"),
        ("robot_meta.cli.main", "numpy torch rclpy mujoco yaml"),
    ],
)
def test_importing_does_not_pull_in_what_is_above(modules, unwanted):
    code = (
        f"import sys, importlib; [importlib.import_module(m) for m in '{modules}'.split()]; "
        f"print([m for m in '{unwanted}'.split() if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.mark.parametrize("path", FILES, ids=str)
def test_no_file_can_execute_what_it_loads(path):
    tree = ast.parse((PACKAGE.parent / path).read_text(encoding="utf-8"))
    for node in ast.walk(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            names = {alias.name for alias in node.names} | {getattr(node, "module", None)}
            assert names.isdisjoint(
                {"pickle", "cPickle", "dill", "cloudpickle", "shelve", "joblib"}
            )
        if isinstance(node, ast.Call):
            called = ast.unparse(node.func)
            assert called not in {"torch.load", "torch.save", "eval", "exec", "marshal.loads"}
            assert called not in {"yaml.load", "yaml.unsafe_load", "yaml.full_load"}
            allowing = [k for k in node.keywords if k.arg == "allow_pickle"]
            assert all(isinstance(k.value, ast.Constant) and not k.value.value for k in allowing)
