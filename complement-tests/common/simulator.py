"""A simulator of ours as a process: started from the binary that an environment variable names, asked over its control API."""

import json
import os
import subprocess
import time
import urllib.error
import urllib.request

SECONDS_MAX = 30


class Simulator:
    """Ends when it is closed, or with the process that started it."""

    def __init__(self, platform, *arguments):
        self.process = subprocess.Popen(
            [os.environ[f"LIANQIAO_{platform.upper()}_SIMULATOR"], *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.addresses = json.loads(self.process.stdout.readline())
        self.api, self.control = self.addresses["api"], self.addresses["control"]

    def do(self, do, **values):
        """What the control API answers; a refusal is an error."""
        body = json.dumps({"do": do, **values}).encode()
        request = urllib.request.Request(f"{self.control}/do", body, {"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{do}: {error.read().decode()}") from error

    def close(self):
        self.process.stdin.close()
        self.process.wait(SECONDS_MAX)
        self.process.stdout.close()


def until(found, what):
    """Waits for something true."""
    end = time.monotonic() + SECONDS_MAX
    while time.monotonic() < end:
        value = found()
        if value:
            return value
        time.sleep(0.02)
    raise AssertionError(f"{what} did not happen")
