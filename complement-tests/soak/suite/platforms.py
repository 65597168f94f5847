"""The platforms as people and the soak meet them: each a simulator that runs as a process. Another platform is one more class."""

import json
import os
import random
import subprocess

from suite.wire import Wire

# By how much the platforms' waits between two tries of an event are shortened.
TIME_SCALE = 10
# What the month may cost: the soak is about order and loss, not about quotas.
PLENTY = 10_000_000


class Platform:
    """Subclasses give `name`, `key`, `binary`, `config`, `troubles`, and how a chat is made and spoken in."""

    loses = False

    def __init__(self):
        arguments = [os.environ[self.binary], "--time-scale", str(TIME_SCALE)]
        self.process = subprocess.Popen(arguments, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addresses = json.loads(self.process.stdout.readline())
        self.wire = Wire(self.addresses["control"])
        self.prepare()

    def do(self, do, **values):
        """What the control port answers."""
        return self.wire.ask("POST", "/do", {"do": do, **values})

    def shown(self, chat):
        """What our app said in a chat: pairs of words and the time, in order."""
        messages = self.do("show", chat=chat)["messages"]
        return [(message["text"], message["create_ms"]) for message in messages if message["is_bot"]]

    def trouble(self, chance: random.Random):
        """Lets something go wrong, and says what."""
        name, values = chance.choice(self.troubles)
        if name == "fail":
            self.do("fail", **{**values, "times": chance.randint(1, 4)})
            return f"{self.name}: {values['name']}"
        self.do(name, app=self.app)
        return f"{self.name}: {name}"

    def mend(self):
        self.do("mend")

    def note_deliveries(self):
        """Remembers how messages fared; the platform keeps the last lines alone."""

    def lost(self, message):
        """Whether the platform itself dropped a message without telling anybody."""
        return False

    def is_late(self, message):
        """Whether the platform itself brought a message later than those that came after it."""
        return False

    def close(self):
        self.process.stdin.close()
        self.process.wait(30)
        self.process.stdout.close()


def fails(*names):
    return [("fail", {"name": name}) for name in names]


class Feishu(Platform):
    name, key, letter, binary = "Feishu", "feishu", "f", "LIANQIAO_FEISHU_SIMULATOR"
    app = "cli_soak"
    troubles = fails(
        "api.rate_limited", "api.answer_lost", "api.server_error", "api.disconnected", "api.truncated",
        "delivery.duplicate", "delivery.ack_ignored", "delivery.new_event_id", "socket.closed", "socket.garbage",
    ) + [("close_connections", {}), ("expire_tokens", {})]

    def prepare(self):
        self.do("add_app", app_id=self.app, secret="secret", name="Bridge")
        self.do("add_person", user_id="li", name="李雷")

    def config(self):
        return (
            f'\n[feishu]\nenabled = true\napp_id = "{self.app}"\napp_secret = "secret"\n'
            f'base_url = "{self.addresses["api"]}"\n'
        )

    def chat(self, name):
        return self.do("add_chat", name=name, owner="li", people=["li"], bots=[self.app])["chat_id"]

    def speak(self, chat, text):
        return self.do("speak", person="li", chat=chat, text=text)["message_id"]


class DingTalk(Platform):
    name, key, letter, binary = "DingTalk", "dingtalk", "d", "LIANQIAO_DINGTALK_SIMULATOR"
    app = "dingsoak"
    # It gives a robot no history, and no key by which a repeated request is known.
    loses = True
    troubles = fails(
        "api.qps", "api.busy", "api.disconnected", "api.server_error", "api.answer_lost",
        "delivery.duplicate", "delivery.ack_ignored", "socket.garbage",
    ) + [("disconnect", {}), ("close_connections", {}), ("expire_tokens", {})]

    def prepare(self):
        self.fared = {}
        self.do("add_app", app_id=self.app, secret="secret", name="Bridge")
        self.do("add_person", user_id="zhang", name="张三")
        self.do("set_quota", calls=PLENTY, pushes=PLENTY)

    def config(self):
        url = self.addresses["api"]
        return (
            f'\n[dingtalk]\nenabled = true\nclient_id = "{self.app}"\nclient_secret = "secret"\n'
            f'api_url = "{url}"\nold_api_url = "{self.addresses.get("old_api", url)}"\n'
            f"api_calls_month = {PLENTY}\npushes_month = {PLENTY}\n"
        )

    def chat(self, name):
        chat = self.do("add_chat", name=name, owner="zhang", people=["zhang"], bots=[self.app])["chat_id"]
        return chat

    def speak(self, chat, text):
        return self.do("speak", person="zhang", chat=chat, text=text, at=[self.app])["message_id"]

    def note_deliveries(self):
        for line in self.do("deliveries"):
            self.fared.setdefault(line["id"], {})[(line["try"], line["outcome"])] = None

    def lost(self, message):
        outcomes = [outcome for _, outcome in self.fared.get(message, {})]
        is_gone = any(outcome.startswith("lost") or outcome in ("given up", "dropped") for outcome in outcomes)
        return is_gone and "acknowledged" not in outcomes

    def is_late(self, message):
        return any(outcome not in ("acknowledged", "acknowledged again") for _, outcome in self.fared.get(message, {}))
