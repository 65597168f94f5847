"""Our simulator of Feishu as a process, with two people, an app and a group."""

import itertools
import json
import urllib.request

from common.simulator import SECONDS_MAX
from common.simulator import Simulator as Process
from common.simulator import until as until

SECRET, ENCRYPT_KEY = "the secret of the app", "the key of the app"
NUMBERS = itertools.count(1)


class Simulator(Process):
    def __init__(self):
        # The platform waits 15 seconds before it tries again; here it is a fraction of one.
        super().__init__("feishu", "--time-scale", "50")
        # The library keeps the token of an app for the whole process: each simulator has an app of its own.
        self.app = f"cli_{next(NUMBERS):016x}"
        self.do("add_person", user_id="zhang", name="张三", email="zhang@corp.example")
        self.do("add_person", user_id="li", name="Li Si", email="li@corp.example")
        made = self.do("add_app", app_id=self.app, secret=SECRET, name="Bridge", encrypt_key=ENCRYPT_KEY)
        self.verification_token = made["verification_token"]
        # Owned by the app, so that no news of its making waits for a connection.
        self.chat = self.do("add_chat", name="Sales", owner=self.app, people=["zhang", "li"])["chat_id"]

    def post(self, path, body, token=""):
        headers = {"Content-Type": "application/json", "Authorization": f"Bearer {token}"}
        request = urllib.request.Request(self.api + path, json.dumps(body).encode(), headers)
        with urllib.request.urlopen(request, timeout=SECONDS_MAX) as answer:
            return json.load(answer)

    def token(self):
        path = "/open-apis/auth/v3/tenant_access_token/internal"
        return self.post(path, {"app_id": self.app, "app_secret": SECRET})["tenant_access_token"]

    def speak(self, text, person="zhang"):
        return self.do("speak", person=person, chat=self.chat, text=text)["message_id"]

    def shown(self):
        return self.do("show", chat=self.chat)["messages"]

    def fail(self, name, **values):
        self.do("fail", name=name, times=1, **values)

    def connections(self):
        return self.do("overview")["apps"][0]["connections"]
