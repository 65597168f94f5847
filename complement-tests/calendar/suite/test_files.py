"""Invitations of ours read by Python's icalendar, and what it writes read by us."""

import datetime
import unittest

import icalendar

from support.desk import Desk
from support.times import BERLIN, SHANGHAI, UTC, at, event

ALICE, EVE = "matrix:u/alice:corp.example", "mailto:eve@partner.example"


def message_of_somebody_else(method, uid):
    """A message with one event of which nothing is said yet but what every event has."""
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//somebody//else//")
    calendar.add("METHOD", method)
    written = icalendar.Event()
    written.add("UID", uid)
    written.add("DTSTAMP", datetime.datetime(2026, 1, 1, tzinfo=UTC))
    calendar.add_component(written)
    return calendar, written


class Files(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.desk = Desk()

    @classmethod
    def tearDownClass(cls):
        cls.desk.close()

    def events_of(self, text):
        calendar = icalendar.Calendar.from_ical(text)
        self.assertEqual([error for component in calendar.walk() for error in component.errors], [])
        return calendar, [part for part in calendar.walk("VEVENT")]

    def test_an_invitation_of_ours_is_read(self):
        meeting = event(
            "m1@corp.example",
            at(10, zone=BERLIN),
            zone="Europe/Berlin",
            title="评审; mit, Kommas\nund Zeilen",
            description="长" * 300,
            location="会议室3",
            sequence=4,
            organizer={"address": ALICE, "name": "Alice"},
            attendees=[
                {"address": EVE, "name": "Eve \"E\" Example", "role": "optional"},
                {"address": ALICE, "name": "Alice", "role": "chair", "partstat": "accepted"},
            ],
            reminders=[15, 1],
            rrule="FREQ=WEEKLY;COUNT=5;BYDAY=TH",
        )
        second = at(10, zone=BERLIN, days=7).replace(tzinfo=None)
        meeting["exdates"] = [second.isoformat()]
        third = at(10, zone=BERLIN, days=14).replace(tzinfo=None)
        meeting["overrides"] = {third.isoformat(): {"start": third.replace(hour=14).isoformat(), "end": third.replace(hour=15).isoformat()}}
        text = self.desk.ask("write", method="request", event=meeting)
        calendar, (series, moved) = self.events_of(text)
        self.assertEqual(calendar["METHOD"], "REQUEST")
        self.assertEqual(series["SUMMARY"], meeting["title"])
        self.assertEqual(series["DESCRIPTION"], meeting["description"])
        self.assertEqual(series.decoded("DTSTART"), at(10, zone=BERLIN))
        self.assertEqual(series.decoded("DTEND"), at(11, zone=BERLIN))
        self.assertEqual(series["SEQUENCE"], 4)
        self.assertEqual(str(series["ORGANIZER"]), ALICE)
        attendees = {str(attendee): attendee.params for attendee in series["ATTENDEE"]}
        self.assertEqual(attendees[EVE]["ROLE"], "OPT-PARTICIPANT")
        self.assertEqual(attendees[EVE]["PARTSTAT"], "NEEDS-ACTION")
        self.assertEqual(attendees[ALICE]["PARTSTAT"], "ACCEPTED")
        self.assertEqual(series["RRULE"]["COUNT"], [5])
        self.assertEqual([date.dt for date in series["EXDATE"].dts], [at(10, zone=BERLIN, days=7)])
        self.assertEqual(moved.decoded("RECURRENCE-ID"), at(10, zone=BERLIN, days=14))
        self.assertEqual(moved.decoded("DTSTART"), at(14, zone=BERLIN, days=14))
        alarms = [alarm.decoded("TRIGGER") for alarm in series.walk("VALARM")]
        self.assertEqual(sorted(alarms), [datetime.timedelta(minutes=-15), datetime.timedelta(minutes=-1)])
        # The zone is described so that nobody has to know it by name.
        (zone,) = calendar.walk("VTIMEZONE")
        described = zone.to_tz()
        for moment in (at(10), at(10, days=90), at(10, days=200)):
            self.assertEqual(moment.astimezone(described).utcoffset(), moment.astimezone(BERLIN).utcoffset())

    def test_days_are_days_with_an_exclusive_end(self):
        start = at(0)
        fair = event("fair", start, minutes=2 * 24 * 60, all_day=True)
        _, (read,) = self.events_of(self.desk.ask("write", method=None, event=fair))
        self.assertEqual(read.decoded("DTSTART"), start.date())
        self.assertEqual(read.decoded("DTEND"), start.date() + datetime.timedelta(days=2))

    def test_what_icalendar_writes_is_read_by_us(self):
        calendar, written = message_of_somebody_else("REQUEST", "theirs")
        written.add("SUMMARY", "Theirs; with, commas\nand lines")
        written.add("DTSTART", at(10, zone=BERLIN))
        written.add("DTEND", at(11, 30, zone=BERLIN))
        written.add("RRULE", {"FREQ": "MONTHLY", "COUNT": 3, "BYDAY": "-1TU"})
        written.add("SEQUENCE", 7)
        attendee = icalendar.vCalAddress("mailto:Bob@Corp.Example")
        attendee.params["PARTSTAT"] = icalendar.vText("TENTATIVE")
        attendee.params["CN"] = icalendar.vText("Bob, the first")
        written.add("ATTENDEE", attendee, encode=0)
        organizer = icalendar.vCalAddress(EVE)
        written.add("ORGANIZER", organizer)
        alarm = icalendar.Alarm()
        alarm.add("ACTION", "DISPLAY")
        alarm.add("TRIGGER", datetime.timedelta(minutes=-30))
        written.add_component(alarm)
        calendar.add_missing_timezones()
        read = self.desk.ask("read", text=calendar.to_ical().decode())
        self.assertEqual(read["method"], "request")
        (item,) = read["items"]
        found = item["event"]
        self.assertEqual(found["title"], "Theirs; with, commas\nand lines")
        self.assertEqual((found["zone"], found["start"][11:16], found["end"][11:16]), ("Europe/Berlin", "10:00", "11:30"))
        self.assertEqual((found["sequence"], found["reminders"]), (7, [30]))
        self.assertEqual(found["organizer"]["address"], EVE)
        (bob,) = found["attendees"]
        self.assertEqual((bob["address"], bob["name"], bob["partstat"]), ("mailto:bob@corp.example", "Bob, the first", "tentative"))
        self.assertIn("BYDAY=-1TU", found["rrule"])

    def test_who_asks_for_the_newest_version_need_not_say_when_it_is(self):
        calendar, written = message_of_somebody_else("REFRESH", "ours")
        written.add("ATTENDEE", icalendar.vCalAddress(EVE))
        read = self.desk.ask("read", text=calendar.to_ical().decode())
        (item,) = read["items"]
        (asking,) = item["event"]["attendees"]
        self.assertEqual((read["method"], item["event"]["uid"], asking["address"]), ("refresh", "ours", EVE))

    def test_a_proposal_for_one_instance_is_declined_for_that_one(self):
        meeting = event("m3", at(10), rrule="FREQ=WEEKLY;COUNT=4", organizer={"address": ALICE, "name": "Alice"})
        second = at(10, days=7)
        text = self.desk.ask(
            "write", method="decline_counter", event=meeting, instance=second.replace(tzinfo=None).isoformat()
        )
        calendar, (declined,) = self.events_of(text)
        self.assertEqual((calendar["METHOD"], declined.get("RRULE")), ("DECLINECOUNTER", None))
        self.assertEqual(declined.decoded("RECURRENCE-ID"), second)
        self.assertEqual(declined.decoded("DTSTART"), second)

    def test_a_file_goes_there_and_back_and_there_unchanged(self):
        meeting = event("m2", at(10), rrule="FREQ=DAILY;COUNT=3", organizer={"address": EVE, "name": "Eve"})
        first = self.desk.ask("write", method="request", event=meeting)
        again = icalendar.Calendar.from_ical(first).to_ical().decode()
        (item,) = self.desk.ask("read", text=again)["items"]
        self.assertEqual(self.desk.ask("write", method="request", event=item["event"]), first)

    def test_an_unknown_zone_and_an_endless_series_are_refused(self):
        text = (
            "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nBEGIN:VEVENT\r\nUID:u\r\n"
            "DTSTART;TZID=Customized Time Zone:20301105T100000\r\nEND:VEVENT\r\nEND:VCALENDAR\r\n"
        )
        self.assertIn("unknown time zone", self.desk.answer("read", text=text)["error"])
        endless = event("endless", at(10), rrule="FREQ=DAILY")
        refused = self.desk.answer("put", user="@alice:corp.example", event=endless)
        self.assertIn("at most 2 years or 730 times", refused["error"])
