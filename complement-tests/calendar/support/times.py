"""Times of the tests: a Thursday next year or later, so that nothing is past."""

import datetime
import zoneinfo

SHANGHAI = zoneinfo.ZoneInfo("Asia/Shanghai")
BERLIN = zoneinfo.ZoneInfo("Europe/Berlin")
UTC = datetime.timezone.utc
# The Thursday of a week from now.
DAY = datetime.date.today() + datetime.timedelta(days=14 - (datetime.date.today().weekday() - 3) % 7)


def at(hour, minute=0, zone=SHANGHAI, days=0):
    day = DAY + datetime.timedelta(days=days)
    return datetime.datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone)


def milliseconds(moment):
    return int(moment.timestamp() * 1_000)


def span(first, last):
    return {"from_ms": milliseconds(first), "until_ms": milliseconds(last)}


def local(moment):
    return moment.strftime("%Y-%m-%dT%H:%M:%S")


def event(uid, start, minutes=60, zone="Asia/Shanghai", **values):
    """An event as the desk takes it."""
    end = start + datetime.timedelta(minutes=minutes)
    return {
        "uid": uid,
        "sequence": 0,
        "stamp_ms": milliseconds(datetime.datetime.now(UTC)) // 1_000 * 1_000,
        "title": f"Title of {uid}",
        "start": local(start),
        "end": local(end),
        "zone": zone,
        **values,
    }
