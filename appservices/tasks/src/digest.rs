//! The morning digest of one person: overdue, due today, waiting for them. Nothing when there is nothing.

use cases::Case;
use people::PersonId;

use crate::{
    board::order,
    card::{Pen, line},
    desk::World,
    limits::DIGEST_LINES_MAX,
    task::Task,
};

/// What somebody's digest says about the tasks that they do, and those that they made and were asked about.
pub(crate) fn body(
    person: &PersonId,
    doing: &[Case<Task>],
    made: &[Case<Task>],
    world: &World<'_>,
    pen: Pen<'_>,
) -> Option<String> {
    let today = workdays::local(world.at_ms, world.zone).date();
    let is_mine = |case: &&Case<Task>| case.data.busy().any(|busy| busy == person);
    let is_overdue = |case: &&Case<Task>| case.data.due_ms.is_some_and(|due_ms| due_ms < world.at_ms);
    let is_today = |case: &&Case<Task>| {
        case.data.due_ms.is_some_and(|ms| workdays::local(ms, world.zone).date() == today)
    };
    let mine: Vec<&Case<Task>> = doing.iter().filter(is_mine).collect();
    let overdue = mine.iter().copied().filter(is_overdue);
    let due = mine.iter().copied().filter(|case| is_today(case) && !is_overdue(case));
    let asked = doing.iter().filter(|case| case.data.asked().any(|asked| asked == person));
    let more_time = made.iter().filter(|case| case.data.postponing.is_some());
    let parts = [
        ("tk.digest.overdue", overdue.cloned().collect::<Vec<_>>()),
        ("tk.digest.today", due.cloned().collect()),
        ("tk.digest.waiting", asked.chain(more_time).cloned().collect()),
    ];
    let mut lines = Vec::new();
    for (key, mut tasks) in parts {
        if tasks.is_empty() {
            continue;
        }
        order(&mut tasks);
        tasks.dedup_by(|one, other| one.id == other.id);
        lines.push(pen.say(key, &[("count", &tasks.len().to_string())]));
        lines.extend(tasks.iter().take(DIGEST_LINES_MAX).map(|case| line(case, world, pen)));
        let more = tasks.len().saturating_sub(DIGEST_LINES_MAX);
        if more > 0 {
            lines.push(pen.say("tk.list.more", &[("count", &more.to_string())]));
        }
    }
    (!lines.is_empty()).then(|| [vec![pen.say("tk.digest.head", &[])], lines].concat().join("\n"))
}
