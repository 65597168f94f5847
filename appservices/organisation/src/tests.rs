//! Conversations with the bot, and the rooms that it keeps.

use std::sync::Arc;

use kit::{
    Bot,
    double::{Play, Stage},
};
use people::{People, PeopleParts};
use ruma::OwnedServerName;
use serde_json::Value;

use crate::{LOCALPART, Organisation, OrganisationParts, TEXTS, tables};

const LIST: &str = "工号,姓名,部门,职位,部门主管,账号,角色,手机\n\
    1,赵六,总部,总经理,是,zhaoliu,org_admin,13800000001\n\
    2,李四,总部/销售部,主管,是,lisi,,13800000002\n\
    3,张三,总部/销售部,专员,,zhangsan,,13800000003\n";
const ZHAOLIU: &str = "@zhaoliu:test";
const LISI: &str = "@lisi:test";
const ZHANGSAN: &str = "@zhangsan:test";

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
    let parts = OrganisationParts { kit: kit.clone(), people: people.unwrap(), steps, has_rooms: true };
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
        stage.advance_ms(crate::limits::ROOMS_INTERVAL_MS);
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
    stage.advance_ms(crate::limits::LEAVES_AFTER_MS);
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
    assert!(stage.said(&chat).contains(&"1 人已变更，组织版本 2。".to_owned()), "{:?}", stage.said(&chat));
    assert!(asks(&mut stage, ZHAOLIU, &chat, "!who 王五").await.starts_with("王五 · 总部/财务部"));
}
