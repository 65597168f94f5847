//! Steps where the starter chooses who decides: on one line, in the dialogue, by a reply, in a browser.

use std::sync::Arc;

use kit::double::Stage;
use people::{Chart, Person, PersonId};
use serde_json::{Value as Json, json};

use super::{
    chart,
    forms::{link, pressed, sends},
    law::{Play, step, users, yes},
    talk::{card, chat, last, office, reads},
};
use crate::{
    LOCALPART,
    act::Action,
    template::{
        Form, Template, Value, Words, candidates, check, chosen, dead_ends, is_meant, read_choices,
        with_choices,
    },
};

const ZHANGSAN: &str = "@zhangsan:test";
const WANGWU: &str = "@wangwu:test";
const SUNQI: &str = "@sunqi:test";
const ADMIN: &str = "@admin:test";

/// A template where the starter chooses one or two of the head office for sums above a hundred.
fn template() -> Json {
    json!({
        "v": 1, "id": "trip", "name": {"zh": "出差", "en": "Trip"}, "aliases": ["出差"],
        "form": [
            {"id": "amount", "type": "amount", "label": {"zh": "金额"}, "required": true},
            {"id": "reason", "type": "text", "label": {"zh": "事由"}, "required": true},
        ],
        "flow": [
            {"id": "c1", "type": "branch", "cases": [{"if": "amount >= 10000", "next": "n1"}], "else": "n2"},
            {"id": "n1", "type": "approve", "mode": "and",
             "who": {"starter_choice": {"from": ["role:cfo", "dept:/总部/市场部", "user:7"], "min": 1, "max": 2}}},
            {"id": "n2", "type": "approve", "mode": "or", "who": {"users": ["2"]}},
        ],
    })
}

/// The bot with that template, and the direct chat of 张三.
async fn with_choice() -> (Stage, String) {
    let (mut stage, room) = office().await;
    let desk = stage.room_with(ADMIN, LOCALPART, true);
    stage.settle().await;
    stage.says(ADMIN, &desk, &format!("!审批 publish {}", template()));
    stage.settle().await;
    assert_eq!(last(&stage, &desk), "模板已发布：trip@1");
    (stage, room)
}

#[tokio::test]
async fn the_starter_chooses_at_the_end_of_the_line() {
    let (mut stage, room) = with_choice().await;
    stage.says(ZHANGSAN, &room, "!审批 出差 200 去 上海 @wangwu @sunqi");
    stage.settle().await;
    let shown = stage.newest(&room, |body| body.starts_with("预览"));
    assert!(
        reads(&stage, &room, &shown)
            .contains("\n1) 王五 (财务总监, 因金额 ≥ 100)、孙七 (专员, 因金额 ≥ 100)\n2) [预计] 李四"),
        "{}",
        reads(&stage, &room, &shown)
    );
    for person in [WANGWU, SUNQI] {
        let desk = chat(&stage, person);
        let mine = card(&stage, &desk, "[待审批] AP-20261105-0001 出差 · 张三 · ¥200.00");
        let text = reads(&stage, &desk, &mine);
        assert!(text.contains("事由: 去 上海\n审批人: 王五、孙七"), "{text}");
        stage.reacts(person, &desk, &mine, "✅");
        stage.settle().await;
    }
    card(&stage, &chat(&stage, "@lisi:test"), "[待审批]");
    stage.says(ZHANGSAN, &room, "!why AP-20261105-0001");
    stage.settle().await;
    let why = last(&stage, &room);
    let chosen = "节点1: 规则 amount >= 10000 成立; 申请人从 role:cfo dept:/总部/市场部 user:7 中选定 于 2026-11-05 由 王五、孙七 担任";
    assert!(why.starts_with(chosen), "{why}");
}

#[tokio::test]
async fn whom_a_client_mentions_by_name_is_chosen_as_well() {
    let (mut stage, room) = with_choice().await;
    let content = json!({
        "msgtype": "m.text", "body": "!审批 出差 200 上海 王五", "m.mentions": { "user_ids": [WANGWU] },
    });
    stage.sends(ZHANGSAN, &room, "m.room.message", content);
    stage.settle().await;
    let desk = chat(&stage, WANGWU);
    let mine = card(&stage, &desk, "[待审批]");
    assert!(reads(&stage, &desk, &mine).contains("事由: 上海\n审批人: 王五"));
}

#[tokio::test]
async fn the_dialogue_asks_whom_to_choose_where_the_flow_leads_there() {
    let (mut stage, room) = with_choice().await;
    // Below the sum nobody is to be chosen.
    stage.says(ZHANGSAN, &room, "!审批 出差 50 市内");
    stage.settle().await;
    card(&stage, &chat(&stage, "@lisi:test"), "[待审批] AP-20261105-0001");

    let root = stage.says(ZHANGSAN, &room, "!审批 出差 200 上海");
    stage.settle().await;
    let asked = last(&stage, &room);
    assert!(asked.contains("1) 由你选择\n2) [预计] 李四"), "{asked}");
    assert!(
        asked.ends_with("请选择「审批人」：@ 提及或写姓名 王五、孙七、Ann（回复「取消」结束）"),
        "{asked}"
    );
    for (typed, refused) in [
        ("月球人", "「审批人」找不到此人，例如：王五"),
        ("@lisi", "「审批人」不在可选范围内，例如：王五"),
        ("张三", "「审批人」不能选自己，例如：王五"),
        ("王五、孙七，Ann", "「审批人」人数不符，例如：1–2"),
    ] {
        stage.says_in_thread(ZHANGSAN, &room, &root, typed);
        stage.settle().await;
        assert_eq!(last(&stage, &room), refused, "{typed}");
    }
    stage.says_in_thread(ZHANGSAN, &room, &root, "@sunqi");
    stage.settle().await;
    assert_eq!(last(&stage, &room), "已填好。回复「提交」，或「取消」。");
    stage.says_in_thread(ZHANGSAN, &room, &root, "提交");
    stage.settle().await;
    card(&stage, &chat(&stage, SUNQI), "[待审批] AP-20261105-0002");
}

#[tokio::test]
async fn a_reply_and_a_browser_take_the_choice_too() {
    let (mut stage, room) = with_choice().await;
    stage.says(ZHANGSAN, &room, "!表单 出差");
    stage.settle().await;
    let form = stage.newest(&room, |body| body.contains("回复以下各行"));
    assert!(reads(&stage, &room, &form).contains("审批人（王五 / 孙七 / Ann）: "));
    stage.replies(ZHANGSAN, &room, &form, "金额: 300\n事由: 北京\n审批人: Ann 王五");
    stage.settle().await;
    stage.says(ZHANGSAN, &room, "提交");
    stage.settle().await;
    card(&stage, &chat(&stage, WANGWU), "[待审批] AP-20261105-0001");
    card(&stage, &chat(&stage, "@ann:test"), "[Pending] AP-20261105-0001");

    stage.says(ZHANGSAN, &room, "!表单 出差");
    stage.settle().await;
    let path = link(&stage, &room);
    let typed = [("f.amount", "300"), ("f.reason", "深圳")];
    let page = sends(&stage, &path, &pressed("submit", &typed)).await;
    assert!(
        page.text.contains("「审批人」不能为空") && page.text.contains("可选：王五、孙七、Ann"),
        "{}",
        page.text
    );
    let chosen = [&typed[..], &[("f.starter.choice.n1", "王五")]].concat();
    let page = sends(&stage, &path, &pressed("submit", &chosen)).await;
    assert!(page.text.contains("已收到"), "{}", page.text);
    stage.settle().await;
    card(&stage, &chat(&stage, WANGWU), "[待审批] AP-20261105-0002");
}

fn problems(who: Json) -> Vec<String> {
    let mut value = template();
    value["flow"][1]["who"] = who;
    let template: Template = serde_json::from_value(value).unwrap();
    check(&template).iter().map(ToString::to_string).collect()
}

#[test]
fn a_choice_that_cannot_be_made_is_not_published() {
    for (choice, problem) in [
        (json!({"from": ["cfo"]}), "n1: `cfo` is no role:, dept: or user:"),
        (json!({"from": ["role:C F O"]}), "n1: `role:C F O` is no role:, dept: or user:"),
        (json!({"min": 0}), "n1: min and max are 1 to 50, the least first"),
        (json!({"min": 3, "max": 2}), "n1: min and max are 1 to 50, the least first"),
        (json!({"max": 51}), "n1: min and max are 1 to 50, the least first"),
    ] {
        assert_eq!(problems(json!({ "starter_choice": choice })), [problem]);
    }
    assert_eq!(problems(json!({"starter_choice": {}})), Vec::<String>::new());
    let mut told = template();
    told["flow"][1]["type"] = json!("cc");
    let told: Template = serde_json::from_value(told).unwrap();
    assert!(check(&told)[0].to_string().contains("not who is told"));
    // Nobody among whom to choose is a dead end, and no template has a field of its own for it.
    // The only one who could be chosen cannot choose themselves.
    for (from, is_dead) in [("user:7", false), ("role:cfo", true), ("role:nobody", true), ("user:99", true)] {
        let mut value = template();
        value["flow"][1]["who"]["starter_choice"]["from"] = json!([from]);
        let template: Template = serde_json::from_value(value).unwrap();
        let ends = dead_ends(&template, &chart());
        assert_eq!(ends.iter().any(|(node, _)| node == "n1"), is_dead, "{from}");
    }
    let mut own = template();
    own["form"][0]["type"] = json!("people");
    assert!(serde_json::from_value::<Template>(own).is_err());
}

#[test]
fn a_step_without_a_choice_is_not_handed_in() {
    let flow = json!([
        {"id": "n1", "type": "approve", "mode": "or", "who": {"starter_choice": {"from": ["user:2"]}}},
        {"id": "n2", "type": "approve", "mode": "or", "who": users(&["3"])},
    ]);
    let mut play = Play::new(flow, json!({}));
    let words = Words::default();
    let starter = play.case.data.starter.clone();
    let whole = Arc::new(play.template.clone());
    play.template = (*with_choices(whole, &starter, &play.chart, &words)).clone();
    assert_eq!(play.refused("1", Action::Submit), "E110");
}

/// The organisation where 王五 is no financial officer any more.
fn without_officer() -> Chart {
    let before = chart();
    let people = before.people().map(|person| {
        let mut person = Person::clone(person);
        person.roles.remove("cfo");
        Arc::new(person)
    });
    Chart::new(319, people.collect::<Vec<_>>())
}

#[test]
fn who_may_not_be_chosen_any_more_does_not_decide_unless_an_approval_is_undone() {
    let choice = json!({"starter_choice": {"from": ["role:cfo", "user:7"]}});
    let flow = json!([step("n1", "or", users(&["2"])), step("n2", "or", choice)]);
    let chosen_officer = || {
        let mut play = Play::new(flow.clone(), json!({}));
        let (starter, whole) = (play.case.data.starter.clone(), Arc::new(play.template.clone()));
        play.template = (*with_choices(whole, &starter, &play.chart, &Words::default())).clone();
        let people = Value::People(vec![PersonId("3".to_owned())]);
        play.does("1", Action::Fill(Form::from([("starter.choice.n2".to_owned(), people)])));
        play
    };
    // The role is gone before it is handed in: somebody else is to be chosen.
    let mut play = chosen_officer();
    play.chart = without_officer();
    assert_eq!(play.refused("1", Action::Submit), "E110");
    // Later: an administrator decides what becomes of the step.
    let mut play = chosen_officer().submitted();
    play.chart = without_officer();
    play.does("2", yes());
    assert_eq!(play.asked(), ["6"]);
    // What was approved is undone through the same hands.
    let mut play = chosen_officer();
    play.case.data.undoes = Some("other".to_owned());
    play.chart = without_officer();
    play.does("1", Action::Submit);
    play.does("2", yes());
    assert_eq!(play.asked(), ["3"]);
}

#[test]
fn candidates_are_those_whom_the_template_means_and_no_more_than_are_wanted() {
    let chart = chart();
    let from = |texts: &[&str]| texts.iter().map(|text| (*text).to_owned()).collect::<Vec<_>>();
    for texts in [
        &["role:cfo", "dept:/总部/市场部", "user:7"][..],
        &["dept:/总部"],
        &["dept:/总部/销售部", "role:approval_admin"],
        &["user:99", "role:nobody", "dept:/nowhere"],
        &[],
    ] {
        let from = from(texts);
        let meant = chart.people().filter(|person| is_meant(&from, person)).map(|person| &person.id);
        let meant: Vec<&PersonId> = meant.collect();
        let found: Vec<&PersonId> = candidates(&from, &chart, 99).iter().map(|person| &person.id).collect();
        assert_eq!(found, meant, "{texts:?}");
        assert_eq!(candidates(&from, &chart, 2).len(), meant.len().min(2), "{texts:?}");
    }
}

#[test]
fn people_at_the_end_of_a_line_go_to_the_steps_in_their_order_behind_whom_the_form_asks_for() {
    let template: Template = serde_json::from_value(json!({
        "v": 1, "id": "move", "name": {"zh": "调岗"}, "aliases": ["调岗"],
        "form": [{"id": "who", "type": "contact", "required": true}],
        "flow": [
            {"id": "n1", "type": "approve", "mode": "or", "who": {"starter_choice": {}}},
            {"id": "n2", "type": "approve", "mode": "and", "who": {"starter_choice": {"min": 1, "max": 2}}},
        ],
    }))
    .unwrap();
    let chart = chart();
    let words = Words { zh: "审批人".to_owned(), en: String::new() };
    let template = with_choices(Arc::new(template), &PersonId("1".to_owned()), &chart, &words);
    let labels: Vec<&str> = template.form[1..].iter().map(|field| field.label.zh.as_str()).collect();
    assert_eq!(labels, ["审批人 n1", "审批人 n2"]);
    let read = |line| {
        let (rest, form) = read_choices(&template, line, &[], &chart).unwrap();
        let ids = |node| chosen(&form, node).iter().map(|id| id.0.clone()).collect::<Vec<_>>().join(" ");
        (rest.to_owned(), ids("n1"), ids("n2"))
    };
    let expected =
        |rest: &str, first: &str, second: &str| (rest.to_owned(), first.to_owned(), second.to_owned());
    assert_eq!(read("@lisi @wangwu, @sunqi @ann"), expected("@lisi", "3", "7 8"));
    assert_eq!(read("@lisi"), expected("@lisi", "", ""));
    assert_eq!(read("李四 x"), expected("李四 x", "", ""));
    assert_eq!(read(""), expected("", "", ""));
    let refused = read_choices(&template, "@lisi @wangwu @sunqi @ann @chuna", &[], &chart).unwrap_err();
    assert_eq!((refused.problem, refused.example.as_str()), ("form.how_many", "1–2"));
}
