"""A recorded run through a controller's adaptation again, as it was live.

The periods come in the same order, and the model is fitted at the same ones: where the controller
acted, it told figures of it (`adaptation`); a period that it only learned from, or that it held in
because there was no target yet, has none or none of a fit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

from robot_meta.collection.decoder import Decoder
from robot_meta.collection.run_reader import RunReader
from robot_meta.controller import Controller
from robot_meta.dynamics.model import Context
from robot_meta.embodiments.embodiment import CommandedT, CommandT, ObservationT, TargetT

COMPARED = ("window", "loss_before", "loss_after", "shift")
"""Figures that say whether two adaptations were the same."""


@dataclass(frozen=True)
class Replayed:
    """A period at which the model was fitted.

    Attributes:
        stamp: Its begin, [s].
        context: The adapted model, computed again.
        figures: Of the fit, computed again.
        told: The same figures as the controller told them live, to 6 digits.
    """

    stamp: float
    context: Context
    figures: dict[str, float]
    told: dict[str, float]

    @property
    def difference(self) -> float:
        """Largest relative difference between a figure of the fit now and live."""
        pairs = [
            (self.figures.get(key, math.inf), self.told[key])
            for key in COMPARED
            if key in self.told
        ]
        return max(abs(now - live) / max(abs(live), 1e-9) for now, live in pairs)


def replay(
    run: RunReader,
    decoder: Decoder[ObservationT, CommandedT, CommandT, TargetT],
    controller: Controller[ObservationT, CommandedT, CommandT, TargetT],
    namespace: str | None = None,
) -> Iterator[Replayed]:
    """Adapt to a recorded run; yields every period at which the live controller did.

    What people did to the live controller meanwhile (the service `resume`, other parameters) is
    not repeated.

    Args:
        run: The recording.
        decoder: Of the kind of robot that was recorded.
        controller: As it was live: the same weights, adapter and guard.
        namespace: Of the robot, such as "/left"; may be None where there is one robot.
    """
    told = run.adaptation(namespace)
    answered: float | None = None
    for observation, commanded in run.periods(decoder, namespace):
        live = told.get(observation.stamp)
        if live is not None:
            if answered is not None and observation.stamp < answered:
                controller.reset()  # the robot was started anew
            answered = observation.stamp
        if live is None or "window" not in live:
            controller.observe(observation, commanded)
            continue
        context = controller.adapt(observation, commanded)
        yield Replayed(observation.stamp, context, controller.diagnostics(), live)
