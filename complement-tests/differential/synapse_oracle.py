"""Asks Synapse what it makes of the rooms on standard input, which `state_graphs` prints, and compares.

Synapse's own functions are called on events in memory; no server runs. Differences are printed with the version and
the seed that make them again, and end the run with a failure.
"""

import json
import sys

from synapse import event_auth
from synapse.api.errors import SynapseError
from synapse.api.room_versions import KNOWN_ROOM_VERSIONS, StateResolutionVersions
from synapse.events import make_event_from_dict
from synapse.state import v1, v2
from synapse.storage.databases.main.event_federation import StateDifference

DIFFERENCES_SHOWN = 20


class Clock:
    async def sleep(self, _duration):
        pass


class Room:
    """What Synapse's resolution asks its database for, by definition."""

    def __init__(self, told):
        self.version = KNOWN_ROOM_VERSIONS[told["version"]]
        self.events = {entry["id"]: self.event(entry) for entry in told["events"]}
        self.id = next(iter(self.events.values())).room_id

    def event(self, entry):
        event = make_event_from_dict(entry["pdu"], self.version)
        assert event.event_id == entry["id"], f"{event.event_id} is no {entry['id']}"
        return event

    def is_closed(self):
        """Rooms that are not federated: Synapse refuses memberships of strangers there, of which no rule speaks."""
        return any(event.type == "m.room.create" and event.content.get("m.federate") is False for event in self.events.values())

    def state(self, ids):
        return {(self.events[id].type, self.events[id].state_key): id for id in ids}

    def with_ancestors(self, ids):
        found, open_ = set(), list(ids)
        while open_:
            id = open_.pop()
            if id not in found:
                found.add(id)
                open_.extend(self.events[id].auth_event_ids())
        return found

    async def get_events(self, ids, allow_rejected=False):
        return {id: self.events[id] for id in ids if id in self.events}

    async def get_auth_chain_difference(self, _room, state_sets, conflicted, _more):
        chains = [self.with_ancestors(ids) for ids in state_sets]
        difference = set.union(*chains) - set.intersection(*chains)
        subgraph = None
        if conflicted is not None:
            behind = self.with_ancestors(conflicted)
            subgraph = {id for id in behind if self.with_ancestors([id]) & set(conflicted)}
        return StateDifference(auth_difference=difference, conflicted_subgraph=subgraph)

    def resolve(self, states):
        states = [self.state(ids) for ids in states]
        if self.version.state_res == StateResolutionVersions.V1:
            resolution = v1.resolve_events_with_store(self.id, self.version, states, None, self.get_events)
        else:
            resolution = v2.resolve_events_with_store(Clock(), self.id, self.version, states, None, self)
        return sorted(finished(resolution).values())

    def allows(self, event, ids):
        try:
            event_auth.check_state_dependent_auth_rules(event, [self.events[id] for id in ids])
        except (SynapseError, KeyError, AttributeError):
            # Content of another shape than a rule expects is a plain error there, which refuses the event as well.
            return False
        return True


def finished(coroutine):
    """The value of a coroutine that never waits."""
    try:
        coroutine.send(None)
    except StopIteration as end:
        return end.value
    raise AssertionError("it waits for something")


def main():
    asked, differences = {"verdicts": 0, "resolutions": 0}, []
    for line in sys.stdin:
        told = json.loads(line)
        room = Room(told)
        if room.is_closed():
            continue
        case = f"version {told['version']}, seed {told['seed']}"
        for attempt in told["attempts"]:
            if attempt["event"]["pdu"]["type"] == "m.room.create":
                # A second one is not even read there.
                continue
            asked["verdicts"] += 1
            event = room.event(attempt["event"])
            allowed = room.allows(event, attempt["state"])
            if allowed != attempt["by_state"]:
                pdu = attempt["event"]["pdu"]
                state = {key: room.events[id].content for key, id in room.state(attempt["state"]).items()}
                differences.append(
                    f"{case}: Synapse says {allowed} to {pdu['sender']}: {pdu['type']} {pdu.get('state_key')!r}"
                    f" {pdu['content']} in {state}"
                )
        for resolved in told["resolved"]:
            asked["resolutions"] += 1
            state = room.resolve(resolved["states"])
            if state != resolved["state"]:
                only_there = set(state) - set(resolved["state"])
                only_here = set(resolved["state"]) - set(state)
                differences.append(f"{case}: Synapse alone has {only_there}, we alone have {only_here}")
    print(f"Synapse: {asked['verdicts']} verdicts, {asked['resolutions']} resolutions, {len(differences)} differ")
    for difference in differences[:DIFFERENCES_SHOWN]:
        print(f"  {difference}")
    sys.exit(1 if differences or not asked["resolutions"] else 0)


main()
