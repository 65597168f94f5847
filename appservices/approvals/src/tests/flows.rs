//! Who is asked, and where a case goes on.

use people::Chart;
use serde_json::json;

use super::{
    chart,
    law::{Play, no, step, template, users, yes},
};
use crate::{
    act::Action,
    desk::Effect,
    instance::{Task, TaskState},
    template::{Form, Value},
};

#[test]
fn heads_are_counted_from_the_starter() {
    // (starter, who, asked)
    let cases = [
        ("1", json!({"dept_head": 1}), vec!["2"]),
        ("1", json!({"dept_head": 2}), vec!["4"]),
        ("2", json!({"dept_head": 1}), vec!["4"]),
        ("1", json!({"role": "cfo"}), vec!["3"]),
        ("1", json!({"dept_head": 5}), vec!["6"]),
        ("8", json!({"dept_head": 1}), vec!["6"]),
        ("1", users(&["1"]), vec!["2"]),
    ];
    for (starter, who, asked) in cases {
        let mut play = Play::started_by(starter, json!([step("n1", "or", who.clone())]), json!({}));
        play.does(starter, Action::Submit);
        assert_eq!(play.asked(), asked, "{starter} {who}");
    }
}

#[test]
fn each_level_of_heads_is_a_step() {
    let flow = json!([step("n1", "and", json!({"dept_heads": {"until": 3}}))]);
    let mut play = Play::new(flow, json!({})).submitted();
    assert_eq!(play.asked(), ["2"]);
    play.does("2", yes());
    assert_eq!(play.asked(), ["4"]);
    play.does("4", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn a_branch_goes_by_the_form() {
    for (amount, asked) in [(1_280_000, "3"), (999_999, "4")] {
        let flow = json!([
            {"id": "c", "type": "branch", "cases": [{"if": "amount >= 1000000", "next": "big"}], "else": "small"},
            {"id": "big", "type": "approve", "who": {"role": "cfo"}, "next": "end"},
            {"id": "small", "type": "approve", "who": {"dept_head": 2}},
        ]);
        let mut play = Play::new(flow, json!({}));
        play.does("1", Action::Fill(Form::from([("amount".into(), Value::Number(amount))])));
        play.does("1", Action::Submit);
        assert_eq!(play.asked(), [asked]);
        let by_condition = play.case.data.reasons[0].condition.is_some();
        assert_eq!(by_condition, amount >= 1_000_000);
    }
}

#[test]
fn edge_03_nobody_is_asked_twice_in_a_row_and_the_record_says_so() {
    let flow = json!([
        step("n1", "or", users(&["2"])),
        step("n2", "or", users(&["2", "3"])),
        step("n3", "or", users(&["2"]))
    ]);
    // (policy, asked after 2 agreed, asked after 3 agreed, state then)
    let cases = [
        ("adjacent", vec!["3"], vec!["2"], "pending"),
        ("all", vec!["3"], vec![], "approved"),
        ("none", vec!["2", "3"], vec!["2"], "pending"),
    ];
    for (policy, first, second, state) in cases {
        let mut play = Play::new(flow.clone(), json!({ "dedupe": policy })).submitted();
        play.does("2", yes());
        assert_eq!(play.asked(), first, "{policy}");
        play.does("3", yes());
        assert_eq!((play.asked(), play.state()), (second, state), "{policy}");
        assert_eq!(play.records.contains(&"skip".to_owned()), policy != "none", "{policy}");
    }
}

#[test]
fn edge_02_a_step_of_the_starter_goes_to_their_head_or_is_passed_over() {
    let flow = json!([step("n1", "or", users(&["1"])), step("n2", "or", users(&["3"]))]);
    let cases = [("parent_head", vec!["2"]), ("allow", vec!["1"]), ("skip_if_later", vec!["3"])];
    for (policy, asked) in cases {
        let play = Play::new(flow.clone(), json!({ "self": policy })).submitted();
        assert_eq!(play.asked(), asked, "{policy}");
    }
}

#[test]
fn edge_01_a_step_without_people_follows_the_policy() {
    let flow = json!([step("n1", "or", json!({"role": "nobody"})), step("n2", "or", users(&["3"]))]);
    for (policy, asked) in [("pass", "3"), ("to_admin", "6"), ("user:4", "4")] {
        let play = Play::new(flow.clone(), json!({ "empty": policy })).submitted();
        assert_eq!(play.asked(), [asked], "{policy}");
    }
    let mut play = Play::new(flow, json!({ "empty": "refuse" }));
    assert_eq!(play.refused("1", Action::Submit), "E116");
}

#[test]
fn what_is_returned_can_be_changed_and_goes_on() {
    let flow = json!([step("n1", "or", users(&["2"])), step("n2", "or", users(&["3"]))]);
    for (resubmit, asked, nodes) in [("restart", "2", vec!["n1"]), ("jump_back", "3", vec!["n1", "n2"])] {
        let policy = json!({ "reject": "to_starter", "resubmit": resubmit });
        let mut play = Play::new(flow.clone(), policy).submitted();
        play.does("2", yes());
        play.does("3", no("缺发票"));
        assert_eq!((play.state(), play.asked().len()), ("returned", 0));
        let tasks = &play.case.data.tasks;
        assert!(tasks[1].sends_back() && !tasks[0].sends_back(), "who did not agree has sent it back");
        play.does("1", Action::Submit);
        assert_eq!(play.asked(), [asked], "{resubmit}");
        let reasons = play.case.data.reasons.iter().filter(|why| !why.is_past);
        let explained: Vec<&str> = reasons.map(|why| why.node.as_str()).collect();
        assert_eq!(explained, nodes, "{resubmit}: each node that counts is explained once");
    }
}

#[test]
fn a_return_goes_to_the_starter_or_to_a_node_before() {
    let flow = json!([step("n1", "or", users(&["2"])), step("n2", "or", users(&["3"]))]);
    let mut play = Play::new(flow, json!({})).submitted();
    play.does("2", yes());
    let to = |node: Option<&str>| Action::Return { node: node.map(str::to_owned), reason: "再看".into() };
    assert_eq!(play.refused("3", to(Some("n2"))), "E110");
    play.does("3", to(Some("n1")));
    assert_eq!(play.asked(), ["2"]);
    play.does("2", to(None));
    assert_eq!(play.state(), "returned");
}

#[test]
fn a_rejection_goes_back_to_a_node_that_was_passed_and_never_forward() {
    let flow = json!([
        step("n1", "or", users(&["2"])),
        step("n2", "or", users(&["3"])),
        step("n3", "or", users(&["4"])),
    ]);
    // (who agrees before, who rejects, how it stands then, who is asked then)
    for (agree, rejects, state, asked) in [
        (vec!["2", "3"], "4", "pending", vec!["3"]),
        (vec!["2"], "3", "returned", vec![]),
        (vec![], "2", "returned", vec![]),
    ] {
        let mut play = Play::new(flow.clone(), json!({ "reject": "to_node:n2" })).submitted();
        for who in agree {
            play.does(who, yes());
        }
        play.does(rejects, no("再看"));
        assert_eq!((play.state(), play.asked()), (state, asked), "{rejects}");
    }
}

#[test]
fn what_lies_behind_a_return_is_returned_as_well() {
    let flow = json!([
        step("n1", "or", users(&["2"])),
        step("n2", "or", users(&["3"])),
        step("n3", "and", users(&["4", "5"])),
    ]);
    let to = |node: Option<&str>| Action::Return { node: node.map(str::to_owned), reason: "再看".into() };
    let states = |play: &Play| play.case.data.tasks.iter().map(|task| task.state).collect::<Vec<_>>();
    let (approved, returned, pending) = (TaskState::Approved, TaskState::Returned, TaskState::Pending);
    // (how it is handed in again, to which nodes, one after the other, how the tasks stand then)
    for (resubmit, nodes, expected) in [
        ("restart", vec![Some("n2")], vec![approved, returned, returned, returned, pending]),
        ("restart", vec![None], vec![returned; 4]),
        // It goes on where it was sent back: what was agreed before stays.
        ("jump_back", vec![None], vec![approved, approved, returned, returned]),
        // A second return goes behind the first one.
        ("restart", vec![Some("n2"), Some("n1")], [vec![returned; 7], vec![pending]].concat()),
        ("restart", vec![Some("n2"), None], vec![returned; 7]),
    ] {
        let mut play = Play::new(flow.clone(), json!({ "resubmit": resubmit })).submitted();
        play.does("2", yes());
        for node in &nodes {
            play.does("3", yes());
            play.does("4", to(*node));
        }
        assert_eq!(states(&play), expected, "{resubmit} {nodes:?}");
        let sent_back: Vec<bool> = play.case.data.tasks.iter().map(Task::sends_back).collect();
        assert_eq!(sent_back.iter().position(|sent| *sent), Some(2), "by who sent it, and nobody else");
        assert_eq!(play.refused("5", yes()), "E103");
    }
}

#[test]
fn dead_ends_are_found_for_every_department() {
    let flow =
        json!([step("n1", "or", json!({"dept_head": 1})), step("n2", "or", json!({"role": "nobody"}))]);
    let found = crate::template::dead_ends(&template(flow, json!({})), &chart());
    let at = |node: &str| found.iter().filter(|(found, _)| found == node).count();
    // Nobody heads marketing, and nobody is above the head of everything.
    let paths: Vec<&str> =
        found.iter().filter(|(node, _)| node == "n1").map(|(_, path)| path.as_str()).collect();
    assert_eq!(paths, ["总部", "总部/市场部"]);
    assert_eq!(at("n2"), chart().departments().count());
}

#[test]
fn edge_08_the_result_of_a_starter_who_left_goes_to_their_head() {
    let mut play = Play::new(json!([step("n1", "or", users(&["3"]))]), json!({})).submitted();
    let people = play.chart.people().map(|person| {
        let mut person = people::Person::clone(person);
        if person.id.0 == "1" {
            person.status = people::Status::Left;
        }
        person.into()
    });
    play.chart = Chart::new(319, people.collect::<Vec<_>>());
    play.does("3", yes());
    let told: Vec<_> = play
        .effects
        .iter()
        .filter_map(|effect| match effect {
            Effect::Tell(tell) => Some((tell.to.0.as_str(), tell.text)),
            _ => None,
        })
        .collect();
    assert_eq!(told, [("2", "told.approved")]);
}
