//! Forms that no card shows: from a browser to a file whose hash is on the card and in the chain.

use kit::double::Stage;
use serde_json::{Value, json};

use super::{
    forms::{link, opens, pressed, sends},
    talk::{card, chat, last, office, reads},
};
use crate::{LOCALPART, limits::FORM_TEXT_BYTES_MAX};

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const WANGWU: &str = "@wangwu:test";
const ADMIN: &str = "@admin:test";

/// How often the form comes back of whoever does not give up.
const RETURNS: usize = 10;

async fn with_list() -> (Stage, String) {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    let template = json!({
        "v": 1, "id": "buy", "name": {"zh": "采购"}, "aliases": ["采购"],
        "form": [
            {"id": "items", "type": "list", "label": {"zh": "明细"}, "required": true, "columns": [
                {"id": "what", "type": "text", "label": {"zh": "名称"}, "required": true},
                {"id": "price", "type": "amount", "label": {"zh": "单价"}, "required": true},
                {"id": "bank", "type": "text", "label": {"zh": "账户"}, "sensitive": true},
            ]},
            {"id": "total", "type": "formula", "currency": "CNY", "formula": "sum(items.price)", "label": {"zh": "合计"}},
        ],
        "flow": [{"id": "n1", "type": "approve", "mode": "or", "who": {"role": "cfo"}}],
        "policy": {"reject": "to_starter"},
    });
    stage.says(ADMIN, &desk, &format!("!审批 publish {template}"));
    stage.settle().await;
    (stage, room)
}

fn rows(count: usize, bank: &str) -> Vec<(String, String)> {
    let mut typed = vec![("f.items.rows".to_owned(), count.to_string())];
    for row in 0..count {
        typed.push((format!("f.items.{row}.0"), format!("办公椅 {row}")));
        typed.push((format!("f.items.{row}.1"), "10.50".to_owned()));
        typed.push((format!("f.items.{row}.2"), bank.to_owned()));
    }
    typed
}

/// Sends that many rows by a new link, and hands them in.
async fn sends_rows(stage: &mut Stage, room: &str, form: &str, count: usize) {
    sends_typed(stage, room, form, rows(count, "62220001234")).await;
}

async fn sends_typed(stage: &mut Stage, room: &str, form: &str, typed: Vec<(String, String)>) {
    stage.says(ZHANGSAN, room, form);
    stage.settle().await;
    let path = link(stage, room);
    let more = [("f.items.rows", "195"), ("more", "items")];
    let page = sends(stage, &path, &more).await;
    assert!(page.text.contains("name=\"f.items.199.2\"") && !page.text.contains("name=\"f.items.200.0\""));
    let typed: Vec<(&str, &str)> =
        typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = sends(stage, &path, &pressed("submit", &typed)).await;
    assert!(page.text.contains("已收到"), "{}", page.text);
    stage.settle().await;
}

/// What programs read of a message.
fn data(stage: &Stage, room: &str, event: &str) -> Value {
    let events = stage.events_of_bots(room);
    events.iter().find(|other| other["event_id"] == event).unwrap()["content"]["com.lianqiao.card"].clone()
}

#[tokio::test]
async fn edge_16_two_hundred_lines_go_as_a_file_with_its_hash_on_the_card() {
    let (mut stage, room) = with_list().await;
    sends_rows(&mut stage, &room, "!表单 采购", 200).await;
    let chair = chat(&stage, WANGWU);
    let mine = card(&stage, &chair, "[待审批] AP-20261105-0001 采购 · 张三 · ¥2,100.00");
    let text = reads(&stage, &chair, &mine);
    assert!(text.contains("\n完整表单见话题中的文件 AP-20261105-0001.json\n"), "{text}");
    let on_card = data(&stage, &chair, &mine);
    let file = stage.newest(&chair, |body| body == "AP-20261105-0001.json");
    let bytes = stage.file(&chair, &file);
    assert_eq!(on_card["file"]["sha256"], cases::hash_of(&bytes));
    assert_eq!(on_card["file"]["bytes"], bytes.len());
    assert!(on_card["form"].is_null() && on_card.to_string().len() <= 16 * 1024);
    let form: Value = serde_json::from_slice(&bytes).unwrap();
    let rows = form["fields"][0]["rows"].as_array().unwrap();
    assert_eq!(rows.len(), 200);
    assert_eq!(rows[199], json!(["办公椅 199", "¥10.50", "…1234"]), "what is sensitive stays masked");
    let short = &cases::hash_of(&bytes)[..15];
    stage.says(WANGWU, &chair, "!verify AP-20261105-0001");
    stage.settle().await;
    let verdict = last(&stage, &chair);
    let expected = format!("\n表单文件 AP-20261105-0001.json {short}… 与记录一致");
    assert!(verdict.starts_with("OK · ") && verdict.ends_with(&expected), "{verdict}");

    // The export of who may not see what is masked leaves the form out, and holds all the same.
    for (person, chat, sees) in [(WANGWU, &chair, false), (ZHANGSAN, &room, true)] {
        stage.says(person, chat, "!审批 export AP-20261105-0001");
        stage.settle().await;
        let file = stage.newest(chat, |body| body.ends_with("的导出文件"));
        let text = String::from_utf8(stage.file(chat, &file)).unwrap();
        assert!(cases::verify_export(text.as_bytes(), &cases::PublicKeys::default()).is_ok());
        assert!(text.contains("办公椅 199"), "the file is in it");
        assert_eq!(text.contains("62220001234"), sees);
    }
}

#[tokio::test]
async fn what_is_handed_in_again_has_another_file_and_small_forms_stand_on_the_card() {
    let (mut stage, room) = with_list().await;
    sends_rows(&mut stage, &room, "!表单 采购", 200).await;
    let chair = chat(&stage, WANGWU);
    stage.says(WANGWU, &chair, "!拒绝 AP-20261105-0001 太多");
    stage.settle().await;
    sends_rows(&mut stage, &room, "!表单 AP-20261105-0001", 150).await;
    let file = stage.newest(&chair, |body| body == "AP-20261105-0001.json");
    let form: Value = serde_json::from_slice(&stage.file(&chair, &file)).unwrap();
    assert_eq!(form["fields"][0]["rows"].as_array().unwrap().len(), 150);
    let own = stage.newest(&room, |body| body == "AP-20261105-0001.json");
    assert_eq!(stage.file(&room, &own), stage.file(&chair, &file), "the starter has the same");
    stage.says(ZHANGSAN, &room, "!verify AP-20261105-0001");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · "), "{}", last(&stage, &room));

    stage.says(ZHANGSAN, &room, "!审批 采购");
    stage.settle().await;
    for said in ["椅子 20; 桌子 30", "提交"] {
        stage.says(ZHANGSAN, &room, said);
        stage.settle().await;
    }
    let mine = card(&stage, &chair, "[待审批] AP-20261105-0002");
    let on_card = data(&stage, &chair, &mine);
    assert_eq!(on_card["form"][0]["rows"], json!([["椅子", "¥20.00", ""], ["桌子", "¥30.00", ""]]));
    assert!(on_card["file"].is_null());
}

#[tokio::test]
async fn a_large_form_can_be_returned_again_and_again() {
    let (mut stage, room) = with_list().await;
    let mut form = "!表单 采购";
    for times in 0..=RETURNS {
        let typed = rows(200, &format!("{times:0>350}"));
        sends_typed(&mut stage, &room, form, typed).await;
        form = "!表单 AP-20261105-0001";
        let chair = chat(&stage, WANGWU);
        let mine = card(&stage, &chair, "[待审批] AP-20261105-0001");
        if times < RETURNS {
            stage.replies(WANGWU, &chair, &mine, "拒绝 再看");
            stage.settle().await;
            assert!(reads(&stage, &chair, &mine).starts_with("[已退回]"), "{times}");
        }
    }
    let chair = chat(&stage, WANGWU);
    let mine = card(&stage, &chair, "[待审批]");
    stage.reacts(WANGWU, &chair, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &chair, &mine).starts_with("[已通过]"));
    stage.says(ZHANGSAN, &room, "!verify AP-20261105-0001");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · "), "{}", last(&stage, &room));
    stage.says(ZHANGSAN, &room, "!审批 export AP-20261105-0001");
    stage.settle().await;
    let file = stage.newest(&room, |body| body.ends_with("的导出文件"));
    let export = String::from_utf8(stage.file(&room, &file)).unwrap();
    assert!(cases::verify_export(export.as_bytes(), &cases::PublicKeys::default()).is_ok());
    let newest = format!("{RETURNS:0>350}");
    assert!(export.contains(&newest) && !export.contains(&format!("{:0>350}", RETURNS - 1)));
}

#[tokio::test]
async fn what_is_more_than_a_decision_is_refused_before_a_case_is_full() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    let words = |n: usize| format!("{n} {}", "长".repeat(1_300));
    let mut said = 0;
    while !last(&stage, &desk).starts_with("「评论」过多，此审批放不下了") {
        assert!(said * 3_900 < cases::limits::CASE_DATA_BYTES_MAX, "it is never refused");
        stage.replies(LISI, &desk, &mine, &words(said));
        stage.settle().await;
        said += 1;
    }
    assert!(said > 100, "and not before: {said}");
    stage.reacts(LISI, &desk, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已通过]"), "it can be decided all the same");
}

#[tokio::test]
async fn a_form_that_is_too_large_is_refused_before_it_is_kept() {
    let (mut stage, room) = with_list().await;
    stage.says(ZHANGSAN, &room, "!表单 采购");
    stage.settle().await;
    let path = link(&stage, &room);
    let typed = rows(200, &"9".repeat(FORM_TEXT_BYTES_MAX / 200));
    let typed: Vec<(&str, &str)> =
        typed.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
    let page = sends(&stage, &path, &pressed("submit", &typed)).await;
    assert!(page.text.contains("「明细」过长"), "{}", page.text);
    assert_eq!(opens(&stage, &path).await.status, http::StatusCode::OK, "the link is not used up");
}
