//! Cards: what people see of a task. Pure; whoever sends them compares before and after.

use cases::Case;
use kit::texts::Lang;
pub(crate) use kit::texts::Pen;
use people::PersonId;

use crate::{
    buttons::actions,
    desk::{World, shown_time},
    limits::{CARD_ITEMS_MAX, CARD_LINE_CHARACTERS_MAX, CARD_LINES_MAX},
    task::{Mode, Origin, Priority, Task, is_running, state},
};

/// A card of a task.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Card {
    /// In the room where it was made.
    Room,
    /// In somebody's direct chat.
    Person(PersonId),
    /// The question for more time, in the creator's direct chat.
    MoreTime(u32),
}

impl Card {
    /// What letters call it.
    pub fn key(&self, case: &str) -> String {
        match self {
            Self::Room => format!("tk/{case}/room"),
            Self::Person(person) => format!("tk/{case}/of/{person}"),
            Self::MoreTime(number) => format!("tk/{case}/more/{number}"),
        }
    }

    /// The task and the card of a letter's key, edits included.
    pub fn of_key(key: &str) -> Option<(&str, Self)> {
        let mut parts = key.strip_prefix("tk/")?.split('/');
        let (case, what) = (parts.next()?, parts.next()?);
        let card = match what {
            "room" => Self::Room,
            "of" => Self::Person(PersonId(parts.next()?.to_owned())),
            "more" => Self::MoreTime(parts.next()?.parse().ok()?),
            _ => return None,
        };
        Some((case, card))
    }
}

/// The cards that a task has now.
pub(crate) fn cards(case: &Case<Task>) -> Vec<Card> {
    let room = case.data.home.iter().map(|_| Card::Room);
    room.chain(case.data.cards_of.iter().cloned().map(Card::Person)).collect()
}

/// The word for how it stands; overdue first.
pub(crate) fn standing(of: &str, data: &Task, now_ms: u64, pen: Pen<'_>) -> String {
    let percent = data.progress().to_string();
    if is_running(of) && data.due_ms.is_some_and(|due_ms| now_ms > due_ms) {
        let key = if percent == "0" { "tk.state.overdue" } else { "tk.state.overdue_doing" };
        return pen.say(key, &[("percent", &percent)]);
    }
    match of {
        state::PROPOSED => pen.say("tk.state.proposed", &[]),
        state::OPEN => pen.say("tk.state.open", &[]),
        state::DOING => pen.say("tk.state.doing", &[("percent", &percent)]),
        state::DONE => pen.say("tk.state.done", &[]),
        _ => pen.say("tk.state.cancelled", &[]),
    }
}

/// The first line of a card among others: of what is secret it says no more than that there is something.
pub(crate) fn line(case: &Case<Task>, world: &World<'_>, pen: Pen<'_>) -> String {
    headline_called(case, (!case.data.is_secret).then_some(case.data.title.as_str()), world, pen)
}

/// The first line: what the room list and push show.
pub(crate) fn headline(case: &Case<Task>, world: &World<'_>, pen: Pen<'_>) -> String {
    headline_called(case, Some(&case.data.title), world, pen)
}

fn headline_called(case: &Case<Task>, title: Option<&str>, world: &World<'_>, pen: Pen<'_>) -> String {
    let data = &case.data;
    let hidden = pen.say("tk.card.secret", &[]);
    let title = title.unwrap_or(&hidden);
    let who = world.names(data.assignees.iter().map(|assignee| &assignee.person));
    let due = match data.due_ms {
        Some(due_ms) => pen.say("tk.card.due", &[("due", &shown_time(due_ms, world.at_ms, world.zone))]),
        None => pen.say("tk.card.no_due", &[]),
    };
    let state = standing(&case.state, data, world.at_ms, pen);
    format!("[{state}] {} {title} · {who} · {due}", case.no)
}

/// What a card says.
pub(crate) fn body(card: &Card, case: &Case<Task>, world: &World<'_>, pen: Pen<'_>) -> String {
    if pen.lang == Lang::Both {
        let [zh, en] = [Lang::Zh, Lang::En].map(|lang| body(card, case, world, Pen { lang, ..pen }));
        let half = |text: &str| text.lines().take(CARD_LINES_MAX / 2).collect::<Vec<_>>().join("\n");
        return format!("{}\n{}", half(&zh), half(&en));
    }
    let mut lines = vec![headline(case, world, pen)];
    lines.extend(details(case, world, pen).into_iter().map(|line| cut(&line)));
    lines.truncate(CARD_LINES_MAX - 1);
    if let Some(actions) = actions(card, case) {
        lines.push(pen.say(actions, &[]));
    }
    lines.join("\n")
}

fn details(case: &Case<Task>, world: &World<'_>, pen: Pen<'_>) -> Vec<String> {
    let data = &case.data;
    let mut lines = Vec::new();
    let asked = world.names(data.asked());
    if !asked.is_empty() && is_running(&case.state) {
        lines.push(pen.say("tk.card.asked", &[("who", &asked)]));
    }
    if let Some((who, reason)) = &data.note {
        lines.push(format!("{}: {reason}", world.name(who)));
    }
    let mut marks = Vec::new();
    if data.is_secret {
        marks.push(pen.say("tk.card.secret", &[]));
    }
    if data.priority != Priority::Medium {
        marks.push(pen.say("tk.card.priority", &[("priority", &pen.say(priority_key(data.priority), &[]))]));
    }
    marks.extend(data.tags.iter().map(|tag| format!("#{tag}")));
    if let Some(start_ms) = data.start_ms {
        marks.push(pen.say("tk.card.start", &[("start", &world.time(start_ms))]));
    }
    if data.creator_is_another() {
        marks.push(pen.say("tk.card.creator", &[("who", &world.name(&data.creator))]));
    }
    if !marks.is_empty() {
        lines.push(marks.join(" · "));
    }
    if data.assignees.len() > 1 {
        let each = data.assignees.iter().map(|one| format!("{} {}%", world.name(&one.person), one.progress));
        let each = each.collect::<Vec<_>>().join(" · ");
        let key = if data.mode == Mode::All { "tk.card.all" } else { "tk.card.any" };
        lines.push(pen.say(key, &[("each", &each)]));
    }
    if let Some(first) = data.description.lines().find(|line| !line.trim().is_empty()) {
        lines.push(first.trim().to_owned());
    }
    lines.extend(checklist(data, pen));
    lines.extend(whence(data, pen));
    if !data.followers.is_empty() {
        lines.push(pen.say("tk.card.followers", &[("who", &world.names(&data.followers))]));
    }
    if let Some(asked) = &data.postponing {
        let values = [("who", world.name(&asked.by)), ("due", world.time(asked.due_ms))];
        let values: Vec<(&str, &str)> = values.iter().map(|(name, value)| (*name, value.as_str())).collect();
        lines.push(pen.say("tk.card.postponing", &values));
    }
    if let Some(fired) = data.fired.last().filter(|_| is_running(&case.state)) {
        let count = data.fired.len().to_string();
        lines.push(pen.say("tk.card.fired", &[("count", &count), ("time", &world.time(fired.at_ms))]));
    }
    lines
}

fn checklist(data: &Task, pen: Pen<'_>) -> Option<String> {
    if data.checklist.is_empty() {
        return None;
    }
    let done = data.checklist.iter().filter(|item| item.is_done).count();
    let shown = data.checklist.iter().take(CARD_ITEMS_MAX);
    let mut items: Vec<String> =
        shown.map(|item| format!("{}{}", if item.is_done { '☑' } else { '☐' }, item.text)).collect();
    if data.checklist.len() > CARD_ITEMS_MAX {
        items.push("…".to_owned());
    }
    let (done, all) = (done.to_string(), data.checklist.len().to_string());
    Some(pen.say("tk.card.checklist", &[("done", &done), ("all", &all), ("items", &items.join(" "))]))
}

/// What it belongs to and where it came from.
fn whence(data: &Task, pen: Pen<'_>) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some(parent) = &data.parent {
        parts.push(pen.say("tk.card.parent", &[("no", parent)]));
    }
    match &data.source {
        Origin::Command => {}
        Origin::Event { event, .. } if data.is_source_gone => {
            parts.push(pen.say("tk.card.source_gone", &[("event", event.as_str())]));
        }
        Origin::Event { room, event, rule } => {
            let link = format!("https://matrix.to/#/{room}/{event}");
            parts.push(pen.say("tk.card.source", &[("source", &link)]));
            parts.extend(rule.as_ref().map(|rule| pen.say("tk.card.rule", &[("rule", rule)])));
        }
        Origin::Approval(no) | Origin::Meeting(no) => {
            parts.push(pen.say("tk.card.source", &[("source", no)]))
        }
        Origin::Repeat(no) => parts.push(pen.say("tk.card.after", &[("no", no)])),
    }
    // The text of a task that names something else as its source may be a message's all the same.
    if data.is_source_gone && !matches!(data.source, Origin::Event { .. }) {
        parts.push(pen.say("tk.card.copied_gone", &[]));
    }
    if let Some(name) = &data.template {
        parts.push(pen.say("tk.card.template", &[("name", name)]));
    }
    if let Some(rule) = &data.repeat {
        parts.push(pen.say("tk.card.repeat", &[("rule", &repeat_words(rule, pen))]));
    }
    if data.missed > 0 {
        parts.push(pen.say("tk.card.missed", &[("count", &data.missed.to_string())]));
    }
    if parts.is_empty() { Vec::new() } else { vec![parts.join(" · ")] }
}

fn repeat_words(rule: &str, pen: Pen<'_>) -> String {
    let key = match rule {
        "FREQ=DAILY" => "tk.repeat.daily",
        "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR" => "tk.repeat.workdays",
        "FREQ=WEEKLY" => "tk.repeat.weekly",
        "FREQ=WEEKLY;INTERVAL=2" => "tk.repeat.biweekly",
        "FREQ=MONTHLY" => "tk.repeat.monthly",
        "FREQ=YEARLY" => "tk.repeat.yearly",
        other => return other.to_owned(),
    };
    pen.say(key, &[])
}

fn priority_key(priority: Priority) -> &'static str {
    match priority {
        Priority::Urgent => "tk.priority.urgent",
        Priority::High => "tk.priority.high",
        Priority::Medium => "tk.priority.medium",
        Priority::Low => "tk.priority.low",
    }
}

fn cut(line: &str) -> String {
    let plain: String = line.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    if plain.chars().count() <= CARD_LINE_CHARACTERS_MAX {
        return plain;
    }
    plain.chars().take(CARD_LINE_CHARACTERS_MAX - 1).chain(['…']).collect()
}

impl Task {
    /// Whether somebody else wants it than who does it.
    fn creator_is_another(&self) -> bool {
        self.assignees.iter().any(|assignee| assignee.person != self.creator)
    }
}
