"""Rejects an update that explains the newest transitions worse than no update would.

The judge needs transitions that the fit has not seen. A fit made `held_out` transitions ago is one
on all but the newest few, so keeping the last fits costs no second fit:

    reject  if  L(fit of h steps ago; newest h) > tolerance · L(meta-learned; newest h) + slack

A window that is poisoned (a blow, a jumping sensor, a body that just changed) fails this test
until the fits that it spoilt have been outlived.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass

import torch

from robot_meta.dynamics.network import Params, mlp
from robot_meta.dynamics.window import Samples


@dataclass(frozen=True, kw_only=True)
class NoHarmConfig:
    """Settings of `NoHarm`.

    Attributes:
        held_out: Newest transitions that an update is judged on (h); 0 accepts every update.
        tolerance: How many times worse than no update it may be.
        slack: Loss by which it may be worse in any case, normalised.
    """

    held_out: int = 4
    tolerance: float = 3.0  # lower ones fire on bodies that adapting helps
    slack: float = 1e-3

    def __post_init__(self) -> None:
        if self.held_out < 0 or self.tolerance < 1.0:
            raise ValueError(
                f"want held_out >= 0 and tolerance >= 1, got {self.held_out}, {self.tolerance}"
            )


NO_HARM = NoHarmConfig()


class NoHarm:
    """Remembers the last fits and judges the one that has not seen the newest transitions."""

    def __init__(self, base: Params, config: NoHarmConfig) -> None:
        self._base, self._config = base, config
        self._fits: deque[tuple[int, Params]] = deque(maxlen=config.held_out + 1)
        self.figures: dict[str, float] = {}

    def clear(self) -> None:
        """Forget all fits: what came before says nothing about what comes."""
        self._fits.clear()
        self.figures = {}

    def forget_since(self, count: int) -> None:
        """Forget the fits that had seen more than `count` transitions."""
        while self._fits and self._fits[-1][0] > count:
            self._fits.pop()

    @torch.no_grad()
    def accepts(self, params: Params, count: int, samples: Samples) -> bool:
        """Whether `params`, fitted after `count` transitions, may be used.

        Args:
            params: The new fit.
            count: Transitions seen so far.
            samples: Of the window.
        """
        held_out = self._config.held_out
        if not held_out or params is self._base:
            return True
        self.forget_since(count - 1)
        judged = [fit for seen, fit in self._fits if seen <= count - held_out]
        self._fits.append((count, params))
        if not judged or len(samples) < held_out:
            self.figures = {"rejected": 0.0}
            return True
        newest = samples.newest(held_out)
        before, after = (
            float((mlp(p, newest.inputs) - newest.targets).square().mean())
            for p in (self._base, judged[-1])
        )
        worse = not after <= self._config.tolerance * before + self._config.slack
        self.figures = {
            "held_out_before": before,
            "held_out_after": after,
            "rejected": float(worse),
        }
        return not worse
