//! What cards say of people whom their chat does not reach.

use cases::Case;
use kit::texts::Pen;

use crate::{
    desk::World,
    instance::{Instance, Instead, TaskState},
};

/// A line for each of those who are asked now.
pub(crate) fn notes(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> Vec<String> {
    let Some(running) = &case.data.node else { return Vec::new() };
    let now = case.data.tasks.iter().filter(|task| task.round == running.round);
    let reached =
        now.flat_map(|task| task.instead.iter().map(move |(person, instead)| (task, person, *instead)));
    let line = |key: &str, who: &str| pen.say(key, &[("who", who)]);
    let of = |(task, person, instead): (&crate::instance::Task, &people::PersonId, Instead)| {
        let who = world.name(person);
        match instead {
            Instead::Card if task.state.is_open() => Some(line("card.by_card", &who)),
            Instead::Mail if task.state.is_open() => Some(line("card.by_mail", &who)),
            Instead::Nothing if task.state == TaskState::Transferred => Some(line("card.unreached", &who)),
            Instead::Nothing if task.owner == *person => Some(line("card.nothing", &who)),
            Instead::Card | Instead::Mail | Instead::Nothing => None,
        }
    };
    reached.filter_map(of).collect()
}
