"""A conversation as a file: what people do, and below each of it what everybody sees then.

| line | meaning |
| --- | --- |
| `zhangsan: text` | says it to the first of the bots that the file names |
| `zhangsan@task: text` | says it to another |
| `zhangsan > text` | says it in the thread in which they were spoken to last |
| `zhangsan ^ name.pdf` | puts a file of this name there |
| `lisi ✅ text` | taps the newest message that begins so |
| `lisi < text: words` | answers the newest message that begins so |
| `lisi % 1 3` | votes in the newest poll |
| `⏱ 60` | so many minutes pass, and the server is killed and starts anew |
| `cashier opens` | opens the link that somebody was given for them, and sets a password |

`# bot: approvals` at the beginning names the bot, `# with a partner` has a second server, whose people are called `partner_…`;
`{partner}` is its name, and `@room` the room into which somebody is asked. `\\n` is the end of a line. Indented lines are what is seen.
"""

import pathlib
import re

FOLDER = pathlib.Path(__file__).resolve().parent.parent / "conversations"
LANGUAGES = ("zh", "en")
INDENT = "  "
BOT = re.compile(r"# bot: (\w+)")
LATER = "⏱"
PARTNERED = "# with a partner"
ACTION = re.compile(
    r"(?P<who>\w+)(?:@(?P<bot>\w+))?(?:"
    r": (?P<says>.*)| > (?P<thread>.*)| \^ (?P<file>.*)| % (?P<votes>.*)| < (?P<answered>.*?): (?P<answer>.*)"
    r"| (?P<opens>opens)| (?P<key>\S+) (?P<tapped>.*))"
)


class Conversation:
    """`steps` are pairs of an action and the lines that are seen then; comments and empty lines stand before an action."""

    def __init__(self, name, language):
        self.name, self.language = name, language
        self.file = FOLDER / f"{name}.{language}.txt"
        self.steps, self.before = [], {}
        waiting = []
        for line in self.file.read_text(encoding="utf-8").splitlines():
            if line.startswith(INDENT):
                self.steps[-1][1].append(line.removeprefix(INDENT))
            elif not line or line.startswith("#"):
                waiting.append(line)
            else:
                self.before[len(self.steps)] = waiting
                waiting = []
                self.steps.append((line, []))
        self.has_partner = PARTNERED in self.before[0]
        self.bot = BOT.search("\n".join(self.before[0])).group(1)

    def lines(self, steps):
        """The file as these steps have it."""
        lines = []
        for place, (action, seen) in enumerate(steps):
            lines += [*self.before.get(place, []), action, *(INDENT + line for line in seen)]
        return lines

    def write(self, steps):
        self.file.write_text("\n".join(self.lines(steps)) + "\n", encoding="utf-8")


def all_conversations(names):
    """Those that these names begin, in both languages; all of them where nobody names any."""
    found = sorted({file.name.split(".")[0] for file in FOLDER.glob("*.txt")})
    chosen = [name for name in found if not names or any(name.startswith(asked) for asked in names)]
    return [Conversation(name, language) for language in LANGUAGES for name in chosen]
