"""The handle in the 3-D view, dragged in a real browser, and the socket that only we reach."""

import asyncio
import socket
import stat
import time

import numpy as np
import pytest

pytest.importorskip("viser")

from robot_meta.kinematics import rotation_from_quat_wxyz  # noqa: E402
from robot_meta.perception.poses import IDENTITY, Pose  # noqa: E402
from robot_meta.web.access import Access  # noqa: E402
from robot_meta.web.board import Board  # noqa: E402
from robot_meta.web.hand import Hand, HandConfig  # noqa: E402
from robot_meta.web.operator import OperatorPage  # noqa: E402
from robot_meta.web.pictures import Pictures  # noqa: E402
from robot_meta.web.private_viser import private_viser  # noqa: E402
from robot_meta.web.server import PageServer  # noqa: E402
from robot_meta.web.tool_handle import ToolHandle  # noqa: E402

KEY = "k" * 43
TOOL = Pose(position=np.array([0.0, 0.0, 0.3]), rotation=IDENTITY.rotation)
PATIENCE = 60.0  # [s]


class Nobody:
    """A robot that answers nothing."""

    async def call(self, service):
        await asyncio.sleep(0)
        return False, "nobody is here"

    def stop(self):
        pass

    def release(self):
        return "nobody is here"

    def say(self, instruction):
        pass

    def grip(self, width):
        pass


class Scene:
    """A page with an empty 3-D view and a handle in it."""

    def __init__(self, folder, port):
        self.path = folder / "private" / "view.sock"
        self.board, self.hand = Board(), Hand(HandConfig(timeout=10.0))
        page = OperatorPage(
            board=self.board, operator=Nobody(), hand=self.hand, pictures=Pictures(()),
            view=self.path,
        )  # fmt: skip
        self.server = PageServer(page.app, Access(key=KEY, port=port))
        self.viser = private_viser(self.path)
        self.viser.initial_camera.position = (1.0, 0.0, 0.3)
        self.viser.initial_camera.look_at = (0.0, 0.0, 0.3)
        self.handle = ToolHandle(self.viser, self.hand)
        self.handle.place(TOOL)
        self.handle.show(True)
        facts = {"teleoperation": True, "view": True, "state": {"state": "RUNNING", "code": ""}}
        for name, value in facts.items():
            self.board.put(name, value)

    def close(self):
        self.server.close()
        self.viser.stop()

    def step(self):
        return self.hand.step(TOOL, 0.02, time.monotonic())


@pytest.fixture
def scene(tmp_path, free_port):
    scene = Scene(tmp_path, free_port())
    yield scene
    scene.close()


def until(condition, page=None):
    end = time.monotonic() + PATIENCE
    while not (value := condition()):
        assert time.monotonic() < end, "it never happened"
        page.wait_for_timeout(50) if page else time.sleep(0.02)
    return value


def pixel(client, point):
    """Where the camera of a viser client sees a point, from the middle of its picture."""
    camera = client.camera
    x, y, z = rotation_from_quat_wxyz(camera.wxyz).T @ (np.array(point) - camera.position)
    focal = camera.image_height / 2 / np.tan(camera.fov / 2)
    return np.array([focal * x / z, focal * y / z])


def test_the_view_listens_on_no_port_and_in_a_folder_of_its_owner(scene):
    assert scene.path.is_socket()
    assert stat.S_IMODE(scene.path.parent.stat().st_mode) == 0o700
    with socket.socket() as probe, pytest.raises(OSError):
        probe.connect(("127.0.0.1", 8080))  # viser's usual one


@pytest.mark.browser
def test_the_hand_follows_the_handle_while_it_is_dragged(scene, browser):
    page = browser.new_page(viewport={"width": 1200, "height": 800})
    page.set_default_timeout(1e3 * PATIENCE)
    page.goto(scene.server.address)
    (client,) = until(lambda: list(scene.viser.get_clients().values()), page)
    until(lambda: client.camera.image_height > 0, page)
    page.frame_locator("#view").locator("canvas").first.wait_for()
    page.wait_for_timeout(2000)  # the handle comes with the first frames
    box = page.locator("#view").bounding_box()
    middle = np.array([box["x"] + box["width"] / 2, box["y"] + box["height"] / 2])
    grip = middle + pixel(client, TOOL.position + np.array([0, 0, 0.12]))

    page.mouse.move(*(middle + [250, 250]))  # somewhere else: this turns the camera
    page.mouse.down()
    page.mouse.move(*(middle + [252, 252]))
    assert scene.step() is None
    page.mouse.up()

    page.mouse.move(*grip)
    page.wait_for_timeout(500)
    page.mouse.down()
    until(lambda: scene.hand.holder(time.monotonic()), page)
    for i in range(5):
        page.mouse.move(*(grip - [0, 10 * i]))
        page.wait_for_timeout(200)
    moved = until(lambda: (p := scene.step()) and p.position[2] > 0.31 and p, page)
    np.testing.assert_allclose(moved.position[:2], TOOL.position[:2], atol=1e-3)
    page.mouse.up()
    until(lambda: scene.step() is None, page)
    page.close()
