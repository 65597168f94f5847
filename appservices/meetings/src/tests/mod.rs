//! The law in tables, and conversations on the stage.

mod beyond;
mod clockwork;
mod doors;
mod elsewhere;
mod guests;
mod hostile;
mod law;
mod lines;
mod object;
mod pages;
mod passwords;
mod polls;
mod ringing;
mod rooms;
mod rule_words;
mod series;
mod sharing;
mod sources;
mod talk;
mod timeline;

use std::sync::Arc;

use async_trait::async_trait;
use calendar::{
    Calendars, CalendarsParts, Zone,
    ics::{Item, Method},
};
use cases::Refusal;
use kit::{
    Bot, BotError, Kit, Letter, To,
    double::{Play, Stage},
    message,
};
use outbound::{OutboundSettings, parse_range};
use people::{People, PeopleParts};
use store::Batch;
use workdays::Workdays;

use crate::{LOCALPART, Meetings, MeetingsParts, Post, Settings, TEXTS, TodoLine, Todos, tables};

/// (number, localpart, name, department, heads it, language, zone)
pub(super) const STAFF: [(&str, &str, &str, &str, bool, &str, &str); 6] = [
    ("1", "zhangsan", "张三", "总部/销售部", false, "", ""),
    ("2", "lisi", "李四", "总部/销售部", true, "", ""),
    ("3", "wangwu", "王五", "总部", false, "", ""),
    ("4", "zhaoliu", "赵六", "总部", true, "", ""),
    ("5", "ann", "Ann", "总部/市场部", false, "en", "Europe/London"),
    ("6", "boss", "老板", "总部", false, "", ""),
];

pub(super) const ZHANGSAN: &str = "@zhangsan:test";
pub(super) const LISI: &str = "@lisi:test";
pub(super) const WANGWU: &str = "@wangwu:test";
pub(super) const ANN: &str = "@ann:test";
pub(super) const ZHAOLIU: &str = "@zhaoliu:test";

pub(super) const MINUTE: u64 = 60 * 1_000;
pub(super) const HOUR: u64 = 60 * MINUTE;
pub(super) const DAY: u64 = 24 * HOUR;

/// The staff as a list that can be imported; whoever is named has left.
fn staff_list(left: &str) -> String {
    let row = |row: (&str, &str, &str, &str, bool, &str, &str)| {
        let (id, localpart, name, department, heads, language, zone) = row;
        let head = if heads { "是" } else { "" };
        let state = if name == left { "离职" } else { "在职" };
        format!("{id},{localpart},{name},{department},{head},{language},{zone},{state}\n")
    };
    let rows: String = STAFF.into_iter().map(row).collect();
    format!("工号,账号,姓名,部门,部门主管,语言,时区,状态\n{rows}")
}

/// Tasks of these tests: their organiser is told the line.
struct Told;

impl Todos for Told {
    fn propose(&self, kit: &Kit, batch: &mut Batch, todo: &TodoLine<'_>) -> Result<(), Refusal> {
        if todo.text.contains("???") {
            return Err(Refusal::new("E203").with("text", "???"));
        }
        let text = format!("task of {}: {}", todo.no, todo.text);
        let to = To::Direct(todo.organizer.to_owned());
        kit.outbox()
            .put(batch, Letter::message(format!("todo/{}", todo.key), LOCALPART, to, message(&text, &[])));
        Ok(())
    }
}

/// Letters of these tests: what they are stands in the chat of somebody who keeps them.
struct Posted(Kit);

/// Who keeps them.
const POST: &str = "@post:test";

#[async_trait]
impl Post for Posted {
    async fn post(&self, batch: &mut Batch, method: Method, item: &Item, to: &str) -> Result<(), BotError> {
        let instance = item.instance.map_or_else(String::new, |id| format!(" {id}"));
        let text = format!("{} {to} {}{instance}", method.as_str(), item.event.title);
        let key = format!("post/{}", self.0.rng().string(16));
        let keeper = To::Direct(POST.try_into().unwrap());
        self.0.outbox().put(batch, Letter::message(key, LOCALPART, keeper, message(&text, &[])));
        Ok(())
    }
}

/// Letters to mailboxes, in order: what, to whom, about which meeting.
pub(super) fn posted(stage: &Stage) -> Vec<String> {
    stage.direct(LOCALPART, POST).map_or_else(Vec::new, |chat| stage.said(&chat))
}

/// What is opened from the store, where a bot is made and nothing can be waited for. The store works on beside it.
fn opened<T>(opening: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(opening))
}

fn people_of(kit: &Kit) -> People {
    let parts = PeopleParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: kit.server_name().to_owned(),
    };
    opened(People::open(parts)).unwrap()
}

/// Nothing inside is asked, but for what these tests serve.
fn reaching_this_machine() -> OutboundSettings {
    let allowed_ranges = vec![parse_range("127.0.0.0/8").unwrap()];
    OutboundSettings { allowed_ranges, ..OutboundSettings::default() }
}

fn calendars_of(kit: &Kit) -> Calendars {
    Calendars::new(CalendarsParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: kit.server_name().to_owned(),
        home: Some(Arc::new(crate::Homeserver::new(kit.clone()))),
        outbound: outbound::Outbound::new(reaching_this_machine()).unwrap(),
        zone: Zone::find("Asia/Shanghai").unwrap(),
        allows_plain_sources: false,
    })
}

/// The bot of most of these tests: meetings stay where they were asked for.
fn meetings(kit: &Kit) -> Meetings {
    meetings_with(kit, false)
}

fn meetings_with(kit: &Kit, own_rooms: bool) -> Meetings {
    let store = kit.store().clone();
    let calendars = calendars_of(kit);
    let settings = Settings {
        resources: vec!["会议室3".to_owned(), "会议室4".to_owned()],
        own_rooms,
        calendar_events: own_rooms,
        public_url: Some("https://chat.example.org".to_owned()),
        ..Settings::default()
    };
    let parts = MeetingsParts {
        people: people_of(kit),
        workdays: opened(Workdays::open(store)).unwrap(),
        free_busy: Arc::new(calendars.clone()),
        calendars,
        todos: Arc::new(Told),
        post: Some(Arc::new(Posted(kit.clone()))),
        ledger: None,
        settings,
    };
    Meetings::new(kit.clone(), parts)
}

/// The bot with the staff, and the direct chat of 张三 with it.
pub(super) async fn office() -> (Stage, String) {
    office_beside(None).await
}

/// The same where meetings get rooms of their own, and stand in timelines.
pub(super) async fn office_with_rooms() -> (Stage, String) {
    office_of(None, |kit| vec![Arc::new(meetings_with(kit, true)) as Arc<dyn Bot>]).await
}

/// The same where platforms are bridged by this account.
pub(super) async fn office_beside(bridge: Option<&str>) -> (Stage, String) {
    office_of(bridge, |kit| vec![Arc::new(meetings(kit)) as Arc<dyn Bot>]).await
}

async fn office_of(bridge: Option<&str>, bots: fn(&Kit) -> Vec<Arc<dyn Bot>>) -> (Stage, String) {
    let play = Play {
        localparts: vec![LOCALPART],
        tables: [tables(), cases::tables(), people::tables(), calendar::tables(), workdays::tables()]
            .concat(),
        texts: vec![TEXTS, office::TEXTS],
        bots,
    };
    let bridge = bridge.map(|bridge| bridge.try_into().unwrap());
    let mut stage = Stage::beside(play, bridge).await;
    imports(&mut stage, "").await;
    let room = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    (stage, room)
}

/// Imports the staff list, and starts the bot anew, which has an organisation of its own here.
pub(super) async fn imports(stage: &mut Stage, left: &str) {
    let people = people_of(stage.kit());
    let preview = people.preview(staff_list(left).as_bytes(), false, "test").await.unwrap();
    people.apply(&preview.id, "other").await.unwrap();
    stage.restart().await;
    stage.settle().await;
}

/// The direct chat of somebody with the bot, joined.
pub(super) fn chat(stage: &Stage, person: &str) -> String {
    stage.chat(LOCALPART, person)
}

/// A room of 张三 with these people and the bot.
pub(super) async fn team(stage: &mut Stage, people: &[&str]) -> String {
    let room = stage.room_with(ZHANGSAN, LOCALPART, false);
    for person in people {
        stage.invites(ZHANGSAN, &room, person);
        stage.joins(person, &room);
    }
    stage.settle().await;
    room
}

/// The newest message of the bot that is no edit and begins like this: its event.
pub(super) fn card(stage: &Stage, room: &str, begins: &str) -> String {
    stage.newest(room, |body| body.starts_with(begins))
}

/// What a card says now.
pub(super) fn reads(stage: &Stage, room: &str, card: &str) -> String {
    stage.reads(room, card)
}

/// The last thing the bot said there that is no edit.
pub(super) fn last(stage: &Stage, room: &str) -> String {
    stage.last(room)
}

/// Somebody says something, and everything comes to rest; what the bot said last there.
pub(super) async fn says(stage: &mut Stage, person: &str, room: &str, text: &str) -> String {
    stage.says(person, room, text);
    stage.settle().await;
    last(stage, room)
}
