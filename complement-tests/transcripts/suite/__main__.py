"""Plays conversations and says which differ from their files, and how; or writes the files anew."""

import argparse
import asyncio
import difflib
import logging
import pathlib
import sys
import tempfile
import time

from support.clock import build
from support.gateway import Gateway
from support.house import House, prepare, prepare_partners
from suite.conversation import LANGUAGES, all_conversations
from suite.play import Differs, Play

# Servers that run at once.
AT_ONCE = 3


class Suite:
    def __init__(self, folder, is_written):
        self.folder, self.library, self.gateway, self.is_written = folder, build(folder), Gateway(), is_written
        self.slots, self.begun = asyncio.Semaphore(AT_ONCE), {}

    async def prepares(self, language):
        self.begun[language] = await asyncio.to_thread(prepare, self.library, language, self.gateway.url)

    def opens(self, conversation):
        """The servers of a conversation, and everybody in it."""
        if conversation.has_partner:
            folder = self.folder / conversation.language
            folder.mkdir()
            return prepare_partners(self.library, conversation.language, folder, self.gateway.url)
        made, people = self.begun[conversation.language]
        return [House(self.library, conversation.language, made.folder)], people

    async def plays(self, conversation):
        """Whether it is as its file says."""
        async with self.slots:
            began = time.monotonic()
            houses, people = await asyncio.to_thread(self.opens, conversation)
            try:
                played = await Play(houses, people, self.gateway, conversation, self.is_written).plays()
                problem = None
            except Differs as differs:
                played = None
                problem = difference(conversation, differs.args[0])
            except Exception as error:
                played, problem = None, f"{type(error).__name__}: {error}\n{houses[0].log_end()}"
            finally:
                for house in houses:
                    await asyncio.to_thread(house.remove)
        if played and self.is_written:
            conversation.write(played)
        name = f"{conversation.name}.{conversation.language}"
        print(f"{name} … {'failed' if problem else 'ok'} ({time.monotonic() - began:.1f} s)", flush=True)
        if problem:
            print(problem, flush=True)
        return not problem

    def close(self):
        for made, _ in self.begun.values():
            made.remove()
        self.gateway.close()


def difference(conversation, played):
    """What the file says and what was seen, up to the step that differs."""
    expected = conversation.lines(conversation.steps[: len(played)])
    lines = difflib.unified_diff(expected, conversation.lines(played), "expected", "seen", n=8, lineterm="")
    return "\n".join(lines)


async def run(conversations, is_written):
    with tempfile.TemporaryDirectory(prefix="lianqiao-transcripts-") as folder:
        suite = Suite(pathlib.Path(folder), is_written)
        try:
            await asyncio.gather(*(suite.prepares(language) for language in LANGUAGES))
            return await asyncio.gather(*(suite.plays(conversation) for conversation in conversations))
        finally:
            suite.close()


def main():
    # That a request is tried again while the server is down is as it should be.
    logging.getLogger("nio").setLevel(logging.ERROR)
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help="writes what is seen into the files")
    parser.add_argument("names", nargs="*", help="the beginnings of names; all conversations where there are none")
    arguments = parser.parse_args()
    good = asyncio.run(run(all_conversations(arguments.names), arguments.write))
    print(f"{sum(good)} passed, {len(good) - sum(good)} failed")
    sys.exit(0 if good and all(good) else 1)


main()
