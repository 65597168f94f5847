//! Boards, rooms that are closed, people who leave, minutes, English.

use kit::Call;
use serde_json::json;

use super::*;
use crate::{Proposal, Todo, propose};

/// The newest state of a kind in a room.
fn state(stage: &Stage, room: &str, kind: &str) -> Value {
    let path = ["client", "v3", "rooms", room, "state", kind];
    stage.homeserver().does(ZHANGSAN, Call::new(http::Method::GET, &path))
}

#[tokio::test]
async fn a_board_is_pinned_beside_other_pins_and_edited_in_place() {
    let (mut stage, hall) = office().await;
    let path = ["client", "v3", "rooms", hall.as_str(), "state", "m.room.pinned_events"];
    let pins = Call::new(http::Method::PUT, &path).json(json!({ "pinned": ["$old"] }));
    stage.homeserver().does(ZHANGSAN, pins);
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 没日期 @孙七").await;
    passes(&mut stage, MINUTE).await;
    let board = card(&stage, &hall, "[看板]");
    assert_eq!(
        reads(&stage, &hall, &board),
        "[看板] 任务 2 · 逾期 0 · 进行中 0\n[待开始] TK-20261105-0001 写周报 · 李四 · 截止 11-06 18:00\n\
         [待开始] TK-20261105-0002 没日期 · 孙七 · 未定日期"
    );
    passes(&mut stage, MINUTE).await;
    assert_eq!(state(&stage, &hall, "m.room.pinned_events")["pinned"], json!(["$old", board]));
    let task = card(&stage, &hall, "] TK-20261105-0001");
    taps(&mut stage, LISI, &hall, &task, "✅").await;
    passes(&mut stage, MINUTE).await;
    assert_eq!(count(&stage, &hall, "[看板]"), 1, "one message");
    assert!(reads(&stage, &hall, &board).starts_with("[看板] 任务 1 · 逾期 0 · 进行中 0\n"));
}

#[tokio::test]
async fn a_closed_room_keeps_its_board_and_its_tasks_move() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    passes(&mut stage, MINUTE).await;
    says(&mut stage, ZHANGSAN, &hall, "!看板 关闭").await;
    assert!(last(&stage, &hall).starts_with("没有权限：需要角色 moderator"), "{}", last(&stage, &hall));
    let path = ["client", "v3", "rooms", hall.as_str(), "state", "m.room.power_levels"];
    let levels = Call::new(http::Method::PUT, &path).json(json!({ "users": { ZHANGSAN: 100 } }));
    stage.homeserver().does(ZHANGSAN, levels);
    says(&mut stage, ZHANGSAN, &hall, "!看板 关闭").await;
    let board = card(&stage, &hall, "[看板");
    assert_eq!(reads(&stage, &hall, &board), "[看板·已冻结] 本群已关闭，1 个任务移到私聊。");
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "TK-20261105-0001 写周报");
    let creator = chat(&stage, ZHANGSAN);
    card(&stage, &creator, "TK-20261105-0001 写周报");
    taps(&mut stage, LISI, &desk, &mine, "✅").await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已完成]"));
    passes(&mut stage, MINUTE).await;
    assert!(reads(&stage, &hall, &board).starts_with("[看板·已冻结]"), "a frozen board changes no more");
}

#[tokio::test]
async fn a_moderator_of_the_room_changes_anything_there() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    says(&mut stage, SUNQI, &hall, "!取消 TK-20261105-0001").await;
    assert_eq!(last(&stage, &hall), "你不是当前处理人。现在由 张三 处理。");
    let path = ["client", "v3", "rooms", hall.as_str(), "state", "m.room.power_levels"];
    let levels = Call::new(http::Method::PUT, &path).json(json!({ "users": { SUNQI: 50 } }));
    stage.homeserver().does(ZHANGSAN, levels);
    says(&mut stage, SUNQI, &hall, "!取消 TK-20261105-0001 重复了").await;
    let task = card(&stage, &hall, "] TK-20261105-0001");
    let body = reads(&stage, &hall, &task);
    assert!(body.starts_with("[已取消]") && body.contains("孙七: 重复了"), "{body}");
}

#[tokio::test]
async fn a_room_reads_its_cards_in_the_language_that_its_moderator_chose() {
    let (mut stage, hall) = office().await;
    stage.sets_state(ZHANGSAN, &hall, "m.room.power_levels", "", json!({ "users": { ZHANGSAN: 50 } }));
    says(&mut stage, ZHANGSAN, &hall, "!语言 房间 both").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    let task = card(&stage, &hall, "TK-20261105-0001");
    let body = reads(&stage, &hall, &task);
    assert!(
        body.starts_with("[待开始] TK-20261105-0001") && body.contains("\n[Open] TK-20261105-0001"),
        "{body}"
    );
    says(&mut stage, ZHANGSAN, &hall, "!语言 房间 en").await;
    taps(&mut stage, LISI, &hall, &task, "2️⃣").await;
    let body = reads(&stage, &hall, &task);
    assert!(body.starts_with("[Doing 50%] TK-20261105-0001"), "{body}");
}

#[tokio::test]
async fn who_leaves_hands_over_to_their_head() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @孙七 11-20").await;
    imports(&mut stage, "孙七").await;
    passes(&mut stage, 2 * MINUTE).await;
    let task = card(&stage, &hall, "] TK-20261105-0001");
    assert!(reads(&stage, &hall, &task).starts_with("[待开始] TK-20261105-0001 写周报 · 李四"));
    assert_eq!(count(&stage, &hall, "李四: 孙七 已离职，TK-20261105-0001 写周报 转给你。"), 1);
}

#[tokio::test]
async fn a_to_do_of_minutes_is_confirmed_or_not() {
    let (mut stage, _) = office().await;
    let proposal = |title: &str| Proposal {
        todo: Todo {
            title: title.to_owned(),
            assignees: vec![id("2")],
            due: Some("2026-11-06T18:00:00".to_owned()),
            is_secret: false,
        },
        by: id("1"),
        source_no: "MT-20261105-0001".to_owned(),
        zone: "Asia/Shanghai".to_owned(),
    };
    let mut batch = store::Batch::new();
    propose(stage.kit(), &mut batch, "m1/1", &proposal("写纪要"));
    propose(stage.kit(), &mut batch, "m1/2", &proposal("订午饭"));
    stage.kit().store().commit(batch).await.unwrap();
    stage.settle().await;
    let (organiser, desk) = (chat(&stage, ZHANGSAN), chat(&stage, LISI));
    let first = card(&stage, &desk, "[待确认] TK-20261105-0001 写纪要 · 李四 · 截止 11-06 18:00");
    assert!(reads(&stage, &desk, &first).ends_with("✅建立任务 ❌不需要"));
    assert!(reads(&stage, &desk, &first).contains("来源 MT-20261105-0001"));
    assert_eq!(stage.offers(&desk, &first), ["✅", "❌"]);
    taps(&mut stage, LISI, &desk, &first, "✅").await;
    assert!(reads(&stage, &desk, &first).starts_with("[待开始] TK-20261105-0001"));
    assert_eq!(stage.offers(&desk, &first), ["1️⃣", "2️⃣", "3️⃣", "✅", "⏰", "💬"]);
    let second = card(&stage, &organiser, "[待确认] TK-20261105-0002 订午饭");
    taps(&mut stage, ZHANGSAN, &organiser, &second, "❌").await;
    assert!(reads(&stage, &organiser, &second).starts_with("[已取消] TK-20261105-0002"));
    assert!(stage.offers(&organiser, &second).is_empty(), "nothing can be done with what is over");
    let other = card(&stage, &desk, "TK-20261105-0002");
    taps(&mut stage, LISI, &desk, &other, "✅").await;
    assert!(reads(&stage, &desk, &other).starts_with("[已取消]"));
    assert_eq!(last(&stage, &desk), "已由 张三 于 11-05 09:00 通过Matrix处理：不需要。");
}

#[tokio::test]
async fn heads_see_and_reassign_below_them() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @孙七 明天").await;
    let desk = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ZHAOLIU, &desk, "!转派 TK-20261105-0001 @李四").await;
    let task = card(&stage, &hall, "] TK-20261105-0001");
    assert!(reads(&stage, &hall, &task).starts_with("[待开始] TK-20261105-0001 写周报 · 李四"));
}

#[tokio::test]
async fn help_lists_the_commands_by_pages() {
    let (mut stage, _) = office().await;
    let room = stage.room_with(ANN, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ANN, &room, "!help").await;
    let help = last(&stage, &room);
    assert!(help.starts_with("Commands of Tasks:\n!task – ") && help.lines().count() <= 10, "{help}");
}

#[tokio::test]
async fn a_chat_that_was_replaced_shows_its_tasks_in_its_successor() {
    let (mut stage, hall) = office().await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 看合同 @赵六 明天").await;
    let desk = chat(&stage, ZHAOLIU);
    card(&stage, &desk, "TK-20261105-0001");
    let new = stage.room_with(ZHAOLIU, LOCALPART, false);
    stage.sets_state(
        ZHAOLIU,
        &desk,
        "m.room.tombstone",
        "",
        json!({ "body": "moved", "replacement_room": new }),
    );
    stage.settle().await;
    let mine = card(&stage, &new, "TK-20261105-0001 看合同");
    assert_eq!(count(&stage, &desk, "看合同"), 1, "the old room hears no more of it");
    assert_eq!(stage.offers(&new, &mine), ["✋", "🙅", "1️⃣", "2️⃣", "3️⃣", "✅", "⏰", "💬"]);
    taps(&mut stage, ZHAOLIU, &new, &mine, "✋").await;
    taps(&mut stage, ZHAOLIU, &new, &mine, "✅").await;
    assert!(reads(&stage, &new, &mine).starts_with("[已完成]"), "{}", reads(&stage, &new, &mine));
    assert_eq!(count(&stage, &new, "看合同"), 1);
}
