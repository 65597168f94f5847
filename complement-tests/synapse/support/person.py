"""A person on one of the two servers, over the client API alone."""

import itertools
import json
import time
import urllib.parse

import requests

SEEN_SECONDS_MAX = 45
POLL_MS = 1_000
PASSWORD = "a long enough password"
TIMELINE = json.dumps({"room": {"timeline": {"limit": 100}}})

_names = itertools.count(1)


class Refused(AssertionError):
    """The server answered with an error; `status` and `code` say which."""

    def __init__(self, method, path, response):
        super().__init__(f"{method} {path}: {response.status_code} {response.text[:500]}")
        self.status = response.status_code
        body = response.json() if response.headers.get("Content-Type", "").startswith("application/json") else {}
        self.code = body.get("errcode")


class Person:
    """Registers on `server` under a name of its own, and remembers what its syncs showed."""

    def __init__(self, server, name):
        self.server = server
        self.http = requests.Session()
        self.transactions = itertools.count(1)
        body = {
            "username": f"{name}{next(_names)}",
            "password": PASSWORD,
            "auth": {"type": "m.login.dummy"},
            "device_id": "DEVICE",
        }
        answer = self.post("register", body)
        self.user_id, self.device_id = answer["user_id"], answer["device_id"]
        self.http.headers["Authorization"] = f"Bearer {answer['access_token']}"
        self.since = None
        self.memberships = {}
        self.timelines = {}
        self.ephemeral = {}
        self.presence = {}
        self.to_device = []
        self.changed_devices = set()

    # The bare API.

    def call(self, method, path, body=None, version="client/v3", **query):
        url = f"{self.server.base_url}/_matrix/{version}/{path}"
        if isinstance(body, bytes):
            response = self.http.request(method, url, params=query, data=body, timeout=120)
        else:
            response = self.http.request(method, url, params=query, json=body, timeout=120)
        if not response.ok:
            raise Refused(method, path, response)
        if response.headers.get("Content-Type", "").startswith("application/json"):
            return response.json()
        return response

    def get(self, path, **query):
        return self.call("GET", path, **query)

    def post(self, path, body=None, **query):
        return self.call("POST", path, {} if body is None else body, **query)

    def put(self, path, body, **query):
        return self.call("PUT", path, body, **query)

    # What people do.

    def creates_room(self, **options):
        options.setdefault("preset", "public_chat")
        return self.post("createRoom", options)["room_id"]

    def joins(self, room, via=None):
        query = {"via": via.server_name, "server_name": via.server_name} if via else {}
        return self.post(f"join/{quoted(room)}", **query)["room_id"]

    def invites(self, other, room_id):
        self.post(f"rooms/{quoted(room_id)}/invite", {"user_id": other.user_id})

    def leaves(self, room_id):
        self.post(f"rooms/{quoted(room_id)}/leave")

    def sends(self, room_id, kind, content):
        transaction = f"t{next(self.transactions)}"
        return self.put(f"rooms/{quoted(room_id)}/send/{kind}/{transaction}", content)["event_id"]

    def says(self, room_id, body):
        return self.sends(room_id, "m.room.message", {"msgtype": "m.text", "body": body})

    def sets_state(self, room_id, kind, content, state_key=""):
        path = f"rooms/{quoted(room_id)}/state/{kind}/{quoted(state_key)}"
        return self.put(path, content)["event_id"]

    def state_of(self, room_id):
        """(type, state key) → event id."""
        events = self.get(f"rooms/{quoted(room_id)}/state")
        return {(event["type"], event["state_key"]): event["event_id"] for event in events}

    def membership_of(self, other, room_id):
        path = f"rooms/{quoted(room_id)}/state/m.room.member/{quoted(other.user_id)}"
        return self.get(path)["membership"]

    def history_of(self, room_id, events_max):
        """Bodies of the room's messages, newest first, page by page."""
        bodies, query = [], {"dir": "b", "limit": "50"}
        while len(bodies) < events_max:
            page = self.get(f"rooms/{quoted(room_id)}/messages", **query)
            bodies += [event["content"].get("body") for event in page["chunk"] if event["type"] == "m.room.message"]
            if "end" not in page:
                break
            query["from"] = page["end"]
        return bodies

    # What people see.

    def looks(self, timeout_ms=0):
        """One sync; notes everything that is in it."""
        query = {"timeout": str(timeout_ms), "filter": TIMELINE}
        if self.since:
            query["since"] = self.since
        answer = self.get("sync", **query)
        self.since = answer["next_batch"]
        for membership, rooms in answer.get("rooms", {}).items():
            for room_id, room in rooms.items():
                self.memberships[room_id] = membership
                self.timelines.setdefault(room_id, []).extend(room.get("timeline", {}).get("events", []))
                for event in room.get("ephemeral", {}).get("events", []):
                    self.ephemeral.setdefault(room_id, {}).setdefault(event["type"], []).append(event["content"])
        for event in answer.get("presence", {}).get("events", []):
            self.presence[event["sender"]] = event["content"]
        self.to_device += answer.get("to_device", {}).get("events", [])
        self.changed_devices |= set(answer.get("device_lists", {}).get("changed", []))

    def sees(self, what, condition):
        """Syncs until `condition` holds."""
        deadline = time.monotonic() + SEEN_SECONDS_MAX
        while not condition():
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.user_id} never saw {what}")
            self.looks(POLL_MS)

    def finds(self, what, question, wanted):
        """Asks until the answer is what is wanted; for what no sync tells."""
        deadline = time.monotonic() + SEEN_SECONDS_MAX
        while (found := question()) != wanted:
            if time.monotonic() > deadline:
                raise AssertionError(f"{self.user_id}: {what} is {found!r}, not {wanted!r}")
            time.sleep(0.1)

    def event_ids(self, room_id):
        return [event["event_id"] for event in self.timelines.get(room_id, [])]

    def bodies(self, room_id):
        events = self.timelines.get(room_id, [])
        return [event["content"].get("body") for event in events if event["type"] == "m.room.message"]

    def sees_message(self, room_id, body):
        self.sees(f"“{body}”", lambda: body in self.bodies(room_id))

    def sees_membership(self, room_id, membership):
        self.sees(f"being {membership} of {room_id}", lambda: self.memberships.get(room_id) == membership)


def quoted(text):
    """For a part of a path."""
    return urllib.parse.quote(text, safe="")
