//! When it is due, what reminds of it, and what comes after it.

use super::*;
use crate::task::Origin;

#[test]
fn an_assignee_asks_for_time_and_the_creator_has_it() {
    let later = |reason: &str| Action::Postpone { due_ms: NOW + 9 * DAY, reason: reason.to_owned() };
    let case = task(&["2"]);
    assert_eq!(after(&case, "1", &later("")).data.due_ms, Some(NOW + 9 * DAY));
    assert_eq!(code(&case, "2", &later("")), "E110", "a reason is needed");
    assert_eq!(code(&case, "2", &Action::Postpone { due_ms: NOW, reason: "x".to_owned() }), "E203");
    let (asked, effects) = does(&case, "2", &later("等数据")).unwrap();
    assert!(effects.contains(&Effect::AskForTime { number: 1 }));
    assert_eq!(asked.data.due_ms, case.data.due_ms);
    assert_eq!(code(&asked, "2", &Action::Postponed { number: 1, yes: true }), "E101");
    assert_eq!(code(&asked, "1", &Action::Postponed { number: 7, yes: true }), "E110");
    let agreed = after(&asked, "1", &Action::Postponed { number: 1, yes: true });
    assert_eq!(agreed.data.due_ms, Some(NOW + 9 * DAY));
    assert_eq!(code(&agreed, "1", &Action::Postponed { number: 1, yes: false }), "E110", "once only");
    let refused = after(&asked, "1", &Action::Postponed { number: 1, yes: false });
    assert_eq!((refused.data.due_ms, refused.data.postponing), (case.data.due_ms, None));
}

#[test]
fn a_date_sets_its_reminders_and_the_end_takes_them_away() {
    let (_, effects) = does(&task(&["2"]), "1", &Action::Create).unwrap();
    let due = NOW + 3 * DAY;
    for (name, at_ms) in [
        (format!("r{DAY}"), due - DAY),
        (format!("r{HOUR}"), due - HOUR),
        ("r0".to_owned(), due),
        ("due".to_owned(), due),
        ("over".to_owned(), due + DAY),
        ("heads".to_owned(), due + 2 * DAY),
    ] {
        assert!(effects.contains(&Effect::Timer { name: name.clone(), at_ms }), "{name}");
    }
    let (_, effects) = does(&task(&["2"]), "2", &Action::Progress(100)).unwrap();
    assert!(effects.contains(&Effect::Cancel { name: "r0".to_owned() }));
    assert!(effects.contains(&Effect::Cancel { name: "heads".to_owned() }));
    let soon = Action::Due { due_ms: NOW + 2 * HOUR };
    let (_, effects) = does(&task(&["2"]), "1", &soon).unwrap();
    assert!(!effects.contains(&Effect::Timer { name: format!("r{DAY}"), at_ms: NOW + 2 * HOUR - DAY }));
}

#[test]
fn a_repeated_task_goes_on_once() {
    let mut case = task(&["2"]);
    case.data.repeat = Some("FREQ=WEEKLY".to_owned());
    case.data.checklist = vec![crate::task::Item { text: "数据".to_owned(), is_done: true }];
    let (done, effects) = does(&case, "2", &Action::Progress(100)).unwrap();
    let next = effects.iter().find_map(|effect| match effect {
        Effect::Next(task) => Some(task.clone()),
        _ => None,
    });
    let next = next.unwrap();
    assert_eq!(next.due_ms, Some(NOW + 10 * DAY));
    assert_eq!((next.progress(), next.checklist[0].is_done, next.missed), (0, false, 0));
    assert_eq!(next.source, Origin::Repeat("TK-20261105-0001".to_owned()));
    let reopened = after(&done, "2", &Action::Reopen);
    let (_, effects) = does(&reopened, "2", &Action::Progress(100)).unwrap();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Next(_))), "once only");
    let (_, effects) = does(&case, "1", &Action::Cancel { reason: None }).unwrap();
    assert!(!effects.iter().any(|effect| matches!(effect, Effect::Next(_))), "what is not wanted ends");
}
