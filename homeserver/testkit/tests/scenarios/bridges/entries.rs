//! What bots keep in a platform's own apps: the real server, its bots and its bridge, a simulated platform.

use serde_json::{Value, json};
use simulator_feishu::Command;
use testkit::limits::LOOK_INTERVAL;
use tokio::time::Instant;

use super::{Bridge, PATIENCE, cards::Office};
use crate::tasks::{begins, from_bot, now_begins, room_with_bot};

impl Bridge {
    /// Has the platform do something that people do there.
    pub(super) async fn plays(&self, command: Value) -> Value {
        let command: Command = serde_json::from_value(command).unwrap();
        self.platform.act(command).await.unwrap()
    }

    /// What 李雷 has in an app of the platform under this title, once it is as `is_so` asks for.
    pub(super) async fn has(
        &self,
        app: &str,
        list: &str,
        title: &str,
        is_so: impl Fn(&Value) -> bool,
    ) -> Value {
        let begun = Instant::now();
        loop {
            let seen = self.plays(json!({ "do": app, "person": "li" })).await;
            let all = seen[list].as_array().cloned().unwrap_or_default();
            let titled = |one: &&Value| one["title"].as_str().is_some_and(|text| text.contains(title));
            if let Some(found) = all.iter().filter(titled).find(|one| is_so(one)) {
                return found.clone();
            }
            assert!(begun.elapsed() < PATIENCE, "{title} is not there: {seen}");
            tokio::time::sleep(LOOK_INTERVAL).await;
        }
    }
}

impl Office {
    async fn plays(&self, command: Value) -> Value {
        self.bridge.plays(command).await
    }

    async fn has(&self, app: &str, list: &str, title: &str, is_so: impl Fn(&Value) -> bool) -> Value {
        self.bridge.has(app, list, title, is_so).await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_ticked_off_among_the_to_dos_of_feishu() {
    let office = Office::new().await;
    let hall = room_with_bot(&office.zhangsan, &[&office.lisi]).await;
    office.zhangsan.sends(&hall, "!任务 写周报 @李四 明天 18:00").await.ok();
    let card = from_bot(&office.lisi, &hall, |event| begins(event, "[待开始] TK-")).await;
    let no = card["content"]["com.lianqiao.card"]["no"].as_str().unwrap().to_owned();
    let todo = office.has("todos", "todos", "写周报", |todo| todo["done"] == false).await;
    assert!(todo["due_ms"].is_u64(), "{todo}");
    office.plays(json!({ "do": "tick_todo", "person": "li", "todo": todo["id"], "done": true })).await;
    from_bot(&office.lisi, &hall, |event| now_begins(event, &format!("[已完成] {no}"))).await;

    // What is done here is done there.
    office.zhangsan.sends(&hall, "!任务 订会议室 @李四 明天 18:00").await.ok();
    let is_second =
        |event: &Value| begins(event, "[待开始] TK-") && !begins(event, &format!("[待开始] {no}"));
    let card = from_bot(&office.lisi, &hall, is_second).await;
    office.has("todos", "todos", "订会议室", |todo| todo["done"] == false).await;
    office.lisi.reacts(&hall, card["event_id"].as_str().unwrap(), "✅").await.ok();
    office.has("todos", "todos", "订会议室", |todo| todo["done"] == true).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_meeting_stands_in_the_calendar_of_feishu() {
    let office = Office::new().await;
    let chat = office.zhangsan.creates_room_like(json!({
        "preset": "trusted_private_chat", "is_direct": true, "invite": ["@meet:test.example"],
    }));
    let chat = chat.await.ok()["room_id"].as_str().unwrap().to_owned();
    office.zhangsan.sends(&chat, "!meet 评审 @李四 明天10:00 30m").await.ok();
    let meeting = office.has("calendar", "meetings", "评审", |_| true).await;
    let lasts_ms = meeting["end_ms"].as_u64().unwrap() - meeting["start_ms"].as_u64().unwrap();
    assert_eq!(lasts_ms, 30 * 60_000, "{meeting}");
}
