"""Runs a console entry point as its installed script would: `entry.py module:function ARGUMENT`.

Needed where a package is importable but its scripts are in no `lib/<package>`, as in a source
tree.
"""

import importlib
import sys
from pathlib import Path

if __name__ == "__main__":
    # Drop this folder from the path (it would hide modules by its file names) and make sure that
    # the package it belongs to is found from any working folder.
    sys.path[0] = str(Path(__file__).resolve().parents[2])
    target = sys.argv.pop(1)
    module, _, function = target.partition(":")
    sys.argv[0] = module.rpartition(".")[2]
    try:
        sys.exit(getattr(importlib.import_module(module), function)())
    except KeyboardInterrupt:  # told to end while it was still being imported
        sys.exit(130)
