//! People of several departments say in which one they ask; approvers talk among themselves.

use kit::double::Stage;

use super::talk::{card, chat, imports, last, office, reads};
use crate::LOCALPART;

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const SUNQI: &str = "@sunqi:test";

/// 孙七 works in two departments, and 周八 heads the other one.
async fn with_two_departments() -> (Stage, String) {
    let (mut stage, _) = office().await;
    let list =
        "工号,账号,姓名,部门,部门主管\n7,sunqi,孙七,总部/销售部;总部/研发部,\n9,zhouba,周八,总部/研发部,是\n";
    imports(&mut stage, list).await;
    let room = stage.room_with(SUNQI, LOCALPART, true);
    stage.settle().await;
    (stage, room)
}

#[tokio::test]
async fn who_works_in_two_departments_picks_one_and_its_head_is_asked() {
    let (mut stage, room) = with_two_departments().await;
    let root = stage.says(SUNQI, &room, "!请假 2026-11-10 2026-11-10 事假 家里 有事");
    stage.settle().await;
    let asked = last(&stage, &room);
    assert!(
        asked.ends_with("请填写「申请部门」1. 总部/销售部  2. 总部/研发部（回复「取消」结束）"),
        "{asked}"
    );
    stage.says_in_thread(SUNQI, &room, &root, "提交");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("「申请部门」不能为空"), "{}", last(&stage, &room));
    stage.says_in_thread(SUNQI, &room, &root, "市场部");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("「申请部门」不在可选项中"), "{}", last(&stage, &room));
    for word in ["2", "提交"] {
        stage.says_in_thread(SUNQI, &room, &root, word);
        stage.settle().await;
    }
    let desk = chat(&stage, "@zhouba:test");
    let mine = card(&stage, &desk, "[待审批] AP-20261105-0001 请假 · 孙七");
    let shown = reads(&stage, &desk, &mine);
    assert!(shown.contains("事由: 家里 有事") && shown.contains("申请部门: 总部/研发部"), "{shown}");
    assert_eq!(stage.direct(LOCALPART, LISI), None, "the head of the other department is not asked");
    stage.reacts("@zhouba:test", &desk, &mine, "✅");
    stage.settle().await;
    // What is undone goes through the same hands.
    stage.says(SUNQI, &room, "!撤销 AP-20261105-0001 行程取消");
    stage.settle().await;
    card(&stage, &desk, "[待审批] AP-20261105-0002 请假 · 孙七");
    assert_eq!(stage.direct(LOCALPART, LISI), None);
}

#[tokio::test]
async fn who_works_in_one_department_is_not_asked_for_it() {
    let (mut stage, _) = with_two_departments().await;
    let room = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    card(&stage, &chat(&stage, LISI), "[待审批] AP-20261105-0001");
}

#[tokio::test]
async fn what_approvers_say_among_themselves_the_starter_does_not_learn() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!报销 12800 招待 \"客户晚餐\"");
    stage.settle().await;
    stage.uploads(ZHANGSAN, &room, "invoice.pdf", b"pdf", None);
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "提交");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    stage.reacts(LISI, &desk, &mine, "✅");
    stage.settle().await;
    let chair = chat(&stage, "@wangwu:test");
    card(&stage, &chair, "[待审批]");
    stage.says("@wangwu:test", &chair, "!评论 AP-20261105-0001 仅审批人 金额偏高");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "（仅审批人）王五: 金额偏高");
    stage.says(ZHANGSAN, &room, "!评论 AP-20261105-0001 仅审批人 偷听");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("你不是当前处理人"), "{}", last(&stage, &room));
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    let file = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let text = String::from_utf8(stage.file(&room, &file)).unwrap();
    assert!(text.contains("\"confide\"") && !text.contains("金额偏高"), "{text}");
    assert!(cases::verify_export(text.as_bytes(), &cases::PublicKeys::default()).is_ok());
    assert!(stage.said(&room).iter().all(|body| !body.contains("金额偏高")));
    // A comment without the word is for everybody.
    stage.says("@wangwu:test", &chair, "!评论 AP-20261105-0001 请补充名单");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "王五: 请补充名单");
}
