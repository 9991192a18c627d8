"""What every benchmark leaves behind: `results.json`, the same shape for all of them."""

from __future__ import annotations

import json
import math
import os
import platform
import subprocess
from dataclasses import dataclass, field
from importlib import metadata
from pathlib import Path
from typing import Any

import robot_meta

_PACKAGES = ("numpy", "torch", "mujoco")


@dataclass(frozen=True, kw_only=True)
class Results:
    """Figures of one benchmark run.

    Attributes:
        name: Benchmark.
        profile: "quick" or "full".
        seed: First seed.
        metrics: Flat figures, what a bar is held against.
        rows: The table behind them, one flat mapping per row.
    """

    name: str
    profile: str
    seed: int
    metrics: dict[str, float]
    rows: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        wrong = {k: v for k, v in self.metrics.items() if not isinstance(v, int | float)}
        if wrong:
            raise ValueError(f"metrics must be numbers, got {wrong}")


def write_results(results: Results, out: Path) -> Path:
    """Write `out/results.json`, all or nothing; its path."""
    out.mkdir(parents=True, exist_ok=True)
    content = {
        "name": results.name,
        "profile": results.profile,
        "seed": results.seed,
        "machine": machine(),
        "metrics": {key: _json_number(value) for key, value in results.metrics.items()},
        "rows": [{key: _json_number(value) for key, value in row.items()} for row in results.rows],
    }
    path = out / "results.json"
    partial = path.with_suffix(".partial")
    partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n")
    partial.replace(path)
    return path


def machine() -> dict[str, Any]:
    """What the figures were measured on and with."""
    return {
        "cpu": _cpu_model(),
        "cores": len(os.sched_getaffinity(0)),
        "python": platform.python_version(),
        **{name: _version(name) for name in _PACKAGES},
        "robot_meta": robot_meta.__version__,
        "commit": commit(),
    }


def commit() -> str:
    """The checked-out commit, with "+" if the package differs from it; "" outside a checkout."""
    folder = Path(__file__).resolve().parents[1]
    try:
        head = _git(folder, "rev-parse", "--short", "HEAD")
        changed = _git(folder, "status", "--porcelain", "--", ".")
    except (OSError, subprocess.CalledProcessError):
        return ""
    return head + ("+" if changed else "")


def _git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments], cwd=folder, capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def _json_number(value: Any) -> Any:
    """JSON has no NaN and no infinity: null stands for "no figure"."""
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _cpu_model() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
    except OSError:
        return platform.processor()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
