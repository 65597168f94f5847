"""A server with bots, the sample organisation, and an account for everybody in it.

Everything that all conversations begin with is made once for each language, as a folder that is copied.
"""

import concurrent.futures
import csv
import dataclasses
import json
import pathlib
import shutil
import urllib.parse
import urllib.request

from common.authority import Authority
from common.lianqiao import ANSWER_SECONDS_MAX, PASSWORD, Lianqiao
from common.process import free_port
from common.simulator import until
from support.clock import START, Clock

STAFF = pathlib.Path(__file__).resolve().parents[3] / "config" / "sample" / "staff.csv"
SERVER_NAME = "sample.example"
BOTS = ("approvals", "task", "meet", "org")
# Who gives out the links of first logins; the sample leaves it to nobody.
LINKS_BY, LINKS_ROLE = "admin", "org_admin"
# Whoever of the organisation has not come in yet.
NEWCOMER = "ann"
# What bots answer to before the conversations begin, so that they know the chats. Not `!help`: it has more commands described there
# some time later, maybe while a conversation goes on, and what was said first would drop out of the list's timeline.
GREETING = "!lang"
DESCRIPTION = "org.matrix.msc4391.command_description"
STOP_SECONDS_MAX = 30
# Who answers for a partner's server.
PARTNER_DECIDES, PARTNER_ROLE = "wangwu", "partner.contract"
# How the names of their people begin in conversations.
PARTNER = "partner_"

SETTINGS = """
[bots]
language = "{language}"
partners = {partners}
[meetings]
conference = "none"
resources = ["A1"]
[push]
plain_http = true
[outbound]
allowed_ranges = ["127.0.0.0/8"]
"""
FEDERATION = """allowed_hosts = ["localhost"]
authorities_file = "{authority.file}"
[tls]
certificate_file = "{authority.certificate_file}"
private_key_file = "{authority.key_file}"
"""


def staff(language):
    """The rows of the sample organisation; everybody in it speaks this language."""
    with open(STAFF, encoding="utf-8") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        row["语言"] = language
        for account, role in ((LINKS_BY, LINKS_ROLE), (PARTNER_DECIDES, PARTNER_ROLE)):
            if row["账号"] == account:
                row["角色"] = "|".join(filter(None, (row["角色"], role)))
    return rows


class House(Lianqiao):
    """One server. `made` is the folder of another that has stopped, whose data it goes on with; a `bond` is what ties it to a
    partner's server.
    """

    def __init__(self, library, language, made=None, bond=None):
        self.library, self.language, self.made, self.clock = library, language, made, None
        name, port, known, more = SERVER_NAME, None, [], ""
        if bond:
            name, port, known, more = bond.name, bond.port, [bond.partner], FEDERATION.format(authority=bond.authority)
        settings = SETTINGS.format(language=language, partners=json.dumps(known)) + more
        super().__init__("transcripts", name, settings, port)

    def start(self):
        if self.clock is None:
            self.clock = Clock(self.library, self.folder)
            self.environment = self.clock.environment
            if self.made:
                shutil.copytree(self.made / "data", self.folder / "data")
        super().start()

    def later(self, minutes):
        """The server is killed, and starts anew so many minutes later."""
        self.kill()
        self.clock.advance(minutes)
        self.start()

    def stop(self):
        """Ends it in order, so that its data can be copied."""
        self.process.terminate()
        self.process.wait(STOP_SECONDS_MAX)

    def furnish(self, bots=BOTS):
        """Imports the staff, makes everybody's account and direct chats; returns for each account who it is, and its chats."""
        rows = staff(self.language)
        self.import_people(rows)
        accounts = {row["账号"]: row["姓名"] for row in rows if row["账号"] != NEWCOMER}
        with concurrent.futures.ThreadPoolExecutor() as threads:
            made = list(threads.map(lambda account: self.register(account, accounts[account]), accounts))
            chats = list(threads.map(lambda one: {bot: self.open_chat(bot, one["access_token"]) for bot in bots}, made))
        return {account: {**one, "chats": rooms} for account, one, rooms in zip(accounts, made, chats)}

    def open_chat(self, bot, token):
        """The direct chat with a bot that has described its commands and answered there."""
        body = {"preset": "trusted_private_chat", "is_direct": True, "invite": [f"@{bot}:{self.server_name}"]}
        room = self.ask("POST", "createRoom", body, token)["room_id"]
        path = f"rooms/{urllib.parse.quote(room)}"
        until(lambda: self.is_described(path, token), f"the description of what @{bot} does")
        self.ask("PUT", f"{path}/send/m.room.message/greeting", {"msgtype": "m.text", "body": GREETING}, token)

        def is_answered():
            page = self.ask("GET", f"{path}/messages?dir=b&limit=20", None, token)["chunk"]
            return any(event["type"] == "m.room.message" and event["sender"].startswith(f"@{bot}:") for event in page)

        until(is_answered, f"an answer of @{bot}")
        return room

    def is_described(self, path, token):
        """The commands of a bot stand in the room's state; the one for languages is the last of those that come unasked."""
        state = self.ask("GET", f"{path}/state", None, token)
        return any(event["type"] == DESCRIPTION and event["content"].get("command") == "lang" for event in state)

    def enters(self, link):
        """Sets the password on the page behind the link of a first login."""
        path, query = link.split("?", 1)
        form = f"{query}&{urllib.parse.urlencode({'password': PASSWORD, 'again': PASSWORD})}"
        with urllib.request.urlopen(f"{self.base_url}{path}", form.encode(), timeout=ANSWER_SECONDS_MAX) as answer:
            answer.read()

    def set_pushers(self, people, gateway_url):
        """Everybody has a phone with an app that is told the words, and one that is told ids alone and asks the server."""
        for account, person in people.items():
            for app, data in (("words", {}), ("ids", {"format": "event_id_only"})):
                pusher = {
                    "kind": "http", "app_id": f"com.example.{app}", "pushkey": f"{app}/{account}", "lang": self.language,
                    "app_display_name": app, "device_display_name": "phone", "append": True,
                    "data": {"url": gateway_url, **data},
                }
                self.ask("POST", "pushers/set", pusher, person["access_token"])


@dataclasses.dataclass
class Bond:
    """How a server is called by its partner, where it listens for it, and who its partner is."""

    name: str
    port: int
    partner: str
    authority: Authority


def prepare(library, language, gateway_url):
    """A server that has stopped, whose data others begin with, and the people in it."""
    house = House(library, language)
    try:
        people = house.furnish()
        house.set_pushers(people, gateway_url)
        house.stop()
    except BaseException:
        house.remove()
        raise
    return house, people


def prepare_partners(library, language, folder, gateway_url):
    """Two servers that look after cases together, and the people of both; whoever decides at the second is called `partner_…`."""
    authority = Authority(folder, START)
    ports = free_port(), free_port()
    names = [f"localhost:{port}" for port in ports]
    bonds = Bond(names[0], ports[0], names[1], authority), Bond(names[1], ports[1], names[0], authority)
    houses = []
    try:
        for bond in bonds:
            houses.append(House(library, language, bond=bond))
        ours, theirs = (house.furnish(["approvals"]) for house in houses)
        partner = {f"{PARTNER}{PARTNER_DECIDES}": theirs[PARTNER_DECIDES]}
        houses[0].set_pushers(ours, gateway_url)
        houses[1].set_pushers(partner, gateway_url)
    except BaseException:
        for house in houses:
            house.remove()
        raise
    return houses, {**ours, **partner}
