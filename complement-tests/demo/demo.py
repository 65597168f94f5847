"""The demonstration: a server with the sample organisation, simulated platforms with a page each, one room across all, and an
approval that begins in Matrix and is decided on a card of a platform.

Everything is sample data of `config/sample`, lies in a temporary folder and is gone afterwards. With `--json` the addresses
come as one line of JSON and it ends with its standard input; without, it is for people and ends by an interrupt.
"""

import argparse
import contextlib
import csv
import json
import pathlib
import signal
import sys
import urllib.parse

from common.lianqiao import PASSWORD, Lianqiao
from common.simulator import Simulator, until

STAFF = pathlib.Path(__file__).resolve().parents[2] / "config" / "sample" / "staff.csv"
SERVER_NAME = "sample.example"
ROOM = "样例·项目 Sample project"
APP, SECRET, BOT = "sampleapp", "sample-secret", "连桥"
# Who of the sample organisation stays where; the others read and write in Matrix.
STAYING = {"feishu": ["lisi", "zhangsan"], "dingtalk": ["wangwu", "cashier"], "wecom": ["admin"]}
HOST = "zhaoliu"
# DingTalk and WeCom call people as the organisation does: the staff list says so, and what bots keep finds them before they say a word.
COLUMNS = {"dingtalk": "钉钉ID", "wecom": "企微ID"}
WECOM_AGENT = 1000002
# Where Feishu's approval centre tells what people decide there; its simulator finds the server by it.
OUTSIDE = "https://bridge.sample.example"
# Who asks for leave in Matrix, and whose approval it takes: a colleague who stays on a platform.
ASKS, DECIDES, DECIDES_ON = "ann", "lisi", "feishu"
# The bots that are spoken to.
BOTS = ["approvals", "task", "meet"]
LEAVE = "!leave tomorrow tomorrow annual family"
TASK = f"!task Write the report @{DECIDES} tomorrow 18:00"
MEETING = f"!meet Review @{DECIDES} @{STAYING['dingtalk'][0]} @{STAYING['wecom'][0]} tomorrow 10:00 30m"

SETTINGS = """
[feishu]
enabled = true
app_id = "{app}"
app_secret = "{secret}"
base_url = "{feishu[api]}"
approval_callback_url = "{outside}/_lianqiao/bridge/feishu"
approval_token = "{secret}"
[dingtalk]
enabled = true
client_id = "{app}"
client_secret = "{secret}"
api_url = "{dingtalk[api]}"
old_api_url = "{dingtalk[old_api]}"
operator = "{operator}"
[wecom]
enabled = true
corp_id = "{corp_id}"
agent_id = {agent}
secret = "{secret}"
bot_id = "{app}"
bot_secret = "{secret}"
bot_names = ["{bot}"]
api_url = "{wecom[api]}"
bot_url = "{wecom[socket]}"
"""


def staff():
    """The names of the sample organisation by their accounts."""
    with open(STAFF, encoding="utf-8") as lines:
        return {line["账号"]: line["姓名"] for line in csv.DictReader(lines)}


def platform(name, people):
    """A simulated platform with these people, the bridge's app, and a group of those who stay there."""
    simulator = Simulator(name)
    for account in STAYING[name]:
        simulator.do("add_person", user_id=account, name=people[account])
    here = {"people": STAYING[name], "owner": STAYING[name][0], "bots": [APP]}
    if name == "wecom":
        simulator.do("add_bot", bot=APP, secret=SECRET, name=BOT)
        # Bots have no calendar there; the app puts meetings into it.
        simulator.do("add_app", app=WECOM_AGENT, secret=SECRET, name=BOT)
        # Somebody has spoken to the bot there: without that the platform lets it say nothing.
        here["addressed"] = True
    else:
        simulator.do("add_app", app_id=APP, secret=SECRET, name=BOT)
    simulator.chat = simulator.do("add_chat", name=ROOM, **here)["chat_id"]
    return simulator


def is_connected(simulator):
    there = simulator.do("overview")
    return any(one["connections"] for one in there["apps"] + there.get("bots", []))


def organise(server):
    """Gives the server the staff list: from then on the bots know who works here, under whom, and who is who on the platforms."""
    with open(STAFF, encoding="utf-8") as lines:
        people = list(csv.DictReader(lines))
    for person in people:
        for platform, column in COLUMNS.items():
            person[column] = person["账号"] if person["账号"] in STAYING[platform] else ""
    server.import_people(people)


def common_room(server, people):
    """The accounts of those who stay nowhere else, in one room with the bridge; returns room and the tokens."""
    elsewhere = {account for accounts in STAYING.values() for account in accounts}
    matrix = {account: name for account, name in people.items() if account not in elsewhere}
    tokens = {account: server.register(account, name)["access_token"] for account, name in matrix.items()}
    # Whoever decides on a platform is asked by their account here.
    server.register(DECIDES, people[DECIDES])
    bridge = f"@bridge:{SERVER_NAME}"
    guests = [f"@{account}:{SERVER_NAME}" for account in tokens if account != HOST]
    # The bridge writes into the room's state how its lines are.
    power = {"users": {bridge: 50}}
    body = {"name": ROOM, "preset": "private_chat", "invite": [bridge, *guests], "power_level_content_override": power}
    room = server.ask("POST", "createRoom", body, tokens[HOST])["room_id"]
    for account in tokens:
        server.ask("POST", f"join/{urllib.parse.quote(room)}", {}, tokens[account])
    until(lambda: server.has_joined(room, bridge, tokens[HOST]), "the bridge's bot in the room")
    return room, tokens


def desk(server, tokens, localpart):
    """The direct chat of whoever asks for leave with a bot."""
    bot = f"@{localpart}:{SERVER_NAME}"
    body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [bot]}
    room = server.ask("POST", "createRoom", body, tokens[ASKS])["room_id"]
    until(lambda: server.has_joined(room, bot, tokens[ASKS]), f"{bot} in its chat")
    return room


def bind_decider(server, name, room, token):
    """Says whose account the one who decides has here: the bridge knows them since they spoke."""
    def found():
        members = server.ask("GET", f"rooms/{urllib.parse.quote(room)}/joined_members", None, token)["joined"]
        ours = (user for user, member in members.items() if user.startswith("@fs_") and name in (member["display_name"] or ""))
        return next(ours, None)
    ghost = until(found, f"{name} in the room")
    person = ghost.removeprefix("@fs_").rsplit(":", 1)[0]
    server.run("bridge", "person", DECIDES_ON, person, f"@{DECIDES}:{SERVER_NAME}")


def start(stack):
    """Starts everything; returns where it is."""
    people = staff()
    platforms = {}
    for name in STAYING:
        platforms[name] = platform(name, people)
        stack.callback(platforms[name].close)
    addresses = {name: simulator.addresses for name, simulator in platforms.items()}
    corp_id = platforms["wecom"].do("overview")["corp_id"]
    values = {"app": APP, "secret": SECRET, "bot": BOT, "corp_id": corp_id, "agent": WECOM_AGENT, "outside": OUTSIDE}
    # In whose name DingTalk keeps the meetings of those who are not there.
    values["operator"] = STAYING["dingtalk"][-1]
    server = Lianqiao("demo", SERVER_NAME, SETTINGS.format(**values, **addresses))
    stack.callback(server.remove)
    platforms["feishu"].do("reroute", **{"from": OUTSIDE, "to": server.base_url})
    organise(server)
    room, tokens = common_room(server, people)
    for name, simulator in platforms.items():
        until(lambda simulator=simulator: is_connected(simulator), f"the line to {name}")
    # A bot of WeCom knows the groups from which it was addressed alone.
    wecom = platforms["wecom"]
    wecom.do("speak", person=STAYING["wecom"][0], chat=wecom.chat, text="大家好", at=[APP])
    until(lambda: wecom.chat in server.run("bridge", "list"), "the group of WeCom")
    for name, simulator in platforms.items():
        conversation = f"group:{simulator.chat}" if name == "wecom" else simulator.chat
        server.run("bridge", "bind", name, conversation, room)
    platforms[DECIDES_ON].do("speak", person=DECIDES, chat=platforms[DECIDES_ON].chat, text="大家好")
    bind_decider(server, people[DECIDES], room, tokens[HOST])
    return {
        "homeserver": server.base_url,
        "room": room,
        "desks": {bot: desk(server, tokens, bot) for bot in BOTS},
        "lines": {"leave": LEAVE, "task": TASK, "meeting": MEETING},
        "tokens": tokens,
        "accounts": [f"@{account}:{SERVER_NAME}" for account in tokens],
        "password": PASSWORD,
        "pages": {name: simulator.control for name, simulator in platforms.items()},
        "apis": {name: simulator.api for name, simulator in platforms.items()},
        "chats": {name: simulator.chat for name, simulator in platforms.items()},
        "people": STAYING,
        "app": {"id": APP, "secret": SECRET},
    }


def tell(made):
    print("连桥演示（全部为样例数据） · Lianqiao demonstration, sample data only\n")
    print(f"  Matrix    {made['homeserver']}   (any client: accounts below, password {made['password']})")
    for name, page in made["pages"].items():
        print(f"  {name:<9} {page}/   ({', '.join(made['people'][name])})")
    print(f"\n  {', '.join(made['accounts'])}")
    print("\n在任一页面写一条消息，其他各处都会出现。")
    print("What is written on one page appears on the others and in Matrix.")
    print(f"\n审批：以 {ASKS} 在 Element 里对 @approvals 说 {LEAVE}，然后在飞书页面上以 {DECIDES} 打开与“{BOT}”的会话，在卡片上点“同意”。")
    print(f"An approval: as {ASKS} say {LEAVE} to @approvals in Element, then open the chat of {DECIDES} with “{BOT}” on the page of")
    print("Feishu and press 同意 (approve) on the card, or open 审批 (approvals) there: it stands in the approval centre as well.")
    print(f"\n任务与会议：以 {ASKS} 对 @task 说 {TASK}，对 @meet 说 {MEETING}，再看各页面的“待办”和“日程”。")
    print(f"Tasks and meetings: as {ASKS} say {TASK} to @task and {MEETING} to @meet, then look")
    print("at To-dos (待办) and Calendar (日程) on the pages.")
    print("\nCtrl-C 结束 · ends it.", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="addresses as JSON; ends with the standard input")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with contextlib.ExitStack() as stack:
        made = start(stack)
        try:
            if arguments.json:
                print(json.dumps(made), flush=True)
                sys.stdin.read()
            else:
                tell(made)
                signal.pause()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main()
