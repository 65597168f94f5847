//! The law in tables, conversations on the stage, and the transcripts of the pages.

mod clock;
mod entries;
mod hands;
mod hook;
mod hostile;
mod law;
mod lines;
mod pages;
mod rooms;
mod secrets;
mod sources;
mod talk;
mod templates;

use std::sync::Arc;

use kit::{
    Bot,
    double::{Play, Stage},
};
use people::{Chart, DepartmentPath, Person, PersonId};
use ruma::OwnedUserId;
use serde_json::Value;

use crate::{LOCALPART, TEXTS, Tasks, TasksParts};

/// (number, localpart, name, department, heads it)
const STAFF: [(&str, &str, &str, &str, bool); 6] = [
    ("1", "zhangsan", "张三", "总部/销售部", false),
    ("2", "lisi", "李四", "总部/销售部", true),
    ("3", "wangwu", "王五", "总部/研发部", false),
    ("4", "zhaoliu", "赵六", "总部", true),
    ("5", "sunqi", "孙七", "总部/销售部", false),
    ("6", "ann", "Ann", "总部/销售部", false),
];

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const WANGWU: &str = "@wangwu:test";
const ZHAOLIU: &str = "@zhaoliu:test";
const SUNQI: &str = "@sunqi:test";
const ANN: &str = "@ann:test";

const MINUTE: u64 = 60_000;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

fn id(number: &str) -> PersonId {
    PersonId(number.to_owned())
}

fn chart() -> Chart {
    let people = STAFF.into_iter().map(|(number, localpart, name, department, heads)| {
        let department = DepartmentPath::parse(department).unwrap();
        let mut person = Person::new(number, name, department.clone());
        person.account = Some(OwnedUserId::try_from(format!("@{localpart}:test")).unwrap());
        person.head_of.extend(heads.then_some(department));
        Arc::new(person)
    });
    Chart::new(1, people)
}

/// The staff as a list that can be imported; `gone` is marked as having left.
fn staff_list(gone: &str) -> String {
    let rows = STAFF.into_iter().map(|(number, localpart, name, department, heads)| {
        let head = if heads { "是" } else { "" };
        let status = if name == gone { "离职" } else { "在职" };
        let language = if name == "Ann" { "en" } else { "" };
        format!("{number},{localpart},{name},{department},{head},{status},{language}\n")
    });
    format!("工号,账号,姓名,部门,部门主管,状态,语言\n{}", rows.collect::<String>())
}

/// The bot with the staff, and a room of 张三, 李四 and 孙七 that it is in.
async fn office() -> (Stage, String) {
    office_beside(None).await
}

/// What is on the stage.
fn play() -> Play {
    Play {
        localparts: vec![LOCALPART],
        tables: [crate::tables(), cases::tables(), people::tables(), workdays::tables()].concat(),
        texts: vec![TEXTS, office::TEXTS],
        bots: |kit| {
            let parts = TasksParts { accepts_after_ms: Some(DAY), ..TasksParts::default() };
            vec![Arc::new(Tasks::new(kit.clone(), parts)) as Arc<dyn Bot>]
        },
    }
}

/// The same beside the bridges' bot.
async fn office_beside(bridge: Option<OwnedUserId>) -> (Stage, String) {
    opened(Stage::beside(play(), bridge).await).await
}

/// The staff, and a room of 张三, 李四 and 孙七 that the bot is in.
async fn opened(mut stage: Stage) -> (Stage, String) {
    imports(&mut stage, "").await;
    let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
    for person in [LISI, SUNQI] {
        stage.invites(ZHANGSAN, &hall, person);
        stage.joins(person, &hall);
    }
    stage.settle().await;
    (stage, hall)
}

/// Imports the staff list as the command line does, and starts the bot anew, which has an organisation of its own here.
async fn imports(stage: &mut Stage, gone: &str) {
    let people = Tasks::new(stage.kit().clone(), TasksParts::default()).people().await.unwrap();
    let preview = people.preview(staff_list(gone).as_bytes(), false, "test").await.unwrap();
    people.apply(&preview.id, "test").await.unwrap();
    stage.restart().await;
}

/// The direct chat of somebody with the bot, joined.
fn chat(stage: &Stage, person: &str) -> String {
    stage.chat(LOCALPART, person)
}

/// The newest message of the bot in a room that is no edit and has this in its first line: its event.
fn card(stage: &Stage, room: &str, part: &str) -> String {
    stage.newest(room, |body| body.lines().next().is_some_and(|line| line.contains(part)))
}

/// What a message of the bot says now.
fn reads(stage: &Stage, room: &str, event: &str) -> String {
    stage.reads(room, event)
}

fn last(stage: &Stage, room: &str) -> String {
    stage.said(room).pop().unwrap_or_default()
}

/// Says something and has everything come to rest.
async fn says(stage: &mut Stage, person: &str, room: &str, text: &str) -> String {
    let event = stage.says(person, room, text);
    stage.settle().await;
    event
}

/// Taps and has everything come to rest.
async fn taps(stage: &mut Stage, person: &str, room: &str, event: &str, key: &str) -> String {
    let reaction = stage.reacts(person, room, event, key);
    stage.settle().await;
    reaction
}

/// Lets time pass in steps, so that what is due is due in its order.
async fn passes(stage: &mut Stage, ms: u64) {
    let step = 10 * MINUTE;
    let mut left = ms;
    while left > 0 {
        let now = left.min(step);
        stage.advance_ms(now);
        stage.settle().await;
        left -= now;
    }
}

/// How many messages of the bot have this in them, edits left out.
fn count(stage: &Stage, room: &str, part: &str) -> usize {
    let is_meant = |event: &&Value| {
        let content = &event["content"];
        content["m.relates_to"]["rel_type"] != "m.replace"
            && content["body"].as_str().is_some_and(|body| body.contains(part))
    };
    stage.events_of_bots(room).iter().filter(is_meant).count()
}
