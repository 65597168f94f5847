//! Cards: what people see of a case. Pure; whoever sends them compares before and after.

mod body;
mod form;

use cases::Case;
use kit::texts::Lang;
pub(crate) use kit::texts::Pen;
use people::{Language, PersonId};

pub(crate) use self::{
    body::body,
    form::{form_lines, form_values, in_words, shortened},
};
use crate::{
    desk::World,
    instance::{Instance, TaskState, state},
    template::{Field, FieldKind},
};

/// A card of a case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Card {
    /// The starter's.
    Starter,
    /// Of one task, for its owner or who acts for them.
    Task { task: String, person: PersonId },
}

impl Card {
    /// What letters call it.
    pub fn key(&self, case: &str) -> String {
        match self {
            Self::Starter => format!("a/{case}/starter"),
            Self::Task { task, person } => format!("a/{case}/{task}/{person}"),
        }
    }

    /// The case and the card of a letter's key, edits included.
    pub fn of_key(key: &str) -> Option<(&str, Self)> {
        let mut parts = key.strip_prefix("a/")?.split('/');
        let (case, what) = (parts.next()?, parts.next()?);
        if what == "starter" {
            return Some((case, Self::Starter));
        }
        let person = PersonId(parts.next()?.to_owned());
        Some((case, Self::Task { task: what.to_owned(), person }))
    }

    /// The letter of the card that a letter's key belongs to: an edit's is that of what it edits.
    pub fn letter_of(key: &str) -> Option<String> {
        let (case, card) = Self::of_key(key)?;
        let base = card.key(case);
        let rest = key.strip_prefix(&base)?.strip_prefix('/').unwrap_or_default();
        let again = rest.split('/').next().filter(|part| part.starts_with("again"));
        Some(again.map_or_else(|| base.clone(), |again| format!("{base}/{again}")))
    }

    /// The reactions below it, in their order.
    pub fn reactions(&self) -> &'static [&'static str] {
        match self {
            Self::Starter => &["⏰", "↩️"],
            Self::Task { .. } => &["✅", "❌", "💬"],
        }
    }

    /// Whose it is.
    pub fn person<'a>(&'a self, case: &'a Case<Instance>) -> &'a PersonId {
        match self {
            Self::Starter => &case.data.starter,
            Self::Task { person, .. } => person,
        }
    }
}

/// All cards of a case. A draft has none, and neither has a task that nobody was asked in.
pub(crate) fn cards(case: &Case<Instance>) -> Vec<Card> {
    let mut cards = Vec::new();
    if case.data.rounds > 0 || !matches!(case.state.as_str(), state::DRAFT | state::RECALLED) {
        cards.push(Card::Starter);
    }
    for task in case.data.tasks.iter().filter(|task| task.partner.is_none()) {
        let was_asked = match task.state {
            TaskState::Skipped => false,
            TaskState::Waiting => case.data.is_held_up(&task.id),
            TaskState::Pending
            | TaskState::Approved
            | TaskState::Rejected
            | TaskState::Returned
            | TaskState::Transferred
            | TaskState::Closed
            | TaskState::Expired => true,
        };
        if was_asked {
            for person in [Some(&task.owner), task.delegate.as_ref()].into_iter().flatten() {
                cards.push(Card::Task { task: task.id.clone(), person: person.clone() });
            }
        }
    }
    cards
}

/// The language for names of templates and fields.
pub(crate) const fn names_in(lang: Lang) -> Language {
    match lang {
        Lang::Zh | Lang::Both => Language::Zh,
        Lang::En => Language::En,
    }
}

/// Number, name, starter and the value that matters: the first line without the state.
pub(crate) fn title(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> String {
    let name = world.template.name.in_language(names_in(pen.lang));
    let mut title = format!("{} {name} · {}", case.no, world.name(&case.data.starter));
    if let Some(value) = key_value(case, world, pen) {
        title.push_str(" · ");
        title.push_str(&value);
    }
    title
}

/// How a case stands, as a line among others: of what is secret no more than its number.
pub(crate) fn line(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> String {
    let state = pen.say(word_of(&case.state), &[]);
    let title = match case.data.is_secret {
        true => pen.say("card.secret", &[("no", &case.no)]),
        false => title(case, world, pen),
    };
    format!("[{state}] {title}")
}

/// The value that the first line shows: an amount, else days, else nothing. Never one that is to be masked.
fn key_value(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>) -> Option<String> {
    let shows: [fn(&Field) -> bool; 4] = [
        Field::is_money,
        |field| field.kind == FieldKind::DateRange,
        |field| field.kind == FieldKind::Date,
        |field| field.kind == FieldKind::Datetime,
    ];
    shows.into_iter().find_map(|is_shown| {
        let field = world.template.form.iter().find(|field| is_shown(field) && !field.sensitive)?;
        Some(in_words(field, case.data.form.get(&field.id)?, world.chart, pen))
    })
}

/// What the file with the form is called.
pub(crate) fn form_file_name(case: &Case<Instance>) -> String {
    format!("{}.json", case.no)
}

/// Whether something can be done with a card as it is.
pub(crate) fn is_open(case: &Case<Instance>, card: &Card) -> bool {
    state_key(case, card) == "state.pending"
}

fn state_key(case: &Case<Instance>, card: &Card) -> &'static str {
    if case.state == state::PENDING
        && let Card::Task { task, .. } = card
        && let Some(task) = case.data.task(task)
    {
        return match task.state {
            TaskState::Waiting => "task.waiting",
            TaskState::Pending => "state.pending",
            TaskState::Approved => "task.approved",
            TaskState::Rejected => "task.rejected",
            TaskState::Returned if task.sends_back() => "task.returned",
            TaskState::Returned => "task.sent_back",
            TaskState::Transferred => "task.transferred",
            TaskState::Skipped => "task.skipped",
            TaskState::Closed => "task.closed",
            TaskState::Expired => "task.expired",
        };
    }
    word_of(&case.state)
}

/// The key of the word for a state.
pub(crate) fn word_of(name: &str) -> &'static str {
    match name {
        state::DRAFT => "state.draft",
        state::APPROVED => "state.approved",
        state::REJECTED => "state.rejected",
        state::RECALLED => "state.recalled",
        state::RETURNED => "state.returned",
        state::TERMINATED => "state.terminated",
        state::REVERTED => "state.reverted",
        _ => "state.pending",
    }
}
