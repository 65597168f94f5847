//! What the words of several people amount to.

use crate::{
    instance::{Task, TaskState},
    template::Mode,
};

/// Whether a round is passed or failed; nothing while it is open. Who was added before somebody else has no vote of
/// their own, but can refuse.
#[must_use]
pub fn outcome(mode: Mode, tasks: &[&Task]) -> Option<bool> {
    let is_added_before = |task: &Task| task.added.as_ref().is_some_and(|added| added.before.is_some());
    if tasks.iter().any(|task| is_added_before(task) && task.state == TaskState::Rejected) {
        return Some(false);
    }
    let votes: Vec<TaskState> = tasks
        .iter()
        .filter(|task| !is_added_before(task))
        .map(|task| task.state)
        .filter(|state| counts(*state))
        .collect();
    let count = |wanted: TaskState| votes.iter().filter(|state| **state == wanted).count();
    let approved = count(TaskState::Approved);
    let rejected = count(TaskState::Rejected);
    let open = votes.iter().filter(|state| state.is_open()).count();
    match mode {
        Mode::And | Mode::Seq if rejected > 0 => Some(false),
        Mode::And | Mode::Seq => (open == 0).then_some(true),
        Mode::Or if approved > 0 => Some(true),
        Mode::Or if rejected > 0 => Some(false),
        Mode::Or => (open == 0).then_some(true),
        Mode::Quorum(n) => {
            let needed = usize::try_from(n).unwrap_or(usize::MAX).min(votes.len());
            if approved >= needed { Some(true) } else { (approved + open < needed).then_some(false) }
        }
    }
}

fn counts(state: TaskState) -> bool {
    match state {
        TaskState::Waiting | TaskState::Pending | TaskState::Approved | TaskState::Rejected => true,
        TaskState::Returned
        | TaskState::Transferred
        | TaskState::Skipped
        | TaskState::Closed
        | TaskState::Expired => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instance::Added;
    use people::PersonId;

    fn task(letter: char) -> Task {
        let state = match letter.to_ascii_lowercase() {
            'a' => TaskState::Approved,
            'r' => TaskState::Rejected,
            'p' => TaskState::Pending,
            'w' => TaskState::Waiting,
            's' => TaskState::Skipped,
            't' => TaskState::Transferred,
            other => panic!("{other}"),
        };
        let added =
            letter.is_uppercase().then(|| Added { by: PersonId("1".into()), before: Some("t0".into()) });
        Task {
            id: "t1".into(),
            node: "n1".into(),
            round: 1,
            owner: PersonId("2".into()),
            delegate: None,
            state,
            decided: None,
            transfers: 0,
            added,
            awaiting: None,
            partner: None,
            instead: Default::default(),
        }
    }

    #[test]
    fn words_amount_to_what_the_mode_says() {
        let (yes, no, open) = (Some(true), Some(false), None);
        // Capital letters were added before somebody.
        let cases = [
            (Mode::And, "aa", yes),
            (Mode::And, "ap", open),
            (Mode::And, "rp", no),
            (Mode::And, "as", yes),
            (Mode::And, "tap", open),
            (Mode::And, "Aw", open),
            (Mode::And, "Rw", no),
            (Mode::Or, "pp", open),
            (Mode::Or, "ap", yes),
            (Mode::Or, "rp", no),
            (Mode::Or, "Ap", open),
            (Mode::Seq, "apw", open),
            (Mode::Seq, "aaa", yes),
            (Mode::Seq, "arw", no),
            (Mode::Quorum(2), "app", open),
            (Mode::Quorum(2), "aap", yes),
            (Mode::Quorum(2), "arp", open),
            (Mode::Quorum(2), "rrp", no),
            (Mode::Quorum(5), "aa", yes),
            (Mode::Quorum(2), "ssp", open),
            (Mode::Quorum(2), "ssa", yes),
        ];
        for (mode, letters, expected) in cases {
            let tasks: Vec<Task> = letters.chars().map(task).collect();
            let tasks: Vec<&Task> = tasks.iter().collect();
            assert_eq!(outcome(mode, &tasks), expected, "{mode:?} {letters}");
        }
    }
}
