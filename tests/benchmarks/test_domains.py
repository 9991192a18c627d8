"""Nobody gets a ROS domain that another has."""

import subprocess
import sys
from contextlib import ExitStack

import pytest

from robot_meta.benchmarks import domains
from robot_meta.benchmarks.domains import DOMAINS, own_domain
from robot_meta.errors import LaunchError

HOLD = """
import sys
from robot_meta.benchmarks import domains
domains.DOMAINS = range(900, 903)
with domains.own_domain() as number:
    print(number, flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def three(monkeypatch):
    """As if there were three domains; numbers that nothing else uses."""
    monkeypatch.setattr(domains, "DOMAINS", range(900, 903))


def test_domains_at_the_same_time_differ_and_are_usual_ones():
    with ExitStack() as ends:
        numbers = [ends.enter_context(own_domain()) for _ in range(5)]
    assert len(set(numbers)) == 5 and set(numbers) <= set(DOMAINS)
    assert 0 not in DOMAINS and max(DOMAINS) <= 101


def test_a_domain_of_another_process_is_free_once_that_is_killed(three):
    other = subprocess.Popen(
        [sys.executable, "-c", HOLD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    taken = int(other.stdout.readline())
    with own_domain() as first, own_domain() as second:
        assert {taken, first, second} == {900, 901, 902}
        other.kill()
        other.communicate()
        with own_domain() as third:
            assert third == taken


def test_without_a_free_one_it_says_so(three):
    with own_domain(), own_domain(), own_domain(), pytest.raises(LaunchError, match="900 to 902"):
        with own_domain():
            pass
