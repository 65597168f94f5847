"""A bridge on mautrix, and people who speak plain HTTP: what each was told, and waiting for it."""

import asyncio
import json
import urllib.error
import urllib.parse
import urllib.request

from mautrix.appservice import AppService
from mautrix.appservice.state_store.memory import ASStateStore
from mautrix.client.state_store import MemoryStateStore
from mautrix.types import RoomCreatePreset

from support.server import AS_TOKEN, HS_TOKEN, SERVER_NAME

HEARD_SECONDS_MAX = 30
PASSWORD = "a long enough password"


class MemoryOnly(ASStateStore, MemoryStateStore):
    """What mautrix knows of rooms, forgotten with the process."""

    def __init__(self):
        ASStateStore.__init__(self)
        MemoryStateStore.__init__(self)


class Bridge:
    """An application service; `events` holds what it was told, in order."""

    def __init__(self, server):
        self.server = server
        self.events, self.to_device, self.key_counts, self.device_lists = [], [], [], []
        self.asked = []
        self.service = None

    async def start(self):
        self.service = AppService(
            server=self.server.base_url,
            domain=SERVER_NAME,
            as_token=AS_TOKEN,
            hs_token=HS_TOKEN,
            bot_localpart="bridgebot",
            id="mautrix",
            state_store=MemoryOnly(),
            ephemeral_events=True,
            encryption_events=True,
        )
        self.service.query_user = self._query_user
        self.service.query_alias = self._query_alias
        self.service.matrix_event_handler(self._note_event)
        self.service.to_device_handler = self._note_to_device
        self.service.otk_handler = self._note_key_counts
        self.service.device_list_handler = self._note_device_lists
        self.service.synchronous_handlers = True
        await self.service.start(host="127.0.0.1", port=self.server.bridge_port)

    async def stop(self):
        await self.service.stop()

    @property
    def bot(self):
        return self.service.intent

    def ghost(self, name):
        return self.bot.user(f"@bridge_{name}:{SERVER_NAME}")

    async def _query_user(self, user_id):
        self.asked.append(user_id)
        await self.bot.user(user_id).ensure_registered()
        return {"made": True}

    async def _query_alias(self, alias):
        self.asked.append(alias)
        localpart = alias[1:].split(":")[0]
        await self.bot.create_room(localpart, preset=RoomCreatePreset.PUBLIC, name="Made for you")
        return {"made": True}

    async def _note_event(self, event):
        self.events.append(event)

    async def _note_to_device(self, event):
        self.to_device.append(event)

    async def _note_key_counts(self, counts):
        self.key_counts.append(counts)

    async def _note_device_lists(self, lists):
        self.device_lists.append(lists)

    def bodies(self):
        """The texts that were written, in the order in which they came."""
        texts = (getattr(event.content, "body", None) for event in self.events if str(event.type) == "m.room.message")
        return [text for text in texts if text]

    async def hears(self, what, condition):
        deadline = asyncio.get_running_loop().time() + HEARD_SECONDS_MAX
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"the bridge never heard {what}:\n{self.server.log_end()}")
            await asyncio.sleep(0.02)


class Person:
    """Somebody with an account and plain HTTP."""

    def __init__(self, base_url, name):
        self.base_url, self.token, self.sent = base_url, None, 0
        auth = {"type": "m.login.dummy"}
        self.session = self.post("register", {"username": name, "password": PASSWORD, "auth": auth})
        self.user_id, self.token = self.session["user_id"], self.session["access_token"]

    def request(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        request = urllib.request.Request(
            f"{self.base_url}/_matrix/client/v3/{path}",
            method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers=headers,
        )
        with urllib.request.urlopen(request, timeout=HEARD_SECONDS_MAX) as response:
            return json.load(response)

    def get(self, path):
        return self.request("GET", path)

    def post(self, path, body):
        return self.request("POST", path, body)

    def put(self, path, body):
        return self.request("PUT", path, body)

    def creates_room(self):
        return self.post("createRoom", {"preset": "public_chat"})["room_id"]

    def says(self, room_id, body):
        self.sent += 1
        path = f"rooms/{quoted(room_id)}/send/m.room.message/{self.sent}"
        return self.put(path, {"msgtype": "m.text", "body": body})["event_id"]

    def bodies(self, room_id):
        """The texts of the room, the oldest first."""
        page = self.get(f"rooms/{quoted(room_id)}/messages?dir=f&limit=100")
        return [event["content"]["body"] for event in page["chunk"] if event["type"] == "m.room.message"]


def quoted(text):
    return urllib.parse.quote(text, safe="")
