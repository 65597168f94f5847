//! Cards: what people see of a case. Pure; whoever sends them compares before and after.

use kit::texts::Lang;
pub(crate) use kit::texts::Pen;
use people::{Chart, Language, PersonId};

use cases::Case;

use crate::{
    desk::World,
    flow::preview,
    instance::{Instance, TaskState, state},
    limits::{CARD_LINES_MAX, CARD_VALUE_CHARACTERS_MAX},
    template::{Field, FieldKind, Value, brief, brief_in},
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
    if let Some(value) = key_value(case, world) {
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
fn key_value(case: &Case<Instance>, world: &World<'_>) -> Option<String> {
    let shows: [fn(&Field) -> bool; 4] = [
        Field::is_money,
        |field| field.kind == FieldKind::DateRange,
        |field| field.kind == FieldKind::Date,
        |field| field.kind == FieldKind::Datetime,
    ];
    shows.into_iter().find_map(|is_shown| {
        let field = world.template.form.iter().find(|field| is_shown(field) && !field.sensitive)?;
        Some(brief(field, case.data.form.get(&field.id)?, world.chart))
    })
}

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
        let label = world.template.field(id).map_or("", |field| field.label.in_language(names_in(pen.lang)));
        let label = if label.is_empty() { id } else { label };
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

/// The fields that hold something, by what people call them; what is sensitive is masked.
pub(crate) fn form_values<'a>(
    case: &'a Case<Instance>,
    world: &'a World<'a>,
    pen: Pen<'a>,
) -> impl Iterator<Item = (String, String)> + 'a {
    let filled = world.template.form.iter().filter_map(|field| Some((field, case.data.form.get(&field.id)?)));
    let filled = filled.filter(|(_, value)| !matches!(value, Value::Files(files) if files.is_empty()));
    filled.map(move |(field, value)| {
        let label = field.label.in_language(names_in(pen.lang));
        let label = if label.is_empty() { &field.id } else { label };
        (label.to_owned(), in_words(field, value, world.chart, pen))
    })
}

/// A value in a few words, as people read it; of what is masked the end.
pub(crate) fn in_words(field: &Field, value: &Value, chart: &Chart, pen: Pen<'_>) -> String {
    brief_in(field, value, chart, &|tail| pen.say("value.tail", &[("tail", tail)]))
}

/// The fields with their values, as many as there is room for.
pub(crate) fn form_lines(case: &Case<Instance>, world: &World<'_>, pen: Pen<'_>, room: usize) -> Vec<String> {
    let filled: Vec<_> = form_values(case, world, pen).collect();
    let shown = if filled.len() <= room { filled.len() } else { room.saturating_sub(1) };
    let mut lines: Vec<String> =
        filled.iter().take(shown).map(|(label, value)| format!("{label}: {}", shortened(value))).collect();
    if shown < filled.len() {
        lines.push(pen.say("card.more", &[("count", &(filled.len() - shown).to_string())]));
    }
    lines
}

/// One line of bounded length.
pub(crate) fn shortened(text: &str) -> String {
    let mut line: String = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if let Some((end, _)) = line.char_indices().nth(CARD_VALUE_CHARACTERS_MAX) {
        line.truncate(end);
        line.push('…');
    }
    line
}
