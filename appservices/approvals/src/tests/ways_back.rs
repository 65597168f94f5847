//! Where a case is sent back to, by the words that people have for it.

use kit::double::Stage;
use serde_json::json;

use super::talk::{case_of, chat, last, office};
use crate::LOCALPART;

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const WANGWU: &str = "@wangwu:test";
const ADMIN: &str = "@admin:test";
const NUMBER: &str = "AP-20261105-0001";

/// A case at the second of its nodes, which 王五 decides at. The first has names in both languages and was 李四's.
async fn at_the_second() -> (Stage, String) {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    let template = json!({
        "v": 1, "id": "party", "name": {"zh": "团建"}, "aliases": ["团建", "Party"],
        "form": [{"id": "amount", "type": "amount", "currency": "CNY", "label": {"zh": "金额"}, "required": true}],
        "flow": [
            {"id": "head", "name": {"zh": "主管 意见", "en": "First look"}, "type": "approve", "mode": "or",
             "who": {"users": ["2"]}},
            {"id": "finance", "type": "approve", "mode": "or", "who": {"users": ["3"]}},
        ],
    });
    stage.says(ADMIN, &desk, &format!("!审批 Publish {template}"));
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "!Approval PARTY 300");
    stage.settle().await;
    agrees(&mut stage).await;
    let mine = chat(&stage, WANGWU);
    (stage, mine)
}

async fn agrees(stage: &mut Stage) {
    let desk = chat(stage, LISI);
    stage.says(LISI, &desk, &format!("!Approve {NUMBER}"));
    stage.settle().await;
}

/// The node that the case is at.
async fn node(stage: &Stage) -> Option<String> {
    case_of(stage, NUMBER).await.data.node.map(|running| running.id)
}

#[tokio::test]
async fn a_case_goes_back_to_a_node_by_its_id_or_its_name_in_either_language() {
    let (mut stage, mine) = at_the_second().await;
    for named in ["head", "HEAD", "主管 意见", "「主管 意见」", "first look", "\"First Look\""] {
        assert_eq!(node(&stage).await.as_deref(), Some("finance"), "{named}");
        stage.says(WANGWU, &mine, &format!("!退回 {NUMBER} {named} 金额不对"));
        stage.settle().await;
        assert_eq!(node(&stage).await.as_deref(), Some("head"), "{named}: {}", last(&stage, &mine));
        agrees(&mut stage).await;
    }
    stage.says(WANGWU, &mine, &format!("!退回 {NUMBER} 申请人 金额不对"));
    stage.settle().await;
    assert_eq!(case_of(&stage, NUMBER).await.state, "returned");
}

#[tokio::test]
async fn a_node_that_is_no_way_back_is_answered_with_those_that_are() {
    let (mut stage, mine) = at_the_second().await;
    for named in ["“法务”", "n9", "finance"] {
        stage.says(WANGWU, &mine, &format!("!退回 {NUMBER} {named} 再看"));
        stage.settle().await;
        assert_eq!(last(&stage, &mine), "「节点」不在可选项中，例如：申请人 / 主管 意见", "{named}");
    }
    stage.says(WANGWU, &mine, "!Lang EN");
    stage.settle().await;
    stage.says(WANGWU, &mine, &format!("!Return {NUMBER} \"Legal\" once more"));
    stage.settle().await;
    assert_eq!(last(&stage, &mine), "“Node” is none of the choices, for example: starter / First look");
    assert_eq!(node(&stage).await.as_deref(), Some("finance"));
}
