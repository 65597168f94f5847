//! A start with open cases: thousands of tasks are made by commands, the server is stopped, and the clock runs from its next start
//! to the answer of a bot to a tap on a card of before.

use reqwest::Method;
use serde_json::{Value, json};
use testkit::TEST_SERVER_NAME;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::event_in;
use crate::client::{Client, User, text};
use crate::measure::{Done, Measure, measured};
use crate::target::{LianqiaoOptions, Target};

/// Rooms in which the tasks are made.
const ROOMS: usize = 8;

/// Commands that are said in a room before the last of them has its card.
const COMMANDS_AT_ONCE: usize = 25;

/// Who gives tasks, and who has to do them.
const STAFF: &str = "工号,姓名,部门,账号\n1,张三,总部,zhangsan\n2,李四,总部,lisi\n";

/// Rings below a card when the bot is done with it.
const LAST_SEED: &str = "💬";

/// A card in a room.
struct Card {
    room: String,
    event: String,
}

pub async fn restart(options: &LianqiaoOptions, cases: usize) -> Result<Vec<Measure>, String> {
    let mut target = Target::lianqiao(options)?;
    target.changes_config(|text| text.replace("[bots]\nenabled = false", "[bots]\nenabled = true"))?;
    target.start().await?;
    let outcome = rows(&mut target, cases).await;
    target.stop().await;
    outcome
}

async fn rows(target: &mut Target, cases: usize) -> Result<Vec<Measure>, String> {
    target.is_ready().await?;
    let client = Client::new(target.url())?;
    let (giver, doer) = (client.register("zhangsan").await?, client.register("lisi").await?);
    target.imports_staff(STAFF)?;
    let mut rooms = Vec::with_capacity(ROOMS);
    for _ in 0..ROOMS {
        let body = json!({
            "preset": "public_chat", "invite": [format!("@task:{TEST_SERVER_NAME}")],
        });
        let made = giver.call(Method::POST, "/_matrix/client/v3/createRoom", Some(&body)).await?;
        let room = text(&made, "room_id")?;
        doer.join(&room).await?;
        rooms.push(room);
    }
    let mut card = None;
    let made = measured(target, "a task made by a command, its card and reactions", async {
        let mut under_way = JoinSet::new();
        for (number, room) in rooms.into_iter().enumerate() {
            let count = cases / ROOMS + usize::from(number < cases % ROOMS);
            under_way.spawn(tasks(giver.clone(), room, number, count));
        }
        while let Some(made) = under_way.join_next().await {
            card = made.map_err(|error| error.to_string())??.or(card.take());
        }
        Ok(Done { operations: cases, waits: Vec::new(), closed_loop: true })
    })
    .await?;
    let card = card.ok_or("no task was made")?;
    target.stop().await;
    let begun = Instant::now();
    target.start().await?;
    target.is_ready().await?;
    let ready_ms = begun.elapsed().as_secs_f64() * 1000.0;
    taps(&doer, &card).await?;
    let answered_ms = begun.elapsed().as_secs_f64() * 1000.0;
    let row =
        |what: &str, figure| Measure::other(&format!("start with {cases} open tasks, {what}"), figure, "ms");
    Ok(vec![
        made,
        row("until the server and every bot are ready", ready_ms),
        row("until a tap on a card of before is answered", answered_ms),
    ])
}

/// Gives so many tasks in a room; the card of the last one.
async fn tasks(giver: User, room: String, number: usize, count: usize) -> Result<Option<Card>, String> {
    let mut card = None;
    for first in (0..count).step_by(COMMANDS_AT_ONCE) {
        let last = count.min(first + COMMANDS_AT_ONCE) - 1;
        for task in first..=last {
            giver.send(&room, &format!("!任务 盘点{number}-{task}号 @李四")).await?;
        }
        let title = format!("盘点{number}-{last}号");
        let is_card = |event: &Value| {
            let content = &event["content"];
            content["com.lianqiao.card"].is_object()
                && content.get("m.new_content").is_none()
                && content["body"].as_str().is_some_and(|body| body.contains(&title))
        };
        let event = text(&event_in(&giver, &room, is_card).await?, "event_id")?;
        event_in(&giver, &room, |found| relates(found, &event)["key"] == LAST_SEED).await?;
        card = Some(Card { room: room.clone(), event });
    }
    Ok(card)
}

/// Does what a card asks for, and waits until the card says so.
async fn taps(doer: &User, card: &Card) -> Result<(), String> {
    let relation = json!({ "rel_type": "m.annotation", "event_id": card.event, "key": "✅" });
    let path = format!("/_matrix/client/v3/rooms/{}/send/m.reaction/tap", card.room);
    doer.call(Method::PUT, &path, Some(&json!({ "m.relates_to": relation }))).await?;
    let is_edit = |event: &Value| relates(event, &card.event)["rel_type"] == "m.replace";
    event_in(doer, &card.room, is_edit).await.map(drop)
}

/// How an event relates to another one; null where it does not.
fn relates<'a>(event: &'a Value, to: &str) -> &'a Value {
    let relation = &event["content"]["m.relates_to"];
    if relation["event_id"] == to { relation } else { &Value::Null }
}
