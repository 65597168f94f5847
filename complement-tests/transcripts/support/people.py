"""People with matrix-nio in their hands: what they write, tap and vote, and everything that they are shown."""

import asyncio
import io

from nio import AsyncClient, RoomGetEventError, RoomSendResponse, SyncResponse, UploadResponse

POLL_MS = 10_000
# More than a step shows, so that no timeline is cut.
FILTER = {"room": {"timeline": {"limit": 100}}}
# What people see as a message of its own; an edit is none.
POLL = "org.matrix.msc3381.poll.start"
POLL_END = "org.matrix.msc3381.poll.end"
SHOWN_TYPES = ("m.room.message", POLL)
ROOM_LIST = {"lists": {"all": {"ranges": [[0, 50]], "timeline_limit": 20, "required_state": []}}, "conn_id": "list"}
ROOM_LIST_PATH = "org.matrix.simplified_msc3575/sync"


def relation(event):
    return event["content"].get("m.relates_to") or {}


def edited(event):
    """The message that an event is a new version of."""
    relates = relation(event)
    return relates.get("event_id") if relates.get("rel_type") == "m.replace" else None


def is_listed(event):
    """Whether it is a message of its own outside threads."""
    return event["type"] in SHOWN_TYPES and relation(event).get("rel_type") not in ("m.replace", "m.thread")


class Person:
    """One logged-in client. `events` holds what others did in the chats, in the order in which it came."""

    def __init__(self, server, account, known):
        self.server, self.account, self.token = server, account, known["access_token"]
        self.user_id, self.chats = known["user_id"], dict(known["chats"])
        self.client = AsyncClient(server.base_url, self.user_id)
        self.client.restore_login(self.user_id, known["device_id"], self.token)
        self.events, self.ids = [], set()
        # Every message that was ever shown here, by its event: the newest content.
        self.contents = {}
        # Each message → the one that stands last of those that came at the same moment.
        self.newest_of = {}
        # The event that came last in a room.
        self.last = {}
        self.syncing = None

    async def begins(self):
        await self.syncs_once(0)
        self.events.clear()
        self.syncing = asyncio.create_task(self.syncs())

    async def syncs(self):
        while True:
            await self.syncs_once(POLL_MS)

    async def syncs_once(self, timeout_ms):
        answer = await self.client.sync(timeout=timeout_ms, sync_filter=FILTER)
        if not isinstance(answer, SyncResponse):
            await asyncio.sleep(0.05)
            return
        for room in answer.rooms.invite:
            # Somebody asks them into a room that is no chat of theirs with a bot: it is called `room`.
            self.chats.setdefault("room", room)
            await self.client.join(room)
        for room, joined in answer.rooms.join.items():
            for event in joined.timeline.events:
                self.note(room, event.source)

    def note(self, room, event):
        if event["event_id"] in self.ids:
            return
        self.ids.add(event["event_id"])
        self.last[room] = event["event_id"]
        if event["type"] in SHOWN_TYPES:
            of = edited(event)
            self.contents[of or event["event_id"]] = event["content"].get("m.new_content") if of else event["content"]
        if event["sender"] != self.user_id:
            self.events.append((room, event))

    async def ends(self):
        if self.syncing:
            self.syncing.cancel()
        await self.client.close()

    def first_line(self, event_id):
        return body_of(self.contents.get(event_id) or {}).split("\n")[0]

    def newest(self, room, begins):
        """The newest message of somebody else in a chat that reads so now."""
        for where, event in reversed(self.events):
            if where == room and event["type"] in SHOWN_TYPES and not edited(event):
                if body_of(self.contents[event["event_id"]]).startswith(begins):
                    return event
        raise LookupError(f"{self.account} was shown nothing that begins with “{begins}”")

    def thread(self, room):
        """The thread in which they were spoke to last, or that of the message itself."""
        event = self.newest(room, "")
        relates = relation(event)
        return relates["event_id"] if relates.get("rel_type") == "m.thread" else event["event_id"]

    async def has_read(self, room):
        """Whoever does something in a chat has read what stands there."""
        if room in self.last:
            await self.client.room_read_markers(room, self.last[room], self.last[room])

    async def sends(self, room, content, kind="m.room.message"):
        await self.has_read(room)
        answer = await self.client.room_send(room, kind, content)
        assert isinstance(answer, RoomSendResponse), answer
        return answer.event_id

    async def says(self, room, text, thread=None, answers=None):
        content = {"msgtype": "m.text", "body": text}
        if thread:
            content["m.relates_to"] = {
                "rel_type": "m.thread", "event_id": thread, "is_falling_back": True, "m.in_reply_to": {"event_id": thread},
            }
        if answers:
            content["m.relates_to"] = {"m.in_reply_to": {"event_id": answers}}
        await self.sends(room, content)

    async def taps(self, room, key, event_id):
        await self.sends(room, {"m.relates_to": {"rel_type": "m.annotation", "event_id": event_id, "key": key}}, "m.reaction")

    async def votes(self, room, numbers):
        poll = next(event for where, event in reversed(self.events) if where == room and event["type"] == POLL)
        content = {
            "m.relates_to": {"rel_type": "m.reference", "event_id": poll["event_id"]},
            "org.matrix.msc3381.poll.response": {"answers": numbers},
        }
        await self.sends(room, content, "org.matrix.msc3381.poll.response")

    async def uploads(self, room, name, thread):
        """A small file of this name, whose bytes are its name."""
        data = name.encode()
        answer, _ = await self.client.upload(io.BytesIO(data), "application/pdf", name, filesize=len(data))
        assert isinstance(answer, UploadResponse), answer
        content = {
            "msgtype": "m.file", "body": name, "url": answer.content_uri,
            "info": {"size": len(data), "mimetype": "application/pdf"},
            "m.relates_to": {"rel_type": "m.thread", "event_id": thread},
        }
        await self.sends(room, content)

    async def reads_back(self, room, event_id):
        """An event as a phone fetches it that was told its id alone."""
        answer = await self.client.room_get_event(room, event_id)
        assert not isinstance(answer, RoomGetEventError), answer
        return answer.event.source

    async def room_list(self):
        """What a client of the newer sync shows as the list of rooms: room → (name, unread, mentions, newest message). What
        stands in threads is counted, and is not the line that the list shows.
        """
        answer = await asyncio.to_thread(
            self.server.ask, "POST", f"{ROOM_LIST_PATH}?timeout=0", ROOM_LIST, self.token, "unstable"
        )
        rooms = {}
        for room, shown in answer["rooms"].items():
            messages = [event["event_id"] for event in shown.get("timeline", []) if is_listed(event)]
            counts = shown.get("notification_count", 0), shown.get("highlight_count", 0)
            # A room without a name is called after those in it.
            heroes = ", ".join(hero.get("displayname") or hero["user_id"] for hero in shown.get("heroes", []))
            rooms[room] = shown.get("name") or heroes, *counts, messages[-1] if messages else None
        return rooms


def body_of(content):
    """What is read of a message or a poll."""
    poll = content.get(POLL)
    if not poll:
        return content.get("body", "")
    answers = "".join(f"\n{number}. {text_of(answer)}" for number, answer in enumerate(poll["answers"], 1))
    return text_of(poll["question"]) + answers


def text_of(part):
    return part.get("org.matrix.msc1767.text") or part.get("body", "")
