//! From one surface to the next, and to an administrator where there is none.

use ::mail::{Letter, MailError};
use http::StatusCode;
use kit::{
    CallError,
    double::{Fault, Stage},
};
use people::PersonId;
use serde_json::json;
use store::{Batch, Scan};

use super::{
    ADMIN, LISI, MAILBOX, NO, Postbox, ZHANGSAN, asked, bot, links, office_by_mail, opens, presses, standing,
    with_mailbox,
};
use crate::{
    LOCALPART,
    act::Action,
    desk::Effect,
    instance::Instead,
    limits::MAIL_TRIES_MAX,
    tables::MAIL_DUE,
    tests::{
        law::{Play, step, users},
        talk::{card, case_of, chat, fills, imports, office, office_beside},
    },
};

const SUNQI: &str = "@sunqi:test";

/// The report comes that a letter did not arrive.
async fn comes_back(stage: &mut Stage, letter: &Letter) {
    let [yes, _] = links(letter);
    let name = yes.trim_start_matches("/_lianqiao/decisions/").split('/').next().unwrap();
    let mut batch = Batch::new();
    bot(stage).letter_is_lost(&mut batch, name).await.unwrap();
    stage.kit().store().commit(batch).await.unwrap();
    stage.settle().await;
}

#[tokio::test]
async fn a_letter_outlives_the_process_and_waits_for_the_mail_server() {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    *post.says.lock() = Some(MailError::Down("busy".to_owned()));
    post.carries(&mut stage).await;
    stage.restart().await;
    *post.says.lock() = None;
    assert!(post.gets(&mut stage).await.is_empty(), "it is not tried at once");
    stage.advance_ms(60 * 1_000);
    let (_, letter) = post.gets_one(&mut stage).await;
    assert!(letter.text.contains("11-08 09:01"), "the links are good from when it goes: {}", letter.text);
    presses(&mut stage, &links(&letter)[0], &[]).await;
    assert!(standing(&stage, &room).starts_with("[已通过]"));
}

#[tokio::test]
async fn what_is_decided_before_its_letter_goes_needs_none() {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, &format!("!撤回 {NO}"));
    stage.settle().await;
    assert!(post.gets(&mut stage).await.is_empty());
}

/// The administrator has the task now, knows why, and decides.
async fn administrator_decides(stage: &mut Stage, room: &str) {
    let told = format!("{NO}：无法联系 李四（没有账号、卡片或可用的邮箱），已转给管理员 管理员。");
    assert!(stage.said(room).contains(&told), "{:?}", stage.said(room));
    assert!(standing(stage, room).contains("无法联系 李四，由管理员处理"), "{}", standing(stage, room));
    let desk = chat(stage, ADMIN);
    let mine = card(stage, &desk, "[待审批]");
    assert!(stage.said(&desk).contains(&told), "{:?}", stage.said(&desk));
    stage.reacts(ADMIN, &desk, &mine, "✅");
    stage.settle().await;
    assert!(standing(stage, room).starts_with("[已通过]"), "{}", standing(stage, room));
}

#[tokio::test]
async fn a_refused_address_hands_the_task_to_an_administrator() {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    *post.says.lock() = Some(MailError::Refused("550 no such user".to_owned()));
    post.carries(&mut stage).await;
    administrator_decides(&mut stage, &room).await;
}

#[tokio::test]
async fn a_letter_that_comes_back_later_hands_the_task_to_an_administrator_once() {
    let (mut stage, room, _, letter) = asked().await;
    let mut batch = Batch::new();
    bot(&stage).letter_is_lost(&mut batch, "of somebody else").await.unwrap();
    assert!(batch.is_empty());
    for _ in 0..2 {
        comes_back(&mut stage, &letter).await;
    }
    let [yes, _] = links(&letter);
    assert_eq!(opens(&stage, &yes).await.status, StatusCode::CONFLICT);
    administrator_decides(&mut stage, &room).await;
}

#[tokio::test]
async fn of_several_letters_the_newest_alone_says_that_nothing_arrives() {
    let (mut stage, room, post, old) = asked().await;
    stage.says(ZHANGSAN, &room, &format!("!催办 {NO}"));
    stage.settle().await;
    let (_, newest) = post.gets_one(&mut stage).await;
    comes_back(&mut stage, &old).await;
    assert!(standing(&stage, &room).contains("李四(销售部主管)"), "{}", standing(&stage, &room));
    comes_back(&mut stage, &newest).await;
    administrator_decides(&mut stage, &room).await;
}

#[tokio::test]
async fn a_letter_that_comes_back_from_an_old_address_is_sent_to_the_new_one() {
    let (mut stage, room, post, old) = asked().await;
    imports(&mut stage, "工号,姓名,部门,邮箱\n2,李四,总部/销售部,lisi@corp.example\n").await;
    for _ in 0..2 {
        comes_back(&mut stage, &old).await;
    }
    let (to, letter) = post.gets_one(&mut stage).await;
    assert_eq!(to, "lisi@corp.example");
    presses(&mut stage, &links(&letter)[0], &[]).await;
    assert!(standing(&stage, &room).starts_with("[已通过]"), "{}", standing(&stage, &room));
}

#[tokio::test]
async fn a_letter_that_comes_back_changes_nothing_for_who_has_a_chat_by_now() {
    let (mut stage, room) = office().await;
    with_mailbox(&mut stage).await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    refuses(&mut stage).await;
    let (_, letter) = Postbox::default().gets_one(&mut stage).await;
    let desk = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    comes_back(&mut stage, &letter).await;
    stage.says(LISI, &desk, &format!("!同意 {NO}"));
    stage.settle().await;
    assert!(standing(&stage, &room).starts_with("[已通过]"), "{}", standing(&stage, &room));
}

#[tokio::test]
async fn a_letter_whose_case_cannot_hear_of_it_holds_up_no_other() {
    let (mut stage, room, post) = office_by_mail().await;
    for day in ["10", "12"] {
        stage.says(ZHANGSAN, &room, &format!("!请假 2026-11-{day} 2026-11-{day} 事假 x"));
        stage.settle().await;
    }
    fills(&stage, NO).await;
    *post.says.lock() = Some(MailError::Refused("550 no such user".to_owned()));
    post.carries(&mut stage).await;
    assert!(standing(&stage, &room).contains("无法联系 李四，由管理员处理"), "{}", standing(&stage, &room));
    assert_eq!(
        stage.kit().store().count(&MAIL_DUE, Scan::all()).await.unwrap(),
        0,
        "and none is tried again"
    );
    let case = case_of(&stage, NO).await;
    let bot = bot(&stage);
    let records = bot.house().await.unwrap().cases.records(&case.id).await.unwrap();
    assert_eq!(records.len() as u64, case.seq, "the chain of the full case is whole");
}

#[tokio::test]
async fn a_refused_letter_waits_while_the_homeserver_cannot_be_asked() {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    *post.says.lock() = Some(MailError::Refused("550 no such user".to_owned()));
    stage.fails_next(Fault::Lost(CallError::Unreachable("away".to_owned())));
    for _ in 0..2 {
        post.carries(&mut stage).await;
        assert!(standing(&stage, &room).contains("李四(销售部主管)"), "it is not tried at once");
    }
    stage.advance_ms(60 * 1_000);
    post.carries(&mut stage).await;
    administrator_decides(&mut stage, &room).await;
}

#[tokio::test]
async fn an_older_letter_that_is_refused_changes_nothing_once_a_newer_one_went() {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    *post.says.lock() = Some(MailError::Down("away".to_owned()));
    post.carries(&mut stage).await;
    *post.says.lock() = None;
    stage.says(ZHANGSAN, &room, &format!("!催办 {NO}"));
    stage.settle().await;
    post.gets_one(&mut stage).await;
    *post.says.lock() = Some(MailError::Refused("552 too much".to_owned()));
    stage.advance_ms(60 * 1_000);
    post.carries(&mut stage).await;
    assert_eq!(stage.kit().store().count(&MAIL_DUE, Scan::all()).await.unwrap(), 0);
    assert!(standing(&stage, &room).contains("李四(销售部主管)"), "{}", standing(&stage, &room));
}

#[tokio::test]
async fn a_mail_server_that_stays_away_hands_the_task_to_an_administrator() {
    let (mut stage, room, post) = office_by_mail().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    *post.says.lock() = Some(MailError::Down("away".to_owned()));
    for _ in 0..=MAIL_TRIES_MAX {
        assert!(standing(&stage, &room).contains("李四(销售部主管)"));
        post.carries(&mut stage).await;
        stage.advance_ms(6 * 60 * 60 * 1_000);
    }
    administrator_decides(&mut stage, &room).await;
}

#[tokio::test]
async fn whom_nothing_reaches_an_administrator_decides_for() {
    let (mut stage, room) = office().await;
    stage.homeserver().lacks(LISI);
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    administrator_decides(&mut stage, &room).await;
}

#[tokio::test]
async fn administrators_whom_nothing_reaches_are_tried_once_each_and_the_task_stays_with_the_last() {
    let (mut stage, room) = office().await;
    imports(&mut stage, "工号,姓名,部门,角色\n7,孙七,总部/销售部,approval_admin\n").await;
    for nobody in [LISI, ADMIN, SUNQI] {
        stage.homeserver().lacks(nobody);
    }
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let case = case_of(&stage, NO).await;
    let owners: Vec<&str> = case.data.tasks.iter().map(|task| task.owner.0.as_str()).collect();
    assert_eq!(owners, ["2", "6", "7"]);
    let told = stage.said(&room);
    let nobody = format!("{NO}：无法联系 孙七，也没有审批管理员可以接手。");
    assert_eq!(told.iter().filter(|said| **said == nobody).count(), 1, "{told:?}");
    // Whoever comes after all can decide.
    let desk = stage.room_with(SUNQI, LOCALPART, true);
    stage.settle().await;
    stage.says(SUNQI, &desk, &format!("!同意 {NO}"));
    stage.settle().await;
    assert!(standing(&stage, &room).starts_with("[已通过]"), "{}", standing(&stage, &room));
}

#[tokio::test]
async fn who_is_bound_to_a_platform_that_shows_no_cards_gets_a_letter() {
    let (mut stage, room) = office_beside(Some("@bridge:test".try_into().unwrap())).await;
    imports(&mut stage, &format!("工号,姓名,部门,邮箱,钉钉ID\n2,李四,总部/销售部,{MAILBOX},dt_1\n")).await;
    stage.homeserver().lacks(LISI);
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    assert_eq!(Postbox::default().gets_one(&mut stage).await.0, MAILBOX);
}

#[tokio::test]
async fn who_has_an_account_is_asked_in_their_chat_alone() {
    let (mut stage, room) = office().await;
    with_mailbox(&mut stage).await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, &format!("!催办 {NO}"));
    stage.settle().await;
    assert!(Postbox::default().gets(&mut stage).await.is_empty());
    card(&stage, &chat(&stage, LISI), "[待审批]");
}

#[test]
fn where_the_only_administrator_is_the_one_who_asks_the_task_stays_and_they_are_told() {
    let flow = json!([step("n1", "and", users(&["2", "3"]))]);
    let reached = |instead| Action::Reached { task: "t1".into(), person: PersonId("2".into()), instead };
    let mut play = Play::started_by("6", flow.clone(), json!({}));
    play.does("6", Action::Submit);
    play.does("", reached(Instead::Nothing));
    assert_eq!(play.asked(), ["2", "3"]);
    let told = |effect: &Effect| matches!(effect, Effect::Tell(tell) if tell.text == "told.unreached");
    assert!(play.effects.iter().any(told), "{:?}", play.effects);
    play.does("", reached(Instead::Nothing));
    assert_eq!(play.effects, [], "and not again");
    let mut play = Play::new(flow, json!({})).submitted();
    play.does("", reached(Instead::Mail));
    assert_eq!(play.asked(), ["2", "3"], "who gets a letter is asked");
    play.does("", reached(Instead::Nothing));
    assert_eq!(play.asked(), ["3", "6"], "in an and-step the administrator takes the place of one");
}

/// 李四 refuses the chat of the bot twice.
async fn refuses(stage: &mut Stage) {
    for _ in 0..2 {
        let desk = stage.direct(LOCALPART, LISI).unwrap();
        stage.leaves(LISI, &desk);
        stage.settle().await;
    }
}

#[tokio::test]
async fn who_refuses_the_chat_twice_gets_a_letter_and_the_card_says_so() {
    let (mut stage, room) = office().await;
    with_mailbox(&mut stage).await;
    let post = Postbox::default();
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    stage.leaves(LISI, &stage.direct(LOCALPART, LISI).unwrap());
    stage.settle().await;
    assert!(post.gets(&mut stage).await.is_empty(), "once is not refused");
    stage.leaves(LISI, &stage.direct(LOCALPART, LISI).unwrap());
    stage.settle().await;
    let (_, letter) = post.gets_one(&mut stage).await;
    assert!(standing(&stage, &room).contains("李四 不接受私聊，已改发邮件"), "{}", standing(&stage, &room));
    stage.says(ZHANGSAN, &room, &format!("!催办 {NO}"));
    stage.settle().await;
    assert_eq!(post.gets(&mut stage).await.len(), 1, "and is reminded there");
    presses(&mut stage, &links(&letter)[0], &[]).await;
    assert!(standing(&stage, &room).starts_with("[已通过]"));
    // The next task goes there at once.
    stage.says(ZHANGSAN, &room, "!请假 2026-11-12 2026-11-12 事假 x");
    stage.settle().await;
    assert!(post.gets_one(&mut stage).await.1.subject.contains("AP-20261105-0002"));
}

#[tokio::test]
async fn who_refuses_the_chat_and_is_bound_elsewhere_has_a_card_there_and_no_letter() {
    let (mut stage, room) = office_beside(Some("@bridge:test".try_into().unwrap())).await;
    imports(&mut stage, &format!("工号,姓名,部门,邮箱,飞书ID\n2,李四,总部/销售部,{MAILBOX},ou_1\n")).await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let elsewhere = stage.kit().place(LOCALPART, "elsewhere").await.unwrap().unwrap().to_string();
    let shown = stage.events_of_bots(&elsewhere);
    assert!(shown.iter().any(|event| event["content"]["for"] == LISI), "{shown:#?}");
    refuses(&mut stage).await;
    assert!(Postbox::default().gets(&mut stage).await.is_empty());
    assert!(standing(&stage, &room).contains("请其在所用平台的卡片上处理"), "{}", standing(&stage, &room));
}

#[tokio::test]
async fn who_refuses_the_chat_and_has_nothing_else_is_nobody_to_ask() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    refuses(&mut stage).await;
    administrator_decides(&mut stage, &room).await;
    let case = case_of(&stage, NO).await;
    assert_eq!(case.data.tasks.len(), 2, "one task went to the administrator, once");
    let bot = bot(&stage);
    let cases = &bot.house().await.unwrap().cases;
    let actions: Vec<String> =
        cases.records(&case.id).await.unwrap().into_iter().map(|record| record.action).collect();
    assert_eq!(actions, ["start", "submit", "unreached", "approve"]);
}
