"""The meetings bot as a process: what somebody types to it, and what it says."""

import json
import os
import subprocess


class Chat:
    def __init__(self):
        self.process = subprocess.Popen(
            [os.environ["LIANQIAO_MEETINGS_DESK"]],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def say(self, text):
        """What the bot says to it, in order."""
        self.process.stdin.write(text + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()
