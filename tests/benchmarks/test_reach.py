from functools import partial

from robot_meta.benchmarks.planner.reach import ReachConfig, compare, icem, random_shooting


def test_icem_with_32_samples_reaches_better_than_random_shooting_with_350():
    results = compare({"icem": icem, "shooting": random_shooting}, seeds=range(3))
    assert results["icem"].candidates < 0.3 * results["shooting"].candidates
    assert results["icem"].distance < 0.8 * results["shooting"].distance


def test_a_planner_out_of_time_makes_do_with_its_first_draw():
    unlimited = partial(random_shooting, samples=32, draws=10**6)
    results = compare({"shooting": unlimited}, range(1), ReachConfig(ticks=5, budget_s=0.0))
    assert results["shooting"].candidates == 32.0
