"""Soaks the bridges, says what came of it, and ends as the judge says."""

import argparse
import sys
import time
from concurrent.futures import ThreadPoolExecutor

from suite.house import House
from suite.judge import Judge, Room, lags, percentile
from suite.platforms import DingTalk, Feishu, WeCom
from suite.talk import Place, Reader, Talk, in_room
from suite.troubles import Troubles

PLATFORMS = [Feishu, DingTalk, WeCom]
# WeCom takes thirty messages a minute in one conversation, so a few rooms alone would be slow.
CONVERSATIONS = 200
# Messages a second that all sides take for long. Each goes to every other side, and Feishu takes a thousand a minute of one app.
RATE = 14
# First some are said at that rate while things go wrong, so that each trouble meets a few.
STEADY_SHARE = 0.2
# The share that is said at last, while nothing goes wrong: by it is judged how soon messages come. What lies between is said all at
# once while things go wrong, and has to wait for its turn on each platform.
CALM_SHARE = 0.3
LAG_SECONDS_MAX = 5.0
# What is on its way has so long to come, counted from the last thing that came.
PATIENCE_SECONDS = 90
IDLE_MB_MAX = 60


def settle(platforms, described):
    """Waits until everything is there, or nothing more comes."""
    least, since = None, time.monotonic()
    while True:
        for platform in platforms:
            platform.note_deliveries()
        missing = sum(room.missing() for room in described())
        if least is None or missing < least:
            least, since = missing, time.monotonic()
        if missing == 0 or time.monotonic() - since > PATIENCE_SECONDS:
            return
        time.sleep(2)


def furnish(house, platforms, count):
    """Rooms with one chat of each platform, all bound."""
    def one(number):
        room = house.room(f"soak {number}")
        chats = [(platform, platform.chat(f"soak {number}")) for platform in platforms]
        for platform, chat in chats:
            # Where a platform lists no groups the bridge knows those in which somebody spoke.
            platform.speak(chat, "hello")
            house.bind(platform, chat, room)
        return room, chats
    with ThreadPoolExecutor(4) as pool:
        return list(pool.map(one, range(count)))


def soak(messages, seed, conversations):
    platforms = [platform() for platform in PLATFORMS]
    house = House(platforms)
    is_good = False
    try:
        house.open()
        count = -(-conversations // len(platforms))
        furnished = furnish(house, platforms, count)
        print(f"{count} rooms with {count * len(platforms)} conversations are bound", flush=True)
        reader = Reader(house)
        reader.start()
        homes, places = [], []
        for number, (room, chats) in enumerate(furnished):
            here = [Place("m", number, in_room(house, room))]
            here += [Place(at.letter, number, lambda text, at=at, chat=chat: at.speak(chat, text)) for at, chat in chats]
            homes.append((room, here, chats))
            places += here
        talk, troubles = Talk(places, seed), Troubles(house, platforms, seed)
        steady, calm = int(messages * STEADY_SHARE), int(messages * CALM_SHARE)
        talk.go(steady, RATE, troubles.step)
        burst = messages - steady - calm
        took = talk.go(burst, meanwhile=troubles.step)
        print(f"{burst} messages were said at once and taken within {took:.1f} s", flush=True)
        # Half of the time that the platforms need for so many.
        troubles.go_on(burst / RATE / 2)
        troubles.end()
        described = lambda: [Room(house, *home) for home in homes]
        begin = time.monotonic()
        settle(platforms, described)
        print(f"the backlog of the troubles was gone after {time.monotonic() - begin:.1f} s", flush=True)
        since = time.time()
        talk.go(calm, RATE)
        settle(platforms, described)
        reader.is_over = True
        is_good = judged(platforms, described(), reader, since, troubles, house)
        return is_good
    finally:
        house.close(keep=not is_good)
        for platform in platforms:
            platform.close()


def judged(platforms, rooms, reader, since, troubles, house):
    judge = Judge(platforms)
    for platform in platforms:
        platform.note_deliveries()
    for room in rooms:
        judge.look(room)
    twice = [event for event, times in reader.seen.items() if times > 1]
    if twice:
        judge.faults.append(f"a sync brought {len(twice)} events twice: {twice[:5]}")
    print(f"{troubles.count} troubles, kills: {troubles.kills}")
    print(f"the platforms themselves dropped {judge.lost} and brought {judge.late} late; "
          f"{judge.unknown} were told in their rooms as not delivered, because the platform did not say")
    late = lags(rooms, reader.times, since)
    for way, values in late.items():
        print(f"lag {way}: p50 {percentile(values, 0.5):.2f} s, p95 {percentile(values, 0.95):.2f} s, {len(values)} messages")
    if worst := max((percentile(values, 0.95) for values in late.values()), default=0.0):
        if worst > LAG_SECONDS_MAX:
            judge.faults.append(f"one in twenty took longer than {worst:.1f} s where nothing was wrong")
    for part in ("bridges", "serve"):
        print("memory of `lianqiao {}`: {:.0f} MB, {:.0f} MB of them its own".format(part, *house.memory_mb(part)))
    for fault in judge.faults:
        print(f"FAULT {fault}")
    return not judge.faults


def idle(portals):
    """What bridges with so many conversations keep in memory when nobody speaks."""
    platforms = [Feishu()]
    house = House(platforms)
    try:
        house.open()
        room = house.room("idle")
        rooms = [room] + [house.room(f"idle {number}") for number in range(portals // 16)]
        chats = [platforms[0].chat(f"idle {number}") for number in range(portals)]
        with ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda pair: house.bind(platforms[0], pair[1], rooms[pair[0] // 16]), enumerate(chats)))
        house.kill("bridges")
        house.start("bridges")
        time.sleep(20)
        used, own = house.memory_mb("bridges")
        print(f"idle bridges with {portals} portals: {used:.1f} MB, {own:.1f} MB of them their own")
        return used < IDLE_MB_MAX
    finally:
        house.close(keep=False)
        platforms[0].close()


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=1_000)
    parser.add_argument("--seed", type=int, default=int(time.time()))
    parser.add_argument("--conversations", type=int, default=CONVERSATIONS, help="of all platforms together")
    parser.add_argument("--idle", type=int, default=0, help="measures idle memory with so many portals instead")
    options = parser.parse_args()
    print(f"soak of the bridges: {options.messages} messages, seed {options.seed}", flush=True)
    is_good = idle(options.idle) if options.idle else soak(options.messages, options.seed, options.conversations)
    print("1 passed, 0 failed" if is_good else f"FAILED with seed {options.seed}\n0 passed, 1 failed")
    sys.exit(0 if is_good else 1)


main()
