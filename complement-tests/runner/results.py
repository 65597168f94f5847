"""The record: results.jsonl, one line for each test and subtest, sorted."""

import json

from . import paths

# A later entry loses against an earlier one when a name reports twice.
ACTIONS = ("fail", "pass", "skip")

Record = dict[tuple[str, str], str]


def fold(events: list[dict]) -> Record:
    record: Record = {}
    for event in events:
        key = (event["Package"].removeprefix(paths.MODULE + "/"), event["Test"])
        before = record.get(key, ACTIONS[-1])
        record[key] = min(before, event["Action"], key=ACTIONS.index)
    return record


def read() -> Record:
    if not paths.RESULTS.exists():
        return {}
    lines = [json.loads(line) for line in paths.RESULTS.read_text().splitlines()]
    return {(line["Package"], line["Test"]): line["Action"] for line in lines}


def write(record: Record) -> None:
    lines = [
        json.dumps({"Package": package, "Test": test, "Action": action}, ensure_ascii=False)
        for (package, test), action in sorted(record.items())
    ]
    paths.RESULTS.write_text("".join(line + "\n" for line in lines))


def merge(before: Record, found: Record, packages: list[str], whole: bool) -> Record:
    """A whole run replaces its packages; a filtered one replaces the top-level tests that ran."""
    ran = {(package, top_level(test)) for package, test in found}

    def stays(package: str, test: str) -> bool:
        return package not in packages if whole else (package, top_level(test)) not in ran

    return {key: action for key, action in before.items() if stays(*key)} | found


def top_level(test: str) -> str:
    return test.split("/", 1)[0]


def leaves(record: Record) -> Record:
    """The tests that have no subtests."""
    parents = {(package, test.rsplit("/", 1)[0]) for package, test in record if "/" in test}
    return {key: action for key, action in record.items() if key not in parents}


def summary(record: Record) -> str:
    counted = list(leaves(record).values())
    return ", ".join([
        f"{counted.count('pass')} passed",
        f"{counted.count('fail')} failed",
        f"{counted.count('skip')} skipped",
    ])
