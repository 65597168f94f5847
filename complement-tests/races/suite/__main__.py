"""Races of decisions, and what the records say of them."""

import argparse
import collections
import concurrent.futures
import contextlib
import json
import os
import pathlib
import random
import re
import subprocess
import threading
import time

from suite.office import ASKED_HERE, ASKED_ON_CARDS, Office

# Cases that are pressed at the same moment.
AT_ONCE = 20
CARD_APART_SECONDS = 0.3
CASES, CARDS = 500, 20
DECISIONS = ("approve", "reject")
# A flipped byte is found in this time.
FOUND_SECONDS_MAX = 10
VERIFY_SECONDS_MAX = 120
# What the command says when a file could not hold all cases.
MORE = re.compile(r"export --after (\S+)")


class Race:
    """Cases of one pair of people: who asks, and who decides on two devices."""

    def __init__(self, office, pair, on_cards, seed):
        self.office, self.on_cards, self.chance = office, on_cards, random.Random(seed)
        self.asks, self.decides = (office.desks[account] for account in pair)
        self.other_device = self.decides.device()
        # A button takes longer than the others; so that each may be first, they are pressed up to so far apart.
        self.apart_seconds = CARD_APART_SECONDS if on_cards else 0
        self.threads = concurrent.futures.ThreadPoolExecutor(max_workers=3 * AT_ONCE)

    def run(self, count):
        """Has so many cases decided; returns their numbers."""
        numbers = []
        while len(numbers) < count:
            numbers += self.batch(min(AT_ONCE, count - len(numbers)))
        return numbers

    def batch(self, count):
        known = set(self.decides.cards())

        def fresh():
            cards = {no: event for no, (event, _) in self.decides.cards().items() if no not in known}
            return cards if len(cards) == count else None

        for number in range(count):
            self.asks.says(f"!审批 race {number}")
        cards = self.decides.reads_until(fresh, f"{count} cards")
        presses = {no: self.presses(no, event) for no, event in cards.items()}
        shuffled = [(no, press) for no, some in presses.items() for press in some]
        self.chance.shuffle(shuffled)
        gates = {no: threading.Barrier(len(some)) for no, some in presses.items()}
        begun = [(no, self.threads.submit(at, gates[no], self.apart(), press)) for no, press in shuffled]
        words = [(no, event) for no, press in begun if (event := press.result())]
        self.decides.reads_until(
            lambda: all(self.decides.cards()[no][1] in ("approved", "rejected") for no in cards), "all decisions"
        )
        self.losers_are_told(words)
        return list(cards)

    def apart(self):
        return self.chance.random() * self.apart_seconds

    def presses(self, no, card):
        """What is done at once: a tap, words from another device, a button on the platform; only words can be answered, so
        they alone return their event.
        """
        def tap():
            relates = {"rel_type": "m.annotation", "event_id": card, "key": "✅"}
            self.decides.sends("m.reaction", {"m.relates_to": relates})

        def words():
            return self.decides.says(f"!拒绝 {no} 太久", self.other_device)

        if not self.on_cards:
            return [tap, words]
        message = self.office.on_platform(no)

        def button():
            press = {"person": ASKED_ON_CARDS[1], "message": message, "button": "同意", "form": {"reason": ""}}
            try:
                self.office.feishu.do("press", **press)
            except AssertionError as error:
                # The card shows what another way decided, and has nothing left to be pressed.
                if "no such button" not in str(error):
                    raise

        return [tap, words, button]

    def losers_are_told(self, words):
        """Whoever came too late in words hears what was decided; whoever was first does not."""
        state = self.decides.cards()
        for no, event in words:
            if state[no][1] == "approved":
                told = self.decides.reads_until(lambda event=event: self.decides.answers(event), f"an answer about {no}")
                assert told[0].startswith("已由 "), told


def at(gate, apart_seconds, press):
    gate.wait()
    time.sleep(apart_seconds)
    return press()


def exports_of(server):
    """All cases in as many files as it takes; one has a bounded number of them."""
    exports, after = [], []
    while after is not None:
        export = pathlib.Path(server.folder) / f"cases{len(exports)}.jsonl"
        said = server.run("export", *after, str(export))
        exports.append(export)
        more = MORE.search(said)
        after = ["--after", more[1]] if more else None
    return exports


def records_of(exports):
    """The records of each case of some exports, by number."""
    lines = [json.loads(line) for export in exports for line in export.read_text(encoding="utf-8").splitlines()]
    return {line["no"]: line["records"] for line in lines if "no" in line}


def decided_once(exports, numbers):
    """Each case has one decision and its records in order; returns how often each way and decision was the first."""
    records = records_of(exports)
    for no in numbers:
        decisions = [record for record in records[no] if record["action"] in DECISIONS]
        assert len(decisions) == 1, f"{no}: {decisions}"
        assert [record["seq"] for record in records[no]] == list(range(1, len(records[no]) + 1)), no
        times = [record["at"] for record in records[no]]
        assert times == sorted(times), f"{no}: {times}"
    won = (record for no in numbers for record in records[no] if record["action"] in DECISIONS)
    return dict(collections.Counter(f"{record['action']} by {record['via']}" for record in won))


def verify(export):
    """What the offline check says, whether it holds, and the seconds that it took."""
    began = time.monotonic()
    done = subprocess.run(
        [os.environ["LIANQIAO_BIN"], "verify", str(export)],
        capture_output=True, text=True, timeout=VERIFY_SECONDS_MAX, check=False,
    )
    return (done.stdout + done.stderr).strip(), done.returncode == 0, time.monotonic() - began


def flipped_bytes_are_found(export, chance):
    content = export.read_bytes()
    slowest = 0
    for part in range(4):
        place = chance.randrange(len(content) * part // 4, len(content) * (part + 1) // 4)
        changed = bytearray(content)
        changed[place] ^= 1
        file = export.with_name("changed.jsonl")
        file.write_bytes(changed)
        said, holds, seconds = verify(file)
        assert not holds, f"byte {place}: {said}"
        slowest = max(slowest, seconds)
    return slowest


def run_here(office, count, seed):
    """Races of all pairs at once; the numbers of the cases."""
    shares = [count // len(ASKED_HERE) + (place < count % len(ASKED_HERE)) for place in range(len(ASKED_HERE))]
    with concurrent.futures.ThreadPoolExecutor(len(ASKED_HERE)) as threads:
        races = [Race(office, pair, False, seed + place) for place, pair in enumerate(ASKED_HERE)]
        runs = [threads.submit(one.run, share) for one, share in zip(races, shares)]
        return [no for run in runs for no in run.result()]


def race(cases, cards, seed):
    with contextlib.ExitStack() as stack:
        office = Office(stack)
        began = time.monotonic()
        on_cards = Race(office, ASKED_ON_CARDS, True, seed).run(min(cards, cases))
        here = run_here(office, cases - len(on_cards), seed)
        took = time.monotonic() - began
        exports = exports_of(office.server)
        won = decided_once(exports, on_cards + here)
        print(f"{cases} cases, {len(on_cards)} of them on cards too, decided once each in {took:.1f} s; {won}", flush=True)
        for export in exports:
            said, holds, seconds = verify(export)
            assert holds, said
            print(f"verified in {seconds:.1f} s: {said.splitlines()[0]}")
        slowest = flipped_bytes_are_found(exports[0], random.Random(seed))
        print(f"a flipped byte in the first file is found in {slowest:.1f} s at most")
        assert slowest < FOUND_SECONDS_MAX


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=CASES)
    parser.add_argument("--cards", type=int, default=CARDS, help="how many of them are on cards of the platform too")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 32))
    arguments = parser.parse_args()
    print(f"seed {arguments.seed}", flush=True)
    race(arguments.cases, arguments.cards, arguments.seed)
    print("1 passed, 0 failed")


main()
