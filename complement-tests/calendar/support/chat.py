"""The meetings bot as a process: what somebody types to it, and what it says."""

from support.lines import Lines


class Chat(Lines):
    def __init__(self):
        super().__init__("LIANQIAO_MEETINGS_DESK")

    def say(self, text):
        """What the bot says to it, in order."""
        return self.write(text)
