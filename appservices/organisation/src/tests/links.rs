//! Links by which people come in for the first time.

use kit::{FIRST_LOGINS_MAX, double::Fault};
use store::Batch;

use super::*;

async fn links_of(stage: &Stage) -> Links {
    let people = People::open(people_of(stage.kit())).await.unwrap();
    Links { kit: stage.kit().clone(), people, base_url: "https://chat.test".to_owned() }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_for_a_first_login_is_given_to_who_may_change_the_organisation() {
    let mut stage = office().await;
    let (chat, other) = (stage.room_with(ZHAOLIU, LOCALPART, true), stage.room_with(LISI, LOCALPART, true));
    stage.settle().await;
    assert!(asks(&mut stage, LISI, &other, "!org link 张三").await.starts_with("没有权限"));
    assert_eq!(stage.homeserver().first_login_of(ZHANGSAN), None);
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org link 张三").await;
    let path = stage.homeserver().first_login_of(ZHANGSAN).unwrap();
    assert!(told.starts_with("张三 (@zhangsan:test) 的首次登录链接"), "{told}");
    assert!(told.ends_with(&format!("https://chat.test{path}")), "{told}");
    // By employee number, and by who has an address: the link goes there too.
    imports(&mut stage, "工号,姓名,部门,邮箱\n3,张三,总部/销售部,zhang@corp.test\n").await;
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org link 3").await;
    assert!(told.ends_with("链接已发到 zhang@corp.test。"), "{told}");
    stage.homeserver().has_entered(ZHANGSAN);
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org link @zhangsan").await;
    assert_eq!(told, "张三 (@zhangsan:test) 已登录过。");
    assert_eq!(asks(&mut stage, ZHAOLIU, &chat, "!org link 王五").await, "找不到「王五」。");
    imports(&mut stage, "工号,姓名,部门\n5,张三,总部\n").await;
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org link 张三").await;
    assert_eq!(told, "「张三」有 2 人，请用工号。");
}

#[tokio::test(flavor = "multi_thread")]
async fn everybody_who_has_not_come_in_gets_one_link_in_a_file() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    stage.homeserver().has_entered(ZHAOLIU);
    stage.says(ZHAOLIU, &chat, "!org link new");
    stage.settle().await;
    let said = stage.said(&chat);
    let expected = "2 个首次登录链接（0 个已发邮件），72 小时内有效，每个只能使用一次。";
    assert!(said.contains(&expected.to_owned()), "{said:?}");
    let events = stage.homeserver().events(&chat);
    let file = events.iter().find(|event| event["content"]["msgtype"] == "m.file").unwrap();
    let file = stage.homeserver().file(file["content"]["url"].as_str().unwrap());
    let lisi = stage.homeserver().first_login_of(LISI).unwrap();
    let file = String::from_utf8(file).unwrap();
    assert!(file.starts_with("localpart,name,link,mailed_to\nlisi,李四,https://chat.test"), "{file}");
    assert!(file.contains(&lisi) && file.lines().count() == 3, "{file}");
    // A link that works is not voided by asking again.
    assert_eq!(asks(&mut stage, ZHAOLIU, &chat, "!org link new").await, "没有人需要首次登录链接。");
    assert_eq!(stage.homeserver().first_login_of(LISI), Some(lisi));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_link_that_nobody_was_shown_is_given_anew() {
    let stage = office().await;
    let (links, homeserver) = (links_of(&stage).await, stage.homeserver());
    let gives = || async {
        let mut batch = Batch::new();
        let given = links.give_new(None, FIRST_LOGINS_MAX, "test", &mut batch).await;
        given.map(|(given, more)| (given, more, batch))
    };
    // The answer is lost on its way; then the bots crash with it in their hands.
    stage.fails_next(Fault::AnswerLost);
    assert!(gives().await.is_err());
    let lost = homeserver.first_login_of(LISI).unwrap();
    assert!(gives().await.is_ok());
    assert_ne!(homeserver.first_login_of(LISI), Some(lost));
    let (given, more, batch) = gives().await.unwrap();
    assert_eq!((given.len(), more), (3, None));
    for given in &given {
        let path = homeserver.first_login_of(given.account.as_str()).unwrap();
        assert_eq!(given.outcome, Ok((format!("https://chat.test{path}"), None)));
    }
    stage.kit().store().commit(batch).await.unwrap();
    let shown = homeserver.first_login_of(LISI);
    assert!(gives().await.unwrap().0.is_empty(), "everybody has one that somebody saw");
    assert_eq!(homeserver.first_login_of(LISI), shown);
    // Somebody's next one is lost too: the row of the one before does not stand for it.
    stage.fails_next(Fault::AnswerLost);
    let chart = links.people.chart();
    let lisi = chart.called("李四")[0];
    assert!(links.give(lisi, "test", &mut Batch::new()).await.is_err());
    let (given, ..) = gives().await.unwrap();
    let accounts: Vec<&str> = given.iter().map(|given| given.account.as_str()).collect();
    assert_eq!(accounts, [LISI]);
}

#[tokio::test(flavor = "multi_thread")]
async fn links_that_were_given_are_told_when_the_rest_cannot_be() {
    let mut stage = office().await;
    let new = (10..10 + FIRST_LOGINS_MAX).map(|number| format!("{number},新人{number},总部,new{number}\n"));
    imports(&mut stage, &format!("工号,姓名,部门,账号\n{}", new.collect::<String>())).await;
    let links = links_of(&stage).await;
    stage.homeserver().fails_behind(1, Fault::AnswerLost);
    let mut batch = Batch::new();
    let (given, more) = links.give_new(None, 2 * FIRST_LOGINS_MAX, "test", &mut batch).await.unwrap();
    assert_eq!((given.len(), more.as_ref()), (FIRST_LOGINS_MAX, given.last().map(|given| &given.id)));
    stage.kit().store().commit(batch).await.unwrap();
    let mut batch = Batch::new();
    let (rest, end) = links.give_new(more.as_ref(), 2 * FIRST_LOGINS_MAX, "test", &mut batch).await.unwrap();
    assert_eq!((rest.len(), end), (3, None));
    assert!(rest.iter().all(|given| given.outcome.is_ok()));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_link_of_somebody_who_leaves_is_voided() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    asks(&mut stage, ZHAOLIU, &chat, "!org link new").await;
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n3,张三,总部/销售部,停用\n").await;
    stage.advance_ms(limits::LINKS_INTERVAL_MS);
    stage.settle().await;
    let links = [LISI, ZHANGSAN, ZHAOLIU].map(|account| stage.homeserver().first_login_of(account).is_some());
    assert_eq!(links, [false, false, true]);
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org link 2").await;
    assert_eq!(told, "找不到「2」。");
}
