//! Yes and no, and what several of them amount to.

use people::PersonId;
use serde_json::json;

use super::law::{Play, no, step, users, yes};
use crate::{
    act::{Action, Alarm, Place},
    desk::Effect,
};

/// A mode, who says yes or no in which order, and the state then.
type Vote = (&'static str, &'static [(&'static str, bool)], &'static str);

#[test]
fn modes_decide_as_they_say() {
    // (mode, votes in order: who and yes, state afterwards)
    let cases: [Vote; 9] = [
        ("and", &[("2", true)], "pending"),
        ("and", &[("2", true), ("3", true), ("4", true)], "approved"),
        ("and", &[("2", true), ("3", false)], "rejected"),
        ("or", &[("3", true)], "approved"),
        ("or", &[("3", false)], "rejected"),
        ("seq", &[("2", true), ("3", true), ("4", true)], "approved"),
        ("seq", &[("2", true), ("3", false)], "rejected"),
        ("quorum:2", &[("2", true), ("4", true)], "approved"),
        ("quorum:2", &[("2", false), ("4", false)], "rejected"),
    ];
    for (mode, votes, state) in cases {
        let mut play = Play::new(json!([step("n1", mode, users(&["2", "3", "4"]))]), json!({})).submitted();
        for (who, agrees) in votes {
            play.does(who, if *agrees { yes() } else { no("不行") });
        }
        assert_eq!(play.state(), state, "{mode} {votes:?}");
    }
}

#[test]
fn a_sequence_asks_one_after_the_other() {
    let mut play = Play::new(json!([step("n1", "seq", users(&["2", "3"]))]), json!({})).submitted();
    assert_eq!(play.asked(), ["2"]);
    assert_eq!(play.refused("3", yes()), "E101");
    play.does("2", yes());
    assert_eq!(play.asked(), ["3"]);
}

#[test]
fn a_task_takes_one_decision_and_says_which() {
    let mut play = Play::new(json!([step("n1", "and", users(&["2", "3"]))]), json!({})).submitted();
    play.does("2", yes());
    let refusal = play.tries("2", no("doch nicht")).unwrap_err();
    assert_eq!(refusal.code, "E103");
    assert!(refusal.fields.contains(&("who", "李四".into())), "{refusal:?}");
    assert!(refusal.fields.contains(&("result", "result.approved".into())), "{refusal:?}");
    assert_eq!(play.refused("8", yes()), "E107", "who has no part in it learns nothing");
    assert_eq!(play.refused("1", yes()), "E101");
    assert_eq!(play.refused("nobody", yes()), "E108");
}

#[test]
fn a_rejection_waits_for_its_reason_and_is_void_without() {
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    let silent = Action::Reject { task: None, reason: None };
    let records = play.records.len();
    play.does("2", silent.clone());
    assert!(play.effects.iter().any(|effect| matches!(effect, Effect::Tell(tell) if tell.text == "E111")));
    assert_eq!((play.asked(), play.records.len()), (vec!["2"], records), "nothing counts yet");
    play.at_ms += 600_000;
    play.does("", Action::Alarm(Alarm::Answer { task: "t1".into() }));
    assert_eq!(play.case.data.tasks[0].awaiting, None);
    play.does("2", silent);
    play.does("2", no("发票抬头不对"));
    assert_eq!(play.state(), "rejected");
}

#[test]
fn great_sums_need_a_code() {
    let policy = json!({ "confirm_over": "amount >= 1000000" });
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), policy).submitted();
    play.does("2", yes());
    assert!(play.effects.iter().any(|effect| matches!(effect, Effect::Tell(tell) if tell.text == "E112")));
    let with =
        |code: &str| Action::Approve { task: None, comment: None, code: Some(code.into()), chance: 999_999 };
    play.does("2", with("000000"));
    assert_eq!(play.state(), "pending", "a wrong code makes a new one");
    play.does("2", with("123456"));
    assert_eq!(play.state(), "pending", "the old code is worth nothing");
    play.does("2", with("999999"));
    assert_eq!(play.state(), "approved");
}

#[test]
fn added_people_come_before_with_or_after() {
    let add = |place| Action::AddSign { people: vec![PersonId("3".into())], place };
    // (place, asked after adding, asked after the added one agreed)
    let cases = [(Place::Before, vec!["3"], vec!["2"]), (Place::Parallel, vec!["2", "3"], vec!["2"])];
    for (place, first, then) in cases {
        let mut play = Play::new(json!([step("n1", "and", users(&["2"]))]), json!({})).submitted();
        play.does("2", add(place));
        assert_eq!(play.asked(), first, "{place:?}");
        play.does("3", yes());
        assert_eq!(play.asked(), then, "{place:?}");
        play.does("2", yes());
        assert_eq!(play.state(), "approved", "{place:?}");
    }
    let mut play = Play::new(json!([step("n1", "and", users(&["2"]))]), json!({})).submitted();
    play.does("2", add(Place::After));
    assert_eq!(play.asked(), ["3"]);
    play.does("3", yes());
    assert_eq!(play.state(), "approved");
}

#[test]
fn who_was_added_before_can_refuse_and_be_taken_back() {
    let add = Action::AddSign { people: vec![PersonId("3".into())], place: Place::Before };
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    play.does("2", add.clone());
    play.does("3", no("不行"));
    assert_eq!(play.state(), "rejected");
    let mut play = Play::new(json!([step("n1", "or", users(&["2"]))]), json!({})).submitted();
    play.does("2", add);
    play.does("2", Action::RemoveSign { person: PersonId("3".into()) });
    assert_eq!(play.asked(), ["2"]);
}
