"""`python -m robot_meta.launching FILE key:=value`."""

import sys

from robot_meta.errors import RobotMetaError
from robot_meta.launching.main import main

if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv[1:]))
    except RobotMetaError as error:
        print(f"robot-meta launch: {error}", file=sys.stderr)
        sys.exit(error.exit_code)
