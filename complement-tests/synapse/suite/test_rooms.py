"""Rooms that both servers share: entering, talking, changing, leaving."""

from support.person import Person, Refused, quoted
from support.world import World, both_ways, joined

ROOM_VERSIONS = [str(version) for version in range(1, 13)]


class Rooms(World):
    @both_ways
    def test_rooms_of_every_version_are_joined_and_talked_in_both_ways(self, host, guest):
        for version in ROOM_VERSIONS:
            with self.subTest(host=host.server.name, version=version):
                room_id = self.shared_room(host, guest, room_version=version)
                host.says(room_id, f"from the host in {version}")
                guest.sees_message(room_id, f"from the host in {version}")
                guest.says(room_id, f"from the guest in {version}")
                host.sees_message(room_id, f"from the guest in {version}")
                self.assertEqual(host.state_of(room_id), guest.state_of(room_id))

    @both_ways
    def test_state_edits_reactions_and_redactions_cross(self, host, guest):
        room_id = self.shared_room(host, guest)
        topic = host.sets_state(room_id, "m.room.topic", {"topic": "四月 plan"})
        guest.sees("the topic", lambda: topic in guest.event_ids(room_id))
        message = host.says(room_id, "a word")
        guest.sees("the message", lambda: message in guest.event_ids(room_id))
        relation = {"m.relates_to": {"rel_type": "m.annotation", "event_id": message, "key": "👍"}}
        reaction = guest.sends(room_id, "m.reaction", relation)
        host.sees("the reaction", lambda: reaction in host.event_ids(room_id))
        redaction = host.put(f"rooms/{room_id}/redact/{quoted(message)}/r1", {"reason": "wrong room"})["event_id"]
        guest.sees("the redaction", lambda: redaction in guest.event_ids(room_id))
        seen = guest.get(f"rooms/{room_id}/event/{quoted(message)}")
        self.assertEqual(seen["content"], {})

    @both_ways
    def test_invitations_are_accepted_rejected_and_taken_back(self, host, guest):
        room_id = host.creates_room(preset="private_chat", name="by invitation")
        host.invites(guest, room_id)
        guest.sees_membership(room_id, "invite")
        guest.joins(room_id)
        host.sees("the guest join", lambda: guest.user_id in joined(host, room_id))
        host.says(room_id, "welcome")
        guest.sees_message(room_id, "welcome")

        rejected = host.creates_room(preset="private_chat")
        host.invites(guest, rejected)
        guest.sees_membership(rejected, "invite")
        guest.leaves(rejected)
        host.finds("the membership", lambda: host.membership_of(guest, rejected), "leave")

        rescinded = host.creates_room(preset="private_chat")
        host.invites(guest, rescinded)
        guest.sees_membership(rescinded, "invite")
        host.post(f"rooms/{quoted(rescinded)}/kick", {"user_id": guest.user_id})
        guest.sees_membership(rescinded, "leave")

    @both_ways
    def test_knocks_are_answered(self, host, guest):
        rule = {"type": "m.room.join_rules", "state_key": "", "content": {"join_rule": "knock"}}
        room_id = host.creates_room(preset="private_chat", initial_state=[rule])
        via = {"server_name": host.server.server_name, "via": host.server.server_name}
        guest.post(f"knock/{quoted(room_id)}", {"reason": "please"}, **via)
        host.finds("the membership", lambda: host.membership_of(guest, room_id), "knock")
        host.invites(guest, room_id)
        guest.sees_membership(room_id, "invite")
        guest.joins(room_id)
        guest.says(room_id, "thank you")
        host.sees_message(room_id, "thank you")

    @both_ways
    def test_restricted_rooms_let_in_the_members_of_another_room(self, host, guest):
        allowing = self.shared_room(host, guest)
        rule = {"join_rule": "restricted", "allow": [{"type": "m.room_membership", "room_id": allowing}]}
        state = [{"type": "m.room.join_rules", "state_key": "", "content": rule}]
        room_id = host.creates_room(preset="private_chat", initial_state=state)
        guest.joins(room_id, via=host.server)
        host.finds("the membership", lambda: host.membership_of(guest, room_id), "join")

        stranger = Person(guest.server, "stranger")
        with self.assertRaises(Refused) as refused:
            stranger.joins(room_id, via=host.server)
        self.assertEqual(refused.exception.status, 403)

    @both_ways
    def test_bans_hold_on_the_other_server(self, host, guest):
        room_id = self.shared_room(host, guest)
        host.post(f"rooms/{quoted(room_id)}/ban", {"user_id": guest.user_id, "reason": "spam"})
        guest.sees_membership(room_id, "leave")
        with self.assertRaises(Refused) as refused:
            guest.joins(room_id, via=host.server)
        self.assertEqual(refused.exception.status, 403)
        host.post(f"rooms/{quoted(room_id)}/unban", {"user_id": guest.user_id})
        host.finds("the membership", lambda: host.membership_of(guest, room_id), "leave")
        guest.joins(room_id, via=host.server)
        guest.says(room_id, "back again")
        host.sees_message(room_id, "back again")

    @both_ways
    def test_an_upgraded_room_is_followed(self, host, guest):
        room_id = self.shared_room(host, guest, room_version="10", name="before")
        new_room = host.post(f"rooms/{quoted(room_id)}/upgrade", {"new_version": "12"})["replacement_room"]
        guest.sees(
            "the tombstone",
            lambda: any(event["type"] == "m.room.tombstone" for event in guest.timelines.get(room_id, [])),
        )
        guest.joins(new_room, via=host.server)
        guest.says(new_room, "moved")
        host.sees_message(new_room, "moved")

    @both_ways
    def test_three_hundred_messages_of_before_are_fetched(self, host, guest):
        room_id = host.creates_room()
        for number in range(300):
            host.says(room_id, f"old {number}")
        guest.joins(room_id, via=host.server)
        expected = [f"old {number}" for number in reversed(range(300))]
        self.assertEqual(guest.history_of(room_id, 300)[:300], expected)
