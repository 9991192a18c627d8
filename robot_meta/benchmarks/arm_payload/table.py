"""The table that a person reads, in the terminal and in Markdown alike."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from robot_meta.benchmarks.arm_payload.judge import RECOVERY_LEGEND, recovery_text
from robot_meta.benchmarks.arm_payload.metrics import Outcome, void_scenes
from robot_meta.benchmarks.arm_payload.rows import ROWS
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL, TEST_SCENES, Timing
from robot_meta.benchmarks.markdown import table

_BARS = (
    ("static_ratio", ">=", 2.0),
    ("adapted_ratio", "<=", 1.1),
    ("nominal_harm", "<=", 1.03),
    ("nominal_error_mm", "<=", 3.0),
)


def rows_of(outcomes: list[Outcome]) -> list[dict[str, Any]]:
    """One flat row per row and scene: every figure's mean over seeds, the ratio's extremes."""
    rows = []
    for name in ROWS:
        for scene in TEST_SCENES:
            runs = [o for o in outcomes if o.row == name and o.scene == scene]
            if not runs:
                continue
            means = {
                key: float(np.mean([o.figures[key] for o in runs])) for key in runs[0].figures
            }
            ratios = [o.figures["ratio"] for o in runs]
            extremes = {"ratio_lowest": min(ratios), "ratio_highest": max(ratios)}
            rows.append({"row": name, "scene": scene, "seeds": len(runs), **means, **extremes})
    return rows


def markdown(
    rows: list[dict[str, Any]],
    metrics: dict[str, float],
    timing: Timing,
    held: Sequence[tuple[str, int]] = (),
) -> str:
    """Ratios of all rows and scenes, the figures of the default row, and the bars."""
    scenes = [s for s in TEST_SCENES if s != NOMINAL and any(r["scene"] == s for r in rows)]
    void = void_scenes(metrics)
    heads = [f"{scene} (void)" if scene in void else scene for scene in scenes]
    lines = [
        "Tool RMS error after the change over before it (mean over seeds):",
        "",
        *table(
            ["row", *heads, "worst", "nominal [mm]", "what it is"],
            [_ratio_line(name, scenes, metrics) for name in ROWS if _ran(name, metrics)],
        ),
    ]
    adapted = [r for r in rows if r["row"] == "adapted"]
    if adapted:
        columns = {
            "before_mm": "before [mm]",
            "after_mm": "after [mm]",
            "peak_mm": "peak [mm]",
            "recover_s": "recovers in",
            "effort_nm": "effort [Nm]",
            "altered_share": "altered by guard",
            "reflex_share": "of reflex torque",
        }
        cells = [{**r, "recover_s": recovery_text(r["recover_s"], timing)} for r in adapted]
        body = [[r["scene"], *(_number(r[key]) for key in columns)] for r in cells]
        lines += ["", "The default adapter:", ""]
        lines += table(["scene", *columns.values()], body)
        whole = timing.end - timing.change
        lines += ["", f"{RECOVERY_LEGEND} A seed that never does counts as {whole:g} s."]
    lines += ["", *_bar_lines(metrics)]
    if void:
        lines.append(f"void, since the static row hardly fails there: {', '.join(void)}")
    if held:
        names = ", ".join(f"{scene} of seed {seed}" for scene, seed in held)
        lines.append(f"left out, since the guard holds the arm there in every row: {names}")
    return "\n".join(lines)


def _ran(name: str, metrics: dict[str, float]) -> bool:
    return f"{name}_ratio" in metrics or f"{name}_nominal_error_mm" in metrics


def _ratio_line(name: str, scenes: list[str], metrics: dict[str, float]) -> list[str]:
    per_scene = [_number(metrics.get(f"{name}_ratio_{scene}")) for scene in scenes]
    worst = _number(metrics.get(f"{name}_ratio"))
    nominal = _number(metrics.get(f"{name}_nominal_error_mm"))
    return [name, *per_scene, worst, nominal, ROWS[name].about]


def _bar_lines(metrics: dict[str, float]) -> list[str]:
    lines = []
    for key, sign, bar in _BARS:
        if key not in metrics:
            continue
        value = metrics[key]
        met = value >= bar if sign == ">=" else value <= bar
        lines.append(f"{'met   ' if met else 'MISSED'}  {key} {value:.3g} (bar {sign} {bar:g})")
    if "tick_p99_ms" in metrics:
        lines.append(
            f"        controller tick p50 {metrics['tick_p50_ms']:.1f} ms, p99 "
            f"{metrics['tick_p99_ms']:.1f} ms of {metrics.get('period_ms', float('nan')):.0f} ms"
        )
    return lines


def _number(value: float | str | None) -> str:
    if value is None:
        return "-"
    if isinstance(value, str):
        return value
    return f"{value:.2f}" if abs(value) < 100 else f"{value:.0f}"
