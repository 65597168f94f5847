"""Our client against Radicale, and slots over several sources."""

import unittest

from support.desk import Desk
from support.radicale import PASSWORD, USER, Radicale
from support.times import BERLIN, at, event, milliseconds, span

ALICE = "@alice:corp.example"
SLOT_SEARCH_MS_MAX = 2_000


class Sources(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.radicale = Radicale()

    @classmethod
    def tearDownClass(cls):
        cls.radicale.remove()

    def setUp(self):
        self.desk = Desk()
        self.addCleanup(self.desk.close)

    def busy(self, who=ALICE):
        asked = {"asker": ALICE, "people": [f"matrix:u/{who[1:]}"], "within": span(at(0), at(23))}
        (schedule,) = self.desk.ask("busy", **asked)
        return schedule["known"], [(one["from_ms"], one["until_ms"], one["kind"]) for one in schedule["intervals"]]

    def fill(self, name, *events):
        """A calendar at Radicale with these events, as we write them."""
        url = self.radicale.calendar(name)
        for one in events:
            self.radicale.put(url, one["uid"], self.desk.ask("write", method=None, event=one))
        return url

    def login(self, url, password=PASSWORD):
        return {"kind": "cal_dav", "url": url, "user": USER, "password": password}

    def test_when_somebody_is_busy_by_a_calendar_at_radicale(self):
        url = self.fill(
            "busy",
            event("one", at(10)),
            event("perhaps", at(12), status="tentative"),
            event("free", at(14), transparency="transparent"),
            event("series", at(16, days=-7), rrule="FREQ=WEEKLY;COUNT=3"),
            event("berlin", at(12, zone=BERLIN), zone="Europe/Berlin"),
        )
        self.desk.ask("source", user=ALICE, source=self.login(url))
        known, busy = self.busy()
        self.assertTrue(known)
        hour = 3_600_000
        expected = sorted(milliseconds(start) for start in (at(10), at(12), at(16), at(12, zone=BERLIN)))
        self.assertEqual(sorted({from_ms for from_ms, _, _ in busy}), expected)
        self.assertTrue(all(until_ms - from_ms == hour for from_ms, until_ms, _ in busy))
        kinds = {from_ms: kind for from_ms, _, kind in busy}
        self.assertEqual((kinds[milliseconds(at(10))], kinds[milliseconds(at(12))]), ("busy", "tentative"))

    def test_whoever_cannot_be_asked_is_unknown(self):
        url = self.fill("locked", event("one", at(10)))
        self.desk.ask("source", user=ALICE, source=self.login(url, password="wrong"))
        known, _ = self.busy()
        self.assertFalse(known)

    def test_slots_for_five_people_over_three_kinds_of_sources(self):
        """The first hour that is free for all, found within two seconds."""
        people = [f"@p{number}:corp.example" for number in range(5)]
        for number, who in enumerate(people):
            # By the own calendar, one at Radicale, and a feed; together they take the morning.
            self.desk.ask("put", user=who, event=event(f"own{number}", at(8), minutes=60))
            url = self.fill(f"dav{number}", *(event(f"dav{number}x{day}", at(9, days=day)) for day in range(5)))
            self.desk.ask("source", user=who, source=self.login(url))
            path = self.desk.ask("feed", user=f"@feed{number}:corp.example")
            self.desk.ask("put", user=f"@feed{number}:corp.example", event=event(f"feed{number}", at(10), minutes=50))
            self.desk.ask("source", user=who, source={"kind": "feed", "url": self.desk.url + path})
        self.desk.ask("fetch")
        found = self.desk.ask(
            "slots",
            asker=people[0],
            people=[f"matrix:u/{who[1:]}" for who in people],
            within=span(at(8), at(18)),
            length_ms=3_600_000,
        )
        self.assertEqual(found["unknown"], [])
        self.assertEqual(found["slots"][0]["start_ms"], milliseconds(at(11)))
        print(f"slot search for 5 people over 3 sources: {found['took_ms']} ms")
        self.assertLess(found["took_ms"], SLOT_SEARCH_MS_MAX)
