import json
import os

import pytest

from robot_meta.cli.main import main
from robot_meta.errors import (
    StoreBusy,
    StoreDamaged,
    StoreMissing,
    StoreVersion,
)
from robot_meta.replay.manifest import MANIFEST
from robot_meta.replay.segments import HEADER_BYTES, ROWS


@pytest.fixture
def first_segment(filled):
    return sorted((filled / "segments").glob("*" + ROWS))[0]


def test_info_says_what_is_in_it(filled, capsys):
    assert main(["data", "info", str(filled)]) == 0
    text = capsys.readouterr().out
    assert "10 episodes, 0.01 h, 1000 transitions of state (3), action (2)" in text
    assert "| task  | task 1 | 5        |" in text


def test_a_sound_store_verifies(filled, capsys):
    assert main(["data", "verify", str(filled)]) == 0
    assert "1000 transitions in 5 segments checked: 0 segments damaged" in capsys.readouterr().out


def test_an_altered_row_is_found_and_repaired(filled, first_segment, capsys):
    content = bytearray(first_segment.read_bytes())
    content[HEADER_BYTES + 40] ^= 1
    first_segment.write_bytes(content)
    assert main(["data", "verify", str(filled)]) == StoreDamaged.exit_code
    assert "1 transitions altered" in capsys.readouterr().out
    assert main(["data", "repair", str(filled)]) == 0
    assert "1 transitions are gone" in capsys.readouterr().out
    assert main(["data", "verify", str(filled)]) == 0


def test_a_cut_file_has_its_own_code_and_says_what_to_do(filled, first_segment, capsys):
    os.truncate(first_segment, HEADER_BYTES + 10)
    assert main(["data", "info", str(filled)]) == StoreDamaged.exit_code
    error = capsys.readouterr().err
    assert "0 of 236 transitions are left" in error and "robot-meta data repair" in error


def test_a_newer_store_has_its_own_code(filled, capsys):
    content = json.loads((filled / MANIFEST).read_text())
    (filled / MANIFEST).write_text(json.dumps({**content, "format": 9}))
    for action in ("info", "verify", "repair"):
        assert main(["data", action, str(filled)]) == StoreVersion.exit_code
        assert "Update robot_meta" in capsys.readouterr().err


def test_no_store_has_its_own_code(tmp_path, capsys):
    for action in ("info", "verify", "repair"):
        assert main(["data", action, str(tmp_path / "none")]) == StoreMissing.exit_code
        assert "there is no store" in capsys.readouterr().err


def test_a_store_in_use_can_be_looked_at_but_not_repaired(stores, filled, capsys):
    with stores.open(filled):
        assert main(["data", "verify", str(filled)]) == 0
        assert main(["data", "repair", str(filled)]) == StoreBusy.exit_code
