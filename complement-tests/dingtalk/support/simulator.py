"""Our simulator of DingTalk as a process, and one app with its line for each test.

The library takes one address from the environment, DINGTALK_OPENAPI_ENDPOINT, and reads it when it is imported: so there is
one simulator for the process, started before that. Answers in a chat go to the address that each message brings along. Only
the upload of media stands in the library as https://oapi.dingtalk.com and cannot be sent elsewhere: no test uses it.
"""

import asyncio
import atexit
import itertools
import os
import threading

from common.simulator import Simulator
from common.simulator import until as until

SECRET = "the secret of the app"
NUMBERS = itertools.count(1)

# The platform waits 16 seconds before it tries again; here it is a fraction of one.
SIMULATOR = Simulator("dingtalk", "--time-scale", "50")
SIMULATOR.do("add_person", user_id="zhang", name="张三")
SIMULATOR.do("add_person", user_id="li", name="Li Si")
atexit.register(SIMULATOR.close)
os.environ["DINGTALK_OPENAPI_ENDPOINT"] = SIMULATOR.api

import dingtalk_stream  # noqa: E402


class App:
    """An app with a group, and the library's client of it."""

    def __init__(self):
        self.client_id = f"dingapp{next(NUMBERS)}"
        SIMULATOR.do("add_app", app_id=self.client_id, secret=SECRET, name="Bridge")
        self.chat = SIMULATOR.do("add_chat", name="Sales", people=["zhang", "li"], bots=[self.client_id])["chat_id"]
        self.client = dingtalk_stream.DingTalkStreamClient(dingtalk_stream.Credential(self.client_id, SECRET))

    def connect(self):
        """Runs the client in a thread that ends with the process."""
        threading.Thread(target=lambda: asyncio.run(self.client.start()), daemon=True).start()
        until(self.connections, "a connection")

    def connections(self):
        apps = SIMULATOR.do("overview")["apps"]
        return next(app["connections"] for app in apps if app["app_id"] == self.client_id)

    def speak(self, text, person="zhang", **values):
        values = {"chat": self.chat, "at": [self.client_id], **values}
        return SIMULATOR.do("speak", person=person, text=text, **values)["message_id"]

    def shown(self, **values):
        return SIMULATOR.do("show", **{"chat": self.chat, **values})["messages"]

    def fared(self, id):
        """How the tries of a push ended."""
        lines = SIMULATOR.do("deliveries")
        return [line["outcome"] for line in lines if line["app"] == self.client_id and id in (line["id"], line["what"])]
