"""What goes wrong while people speak, and when: by the seed."""

import random
import time

# Pauses between two troubles, and how long a killed process stays away, in seconds.
PAUSE = (0.5, 2.5)
AWAY = (0.0, 3.0)
LOOK_SECONDS = 0.05
# One trouble in so many is a kill.
KILL_IN = 5


class Troubles:
    def __init__(self, house, platforms, seed):
        self.house, self.platforms, self.chance = house, platforms, random.Random(seed + 1)
        self.next_at, self.back_at, self.kills, self.count = time.monotonic() + 1, {}, {"serve": 0, "bridges": 0}, 0

    def step(self):
        """Has something happen when its time has come."""
        now = time.monotonic()
        for part in [part for part, at in self.back_at.items() if at <= now]:
            del self.back_at[part]
            self.house.start(part)
        if now < self.next_at:
            return
        self.next_at = now + self.chance.uniform(*PAUSE)
        self.count += 1
        for platform in self.platforms:
            platform.note_deliveries()
        if self.count % KILL_IN == 0:
            # In turn, so that every run kills both.
            part = ("bridges", "serve")[self.count // KILL_IN % 2]
            if part not in self.back_at:
                self.house.kill(part)
                self.kills[part] += 1
                self.back_at[part] = now + self.chance.uniform(*AWAY)
        else:
            self.chance.choice(self.platforms).trouble(self.chance)

    def go_on(self, seconds):
        """Goes on for so long while what was said finds its way."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            self.step()
            time.sleep(LOOK_SECONDS)

    def end(self):
        """Everything is as it should be from now on."""
        for part in list(self.back_at):
            del self.back_at[part]
            self.house.start(part)
        for platform in self.platforms:
            platform.mend()
