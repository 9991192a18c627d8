"""The command line: compose, run, save."""
