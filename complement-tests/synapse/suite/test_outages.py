"""Links that break, servers that are killed: afterwards both hold the same."""

from support.world import World, both_ways

MISSED = 500


class Outages(World):
    @both_ways
    def test_a_cut_link_heals_with_both_sides_equal(self, host, guest):
        room_id = self.shared_room(host, guest)
        self.cut()
        for number in range(10):
            host.says(room_id, f"host {number}")
            guest.says(room_id, f"guest {number}")
        host.sets_state(room_id, "m.room.topic", {"topic": "said while apart"})
        self.heal()
        # What is said afterwards makes both servers look for what they missed.
        host.says(room_id, "host again")
        guest.says(room_id, "guest again")
        said = {f"{who} {number}" for who in ("host", "guest") for number in range(10)}
        said |= {"host again", "guest again"}
        for person in (host, guest):
            person.sees("what was said while apart", lambda: set(person.bodies(room_id)) >= said)
            self.assertEqual(sorted(person.bodies(room_id)), sorted(said))
        host.finds("the state", lambda: host.state_of(room_id) == guest.state_of(room_id), True)

    @both_ways
    def test_an_outage_with_five_hundred_messages_is_caught_up(self, host, guest):
        room_id = self.shared_room(host, guest)
        guest.server.kill()
        for number in range(MISSED):
            host.says(room_id, f"missed {number}")
        guest.server.start()
        host.says(room_id, "after the outage")
        guest.sees_message(room_id, "after the outage")
        expected = ["after the outage", *(f"missed {number}" for number in reversed(range(MISSED)))]
        guest.finds("the history", lambda: guest.history_of(room_id, len(expected))[: len(expected)], expected)

    def cut(self):
        for server in (self.ours, self.synapse):
            server.link.cut()

    def heal(self):
        for server in (self.ours, self.synapse):
            server.link.heal()
