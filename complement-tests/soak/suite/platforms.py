"""The platforms as people and the soak meet them: each a simulator that runs as a process. Another platform is one more class."""

import itertools
import random
import re
import time

from common.simulator import Simulator, until
from suite.wire import Refused, Wire

# By how much the platforms' waits between two tries of an event are shortened.
TIME_SCALE = 10
# How much later an event comes that the platform delays, in milliseconds.
DELAY_MS = 800
# What the month may cost: the soak is about order and loss, not about quotas.
PLENTY = 10_000_000


class Platform(Simulator):
    """Subclasses give `name`, `key`, `config`, `troubles`, and how a chat is made and spoken in."""

    loses = False
    time_scale = TIME_SCALE

    def __init__(self):
        super().__init__(self.key, "--time-scale", str(self.time_scale))
        self.wire, self.fared = Wire(self.control), {}
        self.prepare()

    def do(self, do, **values):
        """What the control port answers."""
        return self.wire.ask("POST", "/do", {"do": do, **values})

    def meet(self, house):
        """What has to be set once the bridges run."""

    def conversation(self, chat):
        """What the bridges call a chat."""
        return chat

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
        self.do(name, **values)
        if name == "close_connections":
            self.broke()
        return f"{self.name}: {name}"

    def mend(self):
        self.do("mend")

    def broke(self):
        """Our connections end at this moment, with whatever is on its way over them."""

    def note_deliveries(self):
        """Remembers how messages fared and when that was seen; a platform keeps the last lines alone."""
        now = time.time()
        for line in self.do("deliveries"):
            self.fared.setdefault(line["id"], {}).setdefault((line["try"], line["outcome"]), now)

    def outcomes(self, message):
        return [outcome for _, outcome in self.fared.get(message, {})]

    def lost(self, message, at):
        """Whether the platform itself dropped a message that was said at this time, without telling anybody."""
        outcomes = self.outcomes(message)
        is_gone = any(outcome.startswith("lost") or outcome in ("given up", "dropped") for outcome in outcomes)
        return self.loses and is_gone and "acknowledged" not in outcomes

    def fate(self, message, at):
        """What is known of a message that was said at this time, for a fault that names it."""
        return f"said at {at:.1f}, outcomes {self.outcomes(message)}"

    def is_late(self, message):
        """Whether the platform itself brought a message later than those that came after it."""
        good = ("acknowledged", "acknowledged again")
        return any(outcome not in good for outcome in self.outcomes(message))


def fails(*names, **values):
    return [("fail", {"name": name, **values}) for name in names]


class Feishu(Platform):
    name, key, letter = "Feishu", "feishu", "f"
    app = "cli_soak"
    troubles = fails(
        "api.rate_limited", "api.answer_lost", "api.server_error", "api.disconnected", "api.truncated",
        "delivery.duplicate", "delivery.ack_ignored", "delivery.new_event_id", "socket.closed", "socket.garbage",
    ) + [("close_connections", {"app": app}), ("expire_tokens", {"app": app})]

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
    name, key, letter = "DingTalk", "dingtalk", "d"
    app = "dingsoak"
    # It gives a robot no history, and no key by which a repeated request is known.
    loses = True
    troubles = fails(
        "api.qps", "api.busy", "api.disconnected", "api.server_error", "api.answer_lost",
        "delivery.duplicate", "delivery.ack_ignored", "delivery.reordered", "socket.garbage",
    ) + fails("delivery.delayed", value=DELAY_MS)
    troubles += [("disconnect", {"app": app}), ("close_connections", {"app": app}), ("expire_tokens", {"app": app})]

    def prepare(self):
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


class WeCom(Platform):
    """Every second chat is a group with the bot, over its connection; the others are people with the app, which hears by callback."""

    name, key, letter = "WeCom", "wecom", "w"
    bot, agent = "aibsoak", 1_000_002
    token, aes_key = "soaktoken", "jWmYm7qr5nMoAUwZRjGtBxmz3KA1tkAj3ykkR6q2B2C"
    # It gives a bot no history and no acknowledgement, and knows no repeated request.
    loses = True
    # Its own waits: the app is to outlive a restart of the bridges.
    time_scale = 1
    # What is on its way over a connection when that ends is gone, and the platform does not know: so long before, and after.
    underway_seconds = (3, 1)
    troubles = (
        fails("api.busy", "api.concurrency", "api.token_expired", "api.answer_lost", "api.disconnected", path="message/send")
        + fails(
            "delivery.duplicate", "delivery.ack_ignored", "delivery.reordered", "callback.wrong_signature", "callback.tampered",
            "socket.ack_lost", "socket.closed", "socket.garbage", "socket.unknown", "socket.unsubscribed",
        )
        + fails("delivery.delayed", value=DELAY_MS)
        + [("close_connections", {"bot": bot}), ("expire_tokens", {"app": agent})]
    )

    def prepare(self):
        self.speakers, self.conversations, self.by_bot, self.breaks = {}, {}, set(), []
        self.numbers = itertools.count()
        self.do("add_app", app=self.agent, secret="secret", name="Bridge")
        self.do("add_bot", bot=self.bot, secret="secret", name="Bridge")

    def config(self):
        corp_id = self.do("overview")["corp_id"]
        return (
            f'\n[wecom]\nenabled = true\ncorp_id = "{corp_id}"\nbot_id = "{self.bot}"\nbot_secret = "secret"\n'
            f'bot_names = ["Bridge"]\nagent_id = {self.agent}\nsecret = "secret"\n'
            f'callback_token = "{self.token}"\ncallback_aes_key = "{self.aes_key}"\n'
            f'api_url = "{self.api}"\nbot_url = "{self.addresses["socket"]}"\n'
        )

    def meet(self, house):
        address = {"url": f"{house.bridge_url}/_lianqiao/bridge/wecom", "token": self.token, "aes_key": self.aes_key}

        def proves_itself():
            try:
                self.do("use_callback", app=self.agent, **address)
                return True
            except Refused:
                return False
        until(proves_itself, "the callback of WeCom")

    def chat(self, name):
        number = next(self.numbers)
        person = f"wang{number}"
        self.do("add_person", user_id=person, name=f"王五{number}")
        if number % 2:
            chat = self.do("enter", person=person, app=self.agent, quietly=True)["chat_id"]
            self.conversations[chat] = f"user:{person}"
        else:
            chat = self.do("add_chat", name=name, people=[person], bots=[self.bot], addressed=True)["chat_id"]
            self.conversations[chat] = f"group:{chat}"
        self.speakers[chat] = person
        return chat

    def conversation(self, chat):
        return self.conversations[chat]

    def speak(self, chat, text):
        is_group = self.conversations[chat].startswith("group:")
        at = [self.bot] if is_group else []
        message = self.do("speak", person=self.speakers[chat], chat=chat, text=text, at=at)["message_id"]
        if is_group:
            self.by_bot.add(message)
        return message

    def shown(self, chat):
        # As people see it: without the escapes of Markdown.
        return [(re.sub(r"\\([!-/:-@[-`{-~])", r"\1", text), at) for text, at in super().shown(chat)]

    def broke(self):
        self.breaks.append(time.time())

    def fate(self, message, at):
        kind = "by the bot's connection" if message in self.by_bot else "by callback"
        nearest = min(self.breaks, key=lambda end: abs(end - at), default=None)
        ends = "no connection ended" if nearest is None else f"the nearest end of a connection {nearest - at:+.1f} s"
        return f"{super().fate(message, at)}, {kind}, {ends}"

    def lost(self, message, at):
        before, after = self.underway_seconds
        # What waits behind others is on its way later than it was said. Before each trouble it is noted what was on its way.
        moments = [at, *self.fared.get(message, {}).values()]
        was_underway = any(end - before <= moment <= end + after for end in self.breaks for moment in moments)
        return (message in self.by_bot and was_underway) or super().lost(message, at)
