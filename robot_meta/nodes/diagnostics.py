"""Rate, jitter and age of whatever should happen regularly, for /diagnostics.

After crisp_py's callback monitor, with ages on the clock that stamps come from.
"""

from __future__ import annotations

from collections import deque

import numpy as np
from diagnostic_msgs.msg import DiagnosticStatus

from robot_meta.nodes.messages import status_msg

OK, WARN, ERROR, STALE = (
    DiagnosticStatus.OK,
    DiagnosticStatus.WARN,
    DiagnosticStatus.ERROR,
    DiagnosticStatus.STALE,
)


def row_name(namespace: str, node: str, what: str) -> str:
    """Name of a row of /diagnostics, such as "/left/robot: guard"."""
    return f"{namespace.rstrip('/')}/{node}: {what}"


class Monitor:
    """Watches one callback or loop.

    Args:
        name: What it is called on /diagnostics.
        period: How often it should happen, [s]; None where there is no fixed rate.
        size: Events that the figures are made from.
    """

    def __init__(self, name: str, period: float | None, size: int = 500) -> None:
        self.name, self.period = name, period
        self.count = 0
        self._times: deque[float] = deque(maxlen=size)
        self._durations: deque[float] = deque(maxlen=size)
        self._ages: deque[float] = deque(maxlen=size)

    def tick(self, now: float, *, duration: float = 0.0, age: float | None = None) -> None:
        """It happened.

        Args:
            now: When it began, on a steady clock, [s].
            duration: How long it took, [s].
            age: How old its input was, [s]; None where that has no meaning.
        """
        self.count += 1
        self._times.append(now)
        self._durations.append(duration)
        if age is not None:
            self._ages.append(age)

    def figures(self, now: float) -> dict[str, float]:
        """Rate [Hz], jitter, durations and ages [ms]; silence since the last event [s]."""
        result: dict[str, float] = {"count": float(self.count)}
        if self._times:
            result["silence_s"] = now - self._times[-1]
        if len(self._times) > 1:
            gaps = np.diff(np.array(self._times))
            result["rate_hz"] = 1.0 / max(float(gaps.mean()), 1e-9)
            wanted = self.period if self.period is not None else float(gaps.mean())
            result["jitter_p99_ms"] = 1e3 * float(np.quantile(np.abs(gaps - wanted), 0.99))
        for name, values in (("duration", self._durations), ("age", self._ages)):
            if values:
                result[f"{name}_p50_ms"] = 1e3 * float(np.quantile(np.array(values), 0.5))
                result[f"{name}_p99_ms"] = 1e3 * float(np.quantile(np.array(values), 0.99))
        return result

    def status(self, now: float) -> DiagnosticStatus:
        """One row: stale after ten missed periods, a warning when more than a tenth too slow."""
        figures = self.figures(now)
        level, message = OK, "running"
        if not self.count:
            level, message = STALE, "has not happened yet"
        elif self.period is not None and figures["silence_s"] > 10.0 * self.period:
            level, message = STALE, f"silent for {figures['silence_s']:.2f} s"
        elif self.period is not None and figures.get("rate_hz", np.inf) < 0.9 / self.period:
            level, message = WARN, f"{figures['rate_hz']:.1f} Hz, want {1.0 / self.period:.1f} Hz"
        return status_msg(self.name, level, message, figures)
