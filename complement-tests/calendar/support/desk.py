"""Our calendars as a process: its doors on loopback, and a line of JSON for everything else."""

import json
import os
import subprocess


class Desk:
    def __init__(self):
        self.process = subprocess.Popen(
            [os.environ["LIANQIAO_CALENDAR_DESK"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self.url = json.loads(self.process.stdout.readline())["url"]

    def ask(self, ask, **values):
        """What the desk answers; a refusal is an error."""
        answer = self.answer(ask, **values)
        if "error" in answer:
            raise AssertionError(f"{ask}: {answer['error']}")
        return answer["ok"]

    def answer(self, ask, **values):
        self.process.stdin.write(json.dumps({"ask": ask, **values}) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
