"""What people see of each other: receipts, typing, presence, devices, keys, profiles."""

import base64
import secrets

from canonicaljson import encode_canonical_json
from nacl.signing import SigningKey

from support.person import quoted
from support.world import World, both_ways

ONE_TIME_KEYS = 5


class People(World):
    @both_ways
    def test_receipts_and_typing_cross(self, host, guest):
        room_id = self.shared_room(host, guest)
        message = host.says(room_id, "read me")
        guest.sees_message(room_id, "read me")
        guest.post(f"rooms/{quoted(room_id)}/receipt/m.read/{quoted(message)}")
        host.sees(
            "the receipt",
            lambda: any(
                guest.user_id in content.get(message, {}).get("m.read", {})
                for content in host.ephemeral.get(room_id, {}).get("m.receipt", [])
            ),
        )
        guest.put(f"rooms/{quoted(room_id)}/typing/{quoted(guest.user_id)}", {"typing": True, "timeout": 20_000})
        host.sees(
            "the typing",
            lambda: any(
                guest.user_id in content["user_ids"]
                for content in host.ephemeral.get(room_id, {}).get("m.typing", [])
            ),
        )

    @both_ways
    def test_presence_crosses(self, host, guest):
        self.shared_room(host, guest)
        status = {"presence": "unavailable", "status_msg": "在开会"}
        guest.put(f"presence/{quoted(guest.user_id)}/status", status)
        host.sees(
            "the status", lambda: host.presence.get(guest.user_id, {}).get("status_msg") == status["status_msg"]
        )

    @both_ways
    def test_profiles_and_aliases_are_found(self, host, guest):
        guest.put(f"profile/{quoted(guest.user_id)}/displayname", {"displayname": "客人"})
        self.assertEqual(host.get(f"profile/{quoted(guest.user_id)}")["displayname"], "客人")
        name = f"n{secrets.token_hex(4)}"
        room_id = host.creates_room(room_alias_name=name)
        alias = f"#{name}:{host.server.server_name}"
        self.assertEqual(guest.get(f"directory/room/{quoted(alias)}")["room_id"], room_id)
        self.assertEqual(guest.joins(alias), room_id)

    @both_ways
    def test_public_rooms_and_spaces_are_browsed(self, host, guest):
        room_id = host.creates_room(visibility="public", name="公告")

        def is_listed():
            found = guest.get("publicRooms", server=host.server.server_name)["chunk"]
            return room_id in [room["room_id"] for room in found]

        # Synapse lists a room when it has counted its members, a moment later.
        guest.sees("the room in the directory", is_listed)

        space = host.creates_room(creation_content={"type": "m.space"}, name="部门")
        host.sets_state(space, "m.space.child", {"via": [host.server.server_name]}, room_id)
        guest.joins(space, via=host.server)
        rooms = guest.get(f"rooms/{quoted(space)}/hierarchy", version="client/v1")["rooms"]
        self.assertEqual({room["room_id"] for room in rooms}, {space, room_id})

    @both_ways
    def test_messages_to_devices_cross_once(self, host, guest):
        self.shared_room(host, guest)
        body = {"messages": {guest.user_id: {guest.device_id: {"value": "密"}}}}
        host.put("sendToDevice/m.test/t1", body)
        guest.sees("the message", lambda: guest.to_device != [])
        guest.looks()
        self.assertEqual([event["content"] for event in guest.to_device], [{"value": "密"}])

    @both_ways
    def test_device_keys_are_told_of_fetched_and_claimed(self, host, guest):
        self.shared_room(host, guest)
        host.looks()
        device_key = uploads_device_keys(guest)
        host.sees("the changed devices", lambda: guest.user_id in host.changed_devices)
        query = {"device_keys": {guest.user_id: []}}
        found = host.post("keys/query", query)["device_keys"][guest.user_id][guest.device_id]
        self.assertEqual(found["keys"][f"ed25519:{guest.device_id}"], device_key)
        claim = {"one_time_keys": {guest.user_id: {guest.device_id: "signed_curve25519"}}}
        claimed = [one_key(host.post("keys/claim", claim), guest) for _ in range(ONE_TIME_KEYS)]
        self.assertEqual(len(set(claimed)), ONE_TIME_KEYS)
        self.assertEqual(host.post("keys/claim", claim)["one_time_keys"].get(guest.user_id, {}), {})

    @both_ways
    def test_cross_signing_keys_cross(self, host, guest):
        self.shared_room(host, guest)
        host.looks()
        master = uploads_cross_signing_keys(guest)
        host.sees("the changed keys", lambda: guest.user_id in host.changed_devices)
        host.finds(
            "the master key",
            lambda: host.post("keys/query", {"device_keys": {guest.user_id: []}})
            .get("master_keys", {})
            .get(guest.user_id, {})
            .get("keys"),
            {f"ed25519:{master}": master},
        )


def uploads_device_keys(person):
    """Device keys with a real signature and some one-time keys; returns the device's public key."""
    key, name = SigningKey.generate(), f"ed25519:{person.device_id}"
    device = {
        "user_id": person.user_id,
        "device_id": person.device_id,
        "algorithms": ["m.olm.v1.curve25519-aes-sha2", "m.megolm.v1.aes-sha2"],
        "keys": {name: public(key), f"curve25519:{person.device_id}": unpadded(secrets.token_bytes(32))},
    }
    one_time = {
        f"signed_curve25519:K{number}": signed({"key": unpadded(secrets.token_bytes(32))}, person.user_id, name, key)
        for number in range(ONE_TIME_KEYS)
    }
    body = {"device_keys": signed(device, person.user_id, name, key), "one_time_keys": one_time}
    person.post("keys/upload", body)
    return public(key)


def uploads_cross_signing_keys(person):
    """A master key and a self-signing key; returns the master's public key."""
    master, self_signing = SigningKey.generate(), SigningKey.generate()

    def described(key, usage):
        return {"user_id": person.user_id, "usage": [usage], "keys": {f"ed25519:{public(key)}": public(key)}}

    body = {
        "master_key": described(master, "master"),
        "self_signing_key": signed(
            described(self_signing, "self_signing"), person.user_id, f"ed25519:{public(master)}", master
        ),
    }
    person.post("keys/device_signing/upload", body)
    return public(master)


def signed(thing, user_id, key_name, key):
    signature = key.sign(encode_canonical_json(thing)).signature
    return {**thing, "signatures": {user_id: {key_name: unpadded(signature)}}}


def one_key(answer, person):
    (name,) = answer["one_time_keys"][person.user_id][person.device_id]
    return name


def public(key):
    return unpadded(key.verify_key.encode())


def unpadded(data):
    return base64.b64encode(data).decode().rstrip("=")
