"""A live 3-D view of a walking robot in the browser."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import viser

from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.browser import BLUE, GREEN, BrowserView, longer
from robot_meta.twin.legged.puppet import Puppet, Stance
from robot_meta.twin.legged.scene import Looks
from robot_meta.types import Array

_TRAIL_STEP = 0.02  # shortest segment, [m]
_GROUND = 0.005  # at which height lines are drawn, [m]
_EYE, _LOOK_AT = (-1.6, -2.2, 1.4), (0.4, 0.0, 0.2)  # [m]


@dataclass(frozen=True, kw_only=True)
class LeggedViewState:
    """What the view shows.

    Attributes:
        stance: How the robot stands; None as long as nothing is known of it.
        target: Path on the ground, (P, 2), [m].
        text: One line in the corner.
    """

    stance: Stance | None = None
    target: Array = dataclasses.field(default_factory=lambda: np.zeros((0, 2)))
    text: str = ""


class LeggedView(BrowserView[LeggedViewState]):
    """Body, legs, path and trail.

    Args:
        description: The robot.
        port: Of the page, where no server is given.
        server: What serves it, instead of one of its own on the loopback address; closed with it.
    """

    def __init__(
        self,
        description: LeggedDescription,
        *,
        port: int = 8080,
        server: viser.ViserServer | None = None,
    ) -> None:
        self._puppet, self._trail = Puppet(description, Looks.MESHES), np.zeros((0, 3))
        super().__init__(
            self._puppet.model,
            LeggedViewState(),
            eye=_EYE,
            look_at=_LOOK_AT,
            port=port,
            server=server,
        )

    def draw(self, state: LeggedViewState, drawn: LeggedViewState | None) -> None:
        """See `BrowserView`."""
        if state.stance is not None:
            self._puppet.put(state.stance)
            place = np.array([*state.stance.pose[:2], _GROUND])
            self._trail = longer(self._trail, place, _TRAIL_STEP)
            self.line("/trail", self._trail, GREEN)
        self._scene.update_from_mjdata(self._puppet.data)
        if drawn is None or state.target is not drawn.target:
            ground = np.full((len(state.target), 1), _GROUND)
            self.line("/target", np.hstack([state.target, ground]), BLUE)
        if drawn is None or state.text != drawn.text:
            self._text.content = state.text
