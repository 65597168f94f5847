//! Cards that somebody forges, and commands in messages that were edited or bridged: nothing happens, and who commands is told why.

use serde_json::json;

use super::*;

/// Somebody of DingTalk whom no list knows, as the bridge shows them here.
const BRIDGED: &str = "@dt_lisi:test";
const NO: &str = "MT-20261105-0001";

/// 张三 asks 李四 to a meeting in a room of theirs and 王五's; the room, and the card that all of them see.
async fn meeting(stage: &mut Stage) -> (String, String) {
    let room = team(stage, &[LISI, WANGWU]).await;
    says(stage, ZHANGSAN, &room, "!meet 周会 @李四 明天 10:00").await;
    let card = card(stage, &room, "[已预定]");
    (room, card)
}

#[tokio::test(flavor = "multi_thread")]
async fn forged_cards_and_states_change_nothing() {
    let (mut stage, _) = office().await;
    let (room, card) = meeting(&mut stage).await;
    let text = format!("[已取消] {NO} 周会");
    let state = json!({ "v": 1, "kind": "meeting", "no": NO, "rev": 9, "state": "cancelled" });
    for person in [LISI, WANGWU] {
        stage.forges(person, &room, &card, &text, &state);
        for kind in ["record", "card", "meeting"] {
            let content = json!({ "v": 1, "no": NO, "status": "cancelled", "action": "cancel" });
            stage.sends(person, &room, &format!("com.lianqiao.{kind}"), content);
        }
    }
    stage.settle().await;
    assert!(reads(&stage, &room, &card).starts_with("[已预定]"));
    let shown = says(&mut stage, ZHANGSAN, &room, &format!("!meet show {NO}")).await;
    assert!(!shown.contains("已取消"), "{shown}");
}

#[tokio::test(flavor = "multi_thread")]
async fn commands_in_edited_and_bridged_messages_are_not_run_and_say_so() {
    let (mut stage, _) = office().await;
    let (room, card) = meeting(&mut stage).await;
    let said = stage.says(ZHANGSAN, &room, "hello");
    stage.settle().await;
    stage.edits(ZHANGSAN, &room, &said, &format!("!meet cancel {NO}"));
    stage.settle().await;
    assert_eq!(last(&stage, &room), "修改旧消息不会重新执行命令，请重新发送。");
    stage.invites(ZHANGSAN, &room, BRIDGED);
    stage.joins(BRIDGED, &room);
    for text in
        [format!("!meet cancel {NO}"), "!meet 泄露 @李四 明天 11:00".to_owned(), "!meet week".to_owned()]
    {
        let told = says(&mut stage, BRIDGED, &room, &text).await;
        assert_eq!(told, "此账号未绑定员工，不能操作。绑定：!bind matrix", "{text}");
    }
    let secret = "!meet source add https://cal.example/dav/ lisi geheim";
    let told = says(&mut stage, BRIDGED, &room, secret).await;
    assert!(told.starts_with("此账号未绑定员工") && told.contains("密码或私人地址"), "{told}");
    assert!(reads(&stage, &room, &card).starts_with("[已预定]"));
    assert!(stage.said(&room).iter().all(|body| !body.contains("泄露")));
}
