//! Into other hands, backwards, and by the clock.

use cases::Refusal;
use people::PersonId;
use serde_json::json;

use super::law::{Play, START_MS, step, users, yes};
use crate::{
    act::{Action, Alarm, Place},
    desk::{Delegation, Effect},
    instance::TaskState,
    limits::{PEOPLE_OF_STEP_MAX, READERS_MAX},
};

#[test]
fn a_transfer_moves_the_task_and_never_to_the_starter() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let to = |id: &str| Action::Transfer { to: PersonId(id.into()), reason: None };
    assert_eq!(play.refused("2", to("1")), "E115");
    for (from, next) in [("2", "3"), ("3", "4"), ("4", "5"), ("5", "6"), ("6", "7")] {
        play.does(from, to(next));
    }
    assert_eq!(play.refused("7", to("2")), "E110", "five times at most");
    assert_eq!(play.refused("2", yes()), "E103");
    play.does("7", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn a_delegate_acts_for_one_hop_and_never_for_a_case_of_their_own() {
    let order = |from: &str, to: &str| Delegation {
        from: PersonId(from.into()),
        to: PersonId(to.into()),
        templates: vec!["x".into()],
        since_ms: 0,
        until_ms: START_MS + 1_000,
    };
    let flow = json!([step("n1", "or", users(&["2"]))]);
    let mut play = Play::new(flow.clone(), json!({}));
    play.delegations = vec![order("2", "7"), order("7", "8")];
    let mut play = play.submitted();
    assert_eq!(play.refused("8", yes()), "E107");
    play.does("7", yes());
    assert_eq!(play.state(), "approved");

    let mut play = Play::new(flow.clone(), json!({}));
    play.delegations = vec![order("2", "1")];
    let mut play = play.submitted();
    assert_eq!(play.refused("1", yes()), "E101", "the starter is nobody's delegate");

    let mut play = Play::new(flow, json!({}));
    play.delegations = vec![order("2", "7")];
    play.at_ms += 2_000;
    let mut play = play.submitted();
    assert_eq!(play.refused("7", yes()), "E107", "the order is over");
}

#[test]
fn a_recall_is_possible_until_somebody_decided() {
    let flow = json!([step("n1", "and", users(&["2", "3"]))]);
    let mut play = Play::new(flow.clone(), json!({})).submitted();
    assert_eq!(play.refused("2", Action::Recall), "E101");
    play.does("1", Action::Recall);
    assert_eq!((play.state(), play.asked().len()), ("recalled", 0));
    let refusal = play.tries("2", yes()).unwrap_err();
    assert_eq!(refusal.code, "E103", "nobody has it any more");
    let said = [("who", "张三".to_owned()), ("result", "state.recalled".to_owned())];
    assert!(said.iter().all(|field| refusal.fields.contains(field)), "{refusal:?}");
    for (policy, code) in [("until_decided", Some("E113")), ("always", None)] {
        let mut play = Play::new(flow.clone(), json!({ "recall": policy })).submitted();
        play.does("2", yes());
        assert_eq!(play.tries("1", Action::Recall).err().map(|refusal| refusal.code), code, "{policy}");
    }
}

#[test]
fn an_urge_rings_once_in_a_while_and_the_third_at_the_head() {
    let policy = json!({ "urge_cooldown": "1h" });
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), policy).submitted();
    let tells = |play: &Play| play.effects.iter().filter(|effect| matches!(effect, Effect::Tell(_))).count();
    play.does("1", Action::Urge);
    assert_eq!(tells(&play), 1);
    assert_eq!(play.refused("1", Action::Urge), "E114");
    assert_eq!(play.refused("2", Action::Urge), "E101");
    for expected in [1, 2] {
        play.at_ms += 3_600_000;
        play.does("1", Action::Urge);
        assert_eq!(tells(&play), expected);
    }
}

#[test]
fn time_that_is_up_does_what_the_node_says() {
    let node = |what: &str| json!([{"id": "n1", "type": "approve", "who": {"users": ["2"]}, "timeout": "48h", "on_timeout": what}]);
    // Without an amount, time may agree.
    let cases = [
        ("remind", "pending", vec!["2"]),
        ("escalate", "pending", vec!["4"]),
        ("auto_reject", "rejected", vec![]),
    ];
    for (what, state, asked) in cases {
        let mut play = Play::new(node(what), json!({})).submitted();
        let alarm = play.effects.iter().find_map(|effect| match effect {
            Effect::Timer { name, at_ms } => Some((name.clone(), *at_ms)),
            _ => None,
        });
        let (name, at_ms) = alarm.unwrap();
        assert_eq!(at_ms, START_MS + 48 * 3_600_000);
        play.at_ms = at_ms;
        play.does("", Action::Alarm(Alarm::named(&name).unwrap()));
        assert_eq!((play.state(), play.asked()), (state, asked), "{what}");
    }
}

#[test]
fn whose_time_is_up_before_somebody_else_is_followed_before_them() {
    let flow = json!([{
        "id": "n1", "type": "approve", "mode": "or", "who": {"users": ["2"]}, "timeout": "48h",
        "on_timeout": "escalate",
    }]);
    let mut play = Play::new(flow, json!({})).submitted();
    play.does("2", Action::AddSign { people: vec![PersonId("8".into())], place: Place::Before });
    assert_eq!(play.asked(), ["8"]);
    play.does("", Action::Alarm(Alarm::Node { round: 1 }));
    assert_eq!(play.asked(), ["4"], "the head of 8");
    play.does("4", yes());
    assert_eq!((play.state(), play.asked()), ("pending", vec!["2"]), "who added them decides in the end");
}

#[test]
fn who_leaves_is_followed_by_their_head() {
    let mut play = Play::new(json!([step("n1", "or", users(&["7"]))]), json!({})).submitted();
    play.does("", Action::Left { person: PersonId("7".into()) });
    assert_eq!(play.asked(), ["2"]);
    assert_eq!(play.case.data.tasks[0].state, TaskState::Transferred);
}

#[test]
fn whose_head_has_decided_already_is_followed_by_an_administrator() {
    let mut play = Play::new(json!([step("n1", "and", users(&["2", "7"]))]), json!({})).submitted();
    play.does("2", yes());
    play.does("", Action::Left { person: PersonId("7".into()) });
    assert_eq!(play.asked(), ["6"]);
}

#[test]
fn rights_are_counted_by_person() {
    let mut play = Play::new(json!([step("n1", "quorum:2", users(&["2", "3", "4"]))]), json!({})).submitted();
    let id = |id: &str| PersonId(id.into());
    let add = |people: &[&str], place| Action::AddSign {
        people: people.iter().map(|who| id(who)).collect(),
        place,
    };
    play.does("2", yes());
    assert_eq!(play.refused("3", Action::Transfer { to: id("2"), reason: None }), "E110", "2 has decided");
    for (people, place) in [
        (vec!["2"], Place::Parallel),
        (vec!["4"], Place::Before),
        (vec!["3"], Place::Parallel),
        (vec!["3"], Place::After),
        (vec!["7", "7"], Place::Parallel),
    ] {
        assert_eq!(play.refused("3", add(&people, place)), "E110", "{people:?} {place:?}");
    }
    assert_eq!((play.state(), play.asked()), ("pending", vec!["3", "4"]));
}

#[test]
fn too_many_people_are_refused_as_too_many_and_not_as_unknown() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let people = |ids: &[&str]| ids.iter().map(|id| PersonId((*id).into())).collect::<Vec<_>>();
    let problem = |refusal: Refusal| {
        refusal.fields.into_iter().find(|(name, _)| *name == "problem").map(|(_, problem)| problem)
    };
    let many = people(&["7"; PEOPLE_OF_STEP_MAX + 1]);
    let adds = Action::AddSign { people: many, place: Place::Parallel };
    assert_eq!(play.tries("2", adds).err().and_then(problem).as_deref(), Some("form.how_many"));
    play.case.data.readers = (0..READERS_MAX).map(|n| PersonId(format!("reader {n}"))).collect();
    play.case.data.readers.pop_last();
    play.does("1", Action::Copy { people: people(&["7"]) });
    play.does("1", Action::Copy { people: people(&["7"]) });
    let copies = Action::Copy { people: people(&["7", "8"]) };
    assert_eq!(play.tries("1", copies).err().and_then(problem).as_deref(), Some("form.how_many"));
    assert_eq!(play.case.data.readers.len(), READERS_MAX);
}

#[test]
fn administrators_reassign_and_terminate_and_others_do_not() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let (from, to) = (PersonId("2".into()), PersonId("3".into()));
    let move_it = Action::Reassign { from, to, reason: "休假".into() };
    assert_eq!(play.refused("2", move_it.clone()), "E102");
    play.does("6", move_it);
    assert_eq!(play.asked(), ["3"]);
    play.does("6", Action::Terminate { reason: "作废".into() });
    assert_eq!(play.state(), "terminated");
}
