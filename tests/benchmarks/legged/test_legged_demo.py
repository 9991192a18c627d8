"""The walking demo from its command to its page, through the real nodes."""

from __future__ import annotations

import base64
import io
import re

import pytest

pytest.importorskip("rclpy")

from PIL import Image

from robot_meta.benchmarks.legged import demo
from robot_meta.benchmarks.legged.film import HEIGHT, WIDTH
from robot_meta.benchmarks.legged.scenes import Timing

BRIEF = Timing(begin=0.5, change=2.0, settle=0.5, end=4.0)


@pytest.mark.ros
@pytest.mark.sim
def test_the_demo_prints_one_table_and_writes_a_page_with_paths_and_a_film(
    tmp_path, monkeypatch, capsys
):
    monkeypatch.setattr(demo, "Timing", lambda: BRIEF)
    monkeypatch.setattr(demo, "FILMED", (0.5, 1.0))
    assert demo.main(["--scenes", "payload", "--out", str(tmp_path)]) == 0
    table = [line for line in capsys.readouterr().out.splitlines() if line.startswith("payload")]
    assert [line.split()[1] for line in table] == ["adapted", "static"]
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.count("data:image/png;base64,") == 1
    assert "http" not in page and "<code>payload_mass 6.0</code>" in page
    (film,) = re.findall("data:image/gif;base64,([^']*)'", page)
    with Image.open(io.BytesIO(base64.b64decode(film))) as gif:
        assert gif.size == (2 * WIDTH, HEIGHT)
        assert gif.n_frames == 15
        assert gif.info["duration"] == 100
