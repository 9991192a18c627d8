"""A walk as moving pictures, drawn from what was recorded of it."""

from __future__ import annotations

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import mujoco
import numpy as np
from PIL import Image, ImageDraw

from robot_meta.errors import NotConnected
from robot_meta.robots.description import LeggedDescription
from robot_meta.twin.legged.puppet import Puppet, Stance
from robot_meta.twin.legged.scene import Looks
from robot_meta.types import Array

WIDTH, HEIGHT = 360, 270
_EYE = {"distance": 1.7, "azimuth": 115.0, "elevation": -28.0}  # [m], [degrees]
_PATH, _TRAIL = (0.16, 0.43, 0.78, 1.0), (0.85, 0.33, 0.1, 1.0)
_LINE, _HEIGHT = 3.0, 0.006  # of lines on the ground: width [pixels] and height [m]
_SEGMENTS = 150  # of a line that is drawn, at most


@dataclass(frozen=True)
class Walk:
    """What a film needs of a run: T stances at times (T,), [s], and where it should be, (T, 2)."""

    stamp: Array
    stances: Sequence[Stance]
    target: Array


def film(description: LeggedDescription, walks: Mapping[str, Walk], frames: slice) -> bytes:
    """An animated GIF of several walks side by side, at the pace at which they were walked.

    Args:
        description: The robot.
        walks: By what they are called.
        frames: Which periods.

    Raises:
        NotConnected: Nothing can be drawn on this machine.
    """
    puppet = Puppet(description, Looks.HULLS)
    quality = puppet.model.vis.quality
    quality.offsamples = quality.shadowsize = 0
    try:
        renderer = mujoco.Renderer(puppet.model, HEIGHT, WIDTH)
    except (AttributeError, RuntimeError, mujoco.FatalError) as error:
        raise NotConnected(f"nothing can be drawn here ({error})") from None
    with renderer:
        for flag in (mujoco.mjtRndFlag.mjRND_SHADOW, mujoco.mjtRndFlag.mjRND_REFLECTION):
            renderer.scene.flags[flag] = False
        count = min(len(walk.stances) for walk in walks.values())
        pictures = [
            _side_by_side({n: _frame(renderer, puppet, w, k) for n, w in walks.items()})
            for k in range(*frames.indices(count))
        ]
    stamp = next(iter(walks.values())).stamp
    pace = 1e3 * float(stamp[1] - stamp[0]) * (frames.step or 1)
    buffer = io.BytesIO()
    pictures[0].save(
        buffer,
        format="GIF",
        save_all=True,
        append_images=pictures[1:],
        duration=round(pace),
        loop=0,
        optimize=True,
    )
    return buffer.getvalue()


def _frame(renderer: Any, puppet: Puppet, walk: Walk, k: int) -> Image.Image:
    """Period `k` of a walk, the camera beside the robot."""
    stance = walk.stances[k]
    puppet.put(stance)
    camera = mujoco.MjvCamera()
    camera.lookat[:] = (*stance.pose[:2], 0.2)
    for name, value in _EYE.items():
        setattr(camera, name, value)
    renderer.update_scene(puppet.data, camera)
    _draw_line(renderer.scene, walk.target, _PATH)
    _draw_line(renderer.scene, np.array([s.pose[:2] for s in walk.stances[: k + 1]]), _TRAIL)
    return Image.fromarray(renderer.render())


def _draw_line(scene: Any, points: Array, color: tuple[float, ...]) -> None:
    """A line on the ground through points (P, 2)."""
    points = points[:: max(1, len(points) // _SEGMENTS)]
    for begin, end in zip(points[:-1], points[1:], strict=True):
        if scene.ngeom >= scene.maxgeom or (begin == end).all():
            continue
        geom = scene.geoms[scene.ngeom]
        mujoco.mjv_initGeom(
            geom,
            mujoco.mjtGeom.mjGEOM_LINE,
            np.zeros(3),
            np.zeros(3),
            np.zeros(9),
            np.array(color, dtype=np.float32),
        )
        mujoco.mjv_connector(
            geom,
            mujoco.mjtGeom.mjGEOM_LINE,
            _LINE,
            np.array([*begin, _HEIGHT]),
            np.array([*end, _HEIGHT]),
        )
        scene.ngeom += 1


def _side_by_side(pictures: Mapping[str, Image.Image]) -> Image.Image:
    """One picture, each part with its name."""
    whole = Image.new("RGB", (WIDTH * len(pictures), HEIGHT))
    for i, (name, picture) in enumerate(pictures.items()):
        whole.paste(picture, (i * WIDTH, 0))
        ImageDraw.Draw(whole).text((i * WIDTH + 8, 6), name, fill=(20, 20, 20))
    return whole.quantize(48)
