"""Notices that the body has changed, and when a change is one that the model cannot follow.

The surprise of a transition is its squared prediction error over what is expected of an adapted
model, the mean over outputs; 1 is as usual in training. Two tests on it:

    changed        CUSUM:  S ← max(0, S + min(e/u, e_max) − k),  alarm when S > h, then S ← 0.
                   u is the running mean of e, at least 1: sensors may be worse than in training
    cannot adapt   the mean of min(e, e_most) over the last n transitions stays above a limit
                   although adaptation has had time; latched until somebody says to go on

Source: Page 1954 (CUSUM); the change is taken to have begun when S last left 0.
Differs: surprise is relative to its own running mean.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch
from torch import Tensor

from robot_meta.dynamics.model import Context, NeuralDynamics
from robot_meta.dynamics.window import Transition


@dataclass(frozen=True, kw_only=True)
class ChangeConfig:
    """Settings of `ChangeDetector` and `AdaptationMonitor`.

    Attributes:
        usual: Surprise that is still usual (k).
        largest: Surprise beyond which more does not count, so that one blow is no change (e_max).
        memory: Transitions over which the running mean forgets.
        settle: Transitions after an alarm that raise no other: the model has to adapt first.
        threshold: Summed excess that raises the alarm (h).
        span: Transitions over which surprise is averaged to judge adaptation (n).
        hopeless: Average surprise above which the model cannot adapt; 0 switches the state off.
        most: Surprise beyond which more does not count in that average (e_most), so that it takes
            a share of them, hopeless / most, and not one late or disturbed tick.
    """

    usual: float = 2.5
    largest: float = 10.0
    memory: float = 50.0
    settle: int = 50
    threshold: float = 14.0
    span: int = 50
    hopeless: float = 15.0
    most: float = 60.0

    def __post_init__(self) -> None:
        if not 0.0 < self.usual < self.largest or self.threshold <= 0.0:
            raise ValueError(
                f"want 0 < usual < largest and threshold > 0, got {self.usual}, {self.largest}, "
                f"{self.threshold}"
            )
        if not self.memory >= 1.0:
            raise ValueError(f"want memory >= 1, got {self.memory}")
        if self.settle < 0:
            raise ValueError(f"want settle >= 0, got {self.settle}")
        if self.span < 1 or self.hopeless < 0.0:
            raise ValueError(f"want span >= 1 and hopeless >= 0, got {self.span}, {self.hopeless}")
        if not self.most > self.hopeless:
            raise ValueError(f"want most > hopeless, got {self.most} and {self.hopeless}")


class ChangeDetector:
    """CUSUM on surprise."""

    def __init__(self, config: ChangeConfig) -> None:
        self._config = config
        self.reset()

    def reset(self) -> None:
        """As if nothing had been seen."""
        self.excess, self._level, self._since, self._quiet = 0.0, 1.0, 0, 0

    def update(self, surprise: float) -> int:
        """Take in one surprise; how many transitions ago the body changed, 0 if it did not."""
        c = self._config
        relative = surprise / self._level
        bounded = relative if relative < c.largest else c.largest  # NaN is as large as it gets
        self._level = max(1.0, self._level * (1.0 + (bounded - 1.0) / c.memory))
        self.excess = max(0.0, self.excess + bounded - c.usual)
        self._since = self._since + 1 if self.excess > 0.0 else 0
        self._quiet = max(0, self._quiet - 1)
        if self.excess <= c.threshold:
            return 0
        since, self._since, self.excess = self._since, 0, 0.0
        if self._quiet:
            return 0
        self._quiet = c.settle
        return since


def surprise(error: Tensor, noise: Tensor) -> float:
    """Mean squared normalised error (O,) over the noise (O,) that is expected of it."""
    return float((error / noise).square().mean())


class AdaptationMonitor:
    """Watches how well the adapted model predicts the transition that comes next.

    Args:
        model: Whose noise is what an adapted model should reach.
        config: Settings.
    """

    def __init__(self, model: NeuralDynamics, config: ChangeConfig) -> None:
        self._model, self._config = model, config
        self._detector = ChangeDetector(config)
        self._recent: deque[float] = deque(maxlen=config.span)
        self.alarms = 0
        self.cannot_adapt = False
        self._alarm = False

    def reset_episode(self) -> None:
        """Time was interrupted; a latched state stays latched."""
        self._detector.reset()
        self._recent.clear()
        self._alarm = False

    def resume(self) -> None:
        """Somebody looked at the robot and says to go on."""
        self.reset_episode()
        self.cannot_adapt = False

    @torch.no_grad()
    def update(self, context: Context, transition: Transition) -> int:
        """Take in a transition, predicted under the context of the tick that it began in.

        Returns:
            How many transitions ago, this one counted, the body changed; 0 if it did not.
        """
        state, action, next_state = (
            torch.as_tensor(part)  # differences of positions need float64
            for part in (transition.state, transition.action, transition.next_state)
        )
        expected = self._model.network_outputs(context, state.float(), action.float())
        delta = self._model.space.delta(state, next_state).float()
        now = surprise(self._model.deltas.normalize(delta) - expected, self._model.noise)
        since = self._detector.update(now)
        self._alarm = since > 0
        self.alarms += self._alarm
        self._recent.append(now)
        limit = self._config.hopeless
        full = len(self._recent) == self._config.span
        if limit and full and not self._average() <= limit:
            self.cannot_adapt = True
        return since

    def diagnostics(self) -> dict[str, float]:
        """Newest surprise and its average, the alarm and how many there were, the state."""
        if not self._recent:
            return {"alarms": float(self.alarms), "cannot_adapt": float(self.cannot_adapt)}
        return {
            "surprise": self._recent[-1],
            "surprise_average": self._average(),
            "change_alarm": float(self._alarm),
            "alarms": float(self.alarms),
            "cannot_adapt": float(self.cannot_adapt),
        }

    def _average(self) -> float:
        most = self._config.most  # NaN is as large as it gets
        return sum(e if e < most else most for e in self._recent) / len(self._recent)
