#!/usr/bin/env python3
"""Scenarios on the pages of a real server: tests.py OUT [NAME...]. Needs `swift build --build-tests`; see .ci/browser."""
import sys

import home_scenarios, keyboard_scenarios, scenarios, share_scenarios, work_scenarios
from stage import play

if __name__ == "__main__":
    sys.exit(1 if play(scenarios.all + share_scenarios.all + work_scenarios.all + keyboard_scenarios.all + home_scenarios.all, sys.argv[1], sys.argv[2:]) else 0)
