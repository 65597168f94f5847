//! Tasks of the class `secret`: in encrypted direct chats, and nowhere else.

use serde_json::json;

use super::*;
use crate::{Proposal, Todo, propose};

const TITLE: &str = "裁员名单";
const HIDDEN: &str = "有一条保密内容未显示";

/// Whether anything of the bot in a room ever named the task.
fn is_told(stage: &Stage, room: &str) -> bool {
    stage.shown(room).iter().any(|body| body.contains(TITLE))
}

#[tokio::test]
async fn a_secret_task_is_not_in_the_room_on_the_board_or_in_a_list() {
    let (mut stage, hall) = office().await;
    let desk = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &hall, &format!("!任务 {TITLE} @李四 明天 18:00 !保密")).await;
    assert_eq!(last(&stage, &hall), "TK-20261105-0001 是保密任务，只在加密的私聊里显示。");
    says(&mut stage, ZHANGSAN, &hall, "!任务 写周报 @李四 明天").await;
    passes(&mut stage, MINUTE).await;
    assert!(reads(&stage, &hall, &card(&stage, &hall, "[看板]")).starts_with("[看板] 任务 1"));
    for text in ["!task TK-20261105-0001", "!task mine", "!task room", "!verify TK-20261105-0001"] {
        says(&mut stage, LISI, &hall, text).await;
    }
    assert_eq!(count(&stage, &hall, "TK-20261105-0001 保密任务 · 李四"), 1, "{:?}", stage.shown(&hall));
    // Nobody here has a device that encrypts.
    says(&mut stage, ZHANGSAN, &desk, "!清单 TK-20261105-0001 + 草稿").await;
    says(&mut stage, ZHANGSAN, &desk, "!export TK-20261105-0001").await;
    passes(&mut stage, DAY).await;
    let lisi = chat(&stage, LISI);
    assert!(count(&stage, &lisi, HIDDEN) > 1 && count(&stage, &desk, HIDDEN) > 1, "card, reminders, export");
    for room in [&hall, &lisi, &desk] {
        assert!(!is_told(&stage, room), "{:?}", stage.shown(room));
    }
    let files = stage.events_of_bots(&desk);
    assert!(files.iter().all(|event| event["content"]["msgtype"] != "m.file"), "no file in the clear");
}

#[tokio::test]
async fn in_an_encrypted_chat_a_secret_task_is_read() {
    let (mut stage, _) = office().await;
    let desk = stage.room_with(ZHANGSAN, LOCALPART, true);
    let rules = json!({ "algorithm": "m.megolm.v1.aes-sha2" });
    stage.sets_state(ZHANGSAN, &desk, "m.room.encryption", "", rules);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &desk, &format!("!task {TITLE} tomorrow !secret")).await;
    let kinds: Vec<_> =
        stage.events_of_bots(&desk).iter().map(|event| event["type"].as_str().unwrap().to_owned()).collect();
    assert!(kinds.contains(&"m.room.encrypted".to_owned()), "{kinds:?}");
    assert_eq!(count(&stage, &desk, HIDDEN), 0);
}

#[tokio::test]
async fn a_template_of_a_secret_task_is_kept_in_a_direct_chat_alone() {
    let (mut stage, hall) = office().await;
    let desk = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    says(&mut stage, ZHANGSAN, &hall, &format!("!任务 {TITLE} @李四 明天 18:00 !保密")).await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 模板 + 名单 TK-20261105-0001").await;
    let refused = "「模板」含保密内容，只能在私聊里保存，例如：!task template + 周报 TK-20261105-0001";
    assert_eq!(last(&stage, &hall), refused);
    says(&mut stage, LISI, &hall, "!任务 模板:名单").await;
    assert!(last(&stage, &hall).starts_with("「模板」没有这个模板"), "{}", last(&stage, &hall));
    says(&mut stage, ZHANGSAN, &desk, "!任务 模板 + 名单 TK-20261105-0001").await;
    says(&mut stage, ZHANGSAN, &hall, "!任务 模板:名单").await;
    assert_eq!(last(&stage, &hall), "TK-20261105-0002 是保密任务，只在加密的私聊里显示。");
    assert!(!is_told(&stage, &hall), "{:?}", stage.shown(&hall));
}

#[tokio::test]
async fn a_secret_to_do_of_minutes_is_a_secret_task() {
    let (mut stage, _) = office().await;
    let todo = Todo { title: TITLE.to_owned(), assignees: vec![id("2")], due: None, is_secret: true };
    let (source_no, zone) = ("MT-20261105-0001".to_owned(), "Asia/Shanghai".to_owned());
    let mut batch = store::Batch::new();
    propose(stage.kit(), &mut batch, "m1/1", &Proposal { todo, by: id("1"), source_no, zone });
    stage.kit().store().commit(batch).await.unwrap();
    stage.settle().await;
    let desk = chat(&stage, LISI);
    assert!(count(&stage, &desk, HIDDEN) > 0 && !is_told(&stage, &desk), "{:?}", stage.shown(&desk));
}

#[tokio::test]
async fn a_secret_task_is_no_to_do_elsewhere() {
    let (mut stage, hall) = office_beside(Some("@bridge:test".try_into().unwrap())).await;
    says(&mut stage, ZHANGSAN, &hall, &format!("!任务 {TITLE} @李四 明天 !保密")).await;
    let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap();
    assert_eq!(elsewhere, None, "nothing is said to the bridge");
}
