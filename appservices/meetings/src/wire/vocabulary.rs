//! The words of commands: what is typed behind `!meet`, and what it asks for.

use kit::Verb;

use super::{
    NUMBER_PREFIX,
    sources::{LINK_MARK, holds_secret},
};

/// The commands of the bot. The words behind the first are told apart by [`Word::read`].
pub(super) const VERBS: &[Verb] =
    &[Verb { id: "meet", names: &["会议", "meet", "meeting", "约会议"], help: "mt.help" }];

/// What the first word behind `!meet` asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Find,
    Now,
    Move,
    Cancel,
    Add,
    Remove,
    Today,
    Week,
    Free,
    Minutes,
    Ics,
    Caldav,
    Share,
    Source,
    Show,
    Verify,
    Help,
}

/// Every word, in both languages.
pub(super) const WORDS: [(&str, &str, Word); 17] = [
    ("找时间", "find", Word::Find),
    ("现在", "now", Word::Now),
    ("改期", "move", Word::Move),
    ("取消", "cancel", Word::Cancel),
    ("添加", "add", Word::Add),
    ("移除", "remove", Word::Remove),
    ("今天", "today", Word::Today),
    ("本周", "week", Word::Week),
    ("空闲", "free", Word::Free),
    ("纪要", "minutes", Word::Minutes),
    ("日历", "ics", Word::Ics),
    ("日历账号", "caldav", Word::Caldav),
    ("共享", "share", Word::Share),
    ("日历源", "source", Word::Source),
    ("查看", "show", Word::Show),
    ("校验", "verify", Word::Verify),
    ("帮助", "help", Word::Help),
];

impl Word {
    /// The word at the front, and what stands behind it. `今天` and `本周` are words of a time where something follows.
    pub fn read(arguments: &str) -> Option<(Self, &str)> {
        let (first, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
        let (first, rest) = (first.to_lowercase(), rest.trim());
        let (_, _, word) = WORDS.into_iter().find(|(zh, en, _)| first == *zh || first == *en)?;
        let is_a_list = matches!(word, Self::Today | Self::Week);
        (!is_a_list || rest.is_empty()).then_some((word, rest))
    }
}

/// What stands behind the word for calendars elsewhere, where a link follows and the word is that one but for slips.
pub(super) fn source_meant(arguments: &str) -> Option<&str> {
    let (first, rest) =
        arguments.split_once(char::is_whitespace).filter(|_| arguments.contains(LINK_MARK))?;
    let first = first.to_lowercase();
    let is_near = |(word, slips_max)| strsim::damerau_levenshtein(word, &first) <= slips_max;
    [("日历源", 1), ("source", 2)].into_iter().any(is_near).then_some(rest)
}

/// Whether the arguments of `!meet` name a calendar elsewhere, by an address or a password that opens it.
pub(super) fn names_source(arguments: &str) -> bool {
    let arguments = arguments.trim();
    let rest = source_meant(arguments).or_else(|| match Word::read(arguments) {
        Some((Word::Source, rest)) => Some(rest),
        Some(_) | None => None,
    });
    rest.is_some_and(holds_secret)
}

/// The number in front of the arguments, and the rest.
pub(super) fn number_of(arguments: &str) -> (Option<String>, &str) {
    let (first, rest) = arguments.split_once(char::is_whitespace).unwrap_or((arguments, ""));
    let upper = first.to_ascii_uppercase();
    let is_number = upper.strip_prefix(NUMBER_PREFIX).is_some_and(|rest| rest.starts_with('-'));
    if is_number { (Some(upper), rest.trim()) } else { (None, arguments.trim()) }
}
