//! Cards: what people see of a meeting. Pure; whoever sends them compares before and after.

use calendar::{Address, Partstat, Zone};
use cases::Case;
use jiff::civil::DateTime;
use kit::texts::{Lang, Texts};
use ruma::OwnedUserId;

use crate::{
    desk::World,
    limits::{CARD_LINES_MAX, NAMES_ON_CARD_MAX},
    meeting::{Meeting, state},
    rule_words::repeats,
};

/// A card of a meeting.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Card {
    /// Where the meeting was asked for, for everybody there.
    Home,
    /// In the room that was made for the meeting, for everybody there.
    Room,
    /// In the direct chat of a guest.
    Guest(OwnedUserId),
}

impl Card {
    /// What letters call it.
    pub fn key(&self, case: &str) -> String {
        match self {
            Self::Home => format!("m/{case}/home"),
            Self::Room => format!("m/{case}/room"),
            Self::Guest(user) => format!("m/{case}/u/{user}"),
        }
    }
}

/// What a letter of ours is about, by its key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Letters<'a> {
    /// A card, an edit of one, or something in its thread.
    Card,
    /// A poll of slots.
    Poll,
    /// The summary of a poll, on which the organiser picks.
    Choice,
    /// A question whether this person may come.
    Stranger(&'a str),
    /// A question whether this other time is taken.
    Counter(u32),
    /// The thread for the minutes of this instance.
    Minutes(calendar::RecurrenceId),
    /// A question of a dialogue about this meeting.
    Question,
}

/// The meeting and the role of a letter's key; nothing for letters about no meeting.
pub(crate) fn of_key(key: &str) -> Option<(&str, Letters<'_>)> {
    let (case, rest) = key.strip_prefix("m/")?.split_once('/')?;
    let (what, about) = rest.split_once('/').unwrap_or((rest, ""));
    let letters = match what {
        "home" | "room" | "u" => Letters::Card,
        "poll" => Letters::Poll,
        "choice" => Letters::Choice,
        "stranger" => Letters::Stranger(about),
        "counter" => Letters::Counter(about.parse().ok()?),
        "minutes" => Letters::Minutes(about.split('/').next()?.parse().ok()?),
        "ask" => Letters::Question,
        _ => return None,
    };
    Some((case, letters))
}

/// The reactions below an open card, in their order.
const ANSWERS: [&str; 4] = ["✅", "❔", "❌", "🔁"];

/// The reaction of whoever is there, below the card of a meeting that takes place.
pub(crate) const HERE: &str = "🙋";

/// The reactions below the summary of a poll.
pub(crate) const PICKS: [&str; 5] = ["1️⃣", "2️⃣", "3️⃣", "4️⃣", "5️⃣"];

/// The cards that a meeting has in this state.
pub(crate) fn cards(case: &Case<Meeting>) -> Vec<Card> {
    let guests = case.data.guests().map(|(user, _)| Card::Guest(user.clone()));
    let guests = guests.filter(|_| case.state != state::FINDING);
    let heir = case.data.organizer().filter(|_| case.data.is_taken_over);
    let heir = heir.map(|user| Card::Guest(user.to_owned()));
    let room = case.data.own_room().map(|_| Card::Room);
    std::iter::once(Card::Home).chain(room).chain(guests).chain(heir).collect()
}

/// What a card of a meeting as it is now asks for below it, and offers as buttons. Whoever asked for the meeting has nothing to
/// answer in a chat of their own.
pub(crate) fn offers(card: &Card, case: &Case<Meeting>) -> Vec<&'static str> {
    let is_own = *card == Card::Home && case.data.home.is_direct;
    match case.state.as_str() {
        state::SCHEDULED if !is_own => ANSWERS.to_vec(),
        state::LIVE => vec![HERE],
        _ => Vec::new(),
    }
}

/// Who reads, and how.
#[derive(Clone, Copy)]
pub(crate) struct Pen<'a> {
    pub texts: &'a Texts,
    pub lang: Lang,
    /// Where the reader is.
    pub zone: &'a Zone,
}

impl Pen<'_> {
    /// A text of the table.
    pub fn say(&self, key: &str, values: &[(&str, &str)]) -> String {
        self.texts.fill(self.lang, key, values)
    }

    /// The same in one language, for lines.
    pub fn word(&self, key: &str) -> String {
        let lang = if self.lang == Lang::Both { Lang::Zh } else { self.lang };
        self.texts.fill(lang, key, &[])
    }

    /// `11-06 周五 10:00–10:30`; to the minute, the day of the end where it is another one.
    pub fn span(&self, start: DateTime, end: DateTime, all_day: bool) -> String {
        let day = |at: DateTime| {
            let weekday =
                self.word(WEEKDAYS[usize::from(at.weekday().to_monday_zero_offset().unsigned_abs()) % 7]);
            format!("{} {weekday}", at.strftime("%m-%d"))
        };
        if all_day {
            let last = end.checked_sub(jiff::Span::new().days(1)).unwrap_or(end).max(start);
            let until =
                if last.date() == start.date() { String::new() } else { format!(" – {}", day(last)) };
            return format!("{}{until} {}", day(start), self.word("mt.all_day"));
        }
        let from = format!("{} {}", day(start), start.strftime("%H:%M"));
        match start.date() == end.date() {
            true => format!("{from}–{}", end.strftime("%H:%M")),
            false => format!("{from} – {} {}", day(end), end.strftime("%H:%M")),
        }
    }

    /// The same in the zone of the meeting, and in the reader's where that shows other times.
    pub fn span_in_both(&self, zone: &Zone, start: DateTime, end: DateTime, all_day: bool) -> String {
        let there = self.span(start, end, all_day);
        let local = |at| self.zone.local(zone.at(at).at_ms);
        if all_day || *self.zone == *zone || local(start) == start {
            return there;
        }
        let here = self.span(local(start), local(end), false);
        self.say(
            "mt.both_zones",
            &[("there", &there), ("zone", zone.as_str()), ("here", &here), ("own", self.zone.as_str())],
        )
    }
}

/// The keys of the words for weekdays, from Monday on.
pub(crate) const WEEKDAYS: [&str; 7] = ["mt.mon", "mt.tue", "mt.wed", "mt.thu", "mt.fri", "mt.sat", "mt.sun"];

/// The key of the word for a state.
pub(crate) fn word_of(name: &str) -> &'static str {
    match name {
        state::FINDING => "mt.finding",
        state::LIVE => "mt.live",
        state::ENDED => "mt.ended",
        state::MINUTED => "mt.minuted",
        state::CANCELLED => "mt.cancelled",
        _ => "mt.scheduled",
    }
}

/// When the instance that a card is about begins and ends: the next one, else the first.
pub(crate) fn when(meeting: &Meeting) -> (DateTime, DateTime) {
    let round = meeting.round.as_ref().map(|round| (round.start, round.end));
    round.unwrap_or((meeting.event.start, meeting.event.end))
}

/// Number, title, organiser and time: the first line without the state.
pub(crate) fn title(case: &Case<Meeting>, world: &World<'_>, pen: Pen<'_>) -> String {
    let event = &case.data.event;
    let who = case.data.organizer().map_or_else(String::new, |user| world.name(user));
    let (start, end) = when(&case.data);
    let when = match case.state.as_str() {
        state::FINDING => {
            let slots = case.data.finding.as_ref().map_or(0, |finding| finding.slots.len());
            pen.say("mt.slots", &[("count", &slots.to_string())])
        }
        _ => pen.span(start, end, event.all_day),
    };
    format!("{} {} · {who} · {when}", case.no, event.title)
}

/// The text of a card.
pub(crate) fn body(case: &Case<Meeting>, world: &World<'_>, pen: Pen<'_>) -> String {
    let event = &case.data.event;
    let mut lines = vec![format!("[{}] {}", pen.word(word_of(&case.state)), title(case, world, pen))];
    let is_over = matches!(case.state.as_str(), state::CANCELLED | state::ENDED | state::MINUTED);
    let (start, end) = when(&case.data);
    let in_both = pen.span_in_both(&event.zone, start, end, event.all_day);
    if case.state != state::FINDING && !is_over && in_both != pen.span(start, end, event.all_day) {
        lines.push(in_both);
    }
    if case.data.round.as_ref().is_some_and(|round| round.was_moved) && !is_over {
        lines.push(pen.say("mt.moved_by_clock", &[("time", &start.strftime("%H:%M").to_string())]));
    }
    if let Some(rule) = &event.rrule {
        lines.push(repeats(rule, event.start, pen));
    }
    let own_place =
        case.data.round.as_ref().and_then(|round| event.overrides.get(&round.id)?.location.clone());
    let places: Vec<String> =
        own_place.or_else(|| event.location.clone()).into_iter().filter(|place| !place.is_empty()).collect();
    if !places.is_empty() {
        lines.push(pen.say("mt.place", &[("place", &places.join("、"))]));
    }
    if let Some(conference) = event.conference.as_ref().filter(|_| !is_over) {
        lines.push(pen.say("mt.link", &[("url", &conference.url)]));
    }
    if case.state != state::FINDING {
        lines.extend(people(case, world, pen));
    }
    if !case.data.counters.is_empty() && !is_over {
        lines.push(pen.say("mt.counters", &[("count", &case.data.counters.len().to_string())]));
    }
    if let Some(at_ms) = case.data.orphaned_until_ms {
        let day = event.zone.local(at_ms).strftime("%m-%d").to_string();
        lines.push(pen.say("mt.orphaned", &[("day", &day)]));
    }
    lines.truncate(CARD_LINES_MAX - 1);
    match case.state.as_str() {
        state::SCHEDULED => lines.push(pen.say("mt.actions", &[])),
        state::LIVE => lines.push(pen.say("mt.actions_live", &[])),
        _ => {}
    }
    lines.join("\n")
}

/// Who comes: names with their answers, or how many where they are many.
fn people(case: &Case<Meeting>, world: &World<'_>, pen: Pen<'_>) -> Option<String> {
    let meeting = &case.data;
    let instance = meeting.round.as_ref().map(|round| round.id);
    let answers: Vec<_> = meeting.people().map(|one| (one, meeting.answer(one, instance))).collect();
    if answers.is_empty() {
        return None;
    }
    if answers.len() > NAMES_ON_CARD_MAX {
        let count = |wanted: Partstat| answers.iter().filter(|(_, answer)| *answer == wanted).count();
        let waiting = count(Partstat::NeedsAction) + count(Partstat::Delegated);
        let counts =
            [count(Partstat::Accepted), count(Partstat::Tentative), count(Partstat::Declined), waiting];
        let [yes, perhaps, no, waiting] = counts.map(|count| count.to_string());
        let values = [("yes", &*yes), ("perhaps", &*perhaps), ("no", &*no), ("waiting", &*waiting)];
        return Some(pen.say("mt.people_counted", &values));
    }
    let names: Vec<String> = answers
        .into_iter()
        .map(|(one, answer)| {
            let optional =
                if one.role == calendar::Role::Optional { pen.word("mt.optional") } else { String::new() };
            format!("{}{optional}{}", shown_name(&one.address, &one.name, world), sign(answer))
        })
        .collect();
    Some(pen.say("mt.people", &[("people", &names.join("  "))]))
}

pub(crate) fn shown_name(address: &Address, name: &str, world: &World<'_>) -> String {
    match address {
        Address::Matrix(user) if name.is_empty() || world.chart.by_account(user).is_some() => {
            world.name(user)
        }
        _ if name.is_empty() => world.name_of(address),
        _ => name.to_owned(),
    }
}

/// The sign of an answer.
pub(crate) const fn sign(answer: Partstat) -> &'static str {
    match answer {
        Partstat::Accepted => "✅",
        Partstat::Tentative => "❔",
        Partstat::Declined => "❌",
        Partstat::NeedsAction | Partstat::Delegated => "⏳",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_of_letters_name_what_they_are() {
        let id: calendar::RecurrenceId = "2026-11-06T10:00:00".parse().unwrap();
        for (key, expected) in [
            ("m/01J/home", Some(("01J", Letters::Card))),
            ("m/01J/room", Some(("01J", Letters::Card))),
            ("m/01J/u/@a:test", Some(("01J", Letters::Card))),
            ("m/01J/poll/@a:test", Some(("01J", Letters::Poll))),
            ("m/01J/choice", Some(("01J", Letters::Choice))),
            ("m/01J/stranger/@a:test", Some(("01J", Letters::Stranger("@a:test")))),
            ("m/01J/counter/4", Some(("01J", Letters::Counter(4)))),
            ("m/01J/minutes/2026-11-06T10:00:00", Some(("01J", Letters::Minutes(id)))),
            ("m/01J/minutes/2026-11-06T10:00:00/sum/1", Some(("01J", Letters::Minutes(id)))),
            ("m/01J/other", None),
            ("a/01J/home", None),
        ] {
            assert_eq!(of_key(key), expected, "{key}");
        }
    }
}
