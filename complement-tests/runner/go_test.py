"""Runs packages of upstream with `go test -json` and folds the events into results."""

import json
import pathlib
import subprocess
import tempfile

from . import paths, results, upstream


def run(working_copy: pathlib.Path, packages: list[str], environment: dict[str, str], pattern: str | None):
    """Runs the packages one after another and returns {(package, test): action}."""
    found = {}
    for package in packages:
        found |= run_package(working_copy, package, environment, pattern)
    return found


def run_package(working_copy: pathlib.Path, package: str, environment: dict[str, str], pattern: str | None):
    command = ["go", "test", "-json", "-v", "-count=1", "-vet=off", "-p", "1", "-timeout", "60m"]
    if pattern:
        command += ["-run", pattern]
    command.append(f"./{package}")
    paths.LOGS.mkdir(parents=True, exist_ok=True)
    log = paths.LOGS / (package.replace("/", "-") + ".log")
    print(f"==> {package}, log in {log}", flush=True)
    events = []
    # Mock servers keep certificates under fixed names in the temporary folder, so each package has its own.
    with tempfile.TemporaryDirectory() as temporary, open(log, "w") as sink:
        environment = environment | upstream.GO_SETTINGS | {"TMPDIR": temporary}
        process = subprocess.Popen(
            command, cwd=working_copy, env=environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )
        for line in process.stdout:
            event = read_event(line)
            sink.write(event.get("Output", "") if event else line)
            if event and event.get("Test") and event["Action"] in results.ACTIONS:
                events.append(event)
                if "/" not in event["Test"]:
                    print(f"{event['Action']:>5} {event['Test']} ({event.get('Elapsed', 0):.1f} s)", flush=True)
        process.wait()
    if not events:
        tail = "".join(log.read_text().splitlines(keepends=True)[-30:])
        raise SystemExit(f"{package}: no test ran\n{tail}")
    return results.fold(events)


def read_event(line: str) -> dict | None:
    try:
        event = json.loads(line)
    except ValueError:
        return None
    return event if isinstance(event, dict) and "Action" in event else None
