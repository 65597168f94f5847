"""A bridge on mautrix reads and writes in encrypted rooms without ever syncing."""

import asyncio
import unittest

from support.bridge import Bridge, PASSWORD, Person, quoted
from support.encryption import EncryptedBot, EncryptedPerson
from support.server import Server


class Encryption(unittest.IsolatedAsyncioTestCase):
    async def asyncSetUp(self):
        self.server = Server()
        self.addCleanup(self.server.remove)
        self.bridge = Bridge(self.server)
        await self.bridge.start()
        self.bot = EncryptedBot(self.bridge)
        await self.bot.start()
        self.account = await asyncio.to_thread(Person, self.server.base_url, "alice")
        self.alice = await self.client_of(self.account.session)

    async def asyncTearDown(self):
        await self.bot.stop()
        await self.bridge.stop()

    async def client_of(self, session):
        person = EncryptedPerson(self.server.base_url, session)
        await person.start()
        self.addAsyncCleanup(person.stop)
        return person

    async def encrypted_room(self):
        content = {"algorithm": "m.megolm.v1.aes-sha2"}
        state = [{"type": "m.room.encryption", "state_key": "", "content": content}]
        body = {"preset": "private_chat", "initial_state": state, "invite": [self.bridge.bot.mxid]}
        room = (await asyncio.to_thread(self.account.post, "createRoom", body))["room_id"]
        await self.bot.client.join_room_by_id(room)
        return room

    async def test_the_bot_and_a_person_read_each_other(self):
        room = await self.encrypted_room()
        await self.alice.says(room, "for your eyes only")
        self.assertEqual(await self.bot.reads(1), ["for your eyes only"])
        await self.bot.says(room, "and for yours")
        await self.alice.reads("and for yours")
        page = await asyncio.to_thread(self.account.get, f"rooms/{quoted(room)}/messages?dir=f&limit=100")
        self.assertEqual([event for event in page["chunk"] if event["type"] == "m.room.message"], [])

    async def test_keys_sent_while_the_bridge_was_down_are_not_lost(self):
        room = await self.encrypted_room()
        await self.bridge.stop()
        await self.alice.says(room, "one")
        await self.alice.says(room, "two")
        await asyncio.to_thread(self.server.restart_after_kill)
        await self.bridge.start()
        await self.bot.start()
        await self.bridge.bot.appservice_ping("mautrix")
        self.assertEqual(await self.bot.reads(2), ["one", "two"])

    async def test_the_bot_hears_of_a_new_device_and_writes_to_it_as_well(self):
        room = await self.encrypted_room()
        await self.bot.says(room, "to one device")
        await self.alice.reads("to one device")
        login = {"type": "m.login.password", "password": PASSWORD, "identifier": {"type": "m.id.user", "user": "alice"}}
        second = await self.client_of(await asyncio.to_thread(self.account.post, "login", login))
        await self.bot.hears_of(second)
        await self.bot.says(room, "to both")
        await second.reads("to both")
        await self.alice.reads("to both")
