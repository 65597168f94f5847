"""What one person was shown in one step of a conversation, as lines that people can read."""

import html
import re

from support.people import POLL_END, SHOWN_TYPES, body_of, edited, is_listed, relation, text_of

# What is another in every run.
CHANGING = (
    (re.compile(r"sha256:[0-9a-f]{4,}…?"), "sha256:…"),
    (re.compile(r"https?://127\.0\.0\.1:\d+"), "{server}"),
    (re.compile(r"mxc://[^\s\"<]+"), "{file}"),
    (re.compile(r"token=[\w.~-]+"), "token={token}"),
    (re.compile(r"(/_lianqiao/\w+(?:-\w+)*/)[\w.~-]{16,}"), r"\1{token}"),
    (re.compile(r"[!$][A-Za-z0-9_-]{43}"), "{id}"),
)
BREAK = re.compile(r"<br ?/>")


def named(text, names):
    """The text with names in place of what is another in every run; `names` are those of servers."""
    for name, shown in names.items():
        text = text.replace(name, shown)
    for pattern, name in CHANGING:
        text = pattern.sub(name, text)
    return text


class Step:
    """What happened to a person since a place in what they were shown, when they knew these rooms."""

    def __init__(self, person, since, known, gateway, names):
        self.person, self.known, self.gateway, self.names = person, known, gateway, names
        self.events = person.events[since:]

    async def lines(self):
        """Everything, chat by chat. Messages of one moment come in either order, so they are sorted here."""
        rooms = {room: name for name, room in self.person.chats.items()}
        lines = []
        for room in sorted({room for room, _ in self.events}, key=lambda room: rooms.get(room, room)):
            shown = self.blocks(room)
            listed = {event["event_id"] for where, event in self.events if where == room and is_listed(event)}
            if not shown:
                continue
            lines.append(f"→ {self.person.account} ({rooms.get(room, 'elsewhere')})")
            for block, _ in shown:
                lines += block
            # What came while somebody was on their way into a room may have been counted or not.
            if room in self.known:
                lines.append(await self.listed(room, [event_id for _, event_id in shown if event_id in listed]))
        return [named(line, self.names) for line in lines]

    def blocks(self, room):
        """(its lines, the event of a new message) of everything in a chat, edits first."""
        events = [event for where, event in self.events if where == room]
        new = [event for event in events if event["type"] in SHOWN_TYPES and not edited(event)]
        mine = {event["event_id"] for event in new}
        changed = dict.fromkeys(edited(event) for event in events if edited(event) and edited(event) not in mine)
        ends = [event for event in events if event["type"] == POLL_END]
        taps = [event for event in events if event["type"] == "m.reaction" and relation(event).get("event_id") not in mine]
        blocks = sorted((self.change(event_id), None) for event_id in changed)
        blocks += sorted((self.message(room, event, events), event["event_id"]) for event in new)
        blocks += [([f"  end of “{self.first(event)}”", f"    {self.push(event)}"], None) for event in ends]
        blocks += [([f"  taps {relation(event)['key']} on “{self.first(event)}”"], None) for event in taps]
        return blocks

    def first(self, event):
        return self.person.first_line(relation(event).get("event_id"))

    def message(self, room, event, events):
        content = self.person.contents[event["event_id"]]
        offered = [
            relation(other)["key"] for other in events
            if other["type"] == "m.reaction" and relation(other).get("event_id") == event["event_id"]
        ]
        lines = [f"  {self.kind(event)}{self.where(event)}", *written(content)]
        if offered:
            lines.append(f"    offers {' '.join(offered)}")
        return lines + ([f"    {self.push(event)}"] if room in self.known else [])

    def kind(self, event):
        """What it is. A file that took the place of a notice at once is a file."""
        kinds = {"m.text": "message", "m.notice": "notice", "m.file": "file", "m.image": "image"}
        began, became = (content.get("msgtype") for content in (event["content"], self.person.contents[event["event_id"]]))
        return kinds.get(became if became == "m.file" else began, "poll")

    def where(self, event):
        relates = relation(event)
        if relates.get("rel_type") == "m.thread":
            return f" in the thread of “{self.first(event)}”"
        if "m.in_reply_to" in relates:
            return f" in answer to “{self.person.first_line(relates['m.in_reply_to']['event_id'])}”"
        return ""

    def change(self, event_id):
        return ["  edit", *written(self.person.contents[event_id])]

    def push(self, event):
        """What both apps of the phone were told of an event; the one that was told its id alone has to ask."""
        words, ids = (
            self.gateway.told.get((f"{app}/{self.person.account}", event["event_id"])) for app in ("words", "ids")
        )
        if not (words and ids):
            return "no push"
        assert "content" not in ids, ids
        tweaks = words["devices"][0].get("tweaks", {})
        how = [tweak for tweak in ("sound", "highlight") if tweaks.get(tweak)]
        title = words.get("room_name") or words.get("sender_display_name")
        line = (body_of(words["content"]) or text_of(words["content"])).split("\n")[0]
        return f"push “{title}”: {line or words['type']} ({', '.join([words['prio'], *how])})"

    async def listed(self, room, new):
        """The line of the room list; of messages of one moment the one that stands last here counts as the newest."""
        name, unread, mentions, newest = (await self.person.room_list())[room]
        self.person.newest_of.update(dict.fromkeys(new, new[-1] if new else None))
        newest = self.person.newest_of.get(newest, newest)
        return f"  list “{name}” · {unread} unread · {mentions} mentions · {self.person.first_line(newest)}"


def written(content):
    """A body, and its rich form where that says more."""
    body = body_of(content)
    lines = [f"    {line}".rstrip() for line in body.split("\n")]
    rich = BREAK.sub("<br>", content.get("formatted_body", ""))
    if rich and rich != html.escape(body, quote=False).replace("\n", "<br>"):
        lines.append(f"    html {rich}")
    return [line.replace("\t", " ") for line in lines]
