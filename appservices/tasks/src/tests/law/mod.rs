//! Who may do what, and what comes of it.

mod dates;

use std::collections::BTreeSet;

use cases::{Case, Refusal, Via};
use people::PersonId;

use super::{DAY, HOUR, chart, id};
use crate::{
    act::{Action, Alarm, Change, Check, decide},
    desk::{Actor, Effect, World},
    task::{Mode, Task},
};

const NOW: u64 = 1_793_840_400_000;

/// A task of 张三 for these people, due in three days.
fn task(people: &[&str]) -> Case<Task> {
    let people = people.iter().map(|number| id(number)).collect();
    let blank = Task::blank("写周报".to_owned(), id("1"), people, workdays::DEFAULT_ZONE, NOW);
    let data = Task { due_ms: Some(NOW + 3 * DAY), ..blank };
    Case {
        id: "01J".to_owned(),
        no: "TK-20261105-0001".to_owned(),
        kind: "task".to_owned(),
        state: "open".to_owned(),
        seq: 1,
        rev: 1,
        head: String::new(),
        created_ms: NOW,
        lists: BTreeSet::new(),
        data,
    }
}

/// What comes of it when somebody does something; nobody is the clock.
fn does(case: &Case<Task>, who: &str, action: &Action) -> Result<(Case<Task>, Vec<Effect>), Refusal> {
    does_as(case, who, action, false)
}

fn does_as(
    case: &Case<Task>,
    who: &str,
    action: &Action,
    is_moderator: bool,
) -> Result<(Case<Task>, Vec<Effect>), Refusal> {
    let (chart, zone) = (chart(), workdays::default_zone());
    let account = chart.person(&id(who)).and_then(|person| person.account.clone());
    let actor = match account {
        Some(account) => Actor {
            person: Some(id(who)),
            account: Some(account),
            via: Via::Matrix,
            source: None,
            link: None,
        },
        None => Actor::nobody(),
    };
    let world = World {
        chart: &chart,
        zone: &zone,
        at_ms: NOW,
        is_moderator,
        is_at_home: is_moderator,
        accepts_after_ms: Some(DAY),
    };
    decide(case, action, &actor, world).map(|decision| (decision.case, decision.effects))
}

fn after(case: &Case<Task>, who: &str, action: &Action) -> Case<Task> {
    does(case, who, action).unwrap_or_else(|refusal| panic!("{who} {action:?}: {refusal:?}")).0
}

fn code(case: &Case<Task>, who: &str, action: &Action) -> &'static str {
    does(case, who, action).unwrap_err().code
}

fn people(case: &Case<Task>) -> Vec<&str> {
    case.data.assignees.iter().map(|assignee| assignee.person.0.as_str()).collect()
}

#[test]
fn progress_is_a_quarter_and_moves_the_state() {
    for (percent, state) in [(0, "open"), (25, "doing"), (50, "doing"), (75, "doing"), (100, "done")] {
        let begun = after(&task(&["2"]), "2", &Action::Progress(25));
        let case = if percent == 25 { begun } else { after(&begun, "2", &Action::Progress(percent)) };
        assert_eq!((case.data.progress(), case.state.as_str()), (percent, state));
    }
    for percent in [1, 10, 33, 99, 101, 255] {
        assert_eq!(code(&task(&["2"]), "2", &Action::Progress(percent)), "E201", "{percent}");
    }
}

#[test]
fn any_needs_one_and_all_need_everybody() {
    let any = after(&task(&["2", "5"]), "5", &Action::Progress(100));
    assert_eq!(any.state, "done");
    let mut all = task(&["2", "5"]);
    all.data.mode = Mode::All;
    let half = after(&all, "5", &Action::Progress(100));
    assert_eq!((half.state.as_str(), half.data.progress()), ("doing", 50));
    let quarter = after(&all, "5", &Action::Progress(75));
    assert_eq!(quarter.data.progress(), 25, "a quarter at or below the mean");
    assert_eq!(after(&half, "2", &Action::Progress(100)).state, "done");
}

#[test]
fn what_is_done_is_reopened_by_creator_or_assignee_only() {
    let done = after(&task(&["2"]), "2", &Action::Progress(100));
    assert_eq!(code(&done, "2", &Action::Progress(50)), "E103");
    assert_eq!(code(&done, "1", &Action::Cancel { reason: None }), "E103");
    assert_eq!(code(&done, "5", &Action::Reopen), "E107", "who has no part in it does not learn of it");
    for who in ["1", "2"] {
        let again = after(&done, who, &Action::Reopen);
        assert_eq!((again.state.as_str(), again.data.progress()), ("open", 0), "{who}");
    }
    let cancelled = after(&task(&["2"]), "1", &Action::Cancel { reason: Some("变了".to_owned()) });
    assert_eq!(code(&cancelled, "2", &Action::Reopen), "E101");
    assert_eq!(after(&cancelled, "1", &Action::Reopen).state, "open");
}

#[test]
fn who_may_do_what() {
    let mut case = task(&["2", "5"]);
    case.data.followers.insert(id("6"));
    let set = Action::Change(Change::Title("新".to_owned()));
    for (action, creator, assignee, follower, head, stranger) in [
        (&set, "", "E101", "E101", "E101", "E107"),
        (&Action::Cancel { reason: None }, "", "E101", "E101", "E101", "E107"),
        (&Action::Progress(50), "", "", "E101", "E101", "E107"),
        (&Action::Snooze { for_ms: HOUR }, "", "", "E101", "E101", "E107"),
        (&Action::Assign { people: vec![id("6")] }, "", "", "E101", "", "E107"),
        (&Action::Follow { yes: true }, "", "", "", "", "E107"),
    ] {
        let cases = [("1", creator), ("5", assignee), ("6", follower), ("4", head), ("3", stranger)];
        for (who, expected) in cases {
            let outcome = does(&case, who, action).err().map_or("", |refusal| refusal.code);
            assert_eq!(outcome, expected, "{who} {action:?}");
        }
        assert_eq!(does(&case, "9", action).unwrap_err().code, "E108", "an unbound account");
    }
    assert!(does_as(&case, "3", &set, true).is_ok(), "a moderator of the room changes anything");
}

#[test]
fn crossing_departments_needs_a_head_or_consent() {
    for (giver, receiver, is_accepted) in
        [("1", "5", true), ("1", "3", false), ("2", "3", true), ("4", "3", true), ("1", "1", true)]
    {
        let mut case = task(&[receiver]);
        case.data.creator = id(giver);
        let made = after(&case, giver, &Action::Create);
        assert_eq!(made.data.assignees[0].is_accepted, is_accepted, "{giver} to {receiver}");
    }
    let mut case = task(&["3"]);
    case.data.creator = id("1");
    let (asked, effects) = does(&case, "1", &Action::Create).unwrap();
    assert!(effects.contains(&Effect::Timer { name: "accept/3".to_owned(), at_ms: NOW + DAY }));
    assert!(after(&asked, "3", &Action::Accept).data.assignees[0].is_accepted);
    let silent = Action::Alarm { alarm: Alarm::Accept(id("3")), is_late: false };
    assert!(after(&asked, "", &silent).data.assignees[0].is_accepted, "silence is consent after a day");
    assert!(after(&asked, "3", &Action::Progress(25)).data.assignees[0].is_accepted);
    let declined = after(&asked, "3", &Action::Decline { reason: Some("没空".to_owned()) });
    assert_eq!(people(&declined), ["1"], "it is with whoever wanted it");
    assert_eq!(code(&declined, "3", &Action::Accept), "E107");
    let waiting = after(&asked, "3", &Action::Decline { reason: None });
    assert_eq!((people(&waiting), waiting.data.awaiting.len()), (vec!["3"], 1));
    let late = Action::Alarm { alarm: Alarm::Reason(id("3")), is_late: false };
    assert_eq!(after(&waiting, "", &late).data.awaiting.len(), 1, "not before its time");
}

#[test]
fn an_assignee_passes_on_their_own_part_and_a_manager_all() {
    let case = task(&["2", "5"]);
    assert_eq!(people(&after(&case, "5", &Action::Assign { people: vec![id("6")] })), ["2", "6"]);
    assert_eq!(people(&after(&case, "1", &Action::Assign { people: vec![id("6")] })), ["6"]);
    assert_eq!(people(&after(&case, "5", &Action::Assign { people: vec![id("2")] })), ["2"]);
    assert_eq!(code(&case, "1", &Action::Assign { people: vec![id("99")] }), "E110");
    assert_eq!(code(&case, "1", &Action::Assign { people: Vec::new() }), "E110");
}

#[test]
fn more_than_twenty_assignees_are_refused() {
    let many: Vec<PersonId> = (0..21).map(|number| id(&format!("p{number}"))).collect();
    let people = chart().people().map(|person| person.as_ref().clone()).collect::<Vec<_>>();
    let crowd = many.iter().map(|id| people::Person { id: id.clone(), account: None, ..people[0].clone() });
    let chart = people::Chart::new(2, people.iter().cloned().chain(crowd).map(std::sync::Arc::new));
    let zone = workdays::default_zone();
    let world = World {
        chart: &chart,
        zone: &zone,
        at_ms: NOW,
        is_moderator: false,
        is_at_home: false,
        accepts_after_ms: None,
    };
    let actor = Actor {
        person: Some(id("1")),
        account: chart.person(&id("1")).unwrap().account.clone(),
        via: Via::Matrix,
        source: None,
        link: None,
    };
    let assign = |people: &[PersonId]| {
        decide(&task(&["2"]), &Action::Assign { people: people.to_vec() }, &actor, world)
    };
    assert_eq!(assign(&many).unwrap_err().code, "E110");
    assert!(assign(&many[..20]).is_ok());
}

#[test]
fn parents_do_not_go_round() {
    let part_of = |parents: &[&str]| {
        let parents = parents.iter().map(|no| (*no).to_owned()).collect();
        Action::Change(Change::Parent(Some(parents)))
    };
    let case = task(&["2"]);
    assert_eq!(after(&case, "1", &part_of(&["TK-9"])).data.parent.as_deref(), Some("TK-9"));
    for circle in [vec!["TK-20261105-0001"], vec!["TK-9", "TK-20261105-0001"]] {
        assert_eq!(code(&case, "1", &part_of(&circle)), "E202", "{circle:?}");
    }
    let deep: Vec<String> = (0..40).map(|n| format!("TK-{n}")).collect();
    assert_eq!(code(&case, "1", &Action::Change(Change::Parent(Some(deep)))), "E202");
}

#[test]
fn a_checklist_has_numbers_and_a_bound() {
    let add = Action::Check(Check::Add("大纲".to_owned()));
    let case = after(&task(&["2"]), "2", &add);
    assert!(after(&case, "2", &Action::Check(Check::Toggle(1))).data.checklist[0].is_done);
    assert!(after(&case, "1", &Action::Check(Check::Remove(1))).data.checklist.is_empty());
    for wrong in [Check::Toggle(0), Check::Toggle(2), Check::Remove(0), Check::Add(" ".to_owned())] {
        assert_eq!(code(&case, "2", &Action::Check(wrong.clone())), "E110", "{wrong:?}");
    }
    let full = (0..50).fold(task(&["2"]), |case, _| after(&case, "2", &add));
    assert_eq!(code(&full, "2", &add), "E110");
}

#[test]
fn who_leaves_hands_over_to_their_head() {
    let mut case = task(&["5"]);
    case.data.creator = id("5");
    let left = after(&case, "", &Action::Left { person: id("5") });
    assert_eq!((people(&left), &left.data.creator), (vec!["2"], &id("2")));
    let with_head = after(&task(&["5", "2"]), "", &Action::Left { person: id("5") });
    assert_eq!(people(&with_head), ["2"], "a head who has it already has it once");
    let of_head = after(&task(&["4"]), "", &Action::Left { person: id("4") });
    assert_eq!(people(&of_head), ["1"], "nobody is above them: who wanted it has it");
}
