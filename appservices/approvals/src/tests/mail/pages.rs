//! The letter, the page behind its links, and what its button decides.

use cases::Via;
use http::{StatusCode, header};
use serde_json::json;

use super::{
    LISI, NO, Shown, ZHANGSAN, asked, bot, links, office_by_mail, opens, presses, publishes, sends, standing,
    template, token,
};
use crate::tests::talk::{card, chat, imports, last};

const WANGWU: &str = "@wangwu:test";

#[tokio::test]
async fn edge_12_who_has_no_account_decides_by_a_link_of_a_letter() {
    let (mut stage, room, post, letter) = asked().await;
    assert!(letter.subject.starts_with("[待审批] AP-20261105-0001 请假 · 张三"), "{}", letter.subject);
    assert!(letter.text.contains("事由: 家里有事") && letter.text.contains("11-08 09:00"), "{}", letter.text);
    let [yes, no] = links(&letter);
    // Programs that read mail open all links, and some of them twice.
    for path in [&yes, &no, &yes] {
        let page = opens(&stage, path).await;
        assert_eq!(page.status, StatusCode::OK);
        assert!(page.text.contains("家里有事") && !page.text.contains("<script"), "{}", page.text);
        let policy = page.headers[header::CONTENT_SECURITY_POLICY].to_str().unwrap();
        assert!(policy.starts_with("default-src 'none'; style-src 'sha256-"), "{policy}");
        assert_eq!(page.headers[header::CACHE_CONTROL], "no-store");
    }
    let page = sends(&mut stage, &yes, &[]).await;
    assert_eq!(
        page.status,
        StatusCode::UNPROCESSABLE_ENTITY,
        "without the token of a page nothing is decided"
    );
    let of_the_other = token(&opens(&stage, &no).await);
    sends(&mut stage, &yes, &[("token", &of_the_other)]).await;
    stage.settle().await;
    assert!(standing(&stage, &room).starts_with("[待审批]"));

    let page = presses(&mut stage, &yes, &[("words", "好")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(page.text.contains("[已通过]") && page.text.contains("已记录"), "{}", page.text);
    assert!(standing(&stage, &room).starts_with("[已通过]"));
    for path in [&yes, &no] {
        let page = opens(&stage, path).await;
        assert_eq!(page.status, StatusCode::CONFLICT);
        assert!(page.text.contains("已由 李四 于 11-05 09:00 通过邮件处理：同意。"), "{}", page.text);
        assert!(!page.text.contains("<button"));
    }
    assert!(post.gets(&mut stage).await.is_empty());
}

#[tokio::test]
async fn the_record_names_the_mailbox_s_way_and_its_link_proves_it() {
    let (mut stage, room, _, letter) = asked().await;
    let [yes, _] = links(&letter);
    presses(&mut stage, &yes, &[]).await;
    let bot = bot(&stage);
    let cases = &bot.house().await.unwrap().cases;
    let id = cases.by_number(NO).await.unwrap().unwrap();
    let records = cases.records(&id).await.unwrap();
    let record = records.iter().find(|record| record.action == "approve").unwrap();
    assert_eq!((record.via, record.actor.as_str(), &record.src), (Via::Email, LISI, &None));
    let proof = record.proof.as_ref().unwrap();
    assert_eq!((proof.kind.as_str(), proof.verified), ("link", Some(true)));
    assert_eq!(proof.hash, cases::hash_of(yes.as_bytes()), "whoever has the letter can show it");
    stage.says(ZHANGSAN, &room, &format!("!verify {NO}"));
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("OK · 3 条记录"), "{}", last(&stage, &room));
}

#[tokio::test]
async fn a_rejection_asks_for_its_reason_on_the_page() {
    let (mut stage, room, _, letter) = asked().await;
    let [_, no] = links(&letter);
    let page = presses(&mut stage, &no, &[("words", " ")]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("请写明理由"), "{}", page.text);
    let page = presses(&mut stage, &no, &[("words", &"长".repeat(2_000))]).await;
    assert!(page.text.contains("过长"), "{}", page.text);
    assert!(standing(&stage, &room).starts_with("[待审批]"));
    let page = presses(&mut stage, &no, &[("words", "<b>人手不够")]).await;
    assert_eq!(page.status, StatusCode::OK, "{}", page.text);
    assert!(
        standing(&stage, &room).starts_with("[已拒绝]") && standing(&stage, &room).contains("<b>人手不够")
    );
}

#[tokio::test]
async fn a_comment_is_no_longer_than_a_reason() {
    let (mut stage, room, _, letter) = asked().await;
    let [yes, _] = links(&letter);
    let page = presses(&mut stage, &yes, &[("words", &"长".repeat(2_000))]).await;
    assert_eq!(page.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(page.text.contains("过长"), "{}", page.text);
    assert!(standing(&stage, &room).starts_with("[待审批]"));
    let page = presses(&mut stage, &yes, &[("words", "早去早回")]).await;
    assert!(page.text.contains("[已通过]"), "{}", page.text);
}

#[tokio::test]
async fn where_the_template_wants_a_code_the_page_asks_for_it() {
    let (mut stage, room, post) = office_by_mail().await;
    publishes(&mut stage, &template(&["2"], &json!({"confirm_over": "amount >= 1"}))).await;
    stage.says(ZHANGSAN, &room, "!审批 用章 9000");
    stage.settle().await;
    let (_, letter) = post.gets_one(&mut stage).await;
    let [yes, _] = links(&letter);
    let page = presses(&mut stage, &yes, &[]).await;
    assert!(standing(&stage, &room).starts_with("[待审批]"), "{}", page.text);
    let shown = |page: &Shown| {
        let (_, rest) = page.text.split_once("确认码 ").expect("a code is shown");
        rest.chars().take(6).collect::<String>()
    };
    let code = shown(&page);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let page = sends(&mut stage, &yes, &[("token", &token(&page)), ("code", wrong)]).await;
    assert!(page.text.contains("确认码不对"), "{}", page.text);
    let code = shown(&page);
    let page = sends(&mut stage, &yes, &[("token", &token(&page)), ("code", &code)]).await;
    assert!(page.text.contains("[已通过]"), "{}", page.text);
    assert!(standing(&stage, &room).starts_with("[已通过]"));
    assert!(post.gets(&mut stage).await.is_empty(), "a code is never sent by mail");
}

#[tokio::test]
async fn letters_and_pages_speak_the_language_of_their_reader() {
    let (mut stage, room, post) = office_by_mail().await;
    imports(&mut stage, "工号,姓名,部门,邮箱\n8,Ann,总部/市场部,ann@corp.example\n").await;
    stage.homeserver().lacks("@ann:test");
    publishes(&mut stage, &template(&["8"], &json!({}))).await;
    stage.says(ZHANGSAN, &room, "!审批 用章 9000");
    stage.settle().await;
    let (_, letter) = post.gets_one(&mut stage).await;
    assert!(letter.subject.starts_with("[Pending] AP-20261105-0001 Seal · 张三"), "{}", letter.subject);
    assert!(letter.text.contains("Approve:\nhttps://") && letter.text.contains("Reject:\nhttps://"));
    let page = opens(&stage, &links(&letter)[1]).await;
    assert!(page.text.contains("lang=\"en\"") && page.text.contains("Reason *"), "{}", page.text);
}

#[tokio::test]
async fn nothing_that_is_to_be_masked_is_in_a_letter_or_on_its_page() {
    let (mut stage, room, post) = office_by_mail().await;
    let mut wanted = template(&["2"], &json!({}));
    wanted["form"] = json!([
        {"id": "what", "type": "text", "label": {"zh": "文件"}, "required": true},
        {"id": "card", "type": "text", "label": {"zh": "卡号"}, "sensitive": true},
        {"id": "items", "type": "list", "label": {"zh": "明细"}, "columns": [
            {"id": "name", "type": "text", "label": {"zh": "名称"}},
            {"id": "key", "type": "text", "label": {"zh": "密钥"}, "sensitive": true},
        ]},
    ]);
    publishes(&mut stage, &wanted).await;
    stage.says(ZHANGSAN, &room, "!表单 用章");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "文件：合同\n卡号：62220212345678\n明细：印章 topsecretkey");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "提交");
    stage.settle().await;
    let (_, letter) = post.gets_one(&mut stage).await;
    let page = opens(&stage, &links(&letter)[0]).await;
    for text in [&letter.text, &letter.html, &letter.subject, &page.text] {
        for hidden in ["5678", "secretkey", "卡号"] {
            assert!(!text.contains(hidden), "{hidden}: {text}");
        }
    }
    assert!(letter.text.contains("文件: 合同") && letter.text.contains("印章"), "{}", letter.text);
    assert!(letter.text.contains("脱敏的内容不在邮件"), "{}", letter.text);
}

#[tokio::test]
async fn another_surface_that_decides_first_is_what_the_page_says() {
    let (mut stage, room, post) = office_by_mail().await;
    publishes(&mut stage, &template(&["2", "3"], &json!({}))).await;
    stage.says(ZHANGSAN, &room, "!审批 用章 9000");
    stage.settle().await;
    let (_, letter) = post.gets_one(&mut stage).await;
    let [yes, no] = links(&letter);
    let token = token(&opens(&stage, &no).await);
    let desk = chat(&stage, WANGWU);
    stage.reacts(WANGWU, &desk, &card(&stage, &desk, "[待审批]"), "✅");
    stage.settle().await;
    // The page was open already.
    let page = sends(&mut stage, &no, &[("token", &token), ("words", "不")]).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("已由 王五 于 11-05 09:00 通过Matrix处理：同意。"), "{}", page.text);
    assert!(opens(&stage, &yes).await.text.contains("已由 王五"));
    assert!(standing(&stage, &room).starts_with("[已通过]"));
}
