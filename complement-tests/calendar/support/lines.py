"""A process that answers each line on its input with a line of JSON."""

import json
import os
import subprocess

STOP_SECONDS_MAX = 30


class Lines:
    def __init__(self, program):
        """`program` is the variable of the environment that says where it is."""
        self.process = subprocess.Popen(
            [os.environ[program]], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def read(self):
        return json.loads(self.process.stdout.readline())

    def write(self, line):
        """What it answers."""
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()
        return self.read()

    def close(self):
        self.process.stdin.close()
        self.process.wait(STOP_SECONDS_MAX)
        self.process.stdout.close()
