"""A calendar at Radicale that its owner names in chat, and a time that is looked for beside it."""

import unittest

from support.chat import Chat
from support.radicale import PASSWORD, USER, Radicale

# The day on which the stage of the bot begins, at nine in Shanghai.
MEETING = "\r\n".join(
    [
        "BEGIN:VCALENDAR",
        "VERSION:2.0",
        "PRODID:-//suite//EN",
        "BEGIN:VEVENT",
        "UID:one",
        "DTSTAMP:20261101T000000Z",
        "DTSTART:20261105T060000Z",
        "DTEND:20261105T070000Z",
        "SUMMARY:Dentist",
        "END:VEVENT",
        "END:VCALENDAR",
        "",
    ]
)


class NamedInChat(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.radicale = Radicale()
        cls.url = cls.radicale.calendar("chat")
        cls.radicale.put(cls.url, "one", MEETING)

    @classmethod
    def tearDownClass(cls):
        cls.radicale.remove()

    def setUp(self):
        self.chat = Chat()
        self.addCleanup(self.chat.close)

    def add(self, url, user=USER, password=PASSWORD):
        return self.chat.say(f"!meet source add {url} {user} {password}")[-1]

    def test_a_calendar_is_named_and_a_time_is_found_beside_what_is_in_it(self):
        self.assertEqual(
            self.add(self.url), "127.0.0.1 的日历已添加：2027-02-13 之前有 1 段忙碌时间，找时间时计入。"
        )
        self.assertEqual(self.chat.say("!meet source"), ["1. 127.0.0.1（CalDAV，用户 alice）"])
        (busy,) = self.chat.say("!meet free")
        self.assertIn("14:00–15:00", busy)
        said = "\n".join(self.chat.say("!meet find 3h 今天 下午"))
        self.assertIn("15:00–18:00", said)
        self.assertNotIn("未知", said)
        self.assertEqual(self.chat.say("!meet source drop 1"), ["127.0.0.1 的日历已移除。"])
        self.assertNotIn("14:00", self.chat.say("!meet free")[0])

    def test_what_cannot_be_asked_is_said_and_not_kept(self):
        self.assertEqual(
            self.add(self.url, password="wrong"), "127.0.0.1 的日历未添加：用户名或密码不被接受。"
        )
        home = f"{self.radicale.base_url}/{USER}/"
        self.assertEqual(self.add(home), "127.0.0.1 的日历未添加：那里没有能读的日历。")
        self.assertEqual(self.chat.say("!meet source"), ["没有其他日历。"])
