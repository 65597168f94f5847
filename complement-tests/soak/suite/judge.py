"""What must stand where at the end: everything once, in order, and soon."""

import re
from collections import Counter

TOKEN = re.compile(r"\b[a-z]\d{3}-\d{5}\b")
# Words that one fault names.
SHOWN_MAX = 12


def token_of(text):
    found = TOKEN.search(text or "")
    return found.group(0) if found else None


class Room:
    """A room with its chats, as everything looks at one moment."""

    def __init__(self, house, room, places, chats):
        self.places, self.events = places, {}
        self.timeline, undelivered = [], []
        for event in house.history(room):
            content = event.get("content", {})
            if event["type"] != "m.room.message":
                continue
            answered = content.get("m.relates_to", {}).get("m.in_reply_to", {}).get("event_id")
            if event["sender"].startswith("@bridge:"):
                undelivered.append((answered, content.get("body", "")))
            elif token := token_of(content.get("body")):
                self.timeline.append(token)
                self.events[event["event_id"]] = token
        self.undelivered = [(self.events.get(event), words) for event, words in undelivered if event in self.events]
        self.shown = {}
        for platform, chat in chats:
            found = ((token_of(text), at) for text, at in platform.shown(chat))
            self.shown[platform] = [(token, at) for token, at in found if token]

    def missing(self):
        """How many words do not stand yet where they shall. What a platform dropped is not waited for."""
        platforms = {platform.letter: platform for platform in self.shown}
        said, gone = set(), set()
        for place in self.places:
            platform = platforms.get(place.name[0])
            for token, key, at in place.said:
                (gone if platform and platform.lost(key, at) and token not in self.timeline else said).add(token)
        count = len(said - set(self.timeline))
        for platform, shown in self.shown.items():
            told = {token for token, words in self.undelivered if platform.name in words}
            others = {token for token in said if not token.startswith(platform.letter)}
            count += len(others - {token for token, _ in shown} - told)
        return count


class Judge:
    def __init__(self, platforms):
        self.platforms = {platform.letter: platform for platform in platforms}
        self.faults, self.lost, self.unknown, self.late = [], 0, 0, 0

    def look(self, room):
        """Judges one room and its chats."""
        gone, overtaken = set(), set()
        for place in room.places:
            platform = self.platforms.get(place.name[0])
            for token, key, at in place.said:
                if platform and platform.lost(key, at):
                    gone.add(token)
                if platform and platform.is_late(key):
                    overtaken.add(token)
        self.lost += len(gone - set(room.timeline))
        for place in room.places:
            said = [token for token, _, _ in place.said]
            self.late += len(behind_later_ones(said, room.timeline) & overtaken)
            fates = {}
            if place.name[0] in self.platforms:
                platform = self.platforms[place.name[0]]
                fates = {token: platform.fate(key, at) for token, key, at in place.said}
            self.once(f"room, from {place.name}", said, room.timeline, gone, place.name, fates)
            in_turn = [token for token in said if token not in overtaken and token in room.timeline]
            here = [token for token in room.timeline if token in set(in_turn)]
            self.same(f"room, from {place.name}", in_turn, list(dict.fromkeys(here)), fates)
        for platform, shown in room.shown.items():
            told = {token for token, words in room.undelivered if platform.name in words}
            if told and not platform.loses:
                self.faults.append(f"{platform.name} did not get {sorted(told)[:SHOWN_MAX]}, and should have")
            there = [token for token, _ in shown]
            wanted = [token for token in dict.fromkeys(room.timeline) if not token.startswith(platform.letter)]
            self.once(f"{platform.name}", wanted, there, told, "")
            self.unknown += len(told)
            self.same(f"{platform.name}", [token for token in wanted if token in set(there)], list(dict.fromkeys(there)))

    def once(self, where, wanted, there, excused, prefix, fates=None):
        count = Counter(token for token in there if token.startswith(prefix))
        missing = [token for token in wanted if not count[token] and token not in excused]
        doubled = [token for token, number in count.items() if number > 1]
        strange = [token for token in count if token not in set(wanted)]
        for what, tokens in (("misses", missing), ("doubles", doubled), ("invents", strange)):
            if tokens:
                shown = [f"{token} ({fates[token]})" if token in (fates or {}) else token for token in tokens[:SHOWN_MAX]]
                self.faults.append(f"{where}: {what} {len(tokens)}: {shown}")

    def same(self, where, wanted, there, fates=None):
        if wanted != there:
            pairs = [(a, b) for a, b in zip(wanted, there) if a != b][:SHOWN_MAX]
            known = [f"{token} ({fates[token]})" for token, _ in pairs if token in (fates or {})]
            self.faults.append(f"{where}: another order: {pairs} {known}")


def behind_later_ones(said, timeline):
    """Which words stand behind others that were said after them."""
    stands = {token: index for index, token in reversed(list(enumerate(timeline)))}
    late, first = set(), len(timeline)
    for token in reversed(said):
        place = stands.get(token, len(timeline))
        if first < place < len(timeline):
            late.add(token)
        first = min(first, place)
    return late


def lags(rooms, times, since):
    """How late what was said after `since` was at each other side, in seconds, by way."""
    late = {}
    for room in rooms:
        said = {token: at for place in room.places for token, _, at in place.said if at >= since}
        for token, at in said.items():
            if token in times and not token.startswith("m"):
                late.setdefault(f"{token[0]} -> room", []).append(times[token] - at)
        for platform, shown in room.shown.items():
            for token, at_ms in shown:
                if token in said:
                    late.setdefault(f"{token[0]} -> {platform.name}", []).append(at_ms / 1000 - said[token])
    return {way: sorted(values) for way, values in sorted(late.items())}


def percentile(values, share):
    return values[min(len(values) - 1, int(len(values) * share))]
