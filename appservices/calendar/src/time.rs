//! Spans of time, and what takes people's time.

use serde::{Deserialize, Serialize};

use crate::{Address, Event, EventStatus, Occurrence, Partstat, Transparency, limits::INTERVALS_MAX};

/// From one moment to another, in milliseconds since 1970; the end is not part of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    /// Its first millisecond.
    pub from_ms: u64,
    /// The first millisecond behind it.
    pub until_ms: u64,
}

/// A time in which somebody has something to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Busy {
    /// Its first millisecond since 1970.
    pub from_ms: u64,
    /// The first millisecond behind it.
    pub until_ms: u64,
    /// How sure that is.
    pub kind: BusyKind,
    /// What it is, for those who may know.
    #[serde(default)]
    pub title: Option<String>,
}

/// How somebody is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum BusyKind {
    /// Perhaps.
    Tentative,
    /// Yes.
    Busy,
    /// Away altogether.
    OutOfOffice,
}

/// What is known of somebody's time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Whose.
    pub who: Address,
    /// Whether it is known. What is not known is never free.
    pub known: bool,
    /// When they are taken up, in the order of their starts.
    pub intervals: Vec<Busy>,
}

impl Span {
    /// Whether something from `start_ms` to `end_ms` is at least partly within. A moment without length is where it is.
    #[must_use]
    pub const fn touches(self, start_ms: u64, end_ms: u64) -> bool {
        let ends_after = end_ms > self.from_ms || (start_ms == end_ms && start_ms == self.from_ms);
        start_ms < self.until_ms && ends_after
    }

    /// How long it is, in milliseconds.
    #[must_use]
    pub const fn length_ms(self) -> u64 {
        self.until_ms.saturating_sub(self.from_ms)
    }
}

impl Schedule {
    /// Nothing is known.
    #[must_use]
    pub const fn unknown(who: Address) -> Self {
        Self { who, known: false, intervals: Vec::new() }
    }

    /// Whether they are surely free in all of a span.
    #[must_use]
    pub fn is_free(&self, span: Span) -> bool {
        self.known && !self.is_taken(span)
    }

    /// Whether they are surely taken up in a part of a span; of somebody whose time is not all known some may be.
    #[must_use]
    pub fn is_taken(&self, span: Span) -> bool {
        self.intervals.iter().any(|busy| span.touches(busy.from_ms, busy.until_ms))
    }

    /// Takes in what another calendar of theirs says about `within`. What stands here already is not shown twice: a meeting of
    /// ours is in both.
    pub fn take_in(&mut self, others: Vec<Busy>, within: Span) {
        let is_new = |other: &Busy| {
            !self.intervals.iter().any(|own| {
                own.from_ms <= other.from_ms && other.until_ms <= own.until_ms && own.kind >= other.kind
            })
        };
        let others: Vec<Busy> = joined(others, within).into_iter().filter(is_new).collect();
        self.intervals = joined([std::mem::take(&mut self.intervals), others].concat(), within);
        self.known &= self.intervals.len() <= INTERVALS_MAX;
        self.intervals.truncate(INTERVALS_MAX);
    }
}

/// How an instance of an event takes up the time of somebody; not at all where it is cancelled, does not count, or they
/// declined it.
pub(crate) fn kind_for(event: &Event, one: &Occurrence, who: &[Address]) -> Option<BusyKind> {
    if one.is_cancelled || event.transparency == Transparency::Transparent || one.start_ms == one.end_ms {
        return None;
    }
    if event.out_of_office {
        return Some(BusyKind::OutOfOffice);
    }
    let change = event.overrides.get(&one.id);
    let asked = event.attendees.iter().find(|attendee| who.contains(&attendee.address));
    let answer = asked.map(|attendee| {
        change.and_then(|change| change.answers.get(&attendee.address)).copied().unwrap_or(attendee.partstat)
    });
    let status = change.and_then(|change| change.status).unwrap_or(event.status);
    match (answer, status) {
        (Some(Partstat::Declined | Partstat::Delegated), _) => None,
        (Some(Partstat::NeedsAction | Partstat::Tentative), _) | (_, EventStatus::Tentative) => {
            Some(BusyKind::Tentative)
        }
        (Some(Partstat::Accepted) | None, _) => Some(BusyKind::Busy),
    }
}

/// Joins intervals of one kind that touch and tell no title, cut to `within`, in the order of their starts.
pub(crate) fn joined(mut intervals: Vec<Busy>, within: Span) -> Vec<Busy> {
    intervals.retain(|busy| within.touches(busy.from_ms, busy.until_ms));
    for busy in &mut intervals {
        busy.from_ms = busy.from_ms.max(within.from_ms);
        busy.until_ms = busy.until_ms.min(within.until_ms);
    }
    intervals.sort_by_key(|busy| (busy.kind, busy.from_ms));
    let mut out: Vec<Busy> = Vec::with_capacity(intervals.len());
    for busy in intervals {
        match out.last_mut() {
            Some(last)
                if last.kind == busy.kind && last.title == busy.title && busy.from_ms <= last.until_ms =>
            {
                last.until_ms = last.until_ms.max(busy.until_ms);
            }
            Some(_) | None => out.push(busy),
        }
    }
    out.sort_by_key(|busy| (busy.from_ms, busy.until_ms));
    out
}
