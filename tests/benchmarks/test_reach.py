from robot_meta.benchmarks.planner.reach import compare, icem, random_shooting


def test_icem_with_32_samples_reaches_better_than_random_shooting_with_350():
    results = compare({"icem": icem, "shooting": random_shooting}, seeds=range(3))
    assert results["icem"].candidates < 0.3 * results["shooting"].candidates
    assert results["icem"].distance < 0.8 * results["shooting"].distance
