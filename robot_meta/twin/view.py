"""A live 3-D view of the arm in the browser, for this machine only."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np
import viser

from robot_meta.robots.description import ArmDescription
from robot_meta.twin.browser import BLUE, GREEN, BrowserView, longer
from robot_meta.twin.plant import payload_radius
from robot_meta.twin.posture import PosedModel
from robot_meta.twin.scenes import PAYLOAD_BODY, TOOL_SITE, SceneConfig
from robot_meta.types import Array

_TRAIL_STEP = 0.002  # shortest segment, [m]
_ORANGE = (217, 84, 26)
_YELLOW, _GLOW = (255, 224, 90), 0.045  # around a lamp that is lit, radius [m]
_EYE, _LOOK_AT = (1.25, -1.05, 0.85), (0.3, 0.0, 0.3)  # base frame, [m]


@dataclass(frozen=True, kw_only=True)
class ViewState:
    """What the view shows.

    Attributes:
        position: Joint positions, (J,), [rad].
        scene: What stands on the desk, (1 + D,), entries as in `SCENE`; None for as it was.
        payload_mass: Of the ball in the hand, 0 for none, [kg].
        payload_offset: Its centre in the tool frame, (3,), [m].
        target: Path the tool should follow, base frame, (P, 3), [m]; (0, 3) for none.
        text: One line in the corner.
    """

    position: Array
    scene: Array | None = None
    payload_mass: float = 0.0
    payload_offset: tuple[float, float, float] = (0.0, 0.0, 0.0)
    target: Array = dataclasses.field(default_factory=lambda: np.zeros((0, 3)))
    text: str = ""


class LiveView(BrowserView[ViewState]):
    """The arm, its path, the trail of its tool and what it carries.

    Building the scene takes about two seconds: do it before a robot in the same process moves.

    Args:
        description: The arm.
        scene: Which desk there is, if any.
        port: Of the page, where no server is given.
        fps: At most, [1/s].
        server: What serves it, instead of one of its own on the loopback address; closed with it.
    """

    def __init__(
        self,
        description: ArmDescription,
        scene: SceneConfig | None = None,
        *,
        port: int = 8080,
        fps: float = 30.0,
        server: viser.ViserServer | None = None,
    ) -> None:
        drawn = dataclasses.replace(scene or SceneConfig(), visual=True)
        self._posed = PosedModel(description, drawn)
        self._posed.put(description.spec.home)
        self._data = self._posed.data
        self._ball: viser.IcosphereHandle | None = None
        self._lamp: viser.IcosphereHandle | None = None
        self._trail = np.zeros((0, 3))
        super().__init__(
            self._posed.model,
            ViewState(position=description.spec.home),
            eye=_EYE,
            look_at=_LOOK_AT,
            port=port,
            fps=fps,
            server=server,
        )

    def clear_trail(self) -> None:
        """Forget where the tool has been."""
        self._trail = np.zeros((0, 3))

    def draw(self, state: ViewState, drawn: ViewState | None) -> None:
        """See `BrowserView`."""
        data = self._data
        self._posed.put(state.position, state.scene)
        self._scene.update_from_mjdata(data)
        if drawn is None or state.target is not drawn.target:
            self.line("/target", state.target, BLUE)
        self._trail = longer(self._trail, data.site(TOOL_SITE).xpos, _TRAIL_STEP)
        self.line("/trail", self._trail, GREEN)
        if drawn is None or state.payload_mass != drawn.payload_mass:
            if self._ball is not None:
                self._ball.remove()
            radius = payload_radius(state.payload_mass)
            scene = self._server.scene
            self._ball = scene.add_icosphere("/payload", radius, _ORANGE) if radius else None
        if self._ball is not None:
            held = data.body(PAYLOAD_BODY)
            self._ball.position = held.xpos + held.xmat.reshape(3, 3) @ state.payload_offset
        self._shine()
        if drawn is None or state.text != drawn.text:
            self._text.content = state.text

    def _shine(self) -> None:
        """A glow around a lamp that is lit; what the model is painted with never changes here."""
        lit = self._posed.lamp
        if self._lamp is not None and lit is None:
            self._lamp.remove()
            self._lamp = None
        elif self._lamp is None and lit is not None:
            self._lamp = self._server.scene.add_icosphere(
                "/lamp", _GLOW, _YELLOW, opacity=0.6, position=lit
            )
