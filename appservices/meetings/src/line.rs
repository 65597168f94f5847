//! One line of a command, taken apart: who, when, how long, where, how often, and the rest, which is the title.
//!
//! Pure: names are not looked up here, and `now` is local time of whoever types.

use jiff::civil::{Date, DateTime, Time};
use workdays::{duration_ms, read_when};

pub use self::scope::{Scope, scoped};
use crate::limits::{LENGTH_MINUTES_MAX, WORDS_MAX};

mod repeat;
mod scope;

/// What a line says. Nothing is required here.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Line {
    /// What no other part took.
    pub title: String,
    /// People, mailboxes and accounts as they were typed, with the `@` of names.
    pub people: Vec<Named>,
    /// The place, behind `地点:` or `place:`.
    pub place: Option<String>,
    /// Resources, without their `#`.
    pub resources: Vec<String>,
    /// The day; the one on which the time comes next, where a time alone was typed.
    pub date: Option<Date>,
    /// Whether the day was typed.
    pub is_day_named: bool,
    /// The time of the day.
    pub time: Option<Time>,
    /// The end of the day's time, where a range like `10:00-11:30` was typed.
    pub until: Option<Time>,
    /// How long, in minutes.
    pub length_minutes: Option<u32>,
    /// The rule by which it repeats (RFC 5545, `FREQ=…`).
    pub rule: Option<String>,
    /// In which days: the first, and the one behind the last. Searches alone have it.
    pub range: Option<(Date, Date)>,
    /// In which part of the day.
    pub part: Option<Part>,
    /// Whether it takes the whole day.
    pub all_day: bool,
}

/// Somebody as they were typed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// `@name`, `@name:server` or `name@example.org`.
    pub text: String,
    /// Whether they are not needed.
    pub is_optional: bool,
}

/// A part of the working day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// Before noon.
    Morning,
    /// After noon.
    Afternoon,
}

impl Part {
    /// From when until when it lasts, the end exclusive.
    #[must_use]
    pub fn hours(self) -> (Time, Time) {
        let noon = Time::constant(12, 0, 0, 0);
        match self {
            Self::Morning => (Time::midnight(), noon),
            Self::Afternoon => (noon, Time::MAX),
        }
    }
}

/// Takes a line apart.
#[must_use]
pub fn read(line: &str, now: DateTime) -> Line {
    parted(line, now, false)
}

/// Takes the line of a search apart, which may name a week or a month to look in.
#[must_use]
pub fn read_search(line: &str, now: DateTime) -> Line {
    parted(line, now, true)
}

fn parted(line: &str, now: DateTime, is_search: bool) -> Line {
    let words = words(line);
    let texts: Vec<&str> = words.iter().map(|word| word.text.as_str()).collect();
    let mut found = Line::default();
    let mut title: Vec<&str> = Vec::new();
    let mut reading = Reading { now, is_search, is_optional: false, is_behind_title: false };
    let mut place = 0;
    while let Some(word) = words.get(place) {
        let taken = match word.is_quoted {
            true => 0,
            false => found.take(&texts[place..], &mut reading),
        };
        if taken == 0 {
            title.push(&word.text);
        }
        reading.is_behind_title = taken == 0;
        place += taken.max(1);
    }
    found.title = title.join(" ");
    found
}

/// Where the reading of a line is.
struct Reading {
    now: DateTime,
    is_search: bool,
    /// Whether the people that follow are not needed.
    is_optional: bool,
    /// Whether the word before is one of the title.
    is_behind_title: bool,
}

impl Line {
    /// Reads what the first words say; how many they are.
    fn take(&mut self, words: &[&str], reading: &mut Reading) -> usize {
        let today = reading.now.date();
        let Some(word) = words.first().copied() else { return 0 };
        let lower = word.to_lowercase();
        if matches!(lower.as_str(), "可选" | "可选:" | "optional" | "opt" | "optional:") {
            reading.is_optional = true;
            return 1;
        }
        if let Some(named) = named(word, reading.is_optional) {
            self.people.push(named);
            return 1;
        }
        if let Some(resource) = word.strip_prefix(['#', '＃']).filter(|rest| !rest.is_empty()) {
            self.resources.push(resource.to_owned());
            return 1;
        }
        let place = ["地点:", "地点：", "place:"].into_iter().find_map(|mark| {
            let (front, place) = word.split_at_checked(mark.len())?;
            front.eq_ignore_ascii_case(mark).then_some(place)
        });
        if let Some(place) = place.filter(|place| !place.is_empty()) {
            self.place = Some(place.to_owned());
            return 1;
        }
        // A series ends where one begins; without one such words are of the title.
        let end = || self.rule.as_ref().and_then(|_| repeat::end(words, today));
        if let Some((rule, taken)) = repeat::rule(words).or_else(end) {
            self.rule = Some(match self.rule.take() {
                Some(before) => format!("{before};{rule}"),
                None => rule,
            });
            return taken;
        }
        // A meeting that has its time is in no other part of the day: the word is of its title.
        if reading.is_search
            && self.part.is_none()
            && let Some(part) = part(&lower)
            && !self.is_of_title(words, reading)
        {
            self.part = Some(part);
            return 1;
        }
        if matches!(lower.as_str(), "全天" | "allday" | "all-day") {
            self.all_day = true;
            return 1;
        }
        if self.length_minutes.is_none()
            && let Some(length) = minutes(word)
        {
            self.length_minutes = Some(length);
            return 1;
        }
        if reading.is_search
            && self.range.is_none()
            && let Some((range, taken)) = range(words, today)
        {
            self.range = Some(range);
            return taken;
        }
        self.take_time(words, reading.now)
    }

    /// Whether the part of a day in front of the words stands in a title: before a word of it, or in English behind one.
    fn is_of_title(&self, words: &[&str], reading: &Reading) -> bool {
        let goes_on = words.get(1).is_some_and(|next| {
            let mut trial = self.clone();
            let is_part = part(&next.to_lowercase()).is_some();
            let mut reading = Reading { is_behind_title: false, ..*reading };
            !is_part && trial.take(&words[1..], &mut reading) == 0
        });
        goes_on || (reading.is_behind_title && words.first().is_some_and(|word| word.is_ascii()))
    }

    fn take_time(&mut self, words: &[&str], now: DateTime) -> usize {
        if self.time.is_some() {
            return 0;
        }
        // 下午 3点 is one time in two words.
        let marked = words.first().is_some_and(|word| PARTS_OF_TIMES.contains(word));
        let joined = words.get(1).filter(|_| marked).map(|time| format!("{}{time}", words[0]));
        let mut parted: Vec<&str> = match &joined {
            Some(joined) => {
                std::iter::once(joined.as_str()).chain(words.iter().skip(2).take(2).copied()).collect()
            }
            None => words.iter().take(3).copied().collect(),
        };
        // A range of times stands where a time stands: 10:00-11:30.
        let mut end = None;
        for word in &mut parted {
            if let Some((from, until)) = times(word) {
                *word = from;
                end = until.parse::<Time>().ok().or_else(|| format!("{until:0>5}").parse().ok());
                break;
            }
        }
        let Some((when, used)) = read_when(&parted, now) else { return 0 };
        let used = used.max(1) + usize::from(joined.is_some());
        // Only a time alone may follow a date that was read before, and it is of that day.
        let is_time_alone = is_time_alone(&parted, now);
        if self.date.is_some() && !is_time_alone {
            return 0;
        }
        self.date = self.date.or(Some(when.date));
        self.is_day_named |= !is_time_alone;
        self.time = when.time;
        self.until = end.filter(|_| when.time.is_some());
        used
    }
}

/// Parts of a day that may stand by themselves before a time.
const PARTS_OF_TIMES: [&str; 6] = ["上午", "早上", "中午", "下午", "晚上", "凌晨"];

struct Word {
    text: String,
    is_quoted: bool,
}

/// Words of a line; what stands in quotation marks is one, and never anything but title.
fn words(line: &str) -> Vec<Word> {
    let closing = |c: char| match c {
        '"' => Some('"'),
        '“' => Some('”'),
        '「' => Some('」'),
        '『' => Some('』'),
        _ => None,
    };
    let mut words = Vec::new();
    let mut rest = line.trim_start();
    while let Some(first) = rest.chars().next().filter(|_| words.len() < WORDS_MAX) {
        let behind = &rest[first.len_utf8()..];
        if let Some((inside, after)) = closing(first).and_then(|close| behind.split_once(close)) {
            words.push(Word { text: inside.trim().to_owned(), is_quoted: true });
            rest = after.trim_start();
            continue;
        }
        let end = rest.find(char::is_whitespace).unwrap_or(rest.len());
        words.push(Word { text: rest[..end].to_owned(), is_quoted: false });
        rest = rest[end..].trim_start();
    }
    words
}

fn named(word: &str, is_optional: bool) -> Option<Named> {
    let (word, is_optional) = match word.strip_prefix(['?', '？']) {
        Some(rest) => (rest, true),
        None => (word, is_optional),
    };
    let word = word.trim_end_matches([',', '，', '、', ';', '；']);
    let is_account = word.strip_prefix('@').is_some_and(|name| !name.is_empty());
    let is_mailbox = || {
        word.split_once('@').is_some_and(|(local, host)| {
            !local.is_empty() && host.contains('.') && !host.starts_with('.') && !host.contains('@')
        })
    };
    (is_account || is_mailbox()).then(|| Named { text: word.to_owned(), is_optional })
}

fn part(word: &str) -> Option<Part> {
    match word {
        "上午" | "morning" => Some(Part::Morning),
        "下午" | "afternoon" => Some(Part::Afternoon),
        _ => None,
    }
}

/// `30m`, `1h30m`, `90分钟`, `1小时`, `半小时`.
pub(crate) fn minutes(word: &str) -> Option<u32> {
    let word = if word == "半小时" { "30m" } else { word };
    let minutes = u32::try_from(duration_ms(word)? / 60_000).ok()?;
    (1..=LENGTH_MINUTES_MAX).contains(&minutes).then_some(minutes)
}

/// `10:00-11:30`: both ends as they were typed.
fn times(word: &str) -> Option<(&str, &str)> {
    let (from, until) = word.split_once(['-', '~', '–', '～'])?;
    (from.contains(':') && is_time(until)).then_some((from, until))
}

/// Whether the words name a time and no day: then the day hangs on whether the time has passed.
fn is_time_alone(words: &[&str], now: DateTime) -> bool {
    let day = |hour, minute| Some(read_when(words, now.date().at(hour, minute, 0, 0))?.0.date);
    day(0, 0) != day(23, 59) || words.first().is_some_and(|word| is_time(word))
}

fn is_time(word: &str) -> bool {
    let Some((hour, minute)) = word.split_once(':') else { return false };
    let is_number =
        |text: &str| !text.is_empty() && text.len() <= 2 && text.bytes().all(|b| b.is_ascii_digit());
    is_number(hour) && is_number(minute)
}

/// Days in which something is looked for; how many words say so.
pub(crate) fn range(words: &[&str], today: Date) -> Option<((Date, Date), usize)> {
    let first = words.first()?.to_lowercase();
    let second = words.get(1).map(|word| word.to_lowercase()).unwrap_or_default();
    let week = |weeks: i64| {
        let back = i64::from(today.weekday().to_monday_zero_offset());
        let days = jiff::Span::new().try_days(weeks * 7 - back).ok()?;
        let monday = today.checked_add(days).ok()?;
        Some((monday, monday.checked_add(jiff::Span::new().days(7)).ok()?))
    };
    let (range, taken) = match (first.as_str(), second.as_str()) {
        ("本周" | "这周", _) => (week(0)?, 1),
        ("下周", _) => (week(1)?, 1),
        ("week", _) => (week(0)?, 1),
        ("this", "week") => (week(0)?, 2),
        ("next", "week") => (week(1)?, 2),
        ("本月" | "这个月", _) => (month(today)?, 1),
        ("this", "month") => (month(today)?, 2),
        _ => return None,
    };
    Some((range, taken))
}

fn month(today: Date) -> Option<(Date, Date)> {
    Some((today.first_of_month(), today.last_of_month().tomorrow().ok()?))
}
