"""Plain messaging as matrix-nio does it."""

import io
import unittest

from nio import (
    DownloadResponse,
    JoinedMembersResponse,
    JoinResponse,
    MessageDirection,
    ProfileSetDisplayNameResponse,
    RoomCreateResponse,
    RoomGetStateEventResponse,
    RoomInviteResponse,
    RoomKickResponse,
    RoomMessagesResponse,
    RoomMessageText,
    RoomPreset,
    RoomRedactResponse,
    RoomTypingResponse,
    UploadResponse,
)

from support.people import Person, register
from support.server import SERVER_NAME, Server


class Messaging(unittest.IsolatedAsyncioTestCase):
    """Two people, one server; each test has rooms of its own."""

    @classmethod
    def setUpClass(cls):
        cls.server = Server()
        cls.ids = {name: register(cls.server.base_url, name) for name in ("alice", "bob")}

    @classmethod
    def tearDownClass(cls):
        cls.server.remove()

    async def asyncSetUp(self):
        self.alice = await Person.logs_in(self.server.base_url, self.ids["alice"])
        self.bob = await Person.logs_in(self.server.base_url, self.ids["bob"])

    async def asyncTearDown(self):
        await self.alice.client.close()
        await self.bob.client.close()

    async def a_room_of_both(self):
        created = await self.alice.client.room_create(preset=RoomPreset.private_chat, invite=[self.ids["bob"]])
        self.assertIsInstance(created, RoomCreateResponse)
        room_id = created.room_id
        await self.bob.sees("the invitation", lambda: room_id in self.bob.client.invited_rooms)
        self.assertIsInstance(await self.bob.client.join(room_id), JoinResponse)
        await self.bob.sees("the room", lambda: room_id in self.bob.client.rooms)
        return room_id

    async def test_people_register_and_log_in(self):
        whoami = await self.alice.client.whoami()
        self.assertEqual(whoami.user_id, f"@alice:{SERVER_NAME}")
        self.assertEqual(whoami.device_id, self.alice.client.device_id)

    async def test_messages_arrive_once_and_in_order(self):
        room_id = await self.a_room_of_both()
        said = [f"message {number}" for number in range(20)]
        for body in said:
            await self.alice.says(room_id, body)
        await self.bob.sees("the last message", lambda: said[-1] in self.bob.bodies(room_id))
        self.assertEqual(self.bob.bodies(room_id), said)

    async def test_history_is_read_backwards_in_pages(self):
        room_id = await self.a_room_of_both()
        said = [f"line {number}" for number in range(45)]
        for body in said:
            await self.alice.says(room_id, body)
        await self.bob.client.sync()
        read, token = [], self.bob.client.next_batch
        for _ in said:
            page = await self.bob.client.room_messages(room_id, token, direction=MessageDirection.back, limit=20)
            self.assertIsInstance(page, RoomMessagesResponse)
            read += [event.body for event in page.chunk if isinstance(event, RoomMessageText)]
            token = page.end
            if token is None:
                break
        self.assertIsNone(token, "the history comes to an end")
        self.assertEqual(read, said[::-1])

    async def test_names_topics_members_and_profiles_are_seen(self):
        room_id = await self.a_room_of_both()
        named = await self.alice.client.set_displayname("Alice 爱丽丝")
        self.assertIsInstance(named, ProfileSetDisplayNameResponse)
        await self.alice.client.room_put_state(room_id, "m.room.name", {"name": "连桥"})
        await self.bob.sees("the name", lambda: self.bob.client.rooms[room_id].name == "连桥")
        room = self.bob.client.rooms[room_id]
        await self.bob.sees("the display name", lambda: room.user_name(self.ids["alice"]) == "Alice 爱丽丝")
        members = await self.bob.client.joined_members(room_id)
        self.assertIsInstance(members, JoinedMembersResponse)
        self.assertEqual({member.user_id for member in members.members}, set(self.ids.values()))

    async def test_typing_receipts_and_redactions_reach_the_other(self):
        room_id = await self.a_room_of_both()
        self.assertIsInstance(await self.alice.client.room_typing(room_id, True), RoomTypingResponse)
        room = self.bob.client.rooms[room_id]
        await self.bob.sees("somebody typing", lambda: room.typing_users == [self.ids["alice"]])
        event_id = await self.alice.says(room_id, "to be taken back")
        await self.bob.sees("the message", lambda: "to be taken back" in self.bob.bodies(room_id))
        await self.bob.client.room_read_markers(room_id, event_id, event_id)
        await self.alice.sees("the receipt", lambda: self.alice.receipt_of(self.ids["bob"], room_id) == event_id)
        redacted = await self.alice.client.room_redact(room_id, event_id, reason="a mistake")
        self.assertIsInstance(redacted, RoomRedactResponse)
        seen = await self.bob.client.room_get_event(room_id, event_id)
        self.assertNotIn("body", seen.event.source["content"])

    async def test_an_uploaded_file_comes_back_whole(self):
        content = bytes(range(256)) * 400
        uploaded, _ = await self.alice.client.upload(
            io.BytesIO(content), content_type="application/octet-stream", filename="报告.bin", filesize=len(content)
        )
        self.assertIsInstance(uploaded, UploadResponse)
        downloaded = await self.bob.client.download(mxc=uploaded.content_uri)
        self.assertIsInstance(downloaded, DownloadResponse)
        self.assertEqual(downloaded.body, content)
        self.assertEqual(downloaded.filename, "报告.bin")

    async def test_a_member_who_was_removed_reads_no_more(self):
        room_id = await self.a_room_of_both()
        self.assertIsInstance(await self.alice.client.room_kick(room_id, self.ids["bob"]), RoomKickResponse)
        await self.alice.says(room_id, "between us")
        await self.bob.sees("the removal", lambda: room_id in self.bob.left_rooms)
        state = await self.bob.client.room_get_state_event(room_id, "m.room.topic")
        self.assertNotIsInstance(state, RoomGetStateEventResponse)
        self.assertNotIn("between us", self.bob.bodies(room_id))
        self.assertIsInstance(await self.alice.client.room_invite(room_id, self.ids["bob"]), RoomInviteResponse)

    async def test_nothing_is_lost_or_doubled_when_the_server_is_killed(self):
        room_id = await self.a_room_of_both()
        for number in range(10):
            await self.alice.says(room_id, f"before {number}")
        self.server.restart_after_kill()
        for number in range(10):
            await self.alice.says(room_id, f"after {number}")
        expected = [f"before {number}" for number in range(10)] + [f"after {number}" for number in range(10)]
        await self.bob.sees("the last message", lambda: expected[-1] in self.bob.bodies(room_id))
        self.assertEqual(self.bob.bodies(room_id), expected)
