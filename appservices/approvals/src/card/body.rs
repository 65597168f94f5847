//! The text of a card, line by line.

use cases::Case;
use people::PersonId;

use super::{Card, Pen, form_file_name, form_lines, is_open, names_in, shortened, state_key, title};
use crate::{
    desk::World,
    flow::preview,
    instance::{Instance, state},
    limits::CARD_LINES_MAX,
    template::said_again,
};

/// The text of a card.
pub(crate) fn body(case: &Case<Instance>, card: &Card, world: &World<'_>, pen: Pen<'_>) -> String {
    let state = pen.say(state_key(case, card), &[]);
    let mut lines = vec![format!("[{state}] {}", title(case, world, pen))];
    if let Card::Task { task, person } = card
        && let Some(task) = case.data.task(task)
        && task.owner != *person
    {
        lines.push(pen.say("card.delegate", &[("who", &world.name(&task.owner))]));
    }
    if case.state == state::PENDING {
        lines.push(progress(case, world, pen));
        lines.extend(offline(case, world, pen));
        lines.extend(crate::mail::notes(case, world, pen));
    }
    if let Some((who, reason)) = &case.data.note {
        lines.push(pen.say("card.note", &[("who", &world.name(who)), ("reason", &shortened(reason))]));
    }
    lines.extend(changes(case, world, pen));
    if !case.data.enclosures.is_empty() {
        let names: Vec<&str> = case.data.enclosures.iter().map(|added| added.file.name.as_str()).collect();
        lines.push(pen.say("card.enclosed", &[("names", &shortened(&names.join("、")))]));
    }
    if case.data.form_file.is_some() && case.state != state::RETURNED {
        lines.push(pen.say("card.form_file", &[("name", &form_file_name(case))]));
    }
    let last = match card {
        Card::Starter => "card.starter_actions",
        Card::Task { .. } => "card.actions",
    };
    let is_open = is_open(case, card);
    // A line stays for the form, and one for what can be done.
    let most = CARD_LINES_MAX - 1 - usize::from(is_open);
    if lines.len() > most {
        let further = lines.len() - (most - 1);
        lines.truncate(most - 1);
        lines.push(pen.say("card.more", &[("count", &further.to_string())]));
    }
    let room = CARD_LINES_MAX.saturating_sub(lines.len() + usize::from(is_open));
    lines.extend(form_lines(case, world, pen, room));
    if is_open {
        lines.push(pen.say(last, &[]));
    }
    lines.join("\n")
}

fn progress(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> String {
    let with_title = |id: &PersonId| match world.chart.person(id) {
        Some(person) if !person.title.is_empty() => format!("{}({})", person.name, person.title),
        Some(_) | None => world.name(id),
    };
    let who: Vec<String> = case.data.open().map(|task| with_title(&task.owner)).collect();
    let passed = case.data.passed.len();
    let total = preview(world, &case.data).iter().filter(|step| !step.is_told).count().max(passed);
    let values = [("who", who.join("、")), ("passed", passed.to_string()), ("total", total.to_string())];
    pen.say("card.next", &values.each_ref().map(|(name, value)| (*name, value.as_str())))
}

/// What was changed since it was returned.
fn changes(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> Option<String> {
    let changed = case.data.changes.iter().map(|(id, old, new)| {
        let field = world.template.field(id);
        let label = field.map_or("", |field| field.label.in_language(names_in(pen.lang)));
        let label = if label.is_empty() { id } else { label };
        // They are kept in no language.
        let [old, new] = [old, new].map(|words| match field {
            Some(field) => said_again(field, words, &|key, values| pen.say(key, values)),
            None => words.clone(),
        });
        format!("{label} {old} → {new}")
    });
    let changed: Vec<String> = changed.collect();
    (!changed.is_empty()).then(|| pen.say("card.changes", &[("changes", &shortened(&changed.join("；")))]))
}

/// Which partner does not answer.
fn offline(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> Option<String> {
    let mut partners = case.data.open().filter_map(|task| task.partner.as_ref());
    let (partner, since_ms) =
        partners.find_map(|partner| partner.offline_since_ms.map(|since_ms| (partner, since_ms)))?;
    let time = world.time(since_ms);
    Some(pen.say("E117", &[("server", partner.server.as_str()), ("time", &time)]))
}
