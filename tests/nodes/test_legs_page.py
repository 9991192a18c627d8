"""The operator's page of a walking robot, in a real browser: the same page as the arm's."""

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("aiohttp")
playwright = pytest.importorskip("playwright.sync_api")

from nav_msgs.msg import Path  # noqa: E402

from robot_meta.nodes import qos  # noqa: E402
from robot_meta.nodes.robot_topics import topics_of  # noqa: E402
from robot_meta.planning.pose_paths import line  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.browser]
PATIENCE = 180_000.0  # for a busy machine, [ms]
expect = playwright.expect


@pytest.fixture
def address(processes, client, tmp_path, free_port):
    """Of the page, beside a twin that nobody commands."""
    processes.node("robot_node", robot="go2", backend="twin")
    web = processes.node("web_node", robot="go2", port=free_port(), key_file=tmp_path / "key")
    client.spin_until(lambda: "open http" in web.log.read_text(), 90.0, "the page")
    return web.log.read_text().split("open ")[1].split()[0]


def test_it_shows_robot_guard_and_curves_and_stops_it_but_offers_no_hand(
    browser, address, processes, client
):
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    context.set_default_timeout(PATIENCE)
    expect.set_options(timeout=PATIENCE)
    page = context.new_page()
    page.goto(address)
    expect(page.locator("#state")).to_have_text("HOLD · START")
    expect(page.locator("#remedy")).to_have_text("Look at the robot, then call `arm`.")
    expect(page.locator("#follower")).to_have_text("Body")
    expect(page.locator("#moving")).to_be_hidden()
    expect(page.frame_locator("#view").locator("canvas").first).to_be_visible()

    path = line(speed=0.3, duration=10.0)
    target = client.node.create_publisher(Path, "target", qos.latched())
    target.publish(topics_of("go2").target_msg(path))
    expect(page.locator("#distance")).to_contain_text(" mm")
    page.get_by_role("button", name="Arm", exact=True).click()
    expect(page.locator("#answers li").first).to_contain_text("arm: ")
    page.locator("#stop").click()
    expect(page.locator("#state")).to_contain_text("ESTOP")
    context.close()
