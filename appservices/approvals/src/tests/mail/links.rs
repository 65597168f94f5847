//! Links that are over, old, forged or for another mailbox.

use http::StatusCode;
use serde_json::json;

use super::{
    ADMIN, NO, ZHANGSAN, asked, links, office_by_mail, opens, presses, publishes, sends, standing, template,
    token,
};
use crate::{
    LOCALPART,
    limits::{MAIL_LINK_KEPT_MS, MAIL_LINK_MS, MAIL_PAGE_MS},
    tests::talk::{case_of, imports},
};

#[tokio::test]
async fn a_link_of_what_went_elsewhere_or_is_over_says_so() {
    let (mut stage, room, _, letter) = asked().await;
    let [yes, _] = links(&letter);
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!改派 {NO} @lisi @wangwu 李四出差"));
    stage.settle().await;
    let page = opens(&stage, &yes).await;
    assert_eq!(page.status, StatusCode::CONFLICT);
    assert!(page.text.contains("处理：转交"), "{}", page.text);
    stage.says(ZHANGSAN, &room, &format!("!撤回 {NO}"));
    stage.settle().await;
    let page = opens(&stage, &yes).await;
    assert!(page.text.contains("[已撤回]"), "{}", page.text);
}

#[tokio::test]
async fn a_link_that_has_expired_says_whom_to_ask_and_an_urge_brings_a_new_one() {
    let (mut stage, room, post, letter) = asked().await;
    let [yes, _] = links(&letter);
    stage.advance_ms(MAIL_LINK_MS);
    let page = opens(&stage, &yes).await;
    assert_eq!(page.status, StatusCode::GONE);
    assert!(page.text.contains("请联系 张三、管理员"), "{}", page.text);
    stage.says(ZHANGSAN, &room, &format!("!催办 {NO}"));
    stage.settle().await;
    let letters = post.gets(&mut stage).await;
    let begins = |words: &str| letters.iter().find(|(_, letter)| letter.text.starts_with(words));
    assert!(letters.len() == 2 && begins(&format!("{NO} 已超时，请处理。")).is_some(), "{letters:#?}");
    let (_, newer) = begins(&format!("张三 催办 {NO}，请处理。")).unwrap();
    // A page that lay open for too long is shown again.
    let [again, _] = links(newer);
    let old = token(&opens(&stage, &again).await);
    stage.advance_ms(MAIL_PAGE_MS);
    let page = sends(&mut stage, &again, &[("token", &old)]).await;
    assert!(page.text.contains("请再按一次"), "{}", page.text);
    let page = presses(&mut stage, &again, &[]).await;
    assert!(page.text.contains("[已通过]"), "{}", page.text);
    assert!(opens(&stage, &yes).await.text.contains("通过邮件处理"), "the older letter knows, too");
    stage.advance_ms(MAIL_LINK_KEPT_MS);
    stage.settle().await;
    assert_eq!(opens(&stage, &yes).await.status, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_task_that_comes_again_brings_a_letter_of_its_own() {
    let (mut stage, room, post) = office_by_mail().await;
    publishes(&mut stage, &template(&["2"], &json!({"reject": "to_starter"}))).await;
    stage.says(ZHANGSAN, &room, "!审批 用章 9000");
    stage.settle().await;
    let (_, first) = post.gets_one(&mut stage).await;
    let page = presses(&mut stage, &links(&first)[1], &[("words", "太多")]).await;
    assert!(page.text.contains("[已退回]"), "{}", page.text);
    stage.says(ZHANGSAN, &room, "提交");
    stage.settle().await;
    let (_, second) = post.gets_one(&mut stage).await;
    let page = opens(&stage, &links(&first)[0]).await;
    assert!(page.text.contains("通过邮件处理：退回"), "{}", page.text);
    presses(&mut stage, &links(&second)[0], &[]).await;
    assert!(standing(&stage, &room).starts_with("[已通过]"));
}

#[tokio::test]
async fn only_the_address_of_the_staff_list_counts() {
    let (mut stage, _, post, letter) = asked().await;
    let [yes, _] = links(&letter);
    imports(&mut stage, "工号,姓名,部门,邮箱\n2,李四,总部/销售部,new@corp.example\n").await;
    let page = opens(&stage, &yes).await;
    assert_eq!(page.status, StatusCode::FORBIDDEN);
    assert!(page.text.contains("此账号未绑定员工"), "{}", page.text);
    imports(&mut stage, "工号,姓名,部门,邮箱,状态\n2,李四,总部/销售部,li@corp.example,停用\n").await;
    assert_eq!(opens(&stage, &yes).await.status, StatusCode::FORBIDDEN);
    assert!(post.gets(&mut stage).await.is_empty());
}

#[tokio::test]
async fn a_link_that_is_none_of_ours_opens_nothing() {
    let (stage, _, _, letter) = asked().await;
    let [yes, no] = links(&letter);
    let signature = |path: &str| path.rsplit_once('/').unwrap().1.to_owned();
    let forged = [
        format!("{yes}A"),
        yes.replace("/approve/", "/reject/"),
        no.replace(&signature(&no), &signature(&yes)),
        yes.replace("/approve/", "/terminate/"),
        "/_lianqiao/decisions/x/approve/y".to_owned(),
    ];
    for path in forged {
        let page = opens(&stage, &path).await;
        assert_eq!(page.status, StatusCode::NOT_FOUND, "{path}");
        assert!(page.text.contains("none of ours"), "{}", page.text);
    }
}

#[tokio::test]
async fn what_is_secret_is_in_no_letter_and_an_administrator_decides_it() {
    let (mut stage, room, post) = office_by_mail().await;
    let mut secret = template(&["2"], &json!({}));
    secret["class"] = json!("secret");
    publishes(&mut stage, &secret).await;
    stage.says(ZHANGSAN, &room, "!审批 用章 9000");
    stage.settle().await;
    assert!(post.gets(&mut stage).await.is_empty());
    let case = case_of(&stage, NO).await;
    let asked: Vec<&str> = case.data.open().map(|task| task.owner.0.as_str()).collect();
    assert_eq!(asked, ["6"], "who looks after approvals, and not 李四, who has no chat");
}
