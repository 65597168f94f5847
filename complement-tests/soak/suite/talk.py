"""Who says what where: numbered words, one after the other in each place, many places at once, and who reads along."""

import json
import queue
import random
import threading
import time
import urllib.parse

from suite.wire import Refused, Unreachable

# So many speak at the same moment. A place belongs to one of them, so its words keep their order.
SPEAKERS = 64
# Pause before something is said again that nobody took.
AGAIN_SECONDS = 0.2
LOOK_SECONDS = 0.05
EVENTS_READ_MAX = 200


class Place:
    """Where one line of words begins: a chat of a platform, or a room."""

    def __init__(self, letter, number, say):
        self.name, self.say, self.said = f"{letter}{number:03}", say, []

    def speak(self):
        """Says the next words, until somebody takes them."""
        token = f"{self.name}-{len(self.said):05}"
        while True:
            at = time.time()
            try:
                key = self.say(token)
                break
            except (Unreachable, Refused) as error:
                if isinstance(error, Refused) and error.status < 500:
                    raise
                time.sleep(AGAIN_SECONDS)
        self.said.append((token, key, at))


class Talk:
    """Has people speak, at a rate or all at once."""

    def __init__(self, places, seed):
        self.places, self.chance = places, random.Random(seed)
        self.failed = []
        self.queues = [queue.Queue() for _ in range(SPEAKERS)]
        for waiting in self.queues:
            threading.Thread(target=self.work, args=(waiting,), daemon=True).start()

    def work(self, waiting):
        while True:
            place = waiting.get()
            try:
                place.speak()
            except Exception as error:  # A suite that goes on without a place would find nothing there.
                self.failed.append(f"{place.name}: {error}")
            waiting.task_done()

    def go(self, count, rate=None, meanwhile=lambda: None):
        """Has so many words said at random places, so many a second or all at once, and answers how
        many seconds passed until all were taken."""
        begin = time.monotonic()
        for number in range(count):
            index = self.chance.randrange(len(self.places))
            self.queues[index % len(self.queues)].put(self.places[index])
            meanwhile()
            if rate:
                time.sleep(max(0.0, begin + number / rate - time.monotonic()))
        # Whoever speaks in a room waits for a server that was killed: somebody has to bring it back.
        while any(waiting.unfinished_tasks for waiting in self.queues):
            meanwhile()
            time.sleep(LOOK_SECONDS)
        if self.failed:
            raise RuntimeError("; ".join(self.failed[:5]))
        return time.monotonic() - begin


def in_room(house, room):
    """How Alice says something in a room: the transaction id makes a repeat the same event."""
    def say(token):
        path = f"/_matrix/client/v3/rooms/{urllib.parse.quote(room)}/send/m.room.message/{token}"
        return house.alice.ask("PUT", path, {"msgtype": "m.text", "body": token})["event_id"]
    return say


class Reader(threading.Thread):
    """Alice's client: syncs all the time and notes when words came."""

    def __init__(self, house):
        super().__init__(daemon=True)
        self.house, self.seen, self.times = house, {}, {}
        self.is_over = False
        only = json.dumps({"room": {"timeline": {"limit": EVENTS_READ_MAX}}, "presence": {"types": []}})
        self.query = f"filter={urllib.parse.quote(only)}"
        self.since = house.alice.ask("GET", f"/_matrix/client/v3/sync?{self.query}")["next_batch"]

    def run(self):
        while not self.is_over:
            path = f"/_matrix/client/v3/sync?{self.query}&timeout=5000&since={urllib.parse.quote(self.since)}"
            try:
                answer = self.house.alice.ask("GET", path)
            except (Unreachable, Refused):
                time.sleep(AGAIN_SECONDS)
                continue
            now = time.time()
            self.since = answer["next_batch"]
            for room in answer.get("rooms", {}).get("join", {}).values():
                for event in room["timeline"]["events"]:
                    self.seen[event["event_id"]] = self.seen.get(event["event_id"], 0) + 1
                    body = event.get("content", {}).get("body")
                    if isinstance(body, str):
                        self.times.setdefault(body.split("\n")[-1], now)
