#!/usr/bin/env python3
"""Scenarios on the pages of a real server: tests.py OUT [NAME...]. Needs `swift build --build-tests`; see .ci/browser.

All of them are played on two stages at once, each with a server and a browser of its own; a name is a part of a scenario's name, or `=` and all of it.
"""
import subprocess, sys

import home_scenarios, keyboard_scenarios, scenarios, share_scenarios, work_scenarios
from stage import play

if __name__ == "__main__":
    out, only = sys.argv[1], sys.argv[2:]
    every = scenarios.all + share_scenarios.all + work_scenarios.all + keyboard_scenarios.all + home_scenarios.all
    if only:
        sys.exit(1 if play(every, out, only) else 0)
    halves = [subprocess.Popen([sys.executable, __file__, out, *(f"={each.__name__}" for each in every[at::2])]) for at in (0, 1)]
    sys.exit(max([half.wait() for half in halves]))
