//! Lists of cases, and the case that is meant where nobody names one.

use super::talk::{card, chat, last, office, reads};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";

/// Two more than a list shows.
const CASES: usize = crate::limits::LIST_LINES_MAX + 2;

#[tokio::test]
async fn lists_have_pages_and_everything_that_somebody_has_a_part_in() {
    let (mut stage, room) = office().await;
    for _ in 0..CASES {
        stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
        stage.settle().await;
        stage.advance_ms(1_000);
    }
    let desk = chat(&stage, LISI);
    stage.says(LISI, &desk, "!同意 AP-20261105-0017");
    stage.settle().await;
    // (who asks, where, which list, how many lines, the last of them)
    for (who, room, command, lines, end) in [
        (ZHANGSAN, &room, "!审批 mine", 16, "还有更多：!审批 mine 2"),
        (ZHANGSAN, &room, "!Approval Mine", 16, "还有更多：!审批 mine 2"),
        (ZHANGSAN, &room, "!审批 mine 2", 2, "[待审批] AP-20261105-0001 请假 · 张三 · 2026-11-10 (1天)"),
        (ZHANGSAN, &room, "!审批 mine 3", 1, "没有。"),
        (ZHANGSAN, &room, "!审批 todo", 1, "没有。"),
        (LISI, &desk, "!审批 list", 16, "还有更多：!审批 list 2"),
        (LISI, &desk, "!审批 todo 2", 1, "[待审批] AP-20261105-0001 请假 · 张三 · 2026-11-10 (1天)"),
        (LISI, &desk, "!审批 done", 1, "[已通过] AP-20261105-0017 请假 · 张三 · 2026-11-10 (1天)"),
    ] {
        stage.says(who, room, command);
        stage.settle().await;
        let said = last(&stage, room);
        assert_eq!((said.lines().count(), said.lines().last()), (lines, Some(end)), "{command}: {said}");
    }
    stage.says(LISI, &desk, "!审批 list");
    stage.settle().await;
    let first = last(&stage, &desk).lines().next().unwrap_or_default().to_owned();
    assert!(first.starts_with("[已通过] AP-20261105-0017"), "what was done stands in it, too: {first}");
}

#[tokio::test]
async fn without_a_number_the_only_open_case_is_meant_however_old_it_is() {
    let (mut stage, room) = office().await;
    for _ in 0..CASES {
        stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
        stage.settle().await;
        stage.advance_ms(1_000);
    }
    let oldest = stage.newest(&room, |body| body.starts_with("[待审批] AP-20261105-0001"));
    for number in 3..=CASES {
        stage.says(ZHANGSAN, &room, &format!("!撤回 AP-20261105-{number:04}"));
        stage.settle().await;
    }
    stage.says(ZHANGSAN, &room, "!撤回");
    stage.settle().await;
    let said = last(&stage, &room);
    assert!(said.contains("AP-20261105-0001 AP-20261105-0002"), "there are two: {said}");
    stage.says(ZHANGSAN, &room, "!撤回 AP-20261105-0002");
    stage.says(ZHANGSAN, &room, "!撤回");
    stage.settle().await;
    assert!(reads(&stage, &room, &oldest).starts_with("[已撤回] AP-20261105-0001"));
}

#[tokio::test]
async fn a_message_that_was_removed_leaves_its_record_and_the_cards_say_so_once() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let decided = stage.says(LISI, &desk, "!同意 AP-20261105-0001");
    let talk = stage.says(LISI, &desk, "!审批 done");
    stage.settle().await;
    stage.redacts(LISI, &desk, &talk);
    stage.redacts(LISI, &desk, &decided);
    stage.settle().await;
    let told = format!("李四 已撤回原消息（记录 3，哈希 {decided}），记录不变。");
    for room in [&room, &desk] {
        let count = stage.said(room).iter().filter(|body| **body == told).count();
        assert_eq!(count, 1, "{:?}", stage.said(room));
    }
    let own = card(&stage, &room, "[待审批] AP-20261105-0001");
    assert!(reads(&stage, &room, &own).starts_with("[已通过]"));
    stage.says(ZHANGSAN, &room, "!verify AP-20261105-0001");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 3 条记录"), "{}", last(&stage, &room));
}
