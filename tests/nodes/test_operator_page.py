"""The operator's page in a real browser, on a twin that runs as a process."""

import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("aiohttp")
playwright = pytest.importorskip("playwright.sync_api")

import numpy as np  # noqa: E402
from diagnostic_msgs.msg import DiagnosticArray  # noqa: E402
from geometry_msgs.msg import PoseStamped  # noqa: E402
from nav_msgs.msg import Path as PathMsg  # noqa: E402
from sensor_msgs.msg import Image  # noqa: E402
from std_msgs.msg import Bool, String  # noqa: E402

from robot_meta.nodes import messages, qos  # noqa: E402
from robot_meta.nodes.images import image_msg, pose_from  # noqa: E402
from robot_meta.replay.journal import read_notes  # noqa: E402
from robot_meta.replay.snapshot import Snapshot  # noqa: E402
from robot_meta.types import TargetPath  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.browser]
PATIENCE = 60_000.0  # for a busy machine, [ms]
expect = playwright.expect


class Page:
    """Processes, and the page that they serve."""

    def __init__(self, processes, client, port):
        self.processes, self.client = processes, client
        self.port, self.key_file = port, Path(processes.folder, "key")
        self.store = processes.folder / "store"
        self.stops = client.hear(Bool, "page_estop", qos.latched())
        self.clutch = client.hear(Bool, "page_clutch")
        self.hand = client.hear(PoseStamped, "page_pose")
        self.tool = client.hear(PoseStamped, "tool_pose", 1)
        processes.node("robot_node", backend="twin")
        processes.node("episodes_node", store=self.store)
        processes.node("teleop_node", device="pose", max_gap=0.1)
        self.start_web()

    def start_web(self):
        # A browser that draws on the processor is slow to say that the pointer is still down.
        self.web = self.processes.node(
            "web_node", port=self.port, key_file=self.key_file, hand__timeout=3.0, hand__gap=3.0
        )
        self.client.spin_until(lambda: "open http" in self.web.log.read_text(), what="the page")
        self.address = self.web.log.read_text().split("open ")[1].split()[0]


@pytest.fixture(scope="module")
def served(graph, free_port):
    return Page(*graph, free_port())


@pytest.fixture
def context(browser):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    yield context
    context.close()


@pytest.fixture
def page(context, served):
    """The page without its 3-D view, which a processor draws too slowly for every test."""
    context.route("**/view/**", lambda route: route.abort())
    page = context.new_page()
    page.goto(served.address)
    expect(page.locator("#state")).to_contain_text("HOLD")
    return page


def test_a_wrong_key_and_none_are_refused(context, served):
    page = context.new_page()
    bare = f"http://127.0.0.1:{served.port}/"
    for address, status, word in (
        (bare, 401, "printed at start"),
        (f"{bare}?key={'x' * 43}", 403, "wrong or outdated"),
        (f"{bare}static/operator.js", 401, "printed at start"),
        (f"{bare}view/someone/", 401, "printed at start"),
    ):
        answer = page.goto(address)
        assert answer.status == status
        assert word in page.inner_text("body")
    assert context.cookies() == []


def test_the_page_asks_no_other_host_and_shows_the_robot_in_3d(context, served):
    page, asked = context.new_page(), []
    context.on("request", lambda request: asked.append(request.url))
    page.on("websocket", lambda ws: asked.append(ws.url))
    page.goto(served.address)
    assert page.url == f"http://127.0.0.1:{served.port}/", "the key stays in the address"
    expect(page.locator("#state")).to_have_text("HOLD · START")
    expect(page.locator("#meaning")).to_have_text("The guard has just been started.")
    expect(page.locator("#remedy")).to_have_text("Look at the robot, then call `arm`.")
    view = page.frame_locator("#view")
    expect(view.locator("canvas").first).to_be_visible()
    expect(view.get_by_text("Connecting")).to_have_count(0)
    here = (f"http://127.0.0.1:{served.port}/", f"ws://127.0.0.1:{served.port}/", "data:", "blob:")
    assert [url for url in asked if not url.startswith(here)] == []
    assert any("/view/" in url for url in asked)


def test_buttons_ask_the_robot_and_show_what_it_answers(page):
    page.get_by_role("button", name="Arm", exact=True).click()
    expect(page.locator("#answers li").first).to_contain_text("arm: ")
    page.get_by_role("button", name="Home", exact=True).click()
    expect(page.locator("#answers li").first).to_contain_text("home: ")
    expect(page.get_by_role("button", name="Resume adaptation")).to_be_disabled()
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.locator("#answers li").first).to_contain_text("hold: HOLD")


def test_the_stop_is_latched_and_nothing_resumes_by_itself(page, served):
    expect(page.locator("#release")).to_be_hidden()
    page.locator("#stop").click()
    expect(page.locator("#state")).to_have_text("ESTOP · ESTOP")
    served.client.spin_until(
        lambda: [m.data for m in served.stops][-1:] == [True], what="the stop"
    )
    page.get_by_role("button", name="Recover", exact=True).click()
    expect(page.locator("#answers li").first).to_contain_text("the stop device says stop")
    page.reload()
    expect(page.locator("#state")).to_have_text("ESTOP · ESTOP")
    page.locator("#release").click()
    expect(page.locator("#release")).to_be_hidden()
    served.client.spin_until(lambda: served.stops[-1].data is False, what="the stop let go")
    time.sleep(0.5)
    expect(page.locator("#state")).to_have_text("ESTOP · ESTOP")
    page.get_by_role("button", name="Recover", exact=True).click()
    expect(page.locator("#state")).to_have_text("HOLD · RECOVERED")


def test_the_page_lets_no_other_device_go(page, served):
    device = served.client.node.create_publisher(Bool, "estop", qos.latched())
    served.client.spin_until(lambda: device.get_subscription_count() > 1, what="the robot")
    device.publish(Bool(data=True))
    expect(page.locator("#state")).to_have_text("ESTOP · ESTOP")
    page.keyboard.press("Escape")
    page.locator("#release").click()
    expect(page.locator("#release")).to_be_hidden()
    expect(page.locator("#stop")).to_have_class("pressed")
    page.get_by_role("button", name="Recover", exact=True).click()
    expect(page.locator("#answers li").first).to_contain_text("(estop): release it first")
    device.publish(Bool(data=False))
    expect(page.locator("#stop")).not_to_have_class("pressed")
    page.get_by_role("button", name="Recover", exact=True).click()
    expect(page.locator("#state")).to_have_text("HOLD · RECOVERED")
    served.client.node.destroy_publisher(device)


def test_a_page_that_loses_its_node_says_so_and_comes_back_by_itself(page, served):
    served.web.kill()
    served.web.wait()
    expect(page.locator("#banner")).to_contain_text("lost its node")
    page.locator("#stop").click()
    expect(page.locator("#banner")).to_contain_text("THE STOP DID NOT GO OUT")
    served.start_web()
    expect(page.locator("#banner")).not_to_contain_text("lost its node")
    expect(page.locator("#state")).to_contain_text("HOLD")
    page.locator("#stop").click()
    expect(page.locator("#state")).to_have_text("ESTOP · ESTOP")
    expect(page.locator("#banner")).to_be_hidden()
    page.locator("#release").click()
    page.get_by_role("button", name="Recover", exact=True).click()
    expect(page.locator("#state")).to_have_text("HOLD · RECOVERED")


def test_curves_and_pictures_are_drawn_here(page, served):
    node = served.client.node
    adaptation = node.create_publisher(DiagnosticArray, "adaptation", qos.state())
    target = node.create_publisher(PathMsg, "target", qos.latched())
    camera = node.create_publisher(Image, "camera/color/image_raw", qos.newest())
    figures = {"loss_before": 0.02, "loss_after": 0.005}
    row = messages.status_msg("/controller: adaptation", b"\0", "adapting", figures)
    target.publish(messages.target_msg(TargetPath(stamp=np.zeros(1), position=np.ones((1, 3)))))
    picture = np.full((24, 32, 3), (200, 40, 40), np.uint8)
    assert camera.get_subscription_count() == 0, "pictures are fetched that nobody looks at"
    page.get_by_label("show").first.check()

    def seen():
        adaptation.publish(messages.diagnostics_msg(1.0, [row]))
        camera.publish(image_msg(1.0, "camera", picture))
        time.sleep(0.05)
        return page.locator("#losses").inner_text() == "before 0.02, after 0.005" and all(
            page.evaluate(SHOWS, [what, *color])
            for what, color in (
                ("#loss", (217, 130, 43)),
                ("#loss", (40, 110, 200)),
                ("#error", (45, 134, 89)),
                ("#cameras img", (200, 40, 40)),
            )
        )

    served.client.spin_until(seen, what="curves and pictures")
    expect(page.locator("#distance")).to_contain_text("mm")
    page.get_by_label("show").first.uncheck()
    served.client.spin_until(
        lambda: camera.get_subscription_count() == 0, what="the end of the pictures"
    )


SHOWS = """([selector, ...color]) => {  // whether some pixel has about that colour
  const source = document.querySelector(selector);
  const canvas = document.createElement("canvas");
  canvas.width = source.naturalWidth ?? source.width;
  canvas.height = source.naturalHeight ?? source.height;
  if (!canvas.width) return false;
  const pen = canvas.getContext("2d");
  pen.drawImage(source, 0, 0);
  const data = pen.getImageData(0, 0, canvas.width, canvas.height).data;
  for (let i = 0; i < data.length; i += 4) {
    if (data[i + 3] > 200 && color.every((c, j) => Math.abs(data[i + j] - c) < 16)) return true;
  }
  return false;
}"""


def test_an_episode_is_recorded_over_a_reload_and_kept(page, served):
    words = served.client.hear(String, "instruction", qos.latched())
    page.locator("#instruction").fill("open the drawer")
    page.get_by_role("button", name="Say").click()
    served.client.spin_until(lambda: words, what="the instruction")
    page.locator("[data-call=start_episode]").click()
    expect(page.locator("#recording")).to_contain_text("●")
    key = page.locator("#recording").inner_text().removeprefix("●").strip()
    page.reload()
    expect(page.locator("#recording")).to_contain_text(key)
    expect(page.locator("#instruction")).to_have_value("open the drawer")
    page.locator("[data-call=mark_episode]").click()
    expect(page.locator("#answers li").first).to_contain_text("mark_episode: ")
    page.locator("[data-call=stop_episode]").click()
    expect(page.locator("#recording")).to_have_text("")
    page.locator("[data-call=start_episode]").click()
    expect(page.locator("#recording")).to_contain_text("●")
    page.locator("[data-call=discard_episode]").click()
    expect(page.locator("#recording")).to_have_text("")
    page.locator("[data-call=stop_episode]").click()
    expect(page.locator("#answers li.no").first).to_contain_text("stop_episode: ")
    notes = read_notes(served.store)
    assert any("open the drawer" in str(note) for note in notes)
    assert len(Snapshot(served.store)) > 0


def press(page, name):
    button = page.get_by_role("button", name=name, exact=True)
    expect(button).to_be_enabled()
    button.hover()
    page.mouse.down()


def held(served):
    """Wait until the hand is down, from the first word on."""
    served.clutch.clear()
    served.client.spin_until(lambda: any(m.data for m in served.clutch), what="the clutch")


def let_go(served):
    served.client.spin_until(
        lambda: served.clutch and not served.clutch[-1].data, what="the clutch to be let go"
    )


def test_a_button_moves_the_hand_while_it_is_pressed(page, served):
    served.hand.clear()
    press(page, "up")
    held(served)
    expect(page.locator("#hand")).to_have_text("your hand is on the robot")
    served.client.spin_until(lambda: len(served.hand) > 20, what="the hand")
    page.mouse.up()
    let_go(served)
    expect(page.locator("#hand")).to_have_text("")
    first, last = (pose_from(served.hand[i].pose).position for i in (0, -1))
    assert last[2] - first[2] > 0.01
    np.testing.assert_allclose(last[:2], first[:2], atol=1e-6)


@pytest.mark.parametrize("how", ["hidden", "closed", "reloaded", "stopped"])
def test_the_hand_is_up_when_the_page_is_not_looked_at(page, served, how):
    press(page, "forward")
    held(served)
    if how == "hidden":
        page.evaluate(
            "Object.defineProperty(document, 'hidden', {get: () => true});"
            "document.dispatchEvent(new Event('visibilitychange'))"
        )
    elif how == "closed":
        page.close()
    elif how == "reloaded":
        page.reload()
    else:
        page.keyboard.press("Escape")
    let_go(served)
    count = len(served.clutch)
    if how == "stopped":
        expect(page.locator("#state")).to_have_text("ESTOP · ESTOP")
        page.mouse.up()
        page.locator("#release").click()
        page.get_by_role("button", name="Recover", exact=True).click()
        expect(page.locator("#state")).to_have_text("HOLD · RECOVERED")
    served.client.spin_until(lambda: True)
    assert not any(m.data for m in served.clutch[count:]), "it came back by itself"


def test_of_two_tabs_both_see_and_one_moves(page, context, served):
    other = context.new_page()
    other.goto(served.address)
    press(page, "left")
    held(served)
    expect(other.locator("#hand")).to_have_text("another page's hand is on the robot")
    press(other, "right")
    expect(other.locator("#answers li.no").first).to_contain_text("somebody else's hand")
    other.mouse.up()
    expect(page.locator("#hand")).to_have_text("your hand is on the robot")
    page.mouse.up()
    let_go(served)
    press(other, "right")
    expect(page.locator("#hand")).to_have_text("another page's hand is on the robot")
    other.mouse.up()
    let_go(served)


def test_a_person_at_the_page_drives_the_twin(page, served):
    def height():
        served.client.spin_until(lambda: served.tool, what="the tool")
        return served.tool[-1].pose.position.z

    def lift():
        """Press for a while; a busy machine may lose the hand, or the robot its commands."""
        if "RUNNING" not in page.locator("#state").inner_text():
            page.get_by_role("button", name="Arm", exact=True).click()
        press(page, "up")
        end = time.monotonic() + 2.0
        served.client.spin_until(lambda: time.monotonic() > end, what="the end of the press")
        page.mouse.up()
        let_go(served)
        return height() - start > 0.03

    start = height()
    served.client.spin_until(lift, 150.0, "the tool to rise")
    x, y = (getattr(served.tool[-1].pose.position, axis) for axis in "xy")
    np.testing.assert_allclose(
        [x, y], [served.tool[0].pose.position.x, served.tool[0].pose.position.y], atol=0.01
    )
    page.get_by_role("button", name="Hold", exact=True).click()
    expect(page.locator("#state")).to_contain_text("HOLD")


def test_a_hand_in_space_drives_the_twin_beside_the_open_page(page, served):
    """Both in turn; and while one hand holds the robot the other moves nothing."""
    node = served.client.node
    clutch, hand = (
        node.create_publisher(kind, f"teleop_{name}", 10)
        for kind, name in ((Bool, "clutch"), (PoseStamped, "pose"))
    )
    served.client.spin_until(lambda: clutch.get_subscription_count(), what="the teleop node")
    raised = 0.0

    def lift():
        nonlocal raised
        if "RUNNING" not in page.locator("#state").inner_text():
            page.get_by_role("button", name="Arm", exact=True).click()
        end = time.monotonic() + 2.0
        while time.monotonic() < end:
            raised += 1e-3
            msg = PoseStamped()
            msg.pose.position.z, msg.pose.orientation.w = raised, 1.0
            hand.publish(msg)
            clutch.publish(Bool(data=True))
            pause = time.monotonic() + 0.01
            served.client.spin_until(lambda at=pause: time.monotonic() > at)
        clutch.publish(Bool(data=False))
        return served.tool[-1].pose.position.z - start > 0.03

    start = served.tool[-1].pose.position.z
    served.client.spin_until(lift, 150.0, "the tool to rise")
    node.destroy_publisher(clutch), node.destroy_publisher(hand)
    press(page, "down")
    held(served)
    page.mouse.up()
    let_go(served)
    page.get_by_role("button", name="Hold", exact=True).click()
