//! Plays transcripts of direct chats with bots through the real server, line by line: those of the bots' pages, and golden
//! ones that hold every message.
//!
//! | line | meaning |
//! | --- | --- |
//! | `张三: text` | 张三 says it to the bot |
//! | `张三 > text` | and in the thread of the message that was shown last in that chat |
//! | `李四 ✅ text` | 李四 taps the newest message that begins so |
//! | `李四 % 1 3` | 李四 votes in the newest poll |
//! | `⏱ 60` | minutes pass, and the server starts anew |
//! | `→ 李四: text` | something that begins so was shown to 李四 |
//! | `⇒ 李四 ! text` | a further message for 李四, whole; `!` rings at theirs, `·` does not, `~` edits an earlier one, `?` is a poll |
//! | `+ 李四 ✅ ❌` | what the bot offers below the message that was shown last |
//!
//! A name may say which bot it talks to, `张三@task`; without that it is the first one.

use std::collections::{BTreeSet, HashMap};

use base::Clock;
use config::{Config, DatabaseEngine};
use serde_json::{Value, json};
use server::Options;
use testkit::{ServerProcess, User, World, free_port, limits};

use crate::approvals::imports;

/// 5 November 2026, 09:00 in China.
const START_MS: u64 = 1_793_840_400_000;

const MINUTE_MS: u64 = 60_000;

/// Who works here.
const STAFF: &str = "工号,账号,姓名,部门,部门主管,语言,时区,角色\n\
    1,zhangsan,张三,总部/销售部,,,,\n\
    2,lisi,李四,总部/销售部,是,,,\n\
    3,wangwu,王五,总部,,,,cfo\n\
    4,zhaoliu,赵六,总部,是,,,org_admin\n\
    5,ann,Ann,总部/市场部,,en,Europe/London,\n";

/// The transcripts of a page.
pub fn transcripts(page: &str) -> Vec<&str> {
    page.split("```transcript\n").skip(1).filter_map(|part| part.split("```").next()).collect()
}

/// Something that a bot showed.
#[derive(Clone, Debug)]
struct Shown {
    event: String,
    mark: char,
    body: String,
}

/// A chat of somebody with a bot.
#[derive(Default)]
struct Chat {
    room: String,
    /// The places of the messages that were compared.
    compared: BTreeSet<usize>,
    /// The message that was shown last.
    last: String,
}

/// A server with bots and people, and the clock in the hands of whoever plays.
pub struct Play {
    pub world: World,
    pub clock: Clock,
    bot: &'static str,
    users: HashMap<String, User>,
    chats: HashMap<(String, String), Chat>,
}

impl Play {
    /// Bots with the staff, on the disk, so that they can start anew.
    pub async fn new(bot: &'static str, has_department_rooms: bool) -> Self {
        let clock = Clock::fake(START_MS);
        let change = |config: &mut Config| {
            config.database.engine = DatabaseEngine::Rocksdb;
            config.bots.enabled = true;
            config.bots.department_rooms = has_department_rooms;
            config.meetings.conference = "none".to_owned();
            config.meetings.resources = vec!["会议室3".to_owned()];
        };
        let options = Options { clock: Some(clock.clone()), ..Options::default() };
        let world = World::in_process(change, options).await;
        let mut play = Self { world, clock, bot, users: HashMap::new(), chats: HashMap::new() };
        play.imports(STAFF).await;
        // Nobody can be asked into a room who has no account yet.
        for row in STAFF.lines().skip(1) {
            play.user(row.split(',').nth(2).unwrap()).await;
        }
        play
    }

    /// Imports a staff list by the command line, while the server runs.
    pub async fn imports(&self, list: &str) {
        let data = self.world.data_directory();
        let directory = data.parent().unwrap();
        imports(&ServerProcess::prepare(directory, free_port(), ""), directory, list.as_bytes()).await;
    }

    /// Plays a transcript to its end.
    pub async fn plays(&mut self, transcript: &str) {
        for line in transcript.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(expected) = line.strip_prefix("⇒ ") {
                let (name, rest) = expected.split_once(' ').unwrap();
                let (mark, body) = rest.split_once(' ').unwrap();
                self.shows_whole(name, mark, &body.replace("\\n", "\n"), line).await;
            } else if let Some((name, begins)) =
                line.strip_prefix("→ ").and_then(|expected| expected.split_once(": "))
            {
                let begins = begins.replace("\\n", "\n");
                self.shows(name, line, |shown| shown.body.starts_with(&begins)).await;
            } else if let Some(offered) = line.strip_prefix("+ ") {
                let (name, keys) = offered.split_once(' ').unwrap();
                self.offers(name, &keys.split(' ').collect::<Vec<_>>(), line).await;
            } else if let Some(minutes) = line.strip_prefix("⏱ ") {
                self.clock.advance(minutes.parse::<u64>().unwrap() * MINUTE_MS);
                self.world.restarts().await;
            } else if let Some((name, text)) = line.split_once(" > ") {
                let root = self.chat(name, line).await.last.clone();
                let (user, room) = (self.user(name).await, self.chat(name, line).await.room.clone());
                user.replies_in_thread(&room, &root, &text.replace("\\n", "\n")).await.ok();
            } else if let Some((name, answers)) = line.split_once(" % ") {
                self.votes(name, &answers.split(' ').collect::<Vec<_>>(), line).await;
            } else if let Some((name, text)) = line.split_once(": ") {
                self.says(name, text).await;
            } else {
                let (name, tap) = line.split_once(' ').unwrap();
                let (key, begins) = tap.split_once(' ').unwrap();
                let card =
                    self.shows(name, line, |shown| shown.mark != '~' && shown.body.starts_with(begins));
                let card = card.await;
                let (user, room) = (self.user(name).await, self.chat(name, line).await.room.clone());
                user.reacts(&room, &card.event, key).await.ok();
            }
        }
    }

    /// After the last line of a golden transcript: nobody was shown anything that it does not hold, in the chats that it
    /// holds whole.
    pub async fn has_shown_nothing_else(&mut self) {
        let whole = self.chats.iter().filter(|(_, chat)| !chat.compared.is_empty());
        let whole: Vec<_> = whole.map(|(key, chat)| (key.clone(), chat.compared.len())).collect();
        for ((name, bot), compared) in whole {
            let shown = self.shown(&format!("{name}@{bot}")).await.len();
            assert_eq!(shown, compared, "{name}@{bot} was shown more\n{}", self.all().await);
        }
    }

    /// Everything that was shown to anybody, as lines of a transcript; to see what differs.
    async fn all(&mut self) -> String {
        let mut lines = String::new();
        let mut keys: Vec<_> = self.chats.keys().cloned().collect();
        keys.sort();
        for (person, bot) in keys {
            let name = if bot == self.bot { person } else { format!("{person}@{bot}") };
            let compared = self.chat(&name, &name).await.compared.clone();
            for (place, Shown { mark, body, .. }) in self.shown(&name).await.into_iter().enumerate() {
                let is_new = if compared.contains(&place) { "" } else { "   <- not compared" };
                lines += &format!("⇒ {name} {mark} {}{is_new}\n", body.replace('\n', "\\n"));
            }
        }
        lines
    }

    /// Between two looks time passes on both clocks, so that what failed once is tried again.
    async fn time_passes(&self) {
        tokio::time::sleep(limits::LOOK_INTERVAL).await;
        self.clock.advance(u64::try_from(limits::LOOK_INTERVAL.as_millis()).unwrap());
    }

    fn of<'a>(&self, name: &'a str) -> (&'a str, String) {
        match name.split_once('@') {
            Some((name, bot)) => (name, bot.to_owned()),
            None => (name, self.bot.to_owned()),
        }
    }

    /// Somebody of the staff, by name.
    pub async fn user(&mut self, name: &str) -> User {
        let (name, _) = self.of(name);
        if let Some(user) = self.users.get(name) {
            return user.clone();
        }
        let row = STAFF.lines().map(|line| line.split(',').collect::<Vec<_>>()).find(|row| row[2] == name);
        let user = self.world.user(row.unwrap_or_else(|| panic!("{name} works nowhere"))[1]).await;
        self.users.insert(name.to_owned(), user.clone());
        user
    }

    /// The room into which the bot asks somebody, now.
    async fn invitation(&mut self, name: &str) -> Option<String> {
        let (user, (_, bot)) = (self.user(name).await, self.of(name));
        let sync = user.get("/_matrix/client/v3/sync?timeout=0").await.ok();
        let of_bot = |state: &Value| {
            let events = state["invite_state"]["events"].as_array().into_iter().flatten();
            events.into_iter().any(|event| event["sender"] == format!("@{bot}:test.example"))
        };
        let invitations = sync["rooms"]["invite"].as_object().into_iter().flatten();
        let found = invitations.into_iter().find(|(_, state)| of_bot(state)).map(|(room, _)| room.clone());
        if let Some(room) = &found {
            user.joins(room).await.ok();
        }
        found
    }

    /// The chat of somebody, which they or the bot opened.
    async fn chat(&mut self, name: &str, line: &str) -> &mut Chat {
        let (person, bot) = self.of(name);
        let key = (person.to_owned(), bot);
        if !self.chats.contains_key(&key) {
            let deadline = tokio::time::Instant::now() + limits::WORK_PATIENCE;
            let room = loop {
                if let Some(room) = self.invitation(name).await {
                    break room;
                }
                assert!(tokio::time::Instant::now() < deadline, "{line}: {name} has no chat");
                self.time_passes().await;
            };
            self.chats.insert(key.clone(), Chat { room, ..Chat::default() });
        }
        self.chats.get_mut(&key).unwrap()
    }

    async fn says(&mut self, name: &str, text: &str) {
        let (user, (person, bot)) = (self.user(name).await, self.of(name));
        let key = (person.to_owned(), bot.clone());
        if !self.chats.contains_key(&key) {
            let room = match self.invitation(name).await {
                Some(room) => room,
                None => {
                    let body = json!({
                        "preset": "private_chat", "is_direct": true,
                        "invite": [format!("@{bot}:test.example")],
                    });
                    user.creates_room_like(body).await.ok()["room_id"].as_str().unwrap().to_owned()
                }
            };
            self.chats.insert(key.clone(), Chat { room, ..Chat::default() });
        }
        user.sends(&self.chats[&key].room, text).await.ok();
    }

    /// Everything that the bot showed somebody, in order.
    async fn shown(&mut self, name: &str) -> Vec<Shown> {
        let history = self.history(name).await;
        history.iter().filter_map(shown_by).collect()
    }

    /// What the bot did in a chat, in order.
    async fn history(&mut self, name: &str) -> Vec<Value> {
        let (_, bot) = self.of(name);
        let room = self.chat(name, name).await.room.clone();
        let history = self.user(name).await.whole_history(&room).await;
        history.into_iter().filter(|event| event["sender"] == format!("@{bot}:test.example")).collect()
    }

    /// Waits for the newest message that is as meant.
    async fn shows(&mut self, name: &str, line: &str, is_meant: impl Fn(&Shown) -> bool) -> Shown {
        self.chat(name, line).await;
        let deadline = tokio::time::Instant::now() + limits::WORK_PATIENCE;
        loop {
            let shown = self.shown(name).await;
            if let Some(found) = shown.iter().rev().find(|one| is_meant(one)) {
                self.chat(name, line).await.last.clone_from(&found.event);
                return found.clone();
            }
            assert!(tokio::time::Instant::now() < deadline, "{line}: {shown:#?}");
            self.time_passes().await;
        }
    }

    /// One of the messages that were not compared yet is this one, and is so no more. What goes to a room and what goes to a
    /// person waits in lines of their own, so two messages of one moment come in either order.
    async fn shows_whole(&mut self, name: &str, mark: &str, body: &str, line: &str) {
        self.chat(name, line).await;
        let deadline = tokio::time::Instant::now() + limits::SYNC_PATIENCE;
        let (place, found) = loop {
            let shown = self.shown(name).await;
            let compared = self.chat(name, line).await.compared.clone();
            let is_meant = |one: &Shown| one.mark.to_string() == mark && one.body == body;
            let found =
                shown.iter().enumerate().find(|(place, one)| !compared.contains(place) && is_meant(one));
            if let Some((place, found)) = found {
                break (place, found.clone());
            }
            if tokio::time::Instant::now() >= deadline {
                let all = self.all().await;
                panic!("expected\n{line}\nand everybody was shown\n{all}");
            }
            self.time_passes().await;
        };
        let chat = self.chat(name, line).await;
        chat.compared.insert(place);
        chat.last = found.event;
    }

    /// What the bot put below the message that was shown last, in its order.
    async fn offers(&mut self, name: &str, keys: &[&str], line: &str) {
        let card = self.chat(name, line).await.last.clone();
        let deadline = tokio::time::Instant::now() + limits::WORK_PATIENCE;
        loop {
            let history = self.history(name).await;
            let offered: Vec<&str> = history
                .iter()
                .map(|event| &event["content"]["m.relates_to"])
                .filter(|relates| {
                    relates["rel_type"] == "m.annotation" && relates["event_id"] == card.as_str()
                })
                .filter_map(|relates| relates["key"].as_str())
                .collect();
            if offered == keys {
                return;
            }
            assert!(tokio::time::Instant::now() < deadline, "{line}: {offered:?}");
            self.time_passes().await;
        }
    }

    async fn votes(&mut self, name: &str, answers: &[&str], line: &str) {
        let poll = self.shows(name, line, |shown| shown.mark == '?').await;
        let content = json!({
            "m.relates_to": { "rel_type": "m.reference", "event_id": poll.event },
            "org.matrix.msc3381.poll.response": { "answers": answers },
        });
        let (user, room) = (self.user(name).await, self.chat(name, line).await.room.clone());
        user.sends_event(&room, "org.matrix.msc3381.poll.response", content).await.ok();
    }
}

/// What people see of an event: messages, edits and polls.
fn shown_by(event: &Value) -> Option<Shown> {
    let content = &event["content"];
    let id = event["event_id"].as_str()?.to_owned();
    if event["type"] == "org.matrix.msc3381.poll.start" {
        let start = &content["org.matrix.msc3381.poll.start"];
        let text = |part: &Value| part["org.matrix.msc1767.text"].as_str().unwrap_or_default().to_owned();
        let answers = start["answers"].as_array().into_iter().flatten().map(text).collect::<Vec<_>>();
        let body = format!("{} | {}", text(&start["question"]), answers.join(" | "));
        return Some(Shown { event: id, mark: '?', body });
    }
    if event["type"] != "m.room.message" {
        return None;
    }
    let is_edit = content["m.relates_to"]["rel_type"] == "m.replace";
    let rings = content["msgtype"] == "m.text"
        && content["m.mentions"]["user_ids"].as_array().is_some_and(|users| !users.is_empty());
    let (mark, body) = match (is_edit, rings) {
        (true, _) => ('~', &content["m.new_content"]["body"]),
        (false, true) => ('!', &content["body"]),
        (false, false) => ('·', &content["body"]),
    };
    Some(Shown { event: id, mark, body: body.as_str()?.to_owned() })
}
