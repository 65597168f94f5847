"""Plays a conversation step by step, and waits until everybody has seen what the file says, or has seen it all."""

import asyncio
import re
import time

from common.lianqiao import PASSWORD
from support.house import PARTNER
from support.people import Person
from support.seeing import Step
from suite.conversation import ACTION, LATER

SEEN_SECONDS_MAX = 30
LOOK_SECONDS = 0.1
# Where the file does not say what comes: after so much silence nothing more comes.
SILENCE_SECONDS = 2
# The same behind a start of the server.
START_SILENCE_SECONDS = 5
# After the last step: what comes in this time was too much.
END_SECONDS = 0.5
LINK = re.compile(r"/_lianqiao/\S+token=\S+")


class Differs(Exception):
    """Something else was seen; it carries the steps as they were."""


class Play:
    """On one server, or on two of partners."""

    def __init__(self, houses, people, gateway, conversation, is_written):
        self.house, self.gateway, self.conversation, self.is_written = houses[0], gateway, conversation, is_written
        self.people = {
            account: Person(houses[-1] if account.startswith(PARTNER) else houses[0], account, known)
            for account, known in people.items()
        }
        self.names = {house.server_name: name for house, name in zip(houses[1:], ["{partner}"])}
        if self.names:
            self.names[self.house.server_name] = "{here}"
        self.since = {}

    async def plays(self):
        """Returns the steps as they were played."""
        played = []
        try:
            await asyncio.gather(*(person.begins() for person in self.people.values()))
            for action, expected in self.conversation.steps:
                self.since = {account: place_of(person) for account, person in self.people.items()}
                await self.does(action)
                seen = await self.saw(action, expected)
                played.append((action, seen))
                if seen != expected and not self.is_written:
                    raise Differs(played)
            await asyncio.sleep(END_SECONDS)
            if not self.is_written and (seen := await self.seen()) != played[-1][1]:
                played[-1] = (action, seen)
                raise Differs(played)
            await self.phones_agree(played)
            return played
        finally:
            await asyncio.gather(*(person.ends() for person in self.people.values()))

    async def saw(self, action, expected):
        """What everybody sees, at the latest when the patience ends."""
        if self.is_written:
            await self.silence(START_SILENCE_SECONDS if action.startswith(LATER) else SILENCE_SECONDS)
            return await self.seen()
        end = time.monotonic() + SEEN_SECONDS_MAX
        while (seen := await self.seen()) != expected and time.monotonic() < end:
            await asyncio.sleep(LOOK_SECONDS)
        return seen

    async def seen(self):
        """In the order of the accounts."""
        steps = [
            Step(person, *self.since[account], self.gateway, self.names) for account, person in sorted(self.people.items())
        ]
        return [line for lines in await asyncio.gather(*(step.lines() for step in steps)) for line in lines]

    async def silence(self, seconds):
        def count():
            return sum(len(person.events) for person in self.people.values()), len(self.gateway.told)

        before, since = count(), time.monotonic()
        while time.monotonic() - since < seconds:
            await asyncio.sleep(LOOK_SECONDS)
            if count() != before:
                before, since = count(), time.monotonic()

    async def does(self, action):
        for name, shown in self.names.items():
            action = action.replace(shown, name)
        if action.startswith(LATER):
            await asyncio.to_thread(self.house.later, int(action.split()[1]))
            return
        found = ACTION.match(action)
        if found["opens"]:
            await self.opens(found["who"])
            return
        person = self.people[found["who"]]
        room = person.chats[found["bot"] or self.conversation.bot]
        if found["says"] is not None:
            await person.says(room, lines_of(found["says"]))
        elif found["thread"] is not None:
            await person.says(room, lines_of(found["thread"]), thread=person.thread(room))
        elif found["file"]:
            await person.uploads(room, found["file"], person.thread(room))
        elif found["votes"]:
            await person.votes(room, found["votes"].split())
        elif found["answered"]:
            await person.says(room, found["answer"], answers=person.newest(room, found["answered"])["event_id"])
        else:
            await person.taps(room, found["key"], person.newest(room, found["tapped"])["event_id"])

    async def opens(self, account):
        """Whoever was given a link for somebody passes it on; that one sets a password and comes in."""
        bodies = [str(content.get("body")) for person in self.people.values() for content in person.contents.values()]
        link = next(found.group() for body in reversed(bodies) if (found := LINK.search(body)))
        await asyncio.to_thread(self.house.enters, link)
        login = {"type": "m.login.password", "identifier": {"type": "m.id.user", "user": account}, "password": PASSWORD}
        known = await asyncio.to_thread(self.house.ask, "POST", "login", login)
        self.people[account] = Person(self.house, account, {**known, "chats": {}})
        self.since[account] = 0, set()
        await self.people[account].begins()

    async def phones_agree(self, played):
        """Both apps of a phone are told of the same events, and whoever asks the server for one reads what the other was told;
        and no phone was told of anything that does not stand in what was played.
        """
        told = 0
        for account, person in self.people.items():
            for room, event in person.events:
                words, ids = (self.gateway.told.get((f"{app}/{account}", event["event_id"])) for app in ("words", "ids"))
                assert bool(words) == bool(ids), f"{account}: one phone alone was told of {event}"
                told += bool(words) and room != person.chats.get("room")
                if words and words["type"] == "m.room.message":
                    read = await person.reads_back(room, event["event_id"])
                    assert read["content"]["body"] == words["content"]["body"], read
        shown = sum(line.strip().startswith("push ") for _, seen in played for line in seen)
        assert told == shown, f"phones were told of {told} messages, and {shown} stand here"


def place_of(person):
    """How much somebody was shown, and which chats they know."""
    return len(person.events), set(person.chats.values())


def lines_of(text):
    return text.replace("\\n", "\n")
