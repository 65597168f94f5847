"""non-passing.md: every test of the record that does not pass, with a person's reason for it.

The rows are generated; the reasons are written by hand and kept from one generation to the next. A row
without a reason of its own takes the one of the test that it is part of.
"""

import re

from . import paths, results

MISSING = "NO REASON YET"
HEAD = """\
# Complement tests that do not pass

Each line of `results.jsonl` that is not a pass, with its reason. `complement-tests/run` rewrites the rows
and keeps the reasons; a row without its own takes that of the test above it. The list may only get shorter.

"""
ROW = re.compile(r"^\| `(?P<test>.+?)` \| (?P<package>\S+) \| (?P<action>\w+) \| (?P<reason>.*?) \|$")


def rewrite(record: results.Record) -> None:
    reasons = {key: reason for key, (_, reason) in read().items() if reason and reason != MISSING}
    rows = ["| test | package | result | reason |", "| --- | --- | --- | --- |"]
    for (package, test), action in sorted(wanted(record).items()):
        reason = reasons.get((package, test)) or ("" if inherits(package, test, record) else MISSING)
        rows.append(f"| `{escape(test)}` | {package} | {action} | {reason} |")
    paths.NON_PASSING.write_text(HEAD + "\n".join(rows) + "\n")


def check() -> int:
    """Compares the list with the record; tells what is wrong and returns an exit code."""
    listed, record = read(), results.read()
    problems = [f"not listed: {test}" for _, test in wanted(record).keys() - listed.keys()]
    problems += [f"listed but passing: {test}" for _, test in listed.keys() - wanted(record).keys()]
    problems += [f"no reason: {test}" for (_, test), (_, reason) in listed.items() if reason == MISSING]
    for problem in sorted(problems):
        print(problem)
    print(f"non-passing.md: {len(listed)} listed, {len(problems)} wrong")
    return 1 if problems else 0


def wanted(record: results.Record) -> results.Record:
    return {key: action for key, action in record.items() if action != "pass"}


def inherits(package: str, test: str, record: results.Record) -> bool:
    parent = test.rsplit("/", 1)[0]
    return "/" in test and record.get((package, parent), "pass") != "pass"


def read() -> dict[tuple[str, str], tuple[str, str]]:
    if not paths.NON_PASSING.exists():
        return {}
    rows = filter(None, map(ROW.match, paths.NON_PASSING.read_text().splitlines()))
    return {
        (row["package"], row["test"].replace("\\|", "|")): (row["action"], row["reason"].strip()) for row in rows
    }


def escape(test: str) -> str:
    return test.replace("|", "\\|")
