"""Both servers of one test class, and the people on them."""

import functools
import pathlib
import shutil
import tempfile
import unittest

from common.authority import Authority
from .person import Person
from .servers import Ours, Synapse


class World(unittest.TestCase):
    """`self.ours` and `self.synapse` federate; tests have rooms and people of their own."""

    @classmethod
    def setUpClass(cls):
        cls.folder = pathlib.Path(tempfile.mkdtemp(prefix="lianqiao-authority-"))
        authority = Authority(cls.folder)
        cls.synapse = Synapse(authority)
        cls.addClassCleanup(cls.synapse.remove)
        cls.ours = Ours(authority)
        cls.addClassCleanup(cls.ours.remove)
        cls.addClassCleanup(shutil.rmtree, cls.folder, ignore_errors=True)

    def people(self):
        """One on our server, one on Synapse."""
        return Person(self.ours, "lian"), Person(self.synapse, "syn")

    def shared_room(self, host, guest, **options):
        """A room of the host's that the guest joined over federation."""
        room_id = host.creates_room(**options)
        guest.joins(room_id, via=host.server)
        host.sees(f"{guest.user_id} join", lambda: guest.user_id in joined(host, room_id))
        return room_id


def both_ways(test):
    """Runs a test with the room's founder on our server, then with the founder on Synapse."""

    @functools.wraps(test)
    def run(self):
        ours, theirs = self.people()
        for host, guest in ((ours, theirs), (theirs, ours)):
            with self.subTest(host=host.server.name):
                test(self, host, guest)

    return run


def joined(person, room_id):
    return person.get(f"rooms/{room_id}/joined_members")["joined"].keys()
