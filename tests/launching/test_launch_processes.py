"""Processes of a launch: started together, ended together, none left behind.

These run the runner as a process of its own and look at what is alive afterwards. Programs that
must not end too early sleep for ten minutes, so that a leftover is seen and not missed.
"""

import os
import re
import signal
import sys
import textwrap
import time
from pathlib import Path

import pytest

PATIENCE_S = 30.0  # to see something happen; never what a test measures
STUBBORN = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n"
DEAF = STUBBORN + "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"


@pytest.fixture
def program(tmp_path):
    """Writes a Python program that tells its process id, then runs `body`; its command."""

    def write_program(name, body="", sleep=True):
        path = tmp_path / f"{name}.py"
        note = tmp_path / f"{name}.pid"
        end = f"time.sleep(0.05); open({str(note)!r}, 'a').write(f'{{os.getpid()}}\\n')\n"
        lines = textwrap.dedent(body) + "\nimport os, time\n" + end
        path.write_text(lines + ("time.sleep(600)\n" if sleep else "finish()\n"))
        return f"{sys.executable} {path}"

    write_program.pids = lambda name: [
        int(word) for word in _text(tmp_path / f"{name}.pid").split()
    ]
    yield write_program
    for note in tmp_path.glob("*.pid"):
        for pid in filter(alive, map(int, note.read_text().split())):
            os.kill(pid, signal.SIGKILL)


def _text(path):
    return path.read_text() if path.exists() else ""


def alive(pid):
    """Whether a process runs; a dead one that nobody has waited for does not."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return state not in "ZX"


def wait_until(condition, what):
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, f"waited {PATIENCE_S} s until {what}"
        time.sleep(0.02)


def wait_for_pid(program, *names):
    for name in names:
        wait_until(lambda name=name: program.pids(name), f"{name} runs")
    return [program.pids(name)[-1] for name in names]


def output(process):
    text, _ = process.communicate(timeout=PATIENCE_S)
    return text


def executable(command, more=""):
    return f'<executable cmd="{command}" {more}/>'


def test_every_line_is_shown_behind_the_name_of_its_process(launched):
    body = executable("sh -c 'echo one; echo two &gt;&amp;2; printf three'", 'name="talker"')
    process = launched(body)
    lines = output(process).splitlines()
    assert {"[talker] one", "[talker] two", "[talker] three"} <= set(lines)
    assert process.returncode == 0


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_stop_signal_ends_every_process_and_is_no_failure(launched, program, number):
    body = "".join(executable(program(name)) for name in ("a", "b"))
    process = launched(body)
    pids = wait_for_pid(program, "a", "b")
    process.send_signal(number)
    output(process)
    assert process.returncode == 0
    assert not any(map(alive, pids))


def test_ctrl_c_ends_one_that_ignores_it_and_the_children_it_has(launched, program):
    child = program("child", STUBBORN)
    start_child = f"import subprocess\nsubprocess.Popen({child.split()!r})\n"
    parent = program("parent", start_child + STUBBORN)
    process = launched(executable(parent, 'sigterm_timeout="0.5"'))
    pids = wait_for_pid(program, "parent", "child")
    process.send_signal(signal.SIGINT)
    assert "is still there: sent SIGTERM" in output(process)
    assert not any(map(alive, pids))


def test_one_that_ignores_sigterm_too_is_killed(launched, program):
    timeouts = 'sigterm_timeout="0.3" sigkill_timeout="0.3"'
    process = launched(executable(program("deaf", DEAF), timeouts))
    (pid,) = wait_for_pid(program, "deaf")
    process.send_signal(signal.SIGINT)
    text = output(process)
    assert text.index("sent SIGTERM") < text.index("sent SIGKILL")
    assert not alive(pid)


def test_waits_are_five_seconds_each_unless_said_otherwise(plan):
    (process,) = plan('<executable cmd="true"/>').processes
    assert (process.sigterm_timeout, process.sigkill_timeout) == (5.0, 5.0)
    (process,) = plan('<executable cmd="true"/>', sigterm_timeout="1").processes
    assert (process.sigterm_timeout, process.sigkill_timeout) == (1.0, 5.0)


@pytest.mark.parametrize("body", ["", STUBBORN, DEAF])
def test_kill_minus_nine_of_the_runner_leaves_no_orphan(launched, program, tmp_path, body):
    timeouts = 'sigterm_timeout="0.5" sigkill_timeout="0.5"'
    process = launched(executable(program("a", body), timeouts))
    (pid,) = wait_for_pid(program, "a")
    process.kill()
    process.wait(PATIENCE_S)
    wait_until(lambda: not alive(pid), "the orphan is ended")
    wait_until(lambda: not list(tmp_path.glob("robot_meta_launch_*")), "its folder is removed")


def says_farewell(path):
    """A program's beginning that writes a file when it gets SIGINT, then ends."""
    return f"""
        import signal, sys
        def bye(*_):
            open({str(path)!r}, "w").write("bye")
            sys.exit(0)
        signal.signal(signal.SIGINT, bye)
    """


def test_ctrl_c_reaches_the_children_of_a_process_too(launched, program, tmp_path):
    farewell = tmp_path / "farewell"
    child = program("child", says_farewell(farewell))
    parent = program("parent", f"import subprocess\nsubprocess.Popen({child.split()!r})\n")
    process = launched(executable(parent))
    wait_for_pid(program, "parent", "child")
    process.send_signal(signal.SIGINT)
    output(process)
    assert farewell.read_text() == "bye"


def test_kill_minus_nine_lets_a_process_end_in_its_own_way(launched, program, tmp_path):
    farewell = tmp_path / "farewell"
    process = launched(executable(program("a", says_farewell(farewell))))
    wait_for_pid(program, "a")
    process.kill()
    wait_until(farewell.exists, "the process got SIGINT")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("import sys\ndef finish(): sys.exit(7)", 7),
        ("import sys\ndef finish(): sys.exit(0)", 0),
        ("import os\ndef finish(): os.kill(os.getpid(), 9)", 137),
    ],
)
def test_a_dying_required_process_ends_the_launch_with_its_exit_code(
    launched, program, body, code
):
    command = program("required", body, sleep=False)
    required = executable(command, 'name="vital" on_exit="shutdown"')
    process = launched(executable(program("other")) + required)
    text = output(process)
    assert process.returncode == code
    assert "ending all: vital is required" in text
    assert not any(alive(pid) for pid in program.pids("other"))


def test_a_dying_process_that_is_not_required_leaves_the_others_alone(launched, program):
    dying = program("dying", "import sys\ndef finish(): sys.exit(3)", sleep=False)
    process = launched(executable(dying, 'name="dying"') + executable(program("other")))
    (pid,) = wait_for_pid(program, "other")
    for line in process.stdout:
        if "dying died with exit code 3" in line:
            break
    assert alive(pid)
    process.send_signal(signal.SIGINT)
    output(process)
    assert process.returncode == 0  # a person ended it


def test_a_launch_in_which_something_failed_by_itself_fails(launched):
    process = launched(executable("sh -c 'exit 3'") + executable("sh -c 'exit 0'"))
    output(process)
    assert process.returncode == 3


def test_a_program_that_does_not_exist_is_reported_and_fails_the_launch(launched):
    process = launched(executable("/no/such/program", 'name="gone"'))
    assert re.search(r"gone cannot be started: .*No such file", output(process))
    assert process.returncode == 127


def test_respawn_starts_again_up_to_its_bound_then_the_failure_counts(launched, program):
    dying = program("dying", "import sys\ndef finish(): sys.exit(4)", sleep=False)
    more = 'name="dying" respawn="true" respawn_delay="0.05" respawn_max_retries="2"'
    process = launched(executable(dying, more))
    text = output(process)
    assert len(program.pids("dying")) == 3
    assert text.count("is started again in 0.05 s") == 2
    assert process.returncode == 4


def test_ctrl_c_during_a_respawn_delay_starts_nothing_more(launched, program):
    dying = program("dying", "import sys\ndef finish(): sys.exit(4)", sleep=False)
    process = launched(executable(dying, 'respawn="true" respawn_delay="600"'))
    for line in process.stdout:
        if "is started again" in line:
            break
    process.send_signal(signal.SIGINT)
    output(process)
    assert process.returncode == 0
    assert len(program.pids("dying")) == 1


def test_children_of_a_process_that_ended_are_ended_too(launched, program):
    child = program("child").split()
    quiet = "stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL"
    parent = program(
        "parent",
        f"import subprocess\nsubprocess.Popen({child!r}, {quiet})\n"
        "import os, sys, time\n"
        f"while not os.path.exists({child[1].replace('.py', '.pid')!r}): time.sleep(0.01)\n"
        "def finish(): sys.exit(0)",
        sleep=False,
    )
    process = launched(executable(parent))
    output(process)
    assert not any(map(alive, program.pids("child")))
    assert program.pids("child")


def test_a_flood_of_output_arrives_complete(launched):
    flood = "import sys\nfor i in range(20000): print(i)\n"
    process = launched(f'<executable name="flood" cmd="{sys.executable} -c \'{_xml(flood)}\'"/>')
    numbers = re.findall(r"^\[flood\] (\d+)$", output(process), re.MULTILINE)
    assert numbers == [str(i) for i in range(20000)]


def _xml(text):
    return text.replace("\n", "&#10;")


def test_a_node_gets_its_parameters_in_a_file_that_is_gone_afterwards(launched, demo, tmp_path):
    demo.write_text('#!/bin/sh\nfor a in "$@"; do case $a in *.yaml) cat $a;; esac; done\n')
    process = launched(
        '<node pkg="demo" exec="node" name="n" namespace="left"><param name="a" value="1"/></node>'
    )
    lines = output(process).splitlines()
    shown = [line.removeprefix("[left/n] ") for line in lines if line.startswith("[left/n]")]
    assert shown == ["/left/n:", "  ros__parameters:", "    a: 1"]
    assert not list(tmp_path.glob("robot_meta_launch_*"))
