//! Conversations with the bot, and the rooms that it keeps.

use std::sync::Arc;

use kit::{
    Bot, FIRST_LOGINS_MAX,
    double::{Fault, Play, Stage},
};
use people::{People, PeopleParts};
use ruma::OwnedServerName;
use serde_json::Value;
use store::Batch;

use crate::{LOCALPART, Links, Organisation, OrganisationParts, TEXTS, limits, tables};

const LIST: &str = "工号,姓名,部门,职位,部门主管,账号,角色,手机\n\
    1,赵六,总部,总经理,是,zhaoliu,org_admin,13800000001\n\
    2,李四,总部/销售部,主管,是,lisi,,13800000002\n\
    3,张三,总部/销售部,专员,,zhangsan,,13800000003\n";
const ZHAOLIU: &str = "@zhaoliu:test";
const LISI: &str = "@lisi:test";
const ZHANGSAN: &str = "@zhangsan:test";
const WANGWU: &str = "@wangwu:test";
const LEAVES_AFTER_MS: u64 = 7 * 24 * 60 * 60 * 1_000;

fn people_of(kit: &kit::Kit) -> PeopleParts {
    PeopleParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: OwnedServerName::try_from("test").unwrap(),
    }
}

/// The bot with an organisation that is read at each start.
fn bots(kit: &kit::Kit) -> Vec<Arc<dyn Bot>> {
    let people = tokio::task::block_in_place(|| {
        tokio::runtime::Handle::current().block_on(People::open(people_of(kit)))
    });
    let steps: crate::CountSteps = Arc::new(|_| Box::pin(async { crate::Steps::new() }));
    let (kit, people) = (kit.clone(), people.unwrap());
    let base_url = "https://chat.test".to_owned();
    let links = Links { kit: kit.clone(), people: people.clone(), base_url };
    let leaves_after_ms = LEAVES_AFTER_MS;
    let parts = OrganisationParts { kit, people, steps, has_rooms: true, leaves_after_ms, links };
    vec![Arc::new(Organisation::new(parts))]
}

async fn imports(stage: &mut Stage, list: &str) {
    let people = People::open(people_of(stage.kit())).await.unwrap();
    let preview = people.preview(list.as_bytes(), false, "test").await.unwrap();
    people.apply(&preview.id, "test").await.unwrap();
    stage.restart().await;
}

async fn office() -> Stage {
    let tables = [tables(), people::tables()].concat();
    let play = Play { localparts: vec![LOCALPART], tables, texts: vec![TEXTS], bots };
    let mut stage = Stage::new(play).await;
    imports(&mut stage, LIST).await;
    stage
}

/// Looks until nothing is left to do.
async fn looks(stage: &mut Stage) {
    for _ in 0..8 {
        stage.advance_ms(limits::ROOMS_INTERVAL_MS);
        stage.settle().await;
    }
}

fn room(stage: &Stage, key: &str) -> String {
    let rooms = stage.homeserver().rooms_with("com.lianqiao.room", |state| state["key"] == key);
    assert_eq!(rooms.len(), 1, "{key}");
    rooms[0].clone()
}

fn membership(stage: &Stage, room: &str, user: &str) -> Value {
    stage.homeserver().state(room, "m.room.member", user)["membership"].clone()
}

async fn asks(stage: &mut Stage, who: &str, room: &str, text: &str) -> String {
    stage.says(who, room, text);
    stage.settle().await;
    stage.said(room).pop().unwrap_or_default()
}

#[tokio::test(flavor = "multi_thread")]
async fn departments_have_spaces_and_rooms_that_follow_the_chart() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let (company, sales) = (room(&stage, "company"), room(&stage, "dept/总部/销售部"));
    let (notice, talk) = (room(&stage, "dept/总部/销售部\nnotice"), room(&stage, "dept/总部/销售部\ntalk"));
    for space in [&company, &sales] {
        assert_eq!(membership(&stage, space, ZHANGSAN), "invite");
    }
    assert_eq!(membership(&stage, &talk, ZHAOLIU), Value::Null);
    let head = room(&stage, "dept/总部");
    assert!(stage.homeserver().state(&head, "m.space.child", &sales)["via"].is_array());
    assert!(stage.homeserver().state(&sales, "m.space.child", &talk)["via"].is_array());
    let rule = stage.homeserver().state(&talk, "m.room.join_rules", "");
    assert_eq!(
        (&rule["join_rule"], &rule["allow"][0]["room_id"]),
        (&"restricted".into(), &sales.as_str().into())
    );

    // Who moves comes into the new rooms at once, and leaves the old ones after a week.
    imports(&mut stage, "工号,姓名,部门\n3,张三,总部/市场部\n").await;
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &room(&stage, "dept/总部/市场部"), ZHANGSAN), "invite");
    assert_eq!(membership(&stage, &talk, ZHANGSAN), "invite");
    stage.advance_ms(LEAVES_AFTER_MS);
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &talk, ZHANGSAN), "leave");
    assert_eq!(membership(&stage, &company, ZHANGSAN), "invite");
    // Who leaves the company leaves at once.
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    looks(&mut stage).await;
    for room in [&company, &sales, &notice, &talk] {
        assert_eq!(membership(&stage, room, LISI), "leave");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn people_and_departments_are_told_of_as_the_rules_allow() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHANGSAN, LOCALPART, true);
    stage.settle().await;
    let lisi = "李四 · 主管 · 总部/销售部 · @lisi:test";
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!who 李四").await, lisi);
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!who 王五").await, "找不到「王五」。");
    let dept = asks(&mut stage, ZHANGSAN, &chat, "!dept 销售部").await;
    assert!(dept.starts_with(&format!("总部/销售部 · 主管 李四 · 2 人\n· {lisi}\n· 张三")), "{dept}");
    let tree = asks(&mut stage, ZHANGSAN, &chat, "!org tree").await;
    assert_eq!(tree, "总部 · 主管 赵六 · 1 人\n　总部/销售部 · 主管 李四 · 2 人");
    let boss = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    assert!(asks(&mut stage, ZHAOLIU, &boss, "!who 李四").await.contains("电话 13800000002"));
    let refused = asks(&mut stage, ZHANGSAN, &chat, "!org visibility []").await;
    assert_eq!(refused, "没有权限：需要角色 org_admin（范围 org）。申请：!perm request");
    let rules =
        r#"!org visibility [{"subject":"dept:/总部/销售部","object":"*","fields":["title"],"allow":false}]"#;
    assert_eq!(asks(&mut stage, ZHAOLIU, &boss, rules).await, "可见性规则已保存（3 条）。");
    assert_eq!(asks(&mut stage, ZHANGSAN, &chat, "!who 李四").await, "李四 · 总部/销售部 · @lisi:test");
    let stranger = stage.room_with("@eve:test", LOCALPART, true);
    stage.settle().await;
    let told = asks(&mut stage, "@eve:test", &stranger, "!who 李四").await;
    assert_eq!(told, "此账号未绑定员工，不能操作。绑定：!bind matrix");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_is_bound_by_somebody_who_may_change_the_organisation() {
    let mut stage = office().await;
    imports(&mut stage, "工号,姓名,部门,账号\n9,钱九,总部,\n").await;
    // The list gave 钱九 an account of their own: a number that has one is not for others.
    let eve = stage.room_with("@eve:test", LOCALPART, true);
    stage.settle().await;
    assert_eq!(asks(&mut stage, "@eve:test", &eve, "!bind matrix 9").await, "账号或人员已有绑定。");
    assert_eq!(asks(&mut stage, "@eve:test", &eve, "!bind matrix 404").await, "账号或人员已有绑定。");
    assert_eq!(asks(&mut stage, "@eve:test", &eve, "!bind").await, "用法：!bind matrix 工号");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_list_is_imported_from_a_chat() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    let how = asks(&mut stage, ZHAOLIU, &chat, "!org import").await;
    assert!(how.starts_with("请上传 CSV 文件"), "{how}");
    let list = "工号,姓名,部门\n4,王五,总部/财务部\n1.2E+10,甲,总部\n";
    let file = stage.uploads(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    assert!(looked.contains("第 3 行 工号：1.2E+10 像是被 Excel 改写的数字，请设为文本。"), "{looked}");
    assert!(looked.contains("部门 总部/财务部 没有主管，0 个审批节点会无人处理。"), "{looked}");
    let id = looked.split_whitespace().last().unwrap().to_owned();
    let chat_of_other = stage.room_with(LISI, LOCALPART, true);
    stage.settle().await;
    assert!(
        asks(&mut stage, LISI, &chat_of_other, &format!("!org apply {id}")).await.starts_with("没有权限")
    );
    stage.says(ZHAOLIU, &chat, &format!("!org apply {id}"));
    stage.settle().await;
    for line in ["1 人已变更，组织版本 2。", "新增 1 人。首次登录链接：!org link new"] {
        assert!(stage.said(&chat).contains(&line.to_owned()), "{:?}", stage.said(&chat));
    }
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 王五").await.starts_with("王五 · 总部/财务部"));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_staff_list_from_an_encrypted_chat_is_read_and_one_that_is_another_by_now_is_not() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    let list = "工号,姓名,部门\n4,王五,总部/财务部\n";
    let file = stage.uploads_locked(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    assert!(looked.contains("部门 总部/财务部 没有主管，0 个审批节点会无人处理。"), "{looked}");
    stage.homeserver().spoils_files();
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    assert_eq!(stage.last(&chat), "文件内容与消息中的校验值不符，请重新上传后再回复：!org import");
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

async fn links_of(stage: &Stage) -> Links {
    let people = People::open(people_of(stage.kit())).await.unwrap();
    Links { kit: stage.kit().clone(), people, base_url: "https://chat.test".to_owned() }
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
async fn an_account_that_is_there_becomes_nobodys_because_a_name_sounds_alike() {
    let mut stage = office().await;
    // Somebody whom no list knows has an account already.
    let [chat, _] = [ZHAOLIU, "@sunqi:test"].map(|person| stage.room_with(person, LOCALPART, true));
    stage.settle().await;
    let list = "工号,姓名,部门\n6,孙七,总部\n7,周八,总部\n";
    let file = stage.uploads(ZHAOLIU, &chat, "staff.csv", list.as_bytes(), None);
    stage.replies(ZHAOLIU, &chat, &file, "!org import");
    stage.settle().await;
    let looked = stage.said(&chat).pop().unwrap();
    let id = looked.split_whitespace().last().unwrap().to_owned();
    asks(&mut stage, ZHAOLIU, &chat, &format!("!org apply {id}")).await;
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 孙七").await.ends_with("@sunqi2:test"));
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 周八").await.ends_with("@zhouba:test"));
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

/// Who is said to stand how, and who said so.
fn standings(stage: &Stage) -> [Option<(String, String)>; 3] {
    [ZHAOLIU, LISI, ZHANGSAN].map(|account| stage.homeserver().standing_of(account))
}

fn said(standing: &str) -> Option<(String, String)> {
    Some((standing.to_owned(), "test".to_owned()))
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_away_or_has_left_is_told_to_the_homeserver_until_they_are_back() {
    let mut stage = office().await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage), [None, None, None], "of who is simply here nothing is said");
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n3,张三,总部/销售部,停用\n").await;
    // The homeserver does not answer, or its answer is lost in a crash.
    let lost = kit::CallError::Unreachable("down".to_owned());
    stage.homeserver().faults([Fault::Lost(lost), Fault::AnswerLost]);
    for _ in 0..3 {
        stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
        stage.settle().await;
        stage.restart().await;
    }
    assert_eq!(standings(&stage), [None, said("left"), said("suspended")]);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,\n3,张三,总部/销售部,在职\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage), [None, said("active"), said("active")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_is_back_before_anybody_saw_the_answer_is_let_in_again() {
    let mut stage = office().await;
    stage.settle().await;
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.fails_next(Fault::AnswerLost);
    stage.settle().await;
    assert_eq!(standings(&stage)[1], said("left"));
    // The bots are killed before they ask again.
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,在职\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage)[1], said("active"));
}

#[tokio::test(flavor = "multi_thread")]
async fn of_whom_the_homeserver_could_not_do_it_is_told_again_and_holds_up_nobody() {
    let mut stage = office().await;
    stage.homeserver().leaves_unfinished(LISI);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n3,张三,总部/销售部,停用\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage)[2], said("suspended"), "the others are not held up");
    stage.restart().await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(standings(&stage), [None, said("left"), said("suspended")]);
}

#[tokio::test(flavor = "multi_thread")]
async fn whose_account_the_homeserver_does_not_lock_is_told_to_who_may_change_the_organisation_once() {
    let mut stage = office().await;
    let chat = stage.room_with(ZHAOLIU, LOCALPART, true);
    stage.settle().await;
    stage.homeserver().is_administrator(LISI);
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    for _ in 0..3 {
        stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
        stage.settle().await;
        stage.restart().await;
    }
    let told = "⚠️ 李四 (@lisi:test) 已离职，但服务器没有照做：这是服务器管理员的账号，请由其他管理员处理：lianqiao user lock";
    let count = |stage: &Stage| stage.said(&chat).iter().filter(|text| *text == told).count();
    assert_eq!(count(&stage), 1, "{:?}", stage.said(&chat));
    // Another change of the organisation has it asked for again, and is no news.
    imports(&mut stage, "工号,姓名,部门\n9,钱九,总部\n").await;
    stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
    stage.settle().await;
    assert_eq!(count(&stage), 1);
    // Who came back in between leaves anew.
    for (status, times) in [("在职", 1), ("离职", 2)] {
        imports(&mut stage, &format!("工号,姓名,部门,状态\n2,李四,总部/销售部,{status}\n")).await;
        stage.advance_ms(limits::STANDINGS_INTERVAL_MS);
        stage.settle().await;
        assert_eq!(count(&stage), times, "{status}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_who_leaves_is_followed_in_the_rooms_before_they_are_out() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let (sales, notice) = (room(&stage, "dept/总部/销售部"), room(&stage, "dept/总部/销售部\nnotice"));
    let powers =
        |stage: &Stage| stage.homeserver().state(&notice, "m.room.power_levels", "")["users"].clone();
    imports(&mut stage, "工号,姓名,部门,部门主管,状态\n2,李四,总部/销售部,,离职\n").await;
    looks(&mut stage).await;
    assert_eq!((&powers(&stage)[LISI], &powers(&stage)[ZHAOLIU]), (&Value::Null, &50.into()));
    for place in [&sales, &notice] {
        assert_eq!(membership(&stage, place, LISI), "leave");
        assert_eq!(membership(&stage, place, ZHAOLIU), "invite");
    }
    let events = stage.homeserver().events(&notice);
    let last = |is_meant: &dyn Fn(&Value) -> bool| events.iter().rposition(is_meant).unwrap();
    let followed = last(&|event| event["type"] == "m.room.power_levels");
    let left = last(&|event| event["state_key"] == LISI && event["content"]["membership"] == "leave");
    assert!(followed < left, "nobody is without a head in between");
    // The new head has the rights, and who stood in leaves like somebody who moved.
    imports(&mut stage, "工号,姓名,部门,部门主管\n3,张三,总部/销售部,是\n").await;
    looks(&mut stage).await;
    assert_eq!((&powers(&stage)[ZHANGSAN], &powers(&stage)[ZHAOLIU]), (&50.into(), &Value::Null));
    stage.advance_ms(LEAVES_AFTER_MS);
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &sales, ZHAOLIU), "leave");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_away_stays_in_the_rooms() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let talk = room(&stage, "dept/总部/销售部\ntalk");
    imports(&mut stage, "工号,姓名,部门,状态\n3,张三,总部/销售部,停用\n").await;
    looks(&mut stage).await;
    stage.advance_ms(LEAVES_AFTER_MS);
    looks(&mut stage).await;
    assert_eq!(membership(&stage, &talk, ZHANGSAN), "invite");
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_known_of_somebody_is_told_with_its_days_to_who_may_change_the_organisation() {
    let mut stage = office().await;
    imports(&mut stage, "工号,姓名,部门,状态\n2,李四,总部/销售部,离职\n").await;
    let (chat, other) =
        (stage.room_with(ZHAOLIU, LOCALPART, true), stage.room_with(ZHANGSAN, LOCALPART, true));
    stage.settle().await;
    assert!(asks(&mut stage, ZHANGSAN, &other, "!org history 2").await.starts_with("没有权限"));
    let told = asks(&mut stage, ZHAOLIU, &chat, "!org history 2").await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 2, "{told}");
    for (line, end) in lines.iter().zip([
        "版本 1 · test · 在职 · 李四 · 总部/销售部 · 主管 · ★总部/销售部",
        "版本 2 · test · 已离职 · 李四 · 总部/销售部 · 主管 · ★总部/销售部",
    ]) {
        assert!(line.ends_with(end), "{line}");
    }
    assert_eq!(asks(&mut stage, ZHAOLIU, &chat, "!org history 404").await, "找不到「404」。");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hidden_department_is_shown_to_its_own_and_a_public_one_lets_everybody_in() {
    let mut stage = office().await;
    let list = |visibility: &str| {
        format!(
            "工号,姓名,部门,部门主管,部门编码,部门可见性\n2,李四,总部/销售部,是,D012,{visibility}\n\
             4,王五,总部/财务部,是,,\n"
        )
    };
    imports(&mut stage, &list("")).await;
    looks(&mut stage).await;
    let (company, head, sales) =
        (room(&stage, "company"), room(&stage, "dept/总部"), room(&stage, "dept/总部/销售部"));
    let rule = |stage: &Stage| stage.homeserver().state(&sales, "m.room.join_rules", "");
    let is_shown = |stage: &Stage| stage.homeserver().state(&head, "m.space.child", &sales)["via"].is_array();
    assert_eq!((&rule(&stage)["allow"][0]["room_id"], is_shown(&stage)), (&head.as_str().into(), true));
    let (mine, other) =
        (stage.room_with(ZHANGSAN, LOCALPART, true), stage.room_with(WANGWU, LOCALPART, true));
    stage.settle().await;
    let line = "总部/销售部 (D012) · 主管 李四 · 2 人";
    assert!(asks(&mut stage, WANGWU, &other, "!dept D012").await.starts_with(line));
    for (visibility, join_rule, shown, found) in [
        ("保密", "invite", false, false),
        ("公开", "restricted", true, true),
        ("内部", "restricted", true, true),
    ] {
        imports(&mut stage, &list(visibility)).await;
        looks(&mut stage).await;
        assert_eq!(
            (&rule(&stage)["join_rule"], is_shown(&stage)),
            (&join_rule.into(), shown),
            "{visibility}"
        );
        let tree = asks(&mut stage, WANGWU, &other, "!org tree").await;
        assert_eq!(tree.contains(line), found, "{visibility}: {tree}");
        assert!(asks(&mut stage, ZHANGSAN, &mine, "!org tree").await.contains(line), "{visibility}");
        if visibility == "公开" {
            assert_eq!(rule(&stage)["allow"][0]["room_id"], company.as_str());
        }
    }
    assert_eq!(rule(&stage)["allow"][0]["room_id"], head.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_came_in_unasked_leaves_a_department_that_becomes_hidden() {
    let mut stage = office().await;
    looks(&mut stage).await;
    let rooms = ["", "\nnotice", "\ntalk"].map(|what| room(&stage, &format!("dept/总部/销售部{what}")));
    for room in &rooms {
        stage.joins(ZHANGSAN, room);
        // The homeserver of this stage knows no other way in; the bot has no part in it.
        stage.invites(ZHANGSAN, room, ZHAOLIU);
        stage.joins(ZHAOLIU, room);
    }
    looks(&mut stage).await;
    for room in &rooms {
        assert_eq!(membership(&stage, room, ZHAOLIU), "join", "only the bot's own list has people leave");
    }
    imports(&mut stage, "工号,姓名,部门,部门主管,部门可见性\n2,李四,总部/销售部,是,保密\n").await;
    looks(&mut stage).await;
    for room in &rooms {
        assert_eq!(membership(&stage, room, ZHAOLIU), "leave");
        assert_eq!(membership(&stage, room, ZHANGSAN), "join");
    }
}
