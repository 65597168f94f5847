//! Single instances of a series that are not as its rule has them, and what becomes of them on a platform that holds a series and its
//! exceptions apart.
//!
//! Platforms take an instance away or change it, and none of them takes it back into its series. So a connector remembers which
//! instances it touched ([`Standing`]) and is told whether it gets from there to how the series has to be, or has to make it anew.

use std::collections::BTreeMap;

use jiff::{Timestamp, tz::TimeZone};
use serde::{Deserialize, Serialize};

use super::Meeting;
use crate::{
    digest,
    limits::{ENTRY_EXCEPTIONS_MAX, EXCEPTIONS_IN_WORDS_MAX},
    words,
};

words! {
    APART = "单次变更：" | "Single dates that differ: ";
    CANCELED = "取消" | "canceled";
    MORE = "……更多见链接" | "… the link has more";
}

/// Parts of a rule that say when a series ends.
const ENDS: [&str; 2] = ["COUNT=", "UNTIL="];

/// One instance of a series that is not as its rule has it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// Which one: when the rule lets it begin, in milliseconds since the Unix epoch.
    pub original_ms: u64,
    /// What it is instead; none where it does not take place.
    #[serde(default)]
    pub instead: Option<Instead>,
}

/// What an instance is instead of what its rule makes it. What is none is as in the series; its people and its words always are.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Instead {
    /// When it begins, in milliseconds since the Unix epoch.
    pub start_ms: u64,
    /// When it ends; of whole days, the end of the last one.
    pub end_ms: u64,
    /// Its title.
    #[serde(default)]
    pub title: Option<String>,
    /// Where it is.
    #[serde(default)]
    pub location: Option<String>,
}

impl Meeting {
    /// An instance as a meeting of its own, which does not repeat.
    #[must_use]
    pub fn instance(&self, instead: &Instead) -> Self {
        let mut one = self.clone();
        (one.start_ms, one.end_ms) = (instead.start_ms, instead.end_ms);
        (one.recurrence, one.last_ms) = (None, None);
        one.exceptions.clear();
        if let Some(title) = &instead.title {
            one.head.title.clone_from(title);
        }
        if let Some(location) = &instead.location {
            one.location.clone_from(location);
        }
        one
    }

    /// What says when its instances are, but for the end of the series: while it stays the same, each instance stays which it is.
    pub fn grid(&self) -> String {
        let rule = self.recurrence.as_deref().unwrap_or_default().split(';');
        let rule: Vec<&str> = rule.filter(|part| !ENDS.iter().any(|end| part.starts_with(end))).collect();
        let grid = format!("{} {} {} {}", self.start_ms, self.zone, self.is_all_day, rule.join(";"));
        digest(grid.as_bytes())
    }

    /// Its exceptions in words, for a platform that cannot show the series; nothing where it has none.
    pub fn exceptions_in_words(&self) -> Option<String> {
        let language = self.head.language;
        let zone = TimeZone::get(&self.zone).unwrap_or(TimeZone::UTC);
        let form = if self.is_all_day { "%m-%d" } else { "%m-%d %H:%M" };
        let shown = |at_ms: u64| {
            let at = i64::try_from(at_ms).ok().and_then(|at_ms| Timestamp::from_millisecond(at_ms).ok());
            at.unwrap_or(Timestamp::MAX).to_zoned(zone.clone()).strftime(form).to_string()
        };
        let one = |exception: &Exception| {
            let now = match &exception.instead {
                None => CANCELED.of(language).to_owned(),
                Some(instead) => {
                    let own = [instead.title.clone(), instead.location.clone()];
                    let parts = [Some(format!("→ {}", shown(instead.start_ms)))].into_iter().chain(own);
                    parts.flatten().filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" · ")
                }
            };
            format!("{} {now}", shown(exception.original_ms))
        };
        let mut all: Vec<String> = self.exceptions.iter().take(EXCEPTIONS_IN_WORDS_MAX).map(one).collect();
        if self.exceptions.len() > EXCEPTIONS_IN_WORDS_MAX {
            all.push(MORE.of(language).to_owned());
        }
        (!all.is_empty()).then(|| format!("{}{}", APART.of(language), all.join("; ")))
    }

    /// Whether an instance lies before the exceptions that are told: of more than there may be, the earliest are left out.
    fn is_before_told(&self, original_ms: u64) -> bool {
        self.exceptions.len() >= ENTRY_EXCEPTIONS_MAX
            && self.exceptions.first().is_some_and(|first| original_ms < first.original_ms)
    }

    /// Whether an instance lies behind the end of the series.
    fn is_behind_end(&self, original_ms: u64) -> bool {
        self.last_ms.is_some_and(|last_ms| last_ms < original_ms)
    }
}

/// Which instances of a series a connector took away from it or changed, for its own row.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Standing {
    /// The [`Meeting::grid`] in which they are which they are.
    grid: String,
    /// Whether they take place, by [`Exception::original_ms`].
    each: BTreeMap<u64, bool>,
}

impl Standing {
    /// What each touched instance has to be, ascending: the exceptions of the meeting, those behind the end of the series, which do
    /// not take place, and those that are as the series again. Nothing where no platform gets there: an instance that was taken away
    /// takes place again, or the series moved from under them. Then it is taken away with all of them and made anew.
    pub fn wanted(&self, meeting: &Meeting) -> Option<Vec<Exception>> {
        let mut wanted = meeting.exceptions.clone();
        if self.each.is_empty() {
            return Some(wanted);
        }
        if self.grid != meeting.grid() {
            return None;
        }
        for (original_ms, takes_place) in &self.each {
            let known = meeting.exceptions.iter().find(|one| one.original_ms == *original_ms);
            match known {
                Some(one) if one.instead.is_some() && !takes_place => return None,
                Some(_) => {}
                // It says nothing of it any more, so it stays as it stands.
                None if meeting.is_before_told(*original_ms) => {}
                None if meeting.is_behind_end(*original_ms) => {
                    if *takes_place {
                        wanted.push(Exception { original_ms: *original_ms, instead: None });
                    }
                }
                // A day is not equally long everywhere, so whole days are not counted on from the first one.
                None if !takes_place || meeting.is_all_day => return None,
                None => {
                    let end_ms = original_ms.saturating_add(meeting.end_ms.saturating_sub(meeting.start_ms));
                    let own = Instead { start_ms: *original_ms, end_ms, title: None, location: None };
                    wanted.push(Exception { original_ms: *original_ms, instead: Some(own) });
                }
            }
        }
        wanted.sort_by_key(|one| one.original_ms);
        Some(wanted)
    }

    /// Which instances take place otherwise than in the series, the earliest first, by [`Exception::original_ms`].
    pub fn changed(&self) -> impl Iterator<Item = u64> {
        self.each.iter().filter(|(_, takes_place)| **takes_place).map(|(original_ms, _)| *original_ms)
    }

    /// Notes that an instance is about to be what it has to be. Said before the platform is, so that it is known after a kill.
    pub fn note(&mut self, meeting: &Meeting, exception: &Exception) {
        self.grid = meeting.grid();
        self.each.insert(exception.original_ms, exception.instead.is_some());
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{EntryHead, EntryKey, Language};

    const HOUR_MS: u64 = 3_600_000;
    const WEEK_MS: u64 = 7 * 24 * HOUR_MS;
    /// A Thursday at ten in Shanghai.
    const START_MS: u64 = 1_793_844_000_000;

    fn at(week: u64) -> u64 {
        START_MS + week * WEEK_MS
    }

    fn gone(week: u64) -> Exception {
        Exception { original_ms: at(week), instead: None }
    }

    fn later(week: u64) -> Exception {
        let start_ms = at(week) + 5 * HOUR_MS;
        let instead = Instead { start_ms, end_ms: start_ms + HOUR_MS, title: None, location: None };
        Exception { original_ms: at(week), instead: Some(instead) }
    }

    fn weekly(exceptions: Vec<Exception>) -> Meeting {
        Meeting {
            head: EntryHead {
                key: EntryKey::new("mt/1").expect("a key"),
                revision: 1,
                number: "MT-1".into(),
                title: "Review".into(),
                link: None,
                language: Language::En,
                begun_ms: 0,
                changed_ms: 0,
            },
            description: String::new(),
            location: "3F".into(),
            organizer: None,
            attendees: Vec::new(),
            start_ms: START_MS,
            end_ms: START_MS + HOUR_MS,
            zone: "Asia/Shanghai".into(),
            is_all_day: false,
            recurrence: Some("FREQ=WEEKLY;COUNT=9".into()),
            last_ms: Some(at(8)),
            exceptions,
            reminders_minutes: Vec::new(),
            is_canceled: false,
        }
    }

    fn standing(meeting: &Meeting) -> Standing {
        let mut standing = Standing::default();
        meeting.exceptions.iter().for_each(|one| standing.note(meeting, one));
        standing
    }

    #[test]
    fn what_is_touched_for_the_first_time_is_what_the_meeting_says() {
        let meeting = weekly(vec![later(1), gone(2)]);
        assert_eq!(Standing::default().wanted(&meeting), Some(vec![later(1), gone(2)]));
        assert_eq!(standing(&meeting).wanted(&meeting), Some(vec![later(1), gone(2)]), "and again");
    }

    #[test]
    fn a_changed_instance_goes_back_and_a_canceled_one_never_does() {
        let known = standing(&weekly(vec![later(1), gone(2)]));
        let own = Instead { start_ms: at(1), end_ms: at(1) + HOUR_MS, title: None, location: None };
        let back = Exception { original_ms: at(1), instead: Some(own) };
        assert_eq!(known.wanted(&weekly(vec![gone(2)])), Some(vec![back, gone(2)]));
        assert_eq!(known.wanted(&weekly(vec![later(1)])), None);
        assert_eq!(known.wanted(&weekly(vec![later(1), later(2)])), None);
        assert_eq!(known.wanted(&weekly(vec![gone(1), gone(2)])), Some(vec![gone(1), gone(2)]));
    }

    #[test]
    fn a_series_that_moved_is_another_one_and_one_that_ends_earlier_is_not() {
        let known = standing(&weekly(vec![later(1), later(5)]));
        let moved = Meeting { start_ms: START_MS + HOUR_MS, ..weekly(vec![later(1), later(5)]) };
        assert_eq!(known.wanted(&moved), None);
        let other = Meeting { recurrence: Some("FREQ=DAILY;COUNT=9".into()), ..weekly(vec![later(1)]) };
        assert_eq!(known.wanted(&other), None);
        let rule = Some("FREQ=WEEKLY;UNTIL=20261125T095959".to_owned());
        let cut = Meeting { recurrence: rule, last_ms: Some(at(2)), ..weekly(vec![later(1)]) };
        assert_eq!(
            known.wanted(&cut),
            Some(vec![later(1), gone(5)]),
            "what lies behind the end is taken away"
        );
    }

    #[test]
    fn what_is_not_told_any_more_because_there_is_too_much_stays_as_it_stands() {
        let most = u64::try_from(ENTRY_EXCEPTIONS_MAX).expect("small");
        let endless = |first: u64| {
            let rule = Some("FREQ=WEEKLY".to_owned());
            Meeting { recurrence: rule, last_ms: None, ..weekly((first..first + most).map(gone).collect()) }
        };
        let known = standing(&endless(0));
        assert_eq!(known.wanted(&endless(2)), Some(endless(2).exceptions));
        let mut fewer = endless(2);
        fewer.exceptions.pop();
        assert_eq!(known.wanted(&fewer), None, "all are told, so the first one takes place again");
    }

    #[test]
    fn an_instance_is_a_meeting_of_its_own() {
        let mut exception = later(1);
        let instead = exception.instead.as_mut().expect("changed");
        instead.location = Some("5F".into());
        let one = weekly(vec![exception.clone()]).instance(&exception.instead.expect("changed"));
        assert_eq!((one.start_ms, one.end_ms), (at(1) + 5 * HOUR_MS, at(1) + 6 * HOUR_MS));
        assert_eq!((one.head.title.as_str(), one.location.as_str()), ("Review", "5F"));
        assert_eq!((one.recurrence, one.exceptions), (None, Vec::new()));
    }

    #[test]
    fn exceptions_are_said_in_words_and_bounded() {
        let said = weekly(vec![gone(0), later(1)]).exceptions_in_words();
        let expected = "Single dates that differ: 11-05 10:00 canceled; 11-12 10:00 → 11-12 15:00";
        assert_eq!(said.as_deref(), Some(expected));
        assert_eq!(weekly(Vec::new()).exceptions_in_words(), None);
        let many = weekly((0..60).map(gone).collect()).exceptions_in_words().expect("words");
        assert_eq!(many.matches("canceled").count(), EXCEPTIONS_IN_WORDS_MAX);
        assert!(many.ends_with("more"), "{many}");
    }
}
