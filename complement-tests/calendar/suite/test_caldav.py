"""The CalDAV door, opened by the caldav client of PyPI."""

import datetime
import unittest
import urllib.error
import urllib.request

import caldav
import icalendar
from caldav.lib import error

from support.desk import Desk
from support.times import SHANGHAI, at, event, span

ALICE = "@alice:corp.example"


def text_of(uid, start, minutes=60, **values):
    calendar = icalendar.Calendar()
    calendar.add("VERSION", "2.0")
    calendar.add("PRODID", "-//suite//")
    written = icalendar.Event()
    written.add("UID", uid)
    written.add("SUMMARY", f"Title of {uid}")
    written.add("DTSTAMP", datetime.datetime(2026, 1, 1, tzinfo=datetime.timezone.utc))
    written.add("DTSTART", start)
    written.add("DTEND", start + datetime.timedelta(minutes=minutes))
    for name, value in values.items():
        written.add(name, value)
    calendar.add_component(written)
    return calendar.to_ical().decode()


class Door(unittest.TestCase):
    def setUp(self):
        self.desk = Desk()
        self.addCleanup(self.desk.close)
        self.password = self.desk.ask("password", user=ALICE)
        self.client = caldav.DAVClient(f"{self.desk.url}/.well-known/caldav", username="alice", password=self.password)
        self.addCleanup(self.client.close)

    def calendar(self):
        (calendar,) = self.client.principal().calendars()
        return calendar

    def test_the_calendar_is_found_from_the_name_of_the_server(self):
        calendar = self.calendar()
        self.assertTrue(str(calendar.url).endswith("/_lianqiao/calendar/users/alice/default/"))
        self.assertEqual(calendar.get_supported_components(), ["VEVENT"])

    def test_an_event_is_written_found_changed_and_removed(self):
        calendar = self.calendar()
        saved = calendar.save_event(text_of("u1", at(10)))
        (found,) = calendar.search(event=True, start=at(0), end=at(23))
        self.assertEqual(found.url, saved.url)
        self.assertEqual(str(found.icalendar_component["SUMMARY"]), "Title of u1")
        self.assertEqual(calendar.search(event=True, start=at(0, days=1), end=at(23, days=1)), [])
        self.assertEqual(calendar.event_by_uid("u1").url, saved.url)
        (kept,) = self.desk.ask("events", user=ALICE, within=span(at(0), at(23)))
        self.assertEqual((kept["uid"], kept["zone"], kept["start"][11:16]), ("u1", "Asia/Shanghai", "10:00"))
        component = found.icalendar_component
        component["SUMMARY"] = "Another title"
        found.save()
        (kept,) = self.desk.ask("events", user=ALICE, within=span(at(0), at(23)))
        self.assertEqual(kept["title"], "Another title")
        found.delete()
        self.assertEqual(calendar.events(), [])

    def test_what_a_program_writes_it_reads_back_as_it_was(self):
        calendar = self.calendar()
        written = text_of("u2", at(10), categories=["a", "b"], comment="kept")
        saved = calendar.save_event(written)
        saved.load()
        self.assertEqual(saved.data.replace("\r\n", "\n").strip(), written.replace("\r\n", "\n").strip())

    def test_a_series_is_expanded_by_us_as_the_client_does_it(self):
        calendar = self.calendar()
        rule = {"FREQ": "WEEKLY", "COUNT": 4, "BYDAY": ["TH"]}
        calendar.save_event(text_of("series", at(10), rrule=rule))
        first, last = at(0), at(0, days=21)
        starts = lambda files: sorted(
            part.decoded("DTSTART").astimezone(SHANGHAI) for one in files for part in one.walk("VEVENT")
        )
        # The client's own search asks for a day more on either side and leaves out what it did not ask for only where it
        # expands by itself. So the report is made here, with the times that are meant.
        ours = self.expanded(calendar, first, last)
        theirs = calendar.search(event=True, start=first, end=last, expand=True)
        wider = calendar.search(event=True, start=first, end=last, server_expand=True)
        self.assertEqual(starts(ours), [at(10, days=days) for days in (0, 7, 14)])
        self.assertEqual(starts(one.icalendar_instance for one in theirs), starts(ours))
        self.assertEqual(
            starts(one.icalendar_instance for one in wider), [at(10, days=days) for days in (0, 7, 14, 21)]
        )

    def expanded(self, calendar, first, last):
        """What the server expands between two moments, as files."""
        within = " ".join(
            f'{name}="{moment.astimezone(datetime.timezone.utc):%Y%m%dT%H%M%SZ}"'
            for name, moment in (("start", first), ("end", last))
        )
        answer = self.client.report(
            str(calendar.url),
            '<C:calendar-query xmlns:D="DAV:" xmlns:C="urn:ietf:params:xml:ns:caldav"><D:prop><C:calendar-data>'
            f"<C:expand {within}/></C:calendar-data></D:prop><C:filter><C:comp-filter name=\"VCALENDAR\">"
            f'<C:comp-filter name="VEVENT"><C:time-range {within}/></C:comp-filter></C:comp-filter></C:filter>'
            "</C:calendar-query>",
            depth=1,
        )
        data = answer.tree.iter("{urn:ietf:params:xml:ns:caldav}calendar-data")
        return [icalendar.Calendar.from_ical(one.text) for one in data]

    def test_changes_are_told_since_a_token(self):
        calendar = self.calendar()
        calendar.save_event(text_of("u1", at(10)))
        gone = calendar.save_event(text_of("u2", at(12)))
        known = calendar.objects_by_sync_token(load_objects=False)
        self.assertEqual(len(list(known)), 2)
        gone.delete()
        calendar.save_event(text_of("u3", at(14)))
        self.desk.ask("put", user=ALICE, event=event("u4", at(16)))
        changed = list(calendar.objects_by_sync_token(known.sync_token, load_objects=False))
        self.assertEqual(len(changed), 3)
        self.assertNotIn("u1", " ".join(str(one.url) for one in changed))

    def test_busy_times_are_told(self):
        calendar = self.calendar()
        calendar.save_event(text_of("u1", at(10)))
        answer = calendar.freebusy_request(at(0), at(23))
        busy = answer.icalendar_instance.walk("VFREEBUSY")[0]
        periods = busy["FREEBUSY"] if isinstance(busy["FREEBUSY"], list) else [busy["FREEBUSY"]]
        (period,) = [period for entry in periods for period in getattr(entry, "dts", [entry])]
        start, end = period.dt if hasattr(period, "dt") else (period.start, period.end)
        self.assertEqual((start, end), (at(10), at(11)))

    def test_a_series_without_end_is_refused(self):
        with self.assertRaises(error.DAVError):
            self.calendar().save_event(text_of("endless", at(10), rrule={"FREQ": "DAILY"}))
        self.assertEqual(self.calendar().events(), [])

    def test_nobody_gets_in_without_the_password(self):
        stranger = caldav.DAVClient(f"{self.desk.url}/_lianqiao/calendar/", username="alice", password="wrong")
        with stranger, self.assertRaises(error.AuthorizationError):
            stranger.principal().calendars()

    def test_the_private_address_is_read_by_anybody_who_has_it(self):
        self.calendar().save_event(text_of("u1", at(10)))
        path = self.desk.ask("feed", user=ALICE)
        with urllib.request.urlopen(self.desk.url + path, timeout=30) as response:
            (read,) = icalendar.Calendar.from_ical(response.read()).walk("VEVENT")
        self.assertEqual(str(read["UID"]), "u1")
        with self.assertRaises(urllib.error.HTTPError):
            urllib.request.urlopen(self.desk.url + path.replace(".ics", "x.ics"), timeout=30)
