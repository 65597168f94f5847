"""People with matrix-nio in their hands: registering, and waiting for what they see."""

import asyncio
import json
import urllib.request

from nio import AsyncClient, LoginResponse, RoomMessageText, SyncResponse

SEEN_SECONDS_MAX = 30
POLL_MS = 1_000
# More than any test says, so that no timeline is cut.
FILTER = {"room": {"timeline": {"limit": 50}}}
PASSWORD = "a long enough password"


def register(base_url, name):
    """Makes an account the way the specification's dummy flow does."""
    body = {"username": name, "password": PASSWORD, "auth": {"type": "m.login.dummy"}, "inhibit_login": True}
    request = urllib.request.Request(
        f"{base_url}/_matrix/client/v3/register",
        data=json.dumps(body).encode(),
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=SEEN_SECONDS_MAX) as response:
        return json.load(response)["user_id"]


class Person:
    """One logged-in client; `messages` holds every text it was shown, by room."""

    def __init__(self, client):
        self.client = client
        self.messages = {}
        # matrix-nio keeps a room that it has left; the answer itself tells.
        self.left_rooms = set()
        client.add_event_callback(self._note, RoomMessageText)

    @classmethod
    async def logs_in(cls, base_url, user_id):
        client = AsyncClient(base_url, user_id)
        answer = await client.login(PASSWORD, device_name="nio")
        assert isinstance(answer, LoginResponse), answer
        return cls(client)

    async def _note(self, room, event):
        self.messages.setdefault(room.room_id, []).append((event.event_id, event.sender, event.body))

    def bodies(self, room_id):
        return [body for _, _, body in self.messages.get(room_id, [])]

    def receipt_of(self, user_id, room_id):
        """The event that the user has read up to, or None."""
        room = self.client.rooms.get(room_id)
        receipt = room and room.read_receipts.get(user_id)
        return receipt and receipt.event_id

    async def sees(self, what, condition):
        """Syncs until the condition holds."""
        deadline = asyncio.get_running_loop().time() + SEEN_SECONDS_MAX
        while not condition():
            if asyncio.get_running_loop().time() > deadline:
                raise AssertionError(f"{self.client.user_id} never saw {what}")
            answer = await self.client.sync(timeout=POLL_MS, sync_filter=FILTER)
            assert isinstance(answer, SyncResponse), answer
            self.left_rooms |= answer.rooms.leave.keys()

    async def says(self, room_id, body):
        content = {"msgtype": "m.text", "body": body}
        answer = await self.client.room_send(room_id, "m.room.message", content)
        return answer.event_id
