"""Our calendars as a process: its doors on loopback, and a line of JSON for everything else."""

import json

from support.lines import Lines


class Desk(Lines):
    def __init__(self):
        super().__init__("LIANQIAO_CALENDAR_DESK")
        self.url = self.read()["url"]

    def ask(self, ask, **values):
        """What the desk answers; a refusal is an error."""
        answer = self.answer(ask, **values)
        if "error" in answer:
            raise AssertionError(f"{ask}: {answer['error']}")
        return answer["ok"]

    def answer(self, ask, **values):
        return self.write(json.dumps({"ask": ask, **values}))
