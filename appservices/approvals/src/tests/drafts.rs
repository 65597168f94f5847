//! Drafts: a dialogue that nobody goes on with ends by itself and can be taken up again; and what rooms hear of a case.

use kit::double::Stage;
use serde_json::json;

use super::talk::{card, chat, last, office, reads};
use crate::{LOCALPART, limits::DIALOGUE_IDLE_MS};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const ADMIN: &str = "@admin:test";

const RESTS: &str = "AP-20261105-0001 已保存为草稿。要继续，请在该话题里回复，或发送 !表单 AP-20261105-0001；不需要则回复「取消」。";

fn times_told(stage: &Stage, room: &str) -> usize {
    stage.said(room).iter().filter(|body| *body == RESTS).count()
}

#[tokio::test]
async fn an_idle_dialogue_saves_the_draft_says_so_once_and_can_be_taken_up_again() {
    let (mut stage, room) = office().await;
    let root = stage.says(ZHANGSAN, &room, "!请假");
    stage.settle().await;
    stage.advance_ms(DIALOGUE_IDLE_MS - 1_000);
    stage.says(ZHANGSAN, &room, "2026-11-10 2026-11-11");
    stage.settle().await;
    // What was said put it off.
    stage.advance_ms(2_000);
    stage.settle().await;
    assert_eq!(times_told(&stage, &room), 0);
    stage.advance_ms(DIALOGUE_IDLE_MS);
    stage.restart().await;
    stage.settle().await;
    assert_eq!((last(&stage, &room).as_str(), times_told(&stage, &room)), (RESTS, 1));
    stage.advance_ms(2 * DIALOGUE_IDLE_MS);
    stage.settle().await;
    assert_eq!(times_told(&stage, &room), 1);
    // Beside the thread nothing is meant for it any more.
    let said = stage.said(&room).len();
    stage.says(ZHANGSAN, &room, "午饭吃什么");
    stage.settle().await;
    assert_eq!(stage.said(&room).len(), said);
    stage.says_in_thread(ZHANGSAN, &room, &root, "事假");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已填好。回复「提交」，或「取消」。");
    stage.says(ZHANGSAN, &room, "提交");
    stage.settle().await;
    card(&stage, &chat(&stage, LISI), "[待审批] AP-20261105-0001");
    stage.advance_ms(2 * DIALOGUE_IDLE_MS);
    stage.settle().await;
    assert_eq!(times_told(&stage, &room), 1, "what is handed in is no draft");
}

#[tokio::test]
async fn a_resting_draft_is_taken_up_by_its_form_and_ended_by_cancel() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假");
    stage.settle().await;
    stage.advance_ms(DIALOGUE_IDLE_MS);
    stage.settle().await;
    assert_eq!(times_told(&stage, &room), 1);
    stage.says(ZHANGSAN, &room, "!表单 AP-20261105-0001");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "2026-11-10");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("请填写「类型」"), "{}", last(&stage, &room));
    stage.says(ZHANGSAN, &room, "取消");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已取消 AP-20261105-0001。");
    stage.advance_ms(2 * DIALOGUE_IDLE_MS);
    stage.settle().await;
    assert_eq!(times_told(&stage, &room), 1);
}

#[tokio::test]
async fn what_was_returned_rests_as_well_and_goes_on_in_its_thread() {
    let (mut stage, room) = office().await;
    let root = stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-11 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    stage.says(LISI, &desk, "!退回 AP-20261105-0001 starter 日期不对");
    stage.settle().await;
    stage.advance_ms(DIALOGUE_IDLE_MS);
    stage.settle().await;
    assert_eq!((last(&stage, &room).as_str(), times_told(&stage, &room)), (RESTS, 1));
    let said = stage.said(&room).len();
    stage.says(ZHANGSAN, &room, "午饭吃什么");
    stage.settle().await;
    assert_eq!(stage.said(&room).len(), said, "what is said beside it is not meant for it any more");
    stage.says_in_thread(ZHANGSAN, &room, &root, "提交");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已提交 AP-20261105-0001。");
}

#[tokio::test]
async fn a_room_hears_of_a_case_where_the_template_says_so() {
    let (mut stage, _) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    let template = json!({
        "v": 1, "id": "party", "name": {"zh": "团建"}, "aliases": ["团建"],
        "form": [
            {"id": "amount", "type": "amount", "currency": "CNY", "label": {"zh": "金额"}, "required": true},
            {"id": "card", "type": "text", "label": {"zh": "卡号"}, "required": true, "sensitive": true},
        ],
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}}],
        "policy": {"announce": "room"},
    });
    stage.says(ADMIN, &desk, &format!("!审批 publish {template}"));
    stage.settle().await;
    let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
    stage.settle().await;
    stage.says(ZHANGSAN, &hall, "!审批 团建 300 62220001234");
    stage.settle().await;
    let asked = "[待审批] AP-20261105-0001 团建 · 张三 · ¥300.00\n金额: ¥300.00\n卡号: 尾号 1234";
    assert_eq!(stage.said(&hall), ["已收到 AP-20261105-0001，请看与我的私聊。", asked]);
    let office = chat(&stage, LISI);
    let mine = card(&stage, &office, "[待审批]");
    stage.reacts(LISI, &office, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &office, &mine).starts_with("[已通过]"));
    assert!(last(&stage, &hall).starts_with("[已通过] AP-20261105-0001 团建"), "{}", last(&stage, &hall));
}
