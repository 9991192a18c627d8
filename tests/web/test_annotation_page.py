"""The page for annotation in a real browser, served by the command."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

playwright = pytest.importorskip("playwright.sync_api")

from robot_meta.annotation.annotations import LABEL, PREFERENCE, RETRACT, SKIP  # noqa: E402
from robot_meta.annotation.history import AnnotationHistory  # noqa: E402

pytestmark = [pytest.mark.browser, pytest.mark.sim]
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 60.0  # [s]
expect = playwright.expect


@pytest.fixture
def address(play, free_port, tmp_path):
    port, log = free_port(), tmp_path / "log"
    with log.open("w") as output:
        server = subprocess.Popen(
            [
                sys.executable, "-c", "from robot_meta.cli.main import main; main()",
                "annotations", "page", str(play), "--port", str(port),
                "--key-file", str(tmp_path / "key"),
            ],
            env={**os.environ, "PYTHONPATH": str(ROOT)}, stdout=output, stderr=output,
        )  # fmt: skip
    end = time.monotonic() + PATIENCE
    while "open http" not in log.read_text():
        assert server.poll() is None and time.monotonic() < end, log.read_text()
        time.sleep(0.05)
    yield log.read_text().split("open ")[1].split()[0]
    server.kill()
    server.wait()


@pytest.fixture
def open_page(browser, address):
    contexts = []

    def open_as(who):
        context = browser.new_context(viewport={"width": 1300, "height": 900})
        context.set_default_timeout(1e3 * PATIENCE)
        expect.set_options(timeout=1e3 * PATIENCE)
        contexts.append(context)
        page = context.new_page()
        page.asked = []
        page.on("request", lambda request: page.asked.append(request.url))
        page.goto(address)
        page.locator("#who").fill(who)
        page.locator("#who").press("Enter")
        expect(page.locator(".player")).to_have_count(1)
        return page

    yield open_as
    for context in contexts:
        context.close()


def test_a_page_without_its_key_is_refused(browser, address):
    page = browser.new_page()
    assert page.goto(address.split("?")[0]).status == 401
    assert page.goto(address + "x").status == 403
    page.close()


def test_new_episodes_are_found_and_a_clip_is_seen_by_the_camera_one_chooses(
    open_page, play, record, film
):
    for number in range(3):
        film(play, f"play {number}", "camera", 20)
        film(play, f"play {number}", "wrist_camera", 60)
    anna = open_page("anna")
    cameras = anna.get_by_label("Camera")
    expect(anna.locator(".player h3")).to_contain_text("filmed by camera")
    expect(cameras.locator("option")).to_have_text(
        ["camera", "wrist_camera", "drawn from what was recorded"]
    )
    cameras.select_option("wrist_camera")
    expect(anna.locator(".player h3")).to_contain_text("filmed by wrist_camera")
    cameras.select_option("")
    expect(anna.locator(".player h3 span")).to_have_text("drawn from what was recorded")
    anna.locator("#text").fill("open the drawer")
    anna.locator("#text").press("Enter")
    expect(anna.locator("#own li")).to_have_count(1)

    expect(anna.locator("dd").first).to_have_text("6")
    record(play, "play 3")
    anna.get_by_role("button", name="Look for new episodes").click()
    expect(anna.locator("dd").first).to_have_text("8")
    record(play, "play 4")
    anna.reload()
    expect(anna.locator("dd").first).to_have_text("10")


def test_two_people_annotate_and_everything_is_kept(open_page, play, tmp_path):
    anna = open_page("anna")
    history = AnnotationHistory(play)
    expect(anna.locator(".player h3")).to_contain_text("drawn from what was recorded")
    expect(anna.locator("dd").first).to_have_text("6")

    anna.locator(".player button").click()  # pause
    anna.locator(".player input").fill("4")  # scrub
    expect(anna.locator(".time")).to_contain_text("0.2 of 2.0 s")

    anna.get_by_role("button", name="Save").click()
    expect(anna.locator("#banner")).to_contain_text("a label needs words")
    anna.locator("#text").fill("open the drawer")
    anna.locator("#text").press("Enter")
    expect(anna.locator("#own li")).to_have_count(1)
    expect(anna.locator("#banner")).to_be_hidden()
    anna.locator("#label [data-say=skip]").click()
    expect(anna.locator("#own li")).to_have_count(2)

    ben = open_page("ben")
    ben.locator("#text").fill("Open drawer")
    ben.locator("#text").press("Enter")
    expect(ben.locator("#counts")).to_contain_text("100 %")

    anna.locator("#compare").click()
    expect(anna.locator(".player")).to_have_count(2)
    anna.get_by_role("button", name="B is better").click()
    expect(anna.locator("#own li")).to_have_count(3)
    anna.get_by_role("button", name="Take back").first.click()
    expect(anna.locator("#own li")).to_have_count(4)
    expect(anna.locator("#own li.over")).to_have_count(1)
    said = history.annotations()
    assert [a.kind for a in said] == [LABEL, SKIP, LABEL, PREFERENCE, RETRACT]
    assert [a.who for a in said] == ["anna", "anna", "ben", "anna", "anna"]
    assert said[0].clip == said[2].clip, "what anna began was shown to ben first"

    with anna.expect_download() as download:
        anna.get_by_role("link", name="Export").click()
    lines = Path(download.value.path()).read_text().splitlines()
    assert [json.loads(line)["id"] for line in lines] == [a.id for a in said]
    new = {**json.loads(lines[0]), "id": "new", "who": "cara"}
    (tmp_path / "more.jsonl").write_text("\n".join([*lines, json.dumps(new)]))
    anna.locator("#file").set_input_files(tmp_path / "more.jsonl")
    expect(anna.locator("#imported")).to_have_text("1 new annotations taken in.")
    (tmp_path / "bad.jsonl").write_text("{}\n")
    anna.locator("#file").set_input_files(tmp_path / "bad.jsonl")
    expect(anna.locator("#banner")).to_contain_text("the file, line 1: ")
    assert len(history.annotations()) == 6

    here = anna.url.rstrip("/") + "/"
    assert not [u for u in anna.asked if not u.startswith((here, "data:", "blob:"))]
