//! A task in one line: `标题 @张三 11-10 18:00 !高 #标签`.
//!
//! Words that mean something are taken out of the line, the others are its title. Of several dates the last one counts,
//! so a title may name a day.

use cases::Refusal;
use jiff::civil::{DateTime, Time};
use people::{Chart, Person, PersonId};
use workdays::{When, read_when};

use crate::{
    act::{checked_tags, refused, text},
    limits::{ASSIGNEES_MAX, FOLLOWERS_MAX, NUMBER_CHARACTERS_MAX, TITLE_CHARACTERS_MAX},
    repeat,
    task::{Mode, Origin, Priority},
};

/// When a day ends for what is due on it.
pub(crate) const DAY_ENDS: Time = Time::constant(18, 0, 0, 0);

/// What a line says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Line {
    /// Empty where the line names none.
    pub title: String,
    pub assignees: Vec<PersonId>,
    pub followers: Vec<PersonId>,
    /// Local time.
    pub due: Option<DateTime>,
    pub priority: Option<Priority>,
    pub mode: Option<Mode>,
    pub tags: Vec<String>,
    pub repeat: Option<String>,
    /// The number of the task that it is a part of.
    pub parent: Option<String>,
    /// The name of the template that says what the line does not.
    pub template: Option<String>,
    /// The number of the approval or meeting that it comes from.
    pub from: Option<Origin>,
    /// Whether it is shown in encrypted chats alone.
    pub is_secret: bool,
}

/// Reads a line. `mentioned` are those whom the message mentions by the client's word, who may stand in it by name
/// alone.
///
/// # Errors
/// E110 for people nobody knows, too many of something, or a title that is too long; E203 for what looks like a time and
/// is none.
pub(crate) fn read(line: &str, chart: &Chart, mentioned: &[&Person], now: DateTime) -> Result<Line, Refusal> {
    let mut read = Line::default();
    let mut rest: Vec<&str> = Vec::new();
    let mut words = line.split_whitespace().peekable();
    while let Some(word) = words.next() {
        if let Some(names) = word.strip_prefix("cc@").or_else(|| word.strip_prefix("抄送@")) {
            read.followers.push(person_of(names, chart)?);
        } else if let Some(name) = word.strip_prefix('@') {
            // Full names of people may be of several words; clients write them so behind the mark.
            let longer = words.peek().map(|next| format!("{name} {next}"));
            match longer.as_deref().and_then(|longer| only(chart, longer)) {
                Some(person) => {
                    read.assignees.push(person);
                    words.next();
                }
                None => read.assignees.push(person_of(name, chart)?),
            }
        } else if let Some(mark) = word.strip_prefix(['!', '！']).and_then(Mark::of) {
            match mark {
                Mark::Priority(priority) => read.priority = Some(priority),
                Mark::Mode(mode) => read.mode = Some(mode),
                Mark::Secret => read.is_secret = true,
            }
        } else if let Some(name) = behind(word, &["模板:", "模板：", "template:"]) {
            read.template = Some(name.to_owned());
        } else if let Some(no) = behind(word, &["来源:", "来源：", "from:"]) {
            read.from = Some(origin_of(no)?);
        } else if let Some(tag) = word.strip_prefix(['#', '＃']).filter(|tag| !tag.is_empty()) {
            read.tags.push(tag.to_owned());
        } else if let Some(parent) = word.strip_prefix('^').filter(|parent| !parent.is_empty()) {
            read.parent = Some(parent.to_uppercase());
        } else if let Some(rule) = repeat::rule_of(word) {
            read.repeat = Some(rule);
        } else if let Some(person) = mentioned.iter().find(|person| bare(word) == person.name) {
            read.assignees.push(person.id.clone());
        } else {
            rest.push(word);
        }
    }
    read.due = take_due(&mut rest, now)?;
    let title = rest.join(" ");
    if !title.is_empty() {
        read.title = text(&title, "tk.field.title", TITLE_CHARACTERS_MAX, "写周报")?;
    }
    read.tags = checked_tags(&read.tags)?;
    read.assignees.dedup();
    if read.assignees.len() > ASSIGNEES_MAX {
        return Err(refused("tk.field.assignees", "tk.problem.assignees", "@lisi @wangwu"));
    }
    if read.followers.len() > FOLLOWERS_MAX {
        return Err(refused("tk.field.followers", "tk.problem.many", "cc@lisi"));
    }
    Ok(read)
}

/// A mark that changes how a task is.
enum Mark {
    Priority(Priority),
    Mode(Mode),
    Secret,
}

impl Mark {
    fn of(word: &str) -> Option<Self> {
        let is_secret = matches!(word.to_lowercase().as_str(), "保密" | "密" | "secret");
        let other = || is_secret.then_some(Self::Secret);
        priority_of(word).map(Self::Priority).or_else(|| mode_of(word).map(Self::Mode)).or_else(other)
    }
}

/// What stands behind one of these beginnings.
fn behind<'a>(word: &'a str, beginnings: &[&str]) -> Option<&'a str> {
    let rest = beginnings.iter().find_map(|beginning| word.strip_prefix(beginning));
    rest.filter(|rest| !rest.is_empty())
}

/// What a number names that tasks come from (E110).
pub(crate) fn origin_of(no: &str) -> Result<Origin, Refusal> {
    let no = no.to_uppercase();
    let is_number = |rest: &str| {
        rest.split('-').all(|part| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match no.split_once('-').filter(|(_, rest)| rest.len() <= NUMBER_CHARACTERS_MAX && is_number(rest)) {
        Some(("AP", _)) => Ok(Origin::Approval(no)),
        Some(("MT", _)) => Ok(Origin::Meeting(no)),
        Some(_) | None => Err(refused("tk.field.source", "tk.problem.choice", "from:AP-20261105-0001")),
    }
}

/// `高`, `high`, …
pub(crate) fn priority_of(word: &str) -> Option<Priority> {
    Some(match word.to_lowercase().as_str() {
        "紧急" | "urgent" => Priority::Urgent,
        "高" | "high" => Priority::High,
        "中" | "medium" | "normal" => Priority::Medium,
        "低" | "low" => Priority::Low,
        _ => return None,
    })
}

/// `全部`, `all`, `任一`, `any`.
pub(crate) fn mode_of(word: &str) -> Option<Mode> {
    Some(match word.to_lowercase().as_str() {
        "全部" | "all" => Mode::All,
        "任一" | "any" => Mode::Any,
        _ => return None,
    })
}

/// Takes the last moment out of the words, and what they leave around it.
fn take_due(words: &mut Vec<&str>, now: DateTime) -> Result<Option<DateTime>, Refusal> {
    let mut last: Option<(usize, usize, When)> = None;
    let mut place = 0;
    while place < words.len() {
        match words.get(place..).and_then(|from| read_when(from, now)) {
            Some((when, used)) => {
                last = Some((place, used, when));
                place += used.max(1);
            }
            None => {
                let word = words.get(place).copied().unwrap_or_default();
                if looks_like_a_moment(word) {
                    return Err(Refusal::new("E203").with("text", word));
                }
                place += 1;
            }
        }
    }
    let Some((place, used, when)) = last else { return Ok(None) };
    let said: Vec<&str> = words.drain(place..place + used).collect();
    let due = when.at(DAY_ENDS);
    // What is due today and named no time is due at the end of the day, however late it is.
    let due = if when.time.is_none() && due <= now { when.date.at(23, 59, 0, 0) } else { due };
    if due <= now {
        return Err(Refusal::new("E203").with("text", said.join(" ")));
    }
    Ok(Some(due))
}

/// Digits with marks of dates between them, which nobody writes for anything else at the end of a line.
fn looks_like_a_moment(word: &str) -> bool {
    let is_mark = |c: char| matches!(c, '-' | '/' | ':' | '：' | '月' | '日' | '号' | '点');
    let digits = word.chars().filter(char::is_ascii_digit).count();
    let marks = word.chars().filter(|c| is_mark(*c)).count();
    digits >= 2 && marks >= 1 && digits + marks == word.chars().count()
}

fn bare(word: &str) -> &str {
    word.trim_end_matches([',', ':', '，', '：', '、'])
}

/// The one person who is called so.
fn only(chart: &Chart, name: &str) -> Option<PersonId> {
    match chart.called(bare(name)).as_slice() {
        [person] => Some(person.id.clone()),
        _ => None,
    }
}

/// The person of this name, account or number (E110).
pub(crate) fn person_of(name: &str, chart: &Chart) -> Result<PersonId, Refusal> {
    match chart.called(bare(name)).as_slice() {
        [person] => Ok(person.id.clone()),
        [] => Err(refused("tk.field.person", "tk.problem.nobody", "@lisi")),
        _ => Err(refused("tk.field.person", "tk.problem.several", "@lisi")),
    }
}
