"""One episode from end to end: played and recorded on one page, put into words on the other."""

import time

import pytest

pytest.importorskip("rclpy")
pytest.importorskip("aiohttp")
playwright = pytest.importorskip("playwright.sync_api")

from geometry_msgs.msg import PoseStamped  # noqa: E402
from std_msgs.msg import Bool  # noqa: E402

from robot_meta.annotation.annotations import LABEL  # noqa: E402
from robot_meta.annotation.history import AnnotationHistory  # noqa: E402

pytestmark = [pytest.mark.ros, pytest.mark.browser, pytest.mark.sim]
PATIENCE = 60_000.0  # for a busy machine, [ms]
expect = playwright.expect


@pytest.fixture
def open_page(browser):
    contexts = []

    def open_at(process, client):
        """A page at the address that a process prints."""
        client.spin_until(lambda: "open http" in process.log.read_text(), what="the page")
        context = browser.new_context(viewport={"width": 1400, "height": 900})
        context.set_default_timeout(PATIENCE)
        expect.set_options(timeout=PATIENCE)
        contexts.append(context)
        context.route("**/view/**", lambda route: route.abort())  # 3-D is slow on a processor
        page = context.new_page()
        page.goto(process.log.read_text().split("open ")[1].split()[0])
        return page

    yield open_at
    for context in contexts:
        context.close()


def test_what_was_played_on_one_page_is_put_into_words_on_the_other(
    processes, client, free_port, tmp_path, open_page
):
    store = tmp_path / "store"
    tool = client.hear(PoseStamped, "tool_pose", 1)
    clutch = client.hear(Bool, "page_clutch")
    processes.node("robot_node", backend="twin", scene="desk", guard__max_gap=5.0)
    processes.node("episodes_node", store=store, scene="desk")
    processes.node("teleop_node", device="pose", max_gap=0.1)
    web = processes.node(
        "web_node", port=free_port(), key_file=tmp_path / "key", hand__timeout=3.0, hand__gap=3.0
    )
    page = open_page(web, client)
    expect(page.locator("#state")).to_contain_text("HOLD")
    page.locator("[data-call=start_episode]").click()
    expect(page.locator("#recording")).to_contain_text("●")
    episode = page.locator("#recording").inner_text().removeprefix("●").strip()
    client.spin_until(lambda: tool, what="the tool")
    start = tool[-1].pose.position.z

    def lift():
        """Press for a while; a busy machine may lose the hand, or the robot its commands."""
        if "RUNNING" not in page.locator("#state").inner_text():
            page.get_by_role("button", name="Arm", exact=True).click()
        button = page.get_by_role("button", name="up", exact=True)
        expect(button).to_be_enabled()
        button.hover()
        page.mouse.down()
        end = time.monotonic() + 2.0
        client.spin_until(lambda: time.monotonic() > end)
        page.mouse.up()
        client.spin_until(lambda: clutch and not clutch[-1].data, what="the hand to let go")
        return tool[-1].pose.position.z - start > 0.03

    client.spin_until(lift, 150.0, "the tool to rise")
    page.locator("[data-call=stop_episode]").click()
    expect(page.locator("#recording")).to_have_text("")

    words = open_page(
        processes.python(
            "-m", "robot_meta.cli.main", "annotations", "page", store, "--port", free_port(),
            "--key-file", tmp_path / "words_key", name="annotations",
        ),
        client,
    )  # fmt: skip
    words.locator("#who").fill("anna")
    words.locator("#who").press("Enter")
    expect(words.locator(".player h3")).to_contain_text("drawn from what was recorded")
    words.locator("#text").fill("lift the hand")
    words.locator("#text").press("Enter")
    expect(words.locator("#own li")).to_have_count(1)
    (said,) = AnnotationHistory(store).annotations()
    assert (said.kind, said.who, said.text) == (LABEL, "anna", "lift the hand")
    assert said.clip.episode == episode
