"""Install the browser that tests of pages need, when root; say what to type otherwise."""

import shutil
import sys

from setup import apt_command, apt_install

NAMES = ("chromium", "chromium-browser", "google-chrome")


def main() -> int:
    """Find or install one; tests that need it skip themselves where there is none."""
    if not any(map(shutil.which, NAMES)) and not apt_install(["chromium"]):
        print(f"no browser here: tests of pages are skipped. Run: {apt_command(['chromium'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
