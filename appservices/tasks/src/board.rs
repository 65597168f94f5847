//! The board of a room: how many tasks there are, and the nearest.

use cases::Case;

use crate::{
    card::{Pen, line},
    desk::World,
    limits::BOARD_LINES_MAX,
    task::{Task, state},
};

/// Tasks in the order in which they matter: overdue and soonest first, then those without a date, of equals the dearer.
pub(crate) fn order(tasks: &mut [Case<Task>]) {
    tasks.sort_by_key(|case| (case.data.due_ms.unwrap_or(u64::MAX), case.data.priority, case.created_ms));
}

/// What the board of a room says about these tasks, all of which are running.
pub(crate) fn body(tasks: &mut [Case<Task>], world: &World<'_>, pen: Pen<'_>, is_frozen: bool) -> String {
    order(tasks);
    let count = |is_meant: &dyn Fn(&Case<Task>) -> bool| tasks.iter().filter(|case| is_meant(case)).count();
    let overdue = count(&|case| case.data.due_ms.is_some_and(|due_ms| world.at_ms > due_ms));
    let doing = count(&|case| case.state == state::DOING);
    let [all, overdue, doing] = [tasks.len(), overdue, doing].map(|number| number.to_string());
    let key = if is_frozen { "tk.board.frozen" } else { "tk.board.head" };
    let mut lines = vec![pen.say(key, &[("all", &all), ("overdue", &overdue), ("doing", &doing)])];
    if !is_frozen {
        lines.extend(tasks.iter().take(BOARD_LINES_MAX).map(|case| line(case, world, pen)));
        let more = tasks.len().saturating_sub(BOARD_LINES_MAX);
        if more > 0 {
            lines.push(pen.say("tk.list.more", &[("count", &more.to_string())]));
        }
    }
    lines.join("\n")
}
