//! Meetings answered in a platform's calendar, and free/busy asked there: the real server, its bots and its bridge, a simulated
//! platform.

use serde_json::{Value, json};
use simulator_feishu::Command;
use testkit::{User, limits::LOOK_INTERVAL};
use tokio::time::Instant;

use super::{PATIENCE, cards::Office};
use crate::meetings::BOT;
pub(super) use crate::meetings::chat;

/// Has the platform do something that people do there.
async fn plays(office: &Office, command: Value) -> Value {
    let command: Command = serde_json::from_value(command).unwrap();
    office.bridge.platform.act(command).await.unwrap()
}

/// The meeting of this title in the calendar of 李雷, once it is as `is_so` asks for.
async fn meeting(office: &Office, title: &str, is_so: impl Fn(&Value) -> bool) -> Value {
    let begun = Instant::now();
    loop {
        let seen = plays(office, json!({ "do": "calendar", "person": "li" })).await;
        let all = seen["meetings"].as_array().cloned().unwrap_or_default();
        let titled = |one: &&Value| one["title"].as_str().is_some_and(|text| text.contains(title));
        if let Some(found) = all.iter().filter(titled).find(|one| is_so(one)) {
            return found.clone();
        }
        assert!(begun.elapsed() < PATIENCE, "{title} is not there: {seen}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

/// Waits until the bot shows something like this in a room, in words of now.
pub(super) async fn shows(person: &User, room: &str, is_meant: impl Fn(&str) -> bool) -> String {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let text = |event: &Value| -> Option<String> {
        let content = &event["content"];
        let body = content["m.new_content"]["body"].as_str().or(content["body"].as_str())?;
        (event["sender"] == BOT && is_meant(body)).then(|| body.to_owned())
    };
    let page = person
        .gets_until(&path, |page| {
            page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(|one| text(one).is_some()))
        })
        .await;
    page["chunk"].as_array().unwrap().iter().find_map(text).unwrap()
}

/// The date on the card of a meeting: `11-06`.
fn day_of(card: &str) -> &str {
    let is_date = |word: &&str| word.len() == 5 && word.as_bytes()[2] == b'-';
    card.split_whitespace().find(is_date).expect("the card says when it is")
}

#[tokio::test(flavor = "multi_thread")]
async fn an_invitation_is_answered_in_the_calendar_of_feishu_and_its_busy_times_are_asked_for() {
    let office = Office::new().await;
    let desk = chat(&office.zhangsan).await;
    office.zhangsan.sends(&desk, "!meet 评审 @李四 明天 10:00 30m").await.ok();
    let there = meeting(&office, "评审", |_| true).await;
    let decline =
        json!({ "do": "answer_meeting", "person": "li", "meeting": there["id"], "answer": "declined" });
    plays(&office, decline).await;
    let card = shows(&office.zhangsan, &desk, |text| text.contains("李四❌")).await;
    // Tomorrow is another day once it is midnight: from here on it is called by its date.
    let day = day_of(&card);

    // What 李雷 has there besides counts for the search of colleagues.
    let start_ms = there["start_ms"].as_u64().unwrap() + 2 * 60 * 60_000;
    let book = json!({
        "do": "book", "person": "li", "title": "私事", "start_ms": start_ms, "end_ms": start_ms + 60 * 60_000,
    });
    plays(&office, book).await;
    office.zhangsan.sends(&desk, &format!("!meet free @李四 {day}")).await.ok();
    let shown = shows(&office.zhangsan, &desk, |text| text.contains("李四：")).await;
    assert!(shown.contains("忙 12:00–13:00") && !shown.contains("私事"), "{shown}");

    // What is cancelled here is gone there.
    office.zhangsan.sends(&desk, "!meet cancel").await.ok();
    let begun = Instant::now();
    loop {
        let seen = plays(&office, json!({ "do": "calendar", "person": "li" })).await;
        if !seen.to_string().contains("评审") {
            return;
        }
        assert!(begun.elapsed() < PATIENCE, "{seen}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_feishu_alone_is_asked_in_their_calendar_and_their_answer_counts() {
    let office = Office::of_strangers().await;
    let desk = chat(&office.zhangsan).await;
    let line = format!("!meet 评审 @fs_{}:test.example 明天 10:00 30m", office.li);
    office.zhangsan.sends(&desk, &line).await.ok();
    let there = meeting(&office, "评审", |_| true).await;
    let decline =
        json!({ "do": "answer_meeting", "person": "li", "meeting": there["id"], "answer": "declined" });
    plays(&office, decline).await;
    let is_declined = |line: &str| line.contains("李雷") && line.contains('❌');
    shows(&office.zhangsan, &desk, |text| text.lines().any(is_declined)).await;
}
