"""Runs the tests that passed before and fails on a loss."""

import pathlib
import re

from . import go_test, paths, results


def run(working_copy: pathlib.Path, packages: list[str], environment: dict[str, str]) -> int:
    before = {
        key: action for key, action in results.read().items() if action == "pass" and key[0] in packages
    }
    if not before:
        print("results.jsonl names no passing test: nothing to compare with")
        return 1
    found, losses = run_names(working_copy, environment, before)
    repeatable = {key for key in losses if is_flaky(key[1])}
    if repeatable:
        for _, test in sorted(repeatable):
            print(f"repeated once, because upstream calls it flaky: {test}")
        repeated, still_lost = run_names(working_copy, environment, {key: "pass" for key in repeatable})
        found |= {key: repeated[key] for key in repeatable & repeated.keys()}
        losses = (losses - repeatable) | still_lost
    for package, test in sorted(losses):
        print(f"LOST: {test} ({package}) passed before, now: {found.get((package, test), 'did not run')}")
    print(f"{len(before) - len(losses)} passed, {len(losses)} failed")
    return 1 if losses else 0


def run_names(working_copy, environment, names: results.Record):
    """Runs the top-level tests of these names; returns what was found and which names did not pass."""
    found: results.Record = {}
    for package in sorted({package for package, _ in names}):
        tops = sorted({results.top_level(test) for other, test in names if other == package})
        pattern = "^(" + "|".join(map(re.escape, tops)) + ")$"
        found |= go_test.run_package(working_copy, package, environment, pattern)
    return found, {key for key in names if found.get(key) != "pass"}


def is_flaky(test: str) -> bool:
    """Whether upstream's own list of flakes names this test, or the one that it is part of."""
    lines = (line.split("#", 1)[0].strip() for line in paths.FLAKY.read_text().splitlines())
    return any(line and (test == line or test.startswith(line + "/") or line.startswith(test + "/")) for line in lines)
