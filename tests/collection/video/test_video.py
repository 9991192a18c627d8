"""Videos of episodes: every frame with its stamp, whatever became of the one who wrote it."""

import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import numpy as np
import pytest

av = pytest.importorskip("av")

from robot_meta.collection.video.files import next_part, parts  # noqa: E402
from robot_meta.collection.video.reader import VideoFile, open_videos  # noqa: E402
from robot_meta.collection.video.writer import VideoConfig, VideoWriter  # noqa: E402
from robot_meta.errors import BadConfig, RecordingFailed, StoreDamaged  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
START = 1_700_000_000_123_456_789  # [ns]


def picture(number):
    """Its number in black and white bars, which survive compression; 16 bits."""
    bits = [(number >> i) & 1 for i in range(16)]
    row = np.repeat(np.array(bits, np.uint8) * 200 + 25, 6)
    return np.broadcast_to(row[None, :, None], (48, 96, 3)).copy()


def number_of(seen):
    bars = seen.astype(float).mean(axis=(0, 2)).reshape(16, 6).mean(axis=1)
    return sum(1 << i for i, bar in enumerate(bars) if bar > 125)


def stamps(count, seed=0):
    """Irregular ones, [ns]."""
    gaps = np.random.default_rng(seed).integers(5_000_000, 90_000_000, count)
    return (START + np.cumsum(gaps)).tolist()


def write(path, times, first=0, **config):
    with VideoWriter(path, VideoConfig(**config), {"episode": "e", "camera": "c"}) as writer:
        for k, stamp in enumerate(times):
            assert writer.add(stamp, picture(first + k))
    return path


def test_every_frame_comes_back_with_its_stamp_to_the_microsecond(tmp_path):
    times = stamps(70)
    with VideoFile(write(tmp_path / "c.0.mp4", times)) as file:
        assert np.abs(np.array(file.nanoseconds) - times).max() <= 500
        assert [number_of(file.frame(k)) for k in range(70)] == list(range(70))
        assert file.about["episode"] == "e" and file.about["camera"] == "c"


@pytest.mark.parametrize("seed", range(3))
def test_frames_are_found_in_any_order(tmp_path, seed):
    with VideoFile(write(tmp_path / "c.0.mp4", stamps(200))) as file:
        order = np.random.default_rng(seed).integers(0, 200, 60).tolist()
        assert [number_of(file.frame(k)) for k in order] == order


def test_a_stamp_that_runs_back_is_left_out(tmp_path):
    with VideoWriter(tmp_path / "c.0.mp4", VideoConfig(), {}) as writer:
        taken = [writer.add(START + t, picture(k)) for k, t in enumerate((0, 5000, 5000, 100))]
    assert taken == [True, True, False, False]
    with VideoFile(tmp_path / "c.0.mp4") as file:
        assert len(file.nanoseconds) == 2


WRITER = """
    import sys
    from pathlib import Path
    sys.path.insert(0, {root!r}); sys.path.insert(0, {here!r})
    from test_video import *
    import itertools, resource, time
    writer = VideoWriter(Path({path!r}), VideoConfig(), {{}})
    {before}
    for k, stamp in enumerate(stamps(3000)):
        writer.add(stamp, picture(k))
        print(k, flush=True)
    """


def writing(path, before=""):
    """A process that writes until something happens to it, saying the number of each frame."""
    here = str(Path(__file__).parent)
    code = textwrap.dedent(WRITER).format(root=str(ROOT), here=here, path=str(path), before=before)
    return subprocess.Popen(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


@pytest.mark.parametrize("after", [2, 40, 133])
def test_a_killed_writer_loses_the_two_newest_frames_at_most(tmp_path, after):
    path = tmp_path / "c.0.mp4"
    process = writing(path)
    told = -1
    for line in process.stdout:
        told = int(line)
        if told >= after:
            process.send_signal(signal.SIGKILL)
            break
    told = int(([str(told), *process.stdout.read().split()])[-1])
    process.wait()
    with VideoFile(path) as file:
        count = len(file.nanoseconds)
        assert count >= told - 1
        assert np.abs(np.array(file.nanoseconds) - stamps(3000)[:count]).max() <= 500
        assert [number_of(file.frame(k)) for k in reversed(range(count))] == list(
            reversed(range(count))
        )


def test_a_file_that_is_torn_anywhere_gives_its_whole_frames(tmp_path):
    times = stamps(20)
    path = write(next_part(tmp_path, "key", "c"), times)
    whole = path.read_bytes()
    counts = []
    for end in [*range(0, len(whole), 61), len(whole)]:
        path.write_bytes(whole[:end])
        with open_videos(tmp_path, "key")["c"] as video:
            assert [number_of(video.frame(k)) for k in range(len(video))] == [*range(len(video))]
            counts.append(len(video))
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == 20


def test_a_full_disk_is_one_clear_line_and_keeps_what_was_filmed(tmp_path):
    path = tmp_path / "c.0.mp4"
    limit = "resource.setrlimit(resource.RLIMIT_FSIZE, (30_000, 30_000))"
    process = writing(path, before=limit)
    out, trouble = process.communicate(timeout=120)
    assert process.returncode != 0
    assert f"RecordingFailed: cannot write {path}: File too large." in trouble
    with VideoFile(path) as file:
        count = len(file.nanoseconds)
        assert count >= len(out.split()) - 2 > 5
        assert number_of(file.frame(count - 1)) == count - 1


def test_an_episode_that_went_on_is_one_video(tmp_path):
    times = stamps(60)
    for first in (0, 25, 50):
        path = next_part(tmp_path, "key", "camera")
        write(path, times[first : first + 25 if first < 50 else 60], first)
    (tmp_path / "videos" / "key" / "camera.3.mp4").touch()  # killed before the first frame
    write(next_part(tmp_path, "key", "wrist_camera"), times[:5])
    assert [path.name for path in parts(tmp_path, "key")["camera"]] == [
        f"camera.{k}.mp4" for k in range(4)
    ]
    videos = open_videos(tmp_path, "key")
    assert list(videos) == ["camera", "wrist_camera"]
    with videos["camera"] as video, videos["wrist_camera"]:
        assert len(video) == 60
        for k in (0, 24, 25, 59, 3, 50):
            assert number_of(video.frame(k)) == k
        seconds = np.array(times) * 1e-9
        np.testing.assert_array_equal(video.numbers_at(seconds), np.arange(60))
        between = video.numbers_at(np.array([seconds[0] - 1.0, seconds[7] + 0.002, 2e9]))
        np.testing.assert_array_equal(between, [-1, 7, 59])
        with pytest.raises(ValueError, match=r"want a frame in \[0, 59\], got 60"):
            video.frame(60)
    assert open_videos(tmp_path, "another") == {}


@pytest.mark.parametrize("content", [b"\0\0\0\x08no video", b"\0\0\0\x10moov" + bytes(5000)])
def test_what_is_no_video_is_told(tmp_path, content):
    next_part(tmp_path, "key", "c").write_bytes(content)
    with pytest.raises(StoreDamaged, match="not a video of an episode"):
        open_videos(tmp_path, "key")


def test_an_encoder_that_is_not_there_is_told_with_those_that_are(tmp_path):
    with pytest.raises(ValueError, match="codec must be one of"):
        VideoConfig(codec="h265000")
    if "libopenh264" in av.codecs_available:
        pytest.skip("every encoder is there")
    with pytest.raises(BadConfig, match="no encoder 'libopenh264'; it has libx264"):
        VideoWriter(tmp_path / "c.0.mp4", VideoConfig(codec="libopenh264"), {})
    assert not (tmp_path / "c.0.mp4").exists()


@pytest.mark.parametrize(
    ("shapes", "match"),
    [
        (((48, 95),), "even width and height, got 95 x 48"),
        (((48, 96), (40, 96)), "want pictures of 96 x 48"),
    ],
)
def test_a_picture_of_another_size_is_refused(tmp_path, shapes, match):
    writer = VideoWriter(tmp_path / "c.0.mp4", VideoConfig(), {})
    with pytest.raises(RecordingFailed, match=match):
        for k, shape in enumerate(shapes):
            writer.add(START + k * 10**8, np.zeros((*shape, 3), np.uint8))
    writer.close()
