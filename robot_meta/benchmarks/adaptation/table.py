"""The tables that a person reads, in the terminal and in Markdown alike."""

from __future__ import annotations

from collections.abc import Callable

from robot_meta.benchmarks.adaptation import comparisons
from robot_meta.benchmarks.adaptation import findings as figures
from robot_meta.benchmarks.adaptation.budget import SPLITS
from robot_meta.benchmarks.adaptation.comparisons import Interval
from robot_meta.benchmarks.adaptation.contenders import CONTENDERS, DEFAULT, about
from robot_meta.benchmarks.adaptation.findings import MEAN, WORST, Findings
from robot_meta.benchmarks.adaptation.prediction import COUNTS, HORIZON
from robot_meta.benchmarks.arm_payload.scenes import NOMINAL
from robot_meta.benchmarks.markdown import table

_HYPOTHESIS = (
    "Hypothesis: away from the training bodies, adapters that solve a problem on the transitions "
    "(gradient type) lose less than those that read them with a network (black box). Figure: "
    "error of black boxes over that of gradient-type adapters, out of distribution, over the same "
    "in interpolation; above 1 speaks for it. 90 % bootstrap interval over bodies or scenes."
)


def markdown(findings: Findings, metrics: dict[str, float]) -> str:
    """Closed loop, prediction, cost, control, hypothesis, number of bodies, weighting."""
    parts = [
        *_tracking(findings, metrics),
        *_counts(findings, metrics, "tool_mm", f"Tool error of {HORIZON} imagined steps [mm]"),
        *_counts(findings, metrics, "one_step", "Squared error of one step over its variance"),
        *_costs(findings, metrics),
        *_hypothesis(findings),
        *(_curve(findings) if findings.curve else []),
        *(_weighting(findings) if findings.weighting else []),
    ]
    return "\n".join(parts)


def _tracking(findings: Findings, metrics: dict[str, float]) -> list[str]:
    splits = [s for s in SPLITS if figures.scenes_in(findings, s)]
    names = figures.row_names(findings)
    body = [
        [
            name,
            *(_number(metrics[f"tracking_mm_{name}_{split}"]) for split in splits),
            _number(max(metrics[f"tracking_worst_mm_{name}_{split}"] for split in splits)),
            _number(metrics[f"tracking_mm_{name}_{NOMINAL}"]),
            _number(metrics[f"tracking_score_mm_{name}"]),
            _interval(comparisons.against_default(findings, name)) if name != DEFAULT else "1",
            about(name),
        ]
        for name in sorted(names, key=lambda name: metrics[f"tracking_score_mm_{name}"])
    ]
    head = [*splits, "worst scene", "nominal", "score", f"over {DEFAULT}", "what it is"]
    lines = [
        "Closed loop: tool RMS error from 1 s after the change [mm], geometric mean over scenes "
        "and seeds; score: over splits.",
        "",
        *table(["row", *head], body),
        "",
        f"Best in closed loop: {comparisons.winner(findings)}; the product's default: {DEFAULT}.",
    ]
    held = sorted(figures.held_scenes(findings))
    if held:
        scenes = ", ".join(f"{kind} of seed {seed}" for _, kind, seed in held)
        lines.append(f"Left out, since the guard holds the arm there in every row: {scenes}.")
    chosen = {n: dict(s) for n, s in findings.settings.items() if len(CONTENDERS[n].trials) > 1}
    return [*lines, f"Settings chosen on validation scenes: {chosen}.", ""]


def _counts(findings: Findings, metrics: dict[str, float], key: str, title: str) -> list[str]:
    lines = [f"{title}, after N transitions of a new body.", ""]
    for split in SPLITS:
        body = [
            [
                name,
                *(_number(metrics[f"{key}_n{n}_{name}_{split}"]) for n in COUNTS),
                *(
                    [
                        _number(metrics[f"tool_mm_worst_body_{name}_{split}"]),
                        _number(metrics[f"shuffled_ratio_{name}_{split}"]),
                    ]
                    if key == "tool_mm"
                    else []
                ),
            ]
            for name in figures.row_names(findings)
        ]
        more = ["worst body", "shuffled"] if key == "tool_mm" else []
        lines += [*table([split, *(f"N={n}" for n in COUNTS), *more], body), ""]
    if key == "tool_mm":
        lines += ["shuffled: error with another body's transitions over that with its own.", ""]
    return lines


def _costs(findings: Findings, metrics: dict[str, float]) -> list[str]:
    body = [
        [
            name,
            _number(metrics[f"update_ms_p50_{name}"]),
            _number(metrics[f"update_ms_p99_{name}"]),
            _number(metrics.get(f"training_s_{name}")),
        ]
        for name in figures.row_names(findings)
    ]
    head = ["row", "update p50 [ms]", "update p99 [ms]", "training [processor s]"]
    return ["Cost:", "", *table(head, body), ""]


def _hypothesis(findings: Findings) -> list[str]:
    groups: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
        "all of both": comparisons.families(),
        "ReBAL, GrBAL": comparisons.LITERAL,
    }
    tracked = [s for s in SPLITS if figures.scenes_in(findings, s)]
    gaps: dict[str, Callable[..., Interval]] = {"prediction": comparisons.prediction_gap}
    if SPLITS[0] in tracked:
        gaps["closed loop"] = comparisons.tracking_gap
    body = []
    for what, gap in gaps.items():
        for who, pair in groups.items():
            for split in SPLITS[1:]:
                if what == "prediction" or split in tracked:
                    found = gap(findings, split, pair)
                    body.append([what, who, split, _interval(found), found.verdict])
    head = ["figure", "adapters", "split", "ratio", "verdict"]
    return [_HYPOTHESIS, "", *table(head, body), ""]


def _curve(findings: Findings) -> list[str]:
    counts = sorted({bodies for _, bodies in findings.curve})
    lines = [
        f"Tool error [mm] after {COUNTS[-1]} transitions against the number of training bodies "
        "(fewer training steps than above):",
        "",
    ]
    for split in SPLITS:
        body = [
            [name, *(_number(figures.curve_error(findings, name, n, split)) for n in counts)]
            for name in dict.fromkeys(name for name, _ in findings.curve)
        ]
        lines += [*table([split, *map(str, counts)], body), ""]
    return lines


def _weighting(findings: Findings) -> list[str]:
    body = []
    for name in dict.fromkeys(name for name, _, _ in findings.weighting):
        for split in SPLITS:
            errors = [
                figures.weighting_error(findings, name, weighting, split)
                for weighting in (MEAN, WORST)
            ]
            means, worst = [e.mean() for e in errors], [e.max() for e in errors]
            body.append([name, split, *(_number(float(x)) for x in (*means, *worst))])
    head = ["row", "split", "mean, plain", "mean, worst-body", "worst, plain", "worst, worst-body"]
    return [
        "Training on the mean over bodies (plain) against the worst share of each batch "
        f"(worst-body): tool error [mm] after {COUNTS[-1]} transitions, mean and worst test body.",
        "",
        *table(head, body),
        "",
    ]


def _interval(interval: Interval) -> str:
    return f"{interval.value:.2f} [{interval.low:.2f}, {interval.high:.2f}]"


def _number(value: float | None) -> str:
    if value is None:
        return "-"
    return (
        f"{value:.3f}"
        if abs(value) < 1
        else f"{value:.2f}"
        if abs(value) < 100
        else f"{value:.0f}"
    )
