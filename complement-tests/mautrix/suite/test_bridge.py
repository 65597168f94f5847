"""A bridge on mautrix is an application service of this server."""

import asyncio
import unittest

from mautrix.types import DeviceID, EventType, MessageType, TextMessageEventContent

from support.bridge import Bridge, Person, quoted
from support.server import SERVER_NAME, Server


class Bridging(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.bridge = Bridge(self.server)
        await self.bridge.start()
        self.alice = await self.calls(Person, self.server.base_url, "alice")

    async def asyncTearDown(self):
        await self.bridge.stop()

    async def calls(self, function, *arguments):
        """People wait for answers; the bridge must not wait with them."""
        return await asyncio.to_thread(function, *arguments)

    async def bridged_room(self):
        room = await self.calls(self.alice.creates_room)
        ghost = self.bridge.ghost("bob")
        await ghost.ensure_joined(room)
        return room, ghost

    async def test_a_ghost_speaks_and_listens(self):
        room, ghost = await self.bridged_room()
        await ghost.set_displayname("Bob (elsewhere)")
        await ghost.send_text(room, "hello from elsewhere")
        await self.calls(self.alice.says, room, "hello from here")
        await self.bridge.hears("alice", lambda: "hello from here" in self.bridge.bodies())
        self.assertEqual(await self.calls(self.alice.bodies, room), ["hello from elsewhere", "hello from here"])
        profile = await self.calls(self.alice.get, f"profile/{quoted(ghost.mxid)}")
        self.assertEqual(profile["displayname"], "Bob (elsewhere)")
        content = TextMessageEventContent(msgtype=MessageType.TEXT, body="long ago")
        event = await ghost.send_message_event(room, EventType.ROOM_MESSAGE, content, timestamp=1_000)
        seen = await self.calls(self.alice.get, f"rooms/{quoted(room)}/event/{quoted(event)}")
        self.assertEqual((seen["origin_server_ts"], seen["sender"]), (1_000, ghost.mxid))

    async def test_what_was_written_while_the_bridge_was_down_comes_in_order(self):
        room, _ = await self.bridged_room()
        await self.bridge.stop()
        texts = [f"message {number}" for number in range(30)]
        for text in texts:
            await self.calls(self.alice.says, room, text)
        await self.calls(self.server.restart_after_kill)
        await self.bridge.start()
        await self.bridge.bot.appservice_ping("mautrix")
        await self.bridge.hears("the last message", lambda: texts[-1] in self.bridge.bodies())
        self.assertEqual(self.bridge.bodies(), texts)

    async def test_the_server_finds_the_bridge(self):
        self.assertGreaterEqual(await self.bridge.service.ping_self("mine"), 0)

    async def test_users_and_rooms_are_made_when_somebody_asks(self):
        user, alias = f"@bridge_carol:{SERVER_NAME}", f"#bridge_square:{SERVER_NAME}"
        profile = await self.calls(self.alice.get, f"profile/{quoted(user)}")
        self.assertEqual(profile["displayname"], "bridge_carol")
        joined = await self.calls(self.alice.post, f"join/{quoted(alias)}", {})
        name = await self.calls(self.alice.get, f"rooms/{quoted(joined['room_id'])}/state/m.room.name/")
        self.assertEqual((name["name"], self.bridge.asked), ("Made for you", [user, alias]))

    async def test_typing_and_receipts_reach_the_bridge(self):
        room, ghost = await self.bridged_room()
        event = await ghost.send_text(room, "read me")
        await self.calls(self.alice.post, f"rooms/{quoted(room)}/receipt/m.read/{quoted(event)}", {})
        path = f"rooms/{quoted(room)}/typing/{quoted(self.alice.user_id)}"
        await self.calls(self.alice.put, path, {"typing": True, "timeout": 20_000})
        heard = lambda kind: [event for event in self.bridge.events if event.type == kind]
        await self.bridge.hears("a receipt", lambda: heard(EventType.RECEIPT))
        await self.bridge.hears("typing", lambda: heard(EventType.TYPING))
        self.assertIn(self.alice.user_id, heard(EventType.TYPING)[0].content.user_ids)
        self.assertIn(event, heard(EventType.RECEIPT)[0].content)

    async def test_messages_to_the_devices_of_ghosts_reach_the_bridge(self):
        room, ghost = await self.bridged_room()
        await ghost.api.request("PUT", "_matrix/client/v3/devices/GHOST", {"display_name": "Bridge"})
        messages = {ghost.mxid: {"GHOST": {"number": 1}}}
        await self.calls(self.alice.put, "sendToDevice/org.example.test/1", {"messages": messages})
        await self.bridge.hears("the message", lambda: self.bridge.to_device)
        event = self.bridge.to_device[0]
        self.assertEqual((event.sender, event.to_user_id), (self.alice.user_id, ghost.mxid))
        self.assertEqual(event.to_device_id, DeviceID("GHOST"))
        await self.bridge.hears("key counts", lambda: self.bridge.key_counts)
        self.assertIn(ghost.mxid, self.bridge.key_counts[0])
