//! What people and templates do that mean no good: each with the text that is listed for it, and nothing lost.

use kit::double::Stage;
use serde_json::{Value, json};

use super::talk::{card, chat, last, office, reads};
use crate::LOCALPART;

const ZHANGSAN: &str = "@zhangsan:test";
const LISI: &str = "@lisi:test";
const SUNQI: &str = "@sunqi:test";
const ADMIN: &str = "@admin:test";

/// A template that is good, changed.
fn template(change: impl FnOnce(&mut Value)) -> Value {
    let mut template = json!({
        "v": 1, "name": {"zh": "用章"}, "aliases": ["用章"],
        "form": [{"id": "what", "type": "text", "label": {"zh": "文件"}, "required": true},
                 {"id": "amount", "type": "amount"}],
        "flow": [
            {"id": "n1", "type": "approve", "mode": "or", "who": {"role": "cfo"}},
            {"id": "c1", "type": "branch", "cases": [{"if": "amount > 1", "next": "n2"}], "else": "end"},
            {"id": "n2", "type": "approve", "mode": "or", "who": {"role": "cashier"}},
        ],
    });
    change(&mut template);
    template
}

/// The administration room, with the administrator in it.
async fn administration() -> (Stage, String, String) {
    let (mut stage, room) = office().await;
    stage.advance_ms(crate::limits::LEAVERS_INTERVAL_MS);
    stage.settle().await;
    let rooms = stage.homeserver().rooms_with("com.lianqiao.room", |state| state["kind"] == "administration");
    assert_eq!(rooms.len(), 1, "there is one, as soon as somebody looks after approvals");
    stage.joins(ADMIN, &rooms[0]);
    stage.settle().await;
    (stage, room, rooms[0].clone())
}

async fn sets(stage: &mut Stage, person: &str, room: &str, id: &str, content: Value) {
    stage.sets_state(person, room, "com.lianqiao.approval.template", id, content);
    stage.settle().await;
}

fn shown(stage: &Stage, room: &str, id: &str) -> Value {
    stage.homeserver().state(room, "com.lianqiao.approval.template", id)
}

#[tokio::test]
async fn templates_are_state_of_the_administration_room_and_cases_keep_their_version() {
    let (mut stage, own, room) = administration().await;
    assert_eq!(shown(&stage, &room, "leave")["version"], 1, "what is shipped is shown");
    sets(&mut stage, ADMIN, &room, "seal", template(|_| {})).await;
    assert_eq!(last(&stage, &room), "模板已发布：seal@1");
    assert_eq!(shown(&stage, &room, "seal")["version"], 1);
    stage.says(ZHANGSAN, &own, "!审批 用章 合同");
    stage.settle().await;
    sets(&mut stage, ADMIN, &room, "seal", template(|t| t["flow"][0]["who"] = json!({"role": "cashier"})))
        .await;
    assert_eq!(
        (last(&stage, &room).as_str(), &shown(&stage, &room, "seal")["version"]),
        ("模板已发布：seal@2", &json!(2))
    );
    // The first case goes on as it began.
    let desk = chat(&stage, "@wangwu:test");
    let mine = card(&stage, &desk, "[待审批] AP-20261105-0001");
    stage.reacts("@wangwu:test", &desk, &mine, "✅");
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[已通过]"));
}

#[tokio::test]
async fn a_template_that_cannot_work_is_refused_and_the_room_shows_what_counts() {
    let (mut stage, _, room) = administration().await;
    sets(&mut stage, ADMIN, &room, "seal", template(|_| {})).await;
    let many = |n: usize| -> Vec<Value> {
        let step = |n| json!({"id": format!("m{n}"), "type": "approve", "who": {"role": "cfo"}});
        (0..n).map(step).collect()
    };
    let deep = format!("{}amount > 1{}", "(".repeat(40), ")".repeat(40));
    let long = "amount > 1 and ".repeat(200);
    type Change<'a> = Box<dyn FnOnce(&mut Value) + 'a>;
    // (change, what E120 lists)
    let changes: Vec<(Change<'_>, &str)> = vec![
        (Box::new(|t: &mut Value| t["flow"][1]["else"] = json!("n1")), "c1: `n1` 不是后面的节点"),
        (Box::new(|t: &mut Value| t["flow"][0]["next"] = json!("n1")), "n1: `n1` 不是后面的节点"),
        (Box::new(|t: &mut Value| t["flow"] = json!(many(65))), "flow: 超过 64 个节点或 64 个字段"),
        (
            Box::new(|t: &mut Value| t["flow"][1]["cases"][0]["if"] = json!(deep)),
            "c1: 条件有误（第 10 个字符）：括号嵌套过深",
        ),
        (
            Box::new(|t: &mut Value| t["flow"][1]["cases"][0]["if"] = json!(long)),
            "c1: 条件有误（第 1 个字符）：条件过长",
        ),
        (Box::new(|t: &mut Value| t["name"]["zh"] = json!("长".repeat(25_000))), "超过 61440 字节"),
        (
            Box::new(|t: &mut Value| drop(t["flow"][1].as_object_mut().unwrap().remove("else"))),
            "c1: 没有 else",
        ),
        (
            Box::new(|t: &mut Value| t["flow"][0]["on_timeout"] = json!("auto_approve")),
            "n1: 涉及金额或权限时不能用 auto_approve",
        ),
        (Box::new(|t: &mut Value| t["flow"][0]["who"] = json!({"role": "nobody"})), "n1: 总部 没有人"),
        (Box::new(|t: &mut Value| t["surprise"] = json!(1)), "`surprise` 不是可以写的字段"),
        (Box::new(|t: &mut Value| t["flow"] = json!("none")), "的值类型不对"),
    ];
    for (change, listed) in changes {
        sets(&mut stage, ADMIN, &room, "seal", template(change)).await;
        let said = last(&stage, &room);
        assert!(said.starts_with("模板未发布：") && said.contains(listed), "{listed}: {said}");
        assert_eq!(shown(&stage, &room, "seal")["version"], 1, "{listed}");
    }
    // With force, a node without people is the administrators' matter.
    let mut forced = template(|t| t["flow"][0]["who"] = json!({"role": "nobody"}));
    forced["force"] = json!(true);
    sets(&mut stage, ADMIN, &room, "seal", forced).await;
    assert_eq!(last(&stage, &room).lines().next(), Some("模板已发布：seal@2"));
    assert!(
        last(&stage, &room).contains("\n找不到审批人的节点：n1: 总部 没有人; n1: "),
        "{}",
        last(&stage, &room)
    );
}

#[tokio::test]
async fn who_does_not_look_after_approvals_publishes_nothing() {
    let (mut stage, own, room) = administration().await;
    stage.invites(ADMIN, &room, LISI);
    stage.joins(LISI, &room);
    sets(&mut stage, LISI, &room, "leave", template(|_| {})).await;
    assert!(last(&stage, &room).starts_with("没有权限：需要角色 approval_admin（范围 org）"));
    assert_eq!(shown(&stage, &room, "leave")["name"]["zh"], "请假", "and what counts is shown again");
    // Elsewhere it is nobody's business.
    let before = stage.said(&own).len();
    sets(&mut stage, ZHANGSAN, &own, "leave", template(|_| {})).await;
    assert_eq!(stage.said(&own).len(), before);
}

#[tokio::test]
async fn forged_cards_and_records_and_edited_or_bridged_commands_do_nothing() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    let state = json!({"v": 1, "no": "AP-20261105-0001", "state": "approved"});
    stage.forges(LISI, &desk, &mine, "[已通过] AP-20261105-0001", &state);
    for kind in ["record", "answer", "request", "card"] {
        let content = json!({"v": 1, "no": "AP-20261105-0001", "action": "approve", "outcome": "asks"});
        stage.sends(LISI, &desk, &format!("com.lianqiao.{kind}"), content);
    }
    stage.settle().await;
    assert!(reads(&stage, &desk, &mine).starts_with("[待审批]"));

    let said = stage.says(LISI, &desk, "hello");
    stage.edits(LISI, &desk, &said, "!同意 AP-20261105-0001");
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "修改旧消息不会重新执行命令，请重新发送。");
    assert!(reads(&stage, &desk, &mine).starts_with("[待审批]"));

    let bridged = "@dt_lisi:test";
    stage.invites(LISI, &desk, bridged);
    stage.joins(bridged, &desk);
    for command in ["!同意 AP-20261105-0001", "!审批 show AP-20261105-0001", "!why AP-20261105-0001"] {
        stage.says(bridged, &desk, command);
        stage.settle().await;
        assert_eq!(last(&stage, &desk), "此账号未绑定员工，不能操作。绑定：!bind matrix", "{command}");
    }
    assert!(reads(&stage, &desk, &mine).starts_with("[待审批]"));
}

#[tokio::test]
async fn a_colleague_who_is_not_asked_is_told_once_who_is() {
    let (mut stage, room) = office().await;
    stage.says(ZHANGSAN, &room, "!请假 2026-11-10 2026-11-10 事假 x");
    stage.settle().await;
    let desk = chat(&stage, LISI);
    let mine = card(&stage, &desk, "[待审批]");
    stage.invites(LISI, &desk, SUNQI);
    stage.joins(SUNQI, &desk);
    for key in ["✅", "❌", "✅"] {
        stage.reacts(SUNQI, &desk, &mine, key);
        stage.settle().await;
    }
    let told = stage.said(&desk);
    let told = told.iter().filter(|said| *said == "你不是当前处理人。现在由 李四 处理。").count();
    assert_eq!(told, 1);
    // What is not before their eyes they do not learn of.
    let own = stage.room_with(SUNQI, LOCALPART, true);
    stage.settle().await;
    stage.says(SUNQI, &own, "!同意 AP-20261105-0001");
    stage.settle().await;
    assert_eq!(last(&stage, &own), "找不到编号 AP-20261105-0001，或你无权查看。");
    stage.says(SUNQI, &own, "!同意 TK-20261105-0001");
    stage.settle().await;
    assert_eq!(
        last(&stage, &own),
        "找不到编号 AP-20261105-0001，或你无权查看。",
        "other numbers are other bots'"
    );
}

#[tokio::test]
async fn help_has_ten_lines_for_who_asks_where_they_ask() {
    let (mut stage, room) = office().await;
    let hall = stage.room_with(ZHANGSAN, LOCALPART, false);
    stage.settle().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    // (who, where, what is there, what is not)
    for (who, place, has, has_not) in [
        (ZHANGSAN, &room, "!请假", "!终止"),
        (ZHANGSAN, &hall, "!同意", "!委托"),
        (ADMIN, &desk, "!请假", "!Tasks"),
    ] {
        stage.says(who, place, "!帮助");
        stage.settle().await;
        let said = last(&stage, place);
        assert!(said.lines().count() <= 10, "{said}");
        assert!(said.contains(has) && !said.contains(has_not), "{who}: {said}");
    }
    stage.says(ZHANGSAN, &room, "!同义");
    stage.settle().await;
    assert!(last(&stage, &room).starts_with("没有这个命令。你是想用 !同意、"), "{}", last(&stage, &room));
}
