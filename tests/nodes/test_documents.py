"""What README and docs say of the interface is what the code says."""

import pytest

pytest.importorskip("rclpy")

from robot_meta.nodes import tables  # noqa: E402
from robot_meta.resources import roots  # noqa: E402

pytestmark = pytest.mark.ros


@pytest.fixture
def tree():
    (root, *_) = roots()
    if not (root / "README.md").is_file():
        pytest.skip("not a source tree")
    return root


def test_the_interface_page_is_what_the_code_says(tree):
    page = (tree / "docs" / "interface.md").read_text()
    assert page.strip() == tables.markdown().strip(), (
        "run: python -m robot_meta.nodes.tables > docs/interface.md"
    )


@pytest.mark.parametrize("table", ["topics_table", "services_table", "exit_codes_table"])
def test_the_readme_holds_the_tables_as_the_code_makes_them(tree, table):
    assert getattr(tables, table)() in (tree / "README.md").read_text()
