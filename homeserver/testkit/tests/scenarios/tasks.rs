//! Tasks through the real server: from a line in a room to a board that is pinned, over a kill.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};
use testkit::{
    User,
    limits::{LOOK_INTERVAL, WORK_PATIENCE},
};

use crate::approvals::{imports, with_bots};

pub(crate) const BOT: &str = "@task:test.example";

const STAFF: &str = "工号,姓名,部门,职位,部门主管,账号,语言\n\
    1,李四,总部/销售部,销售部主管,是,lisi,zh\n\
    2,张三,总部/销售部,专员,否,zhangsan,zh\n\
    3,王五,总部/研发部,工程师,否,wangwu,en\n";

/// A room where everybody may pin, with the bot asked in.
pub(crate) async fn room_with_bot(person: &User, others: &[&User]) -> String {
    let body = json!({
        "preset": "private_chat", "invite": [BOT],
        "power_level_content_override": { "events": { "m.room.pinned_events": 0 } },
    });
    let made = person.creates_room_like(body).await.ok();
    let room = made["room_id"].as_str().unwrap().to_owned();
    for other in others {
        person.invites(&room, other).await.ok();
        other.joins(&room).await.ok();
    }
    room
}

/// Waits for a message of the bot in a room.
pub(crate) async fn from_bot(person: &User, room: &str, is_meant: impl Fn(&Value) -> bool) -> Value {
    let path = format!("/_matrix/client/v3/rooms/{room}/messages?dir=b&limit=100");
    let is_meant = |event: &Value| event["sender"] == BOT && is_meant(event);
    let page = person
        .gets_until(&path, |page| page["chunk"].as_array().is_some_and(|chunk| chunk.iter().any(is_meant)))
        .await;
    page["chunk"].as_array().unwrap().iter().find(|event| is_meant(event)).unwrap().clone()
}

pub(crate) fn begins(event: &Value, text: &str) -> bool {
    event["content"]["body"].as_str().is_some_and(|body| body.starts_with(text))
}

pub(crate) fn now_begins(event: &Value, text: &str) -> bool {
    event["content"]["m.new_content"]["body"].as_str().is_some_and(|body| body.starts_with(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_task_is_made_done_shown_on_the_board_and_proved_over_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = with_bots(directory.path()).await;
    let [zhangsan, lisi] = [server.user("zhangsan").await, server.user("lisi").await];
    imports(&server, directory.path(), STAFF.as_bytes()).await;
    let hall = room_with_bot(&zhangsan, &[&lisi]).await;

    zhangsan.sends(&hall, "!任务 写周报 @李四 明天 18:00 !高").await.ok();
    let card = from_bot(&lisi, &hall, |event| begins(event, "[待开始] TK-")).await;
    assert_eq!(card["content"]["msgtype"], "m.text", "something to do rings");
    assert_eq!(card["content"]["m.mentions"]["user_ids"][0], "@lisi:test.example");
    let no = card["content"]["com.lianqiao.card"]["no"].as_str().unwrap().to_owned();
    let card_id = card["event_id"].as_str().unwrap();
    lisi.reacts(&hall, card_id, "2️⃣").await.ok();
    from_bot(&lisi, &hall, |event| now_begins(event, &format!("[进行中 50%] {no} 写周报 · 李四"))).await;

    let board = from_bot(&lisi, &hall, |event| begins(event, "[看板] 任务 1")).await;
    let pinned = format!("/_matrix/client/v3/rooms/{hall}/state/m.room.pinned_events");
    let is_pinned =
        |state: &Value| state["pinned"].as_array().is_some_and(|all| all.contains(&board["event_id"]));
    let history = format!("/_matrix/client/v3/rooms/{hall}/messages?dir=b&limit=100");
    let pins = |page: &Value| {
        let events = page["chunk"].as_array().into_iter().flatten();
        events.filter(|event| event["type"] == "m.room.pinned_events").count()
    };
    lisi.gets_until(&history, |page| pins(page) > 0).await;
    assert!(is_pinned(&lisi.get(&pinned).await.ok()));

    lisi.reacts(&hall, card_id, "✅").await.ok();
    server.kill();
    server.spawn().await;
    from_bot(&lisi, &hall, |event| now_begins(event, &format!("[已完成] {no}"))).await;
    zhangsan.sends(&hall, &format!("!校验 {no}")).await.ok();
    from_bot(&zhangsan, &hall, |event| begins(event, &format!("OK · {no} · 3 条记录 · 1 个签名密钥"))).await;
    from_bot(&zhangsan, &hall, |event| now_begins(event, "[看板] 任务 0")).await;
}

/// Tasks whose reminders are due at nearly the same time.
const REMINDED: usize = 24;

/// How long after a start of the server it is killed again, in ms: before, among and behind what was due.
const MOMENTS_MS: [u64; 6] = [0, 20, 60, 150, 400, 900];

/// How often each task was reminded of in a room, by its number.
async fn reminders(person: &User, room: &str) -> BTreeMap<String, usize> {
    let mut found = BTreeMap::new();
    for event in person.whole_history(room).await {
        let body = event["content"]["body"].as_str().unwrap_or_default();
        let is_edit = event["content"]["m.relates_to"]["rel_type"] == "m.replace";
        if let Some((_, rest)) = body.split_once("提醒：").filter(|_| event["sender"] == BOT && !is_edit) {
            let no = rest.split_whitespace().next().unwrap_or_default();
            *found.entry(no.to_owned()).or_default() += 1;
        }
    }
    found
}

#[tokio::test(flavor = "multi_thread")]
async fn each_reminder_that_is_due_while_the_server_is_killed_comes_once() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = with_bots(directory.path()).await;
    let lisi = server.user("lisi").await;
    imports(&server, directory.path(), STAFF.as_bytes()).await;
    let hall = room_with_bot(&lisi, &[]).await;
    // What is urgent reminds at any hour.
    for number in 1..=REMINDED {
        lisi.sends(&hall, &format!("!任务 第{number}件 2030-12-31 18:00 !紧急")).await.ok();
    }
    let last = format!("第{REMINDED}件");
    from_bot(&lisi, &hall, |event| begins(event, "[待开始]") && event.to_string().contains(&last)).await;
    let made = lisi.whole_history(&hall).await;
    let numbers: Vec<&str> = made
        .iter()
        .filter(|event| begins(event, "[待开始]"))
        .filter_map(|event| event["content"]["com.lianqiao.card"]["no"].as_str())
        .collect();
    assert_eq!(numbers.len(), REMINDED);
    for no in &numbers {
        lisi.sends(&hall, &format!("!稍后 {no} 1m")).await.ok();
    }
    let is_reminder =
        |event: &Value| event["content"]["body"].as_str().is_some_and(|body| body.contains("提醒：TK-"));
    from_bot(&lisi, &hall, is_reminder).await;
    for moment_ms in MOMENTS_MS {
        tokio::time::sleep(Duration::from_millis(moment_ms)).await;
        server.kill();
        server.spawn().await;
    }
    let deadline = tokio::time::Instant::now() + WORK_PATIENCE;
    while reminders(&lisi, &hall).await.len() < REMINDED {
        let found = reminders(&lisi, &hall).await;
        assert!(tokio::time::Instant::now() < deadline, "not of all: {found:?}");
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    // Behind this answer nothing of them is left.
    lisi.sends(&hall, "!task mine").await.ok();
    from_bot(&lisi, &hall, |event| begins(event, &format!("我的任务 {REMINDED}"))).await;
    let once = numbers.iter().map(|no| ((*no).to_owned(), 1)).collect::<BTreeMap<_, _>>();
    assert_eq!(reminders(&lisi, &hall).await, once);
}

#[tokio::test(flavor = "multi_thread")]
async fn somebody_of_another_department_is_asked_in_their_own_language_and_says_why_not() {
    let directory = tempfile::tempdir().unwrap();
    let server = with_bots(directory.path()).await;
    let [zhangsan, wangwu] = [server.user("zhangsan").await, server.user("wangwu").await];
    imports(&server, directory.path(), STAFF.as_bytes()).await;
    let hall = room_with_bot(&zhangsan, &[]).await;
    let asked = zhangsan.sends(&hall, "日志里有错误，需跟进").await.event_id();
    let offered = |event: &Value| {
        event["type"] == "m.reaction" && event["content"]["m.relates_to"]["event_id"] == asked.as_str()
    };
    from_bot(&zhangsan, &hall, offered).await;
    let reply = json!({
        "msgtype": "m.text", "body": "!task @王五 tomorrow",
        "m.relates_to": { "m.in_reply_to": { "event_id": asked } },
    });
    zhangsan.sends_event(&hall, "m.room.message", reply).await.ok();
    let sync = wangwu
        .syncs_until("the bot's invitation", |sync| {
            sync["rooms"]["invite"].as_object().is_some_and(|rooms| !rooms.is_empty())
        })
        .await;
    let desk = sync["rooms"]["invite"].as_object().unwrap().keys().next().unwrap().clone();
    wangwu.joins(&desk).await.ok();
    let card = from_bot(&wangwu, &desk, |event| begins(event, "[Open] TK-")).await;
    assert!(
        card["content"]["body"].as_str().unwrap().contains("日志里有错误，需跟进 · 王五 · due"),
        "{card}"
    );
    wangwu.reacts(&desk, card["event_id"].as_str().unwrap(), "🙅").await.ok();
    from_bot(&wangwu, &desk, |event| begins(event, "Reply with a reason within 10 minutes")).await;
    wangwu.sends(&desk, "on leave").await.ok();
    from_bot(&zhangsan, &hall, |event| begins(event, "张三: 王五 没有接受 TK-")).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn working_days_are_imported_whether_the_server_runs_or_not() {
    let directory = tempfile::tempdir().unwrap();
    let mut server = with_bots(directory.path()).await;
    let file = directory.path().join("days.csv");
    std::fs::write(&file, "日期,类型,名称\n2026-10-01,休,国庆节\n2026-10-10,班,\n").unwrap();
    let import = ["org", "workdays", "import", file.to_str().unwrap()];
    let (succeeded, said) = server.commands(&import).await;
    assert!(succeeded && said.contains("2026: 1 days are off, 1 days are made up for"), "{said}");
    server.stop().await;
    let (succeeded, said) = server.commands(&import).await;
    assert!(succeeded && said.contains("2026: 1 days are off"), "{said}");
    std::fs::write(&file, "date,type\n2026-13-01,off\n").unwrap();
    let (succeeded, said) = server.commands(&import).await;
    assert!(!succeeded && said.contains("line 2: \"2026-13-01\" is no date"), "{said}");
}
