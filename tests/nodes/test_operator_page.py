"""The operator's page in a real browser, on a twin that runs as a process."""

import shutil
import socket
import time
from pathlib import Path

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("aiohttp")
playwright = pytest.importorskip("playwright.sync_api")

from std_msgs.msg import Bool  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402

CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None
)
pytestmark = [
    pytest.mark.ros,
    pytest.mark.browser,
    pytest.mark.skipif(CHROMIUM is None, reason="no Chromium here: apt-get install chromium"),
]
SOFTWARE_GL = [
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PATIENCE = 60_000.0  # for a busy machine, [ms]
expect = playwright.expect


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Page:
    """Processes, and the page that they serve."""

    def __init__(self, processes, client):
        self.processes, self.client = processes, client
        self.port, self.key_file = free_port(), Path(processes.folder, "key")
        self.stops = client.hear(Bool, "estop", qos.latched())
        processes.node("robot_node", backend="twin")
        self.start_web()

    def start_web(self):
        # A browser that draws on the processor is slow to say that the pointer is still down.
        self.web = self.processes.node(
            "web_node", port=self.port, key_file=self.key_file, hand__timeout=3.0
        )
        self.client.spin_until(lambda: "open http" in self.web.log.read_text(), what="the page")
        self.address = self.web.log.read_text().split("open ")[1].split()[0]


@pytest.fixture(scope="module")
def served(graph):
    return Page(*graph)


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=CHROMIUM, args=SOFTWARE_GL)
        yield browser
        browser.close()


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
    expect(page.locator("#release")).to_be_visible()
    page.locator("#release").click()
    expect(page.locator("#banner")).to_contain_text("another stop device says stop")
    device.publish(Bool(data=False))
    expect(page.locator("#stop")).to_have_class("pressed")
    page.locator("#release").click()
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
