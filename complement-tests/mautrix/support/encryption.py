"""Both ends of an encrypted room on mautrix: a bridge's bot that lives on transactions, and people who sync."""

import asyncio

from mautrix.client import Client
from mautrix.client.state_store import MemoryStateStore, MemorySyncStore
from mautrix.crypto import MemoryCryptoStore, OlmMachine
from mautrix.types import DeviceID, EventType, MessageType, RoomID, StateEvent, TextMessageEventContent

from support.bridge import HEARD_SECONDS_MAX
from support.server import AS_TOKEN

KEYS_SECONDS_MAX = 20


class Rooms(MemoryStateStore):
    """What a client knows of its rooms."""

    async def find_shared_rooms(self, user_id):
        return [room for room, members in self.members.items() if user_id in members]


async def with_keys(client):
    """Gives a client an account for encryption and uploads its keys."""
    machine = OlmMachine(client, MemoryCryptoStore(client.mxid, "pickle"), client.state_store)
    await machine.load()
    client.crypto = machine
    await machine.share_keys()
    return machine


async def waits_for(what, condition):
    """Waits until an asynchronous condition holds."""
    deadline = asyncio.get_running_loop().time() + HEARD_SECONDS_MAX
    while not await condition():
        if asyncio.get_running_loop().time() > deadline:
            raise AssertionError(f"waited in vain for {what}")
        await asyncio.sleep(0.02)


def text(body):
    return TextMessageEventContent(msgtype=MessageType.TEXT, body=body)


class EncryptedBot:
    """The bot of a bridge with a device that it made without logging in (MSC4190); keys come by transaction (MSC3202)."""

    def __init__(self, bridge):
        self.bridge = bridge
        self.client = Client(
            mxid=bridge.bot.mxid, base_url=bridge.server.base_url, token=AS_TOKEN, state_store=Rooms()
        )
        self.machine = None

    async def start(self):
        if self.machine is None:
            await self.bridge.bot.ensure_registered()
            await self.client.create_device_msc4190(DeviceID("BRIDGE"), "Bridge")
            self.machine = await with_keys(self.client)
        service = self.bridge.service
        service.otk_handler = self.machine.handle_as_otk_counts
        service.device_list_handler = self.machine.handle_device_lists
        service.to_device_handler = self.machine.handle_as_to_device_event
        service.matrix_event_handler(self._note_member)

    async def stop(self):
        await self.client.api.session.close()

    async def hears_of(self, person):
        """Waits until the bot knows the device of a person."""

        async def knows():
            devices = await self.machine.crypto_store.get_devices(person.client.mxid)
            return person.client.device_id in (devices or {})

        await waits_for(f"word of {person.client.device_id}", knows)

    async def _note_member(self, event):
        if isinstance(event, StateEvent) and event.type == EventType.ROOM_MEMBER:
            await self.machine.handle_member_event(event)

    async def says(self, room, body):
        await self.client.send_message_event(RoomID(room), EventType.ROOM_MESSAGE, text(body))

    async def reads(self, count):
        """The texts of so many encrypted messages, in the order in which the bridge heard of them."""
        encrypted = lambda: [event for event in self.bridge.events if event.type == EventType.ROOM_ENCRYPTED]
        await self.bridge.hears(f"{count} encrypted messages", lambda: len(encrypted()) >= count)
        texts = []
        for event in encrypted():
            content = event.content
            known = await self.machine.crypto_store.has_group_session(event.room_id, content.session_id)
            if not known:
                await self.machine.wait_for_session(event.room_id, content.session_id, timeout=KEYS_SECONDS_MAX)
            texts.append((await self.machine.decrypt_megolm_event(event)).content.body)
        return texts


class EncryptedPerson:
    """Somebody with a client that syncs and decrypts."""

    def __init__(self, base_url, session):
        self.read = []
        self.client = Client(
            mxid=session["user_id"],
            device_id=DeviceID(session["device_id"]),
            base_url=base_url,
            token=session["access_token"],
            state_store=Rooms(),
            sync_store=MemorySyncStore(),
        )

    async def start(self):
        await with_keys(self.client)
        self.client.add_event_handler(EventType.ROOM_MESSAGE, self._note)
        self.client.start(None)

    async def stop(self):
        self.client.stop()
        await self.client.api.session.close()

    async def _note(self, event):
        if event.sender != self.client.mxid:
            self.read.append(event.content.body)

    async def says(self, room, body):
        await self.client.send_message_event(RoomID(room), EventType.ROOM_MESSAGE, text(body))

    async def reads(self, body):
        async def has_read():
            return body in self.read

        await waits_for(f"{self.client.device_id} to read {body!r}", has_read)
