"""The live view: one page, on this machine only, that shows arm, payload and target."""

from __future__ import annotations

import io
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from robot_meta.robots.description import arm_description
from robot_meta.twin.desk.state import SCENE
from robot_meta.twin.scenes import SceneConfig
from robot_meta.twin.view import LiveView, ViewState

pytestmark = pytest.mark.sim
ARM = arm_description("fr3")
TOOL = ARM.chain.tool_position_in_base(ARM.spec.home)
CIRCLE = TOOL + 0.15 * np.stack(
    [np.zeros(60), np.sin(np.linspace(0, 6.3, 60)), np.cos(np.linspace(0, 6.3, 60))], axis=1
)


@pytest.fixture(scope="module")
def view() -> Iterator[LiveView]:
    with LiveView(ARM, port=8490) as view:
        yield view


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 20.0
    while not condition():
        assert time.monotonic() < deadline, "it never happened"
        time.sleep(0.01)


def show(view: LiveView, state: ViewState) -> None:
    view.show(state)
    until(lambda: view._drawn is state)


def test_the_page_is_served_on_the_loopback_address_alone(view: LiveView) -> None:
    with urllib.request.urlopen(view.url, timeout=10) as page:
        assert b"<html" in page.read(2000)
    port = int(view.url.rsplit(":", 1)[1])
    sockets = [
        line.split()
        for table in ("/proc/net/tcp", "/proc/net/tcp6")
        for line in Path(table).read_text().splitlines()[1:]
    ]
    listening = [row[1] for row in sockets if row[3] == "0A" and row[1].endswith(f":{port:04X}")]
    assert listening == [f"0100007F:{port:04X}"]


def test_only_the_newest_state_is_drawn(view: LiveView) -> None:
    states = [ViewState(position=ARM.spec.home + 1e-3 * i) for i in range(200)]
    for state in states:
        view.show(state)
    until(lambda: view._drawn is states[-1])
    np.testing.assert_array_equal(view._data.qpos, states[-1].position)


def test_the_trail_follows_the_tool_and_can_be_forgotten(view: LiveView) -> None:
    view.clear_trail()
    for i in range(20):
        show(view, ViewState(position=ARM.spec.home + 0.01 * i))
    assert len(view._trail) > 10
    end = ARM.chain.tool_position_in_base(ARM.spec.home + 0.19)
    np.testing.assert_allclose(view._trail[-1], end, atol=0.005)
    view.clear_trail()
    assert len(view._trail) == 0


def test_the_payload_hangs_at_its_offset_from_the_tool(view: LiveView) -> None:
    offset = (0.05, 0.0, 0.03)
    show(view, ViewState(position=ARM.spec.home, payload_mass=2.0, payload_offset=offset))
    assert view._ball is not None
    turn = ARM.chain.joint_frames_in_base(ARM.spec.home)[1][-1]
    np.testing.assert_allclose(view._ball.position, TOOL + turn @ offset, atol=1e-6)
    show(view, ViewState(position=ARM.spec.home))
    assert view._ball is None


def test_the_desk_moves_and_its_lamp_glows() -> None:
    with LiveView(ARM, SceneConfig(desk=True, layout_seed=3), port=8492) as view:
        scene = view._posed._furniture.scene  # type: ignore[union-attr]
        scene[SCENE.index("drawer")], scene[SCENE.index("lamp")] = 0.1, 1.0
        show(view, ViewState(position=ARM.spec.home, scene=scene))
        assert view._data.joint("desk/drawer").qpos == pytest.approx(0.1)
        assert view._lamp is not None
        np.testing.assert_allclose(view._lamp.position, view._data.geom("desk/lamp").xpos)
        dark = scene.copy()
        dark[SCENE.index("lamp")] = 0.0
        show(view, ViewState(position=ARM.spec.home, scene=dark))
        assert view._lamp is None


def test_closing_twice_is_harmless() -> None:
    view = LiveView(ARM, port=8491)
    view.close()
    view.close()
    assert not view._thread.is_alive()


@pytest.mark.browser
def test_a_browser_shows_arm_payload_and_target(view: LiveView, browser: Any) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 600})
    page.goto(view.url)

    def picture() -> np.ndarray:
        shot = page.screenshot(timeout=60_000.0)
        image = np.asarray(Image.open(io.BytesIO(shot)).convert("RGB"), dtype=int)
        return image[190:345, :570]  # without the browser's notice, the side panel, the table legs

    def count(image: np.ndarray, red: slice, green: slice, blue: slice) -> int:
        inside = [
            (image[..., i] >= s.start) & (image[..., i] < s.stop)
            for i, s in enumerate((red, green, blue))
        ]
        return int(np.logical_and.reduce(inside).sum())

    def until_seen(condition: Callable[[np.ndarray], bool], what: str) -> np.ndarray:
        deadline = time.monotonic() + 90.0
        while not condition(image := picture()):
            assert time.monotonic() < deadline, what
            page.wait_for_timeout(500)
        return image

    full = slice(150, 256)  # the page fades in, so that all colours may still be pale
    orange, blue = (full, slice(0, 130), slice(0, 90)), (slice(0, 110), slice(60, 170), full)
    show(view, ViewState(position=ARM.spec.home))
    bare = until_seen(lambda i: count(i, *(slice(0, 150),) * 3) > 200, "no black joints: no arm")
    assert count(bare, *orange) < 20, "the arm has a payload without one"
    show(view, ViewState(position=ARM.spec.home, payload_mass=3.0, target=CIRCLE))
    until_seen(lambda i: count(i, *orange) > 200, "the payload is not in the picture")
    before = count(bare, *blue)
    until_seen(lambda i: count(i, *blue) > 100 + before, "no target in the picture")
    page.close()
