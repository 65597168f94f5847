"""The sample organisation with its bots, and Feishu beside it, where one of those who decide has a card as well."""

import concurrent.futures
import csv
import json
import time
import urllib.parse

from common.lianqiao import PASSWORD, Lianqiao
from common.simulator import until
from demo.demo import APP, DECIDES, DECIDES_ON, SECRET, SERVER_NAME, STAFF, bind_decider, is_connected, platform, staff

BOT = f"@approvals:{SERVER_NAME}"
# Who asks whom: the head of a department who is on the platform too, and those of departments that the sample has not, who
# are on Matrix alone. What is said in one chat is said one after the other, so there are several.
ASKED_ON_CARDS = ("ann", DECIDES)
ASKED_HERE = [(f"asks{number}", f"decides{number}") for number in range(1, 9)]
HOST, ADMIN = "zhaoliu", "admin"
SETTINGS = """
[bridges]
[feishu]
enabled = true
app_id = "{app}"
app_secret = "{secret}"
base_url = "{api}"
"""
# One step and nothing else, so that what is measured is the decision.
TEMPLATE = {
    "v": 1, "id": "race", "name": {"zh": "比赛", "en": "Race"}, "aliases": ["race"],
    "form": [{"id": "what", "type": "text", "required": True}],
    "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"dept_head": 1}}],
    "policy": {"reject": "end"},
}
FILTER = {"room": {"timeline": {"limit": 1000}, "state": {"types": []}}, "presence": {"types": []}}
SYNC_MS = 2_000


class Desk:
    """The direct chat of somebody with the bot; `events` is everything in it since it was opened."""

    def __init__(self, server, account, name):
        self.server = server
        made = server.register(account, name)
        self.user_id, self.token, self.sent = made["user_id"], made["access_token"], 0
        body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [BOT]}
        self.room = server.ask("POST", "createRoom", body, self.token)["room_id"]
        until(lambda: server.has_joined(self.room, BOT, self.token), f"the bot with {account}")
        self.events, self.since = [], None
        # What is said before the bot knows the chat as theirs would be answered in another.
        asked = self.says("!help")
        self.reads_until(lambda: self.answers(asked), "an answer of the bot")

    def device(self):
        """Another device of theirs: its token."""
        identifier = {"type": "m.id.user", "user": self.user_id}
        login = {"type": "m.login.password", "identifier": identifier, "password": PASSWORD}
        return self.server.ask("POST", "login", login)["access_token"]

    def sends(self, kind, content, token=None):
        """Sends something; the event."""
        self.sent += 1
        path = f"rooms/{urllib.parse.quote(self.room)}/send/{kind}/{time.monotonic_ns()}-{self.sent}"
        return self.server.ask("PUT", path, content, token or self.token)["event_id"]

    def says(self, text, token=None):
        return self.sends("m.room.message", {"msgtype": "m.text", "body": text}, token)

    def reads(self):
        """Takes what is new."""
        query = {"filter": json.dumps(FILTER), "timeout": 0}
        if self.since:
            query.update(since=self.since, timeout=SYNC_MS)
        answer = self.server.ask("GET", f"sync?{urllib.parse.urlencode(query)}", None, self.token)
        self.since = answer["next_batch"]
        timeline = answer.get("rooms", {}).get("join", {}).get(self.room, {}).get("timeline", {"events": []})
        assert not timeline.get("limited") or not self.events, "more came than one answer holds"
        self.events += timeline["events"]

    def reads_until(self, found, what):
        def look():
            self.reads()
            return found()
        return until(look, what)

    def answers(self, event):
        """What the bot answered to an event."""
        said = [one for one in self.events if one["sender"] == BOT and one["type"] == "m.room.message"]
        return [
            one["content"]["body"] for one in said
            if one["content"].get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id") == event
        ]

    def cards(self):
        """The number of each case → the event of its card, and the state that it shows now."""
        cards = {}
        for event in self.events:
            content = event["content"].get("m.new_content") or event["content"]
            card = content.get("com.lianqiao.card")
            if event["sender"] == BOT and card:
                first = cards.get(card["no"], (event["event_id"], None))[0]
                cards[card["no"]] = first, card["state"]
        return cards


class Office:
    def __init__(self, stack):
        self.people = staff()
        self.feishu = platform(DECIDES_ON, self.people)
        stack.callback(self.feishu.close)
        settings = SETTINGS.format(app=APP, secret=SECRET, api=self.feishu.api)
        self.server = Lianqiao("races", SERVER_NAME, settings)
        stack.callback(self.server.remove)
        self.server.import_staff(self.write_staff())
        accounts = [HOST, ADMIN, *ASKED_ON_CARDS, *(account for pair in ASKED_HERE for account in pair)]
        with concurrent.futures.ThreadPoolExecutor() as threads:
            desks = threads.map(lambda account: Desk(self.server, account, self.people.get(account, account)), accounts)
            self.desks = dict(zip(accounts, desks))
        admin = self.desks[ADMIN]
        # Whoever heads everything has nobody to ask, and does not ask here.
        published = admin.says(f"!审批 publish --force {json.dumps(TEMPLATE)}")
        (answer,) = admin.reads_until(lambda: admin.answers(published), "the template")
        assert "race@1" in answer, answer
        self.meet_platform()

    def write_staff(self):
        """The sample organisation with more departments: the file."""
        with open(STAFF, encoding="utf-8") as lines:
            rows = list(csv.DictReader(lines))
        for number, pair in enumerate(ASKED_HERE):
            for account, heads in zip(pair, ("否", "是")):
                more = {"工号": f"R-{account}", "姓名": account, "账号": account, "部门": f"样例公司/比赛{number}", "部门主管": heads}
                rows.append({**dict.fromkeys(rows[0], ""), **more, "状态": "在职", "语言": "zh"})
        file = self.server.folder / "staff.csv"
        with open(file, "w", encoding="utf-8", newline="") as lines:
            table = csv.DictWriter(lines, rows[0].keys())
            table.writeheader()
            table.writerows(rows)
        return file

    def meet_platform(self):
        """Whoever decides on cards has spoken on the platform, and the bridge is told whose account is theirs."""
        host = self.desks[HOST].token
        bridge = f"@bridge:{SERVER_NAME}"
        power = {"users": {bridge: 50}}
        body = {"name": "Race", "preset": "private_chat", "invite": [bridge], "power_level_content_override": power}
        room = self.server.ask("POST", "createRoom", body, host)["room_id"]
        until(lambda: self.server.has_joined(room, bridge, host), "the bridge in the room")
        until(lambda: is_connected(self.feishu), "the line to the platform")
        self.server.run("bridge", "bind", DECIDES_ON, self.feishu.chat, room)
        self.feishu.do("speak", person=DECIDES, chat=self.feishu.chat, text="你好")
        bind_decider(self.server, self.people[DECIDES], room, host)
        self.direct = self.feishu.do("enter", person=DECIDES, app=APP)["chat_id"]

    def on_platform(self, no):
        """The card of a case on the platform, once it has buttons: its message."""
        def found():
            for message in self.feishu.do("show", chat=self.direct)["messages"]:
                if message.get("buttons") and no in json.dumps(message.get("card"), ensure_ascii=False):
                    return message["message_id"]
            return None
        return until(found, f"the card of {no} on the platform")
