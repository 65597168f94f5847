//! Who may do what, and what can be written.

use cases::Refusal;
use people::{Person, PersonId};

use crate::{
    desk::Desk,
    limits::{ASSIGNEES_MAX, REASON_CHARACTERS_MAX},
    task::{is_running, state},
};

impl Desk<'_> {
    /// Somebody who has a part in it or sees it anyway, or E107: others do not learn that it exists.
    pub fn only_involved(&self) -> Result<PersonId, Refusal> {
        let me = self.me()?;
        let may = self.world.is_at_home || self.world.is_moderator || self.involves(&me);
        if may { Ok(me) } else { Err(Refusal::new("E107").with("no", &self.case.no)) }
    }

    /// Who made it, who does it, who follows it, and the heads of those who do it.
    fn involves(&self, me: &PersonId) -> bool {
        let data = &self.case.data;
        data.creator == *me
            || data.assignee(me).is_some()
            || data.followers.contains(me)
            || data.assignees.iter().any(|assignee| self.heads(me, &assignee.person))
    }

    /// Whether somebody is above somebody else: heads a department that theirs is, or lies below.
    pub fn heads(&self, me: &PersonId, other: &PersonId) -> bool {
        let (Some(me), Some(other)) = (self.world.chart.active(me), self.world.chart.person(other)) else {
            return false;
        };
        me.head_of.iter().any(|mine| other.departments.iter().any(|theirs| theirs.is_within(mine)))
    }

    /// Whether it is theirs to change: they made it, or moderate its room.
    pub fn is_manager(&self, me: &PersonId) -> bool {
        self.case.data.creator == *me || self.world.is_moderator
    }

    /// Who may change anything (E101).
    pub fn only_manager(&self) -> Result<PersonId, Refusal> {
        let me = self.only_involved()?;
        if self.is_manager(&me) { Ok(me) } else { Err(self.not_yours_but(&self.case.data.creator)) }
    }

    /// Who does it (E101).
    pub fn only_assignee(&self) -> Result<PersonId, Refusal> {
        let me = self.only_involved()?;
        if self.case.data.assignee(&me).is_some() { Ok(me) } else { Err(self.not_yours()) }
    }

    /// Who does it, or may change anything (E101).
    pub fn only_hands(&self) -> Result<PersonId, Refusal> {
        let me = self.only_involved()?;
        let may = self.case.data.assignee(&me).is_some() || self.is_manager(&me);
        if may { Ok(me) } else { Err(self.not_yours()) }
    }

    /// E101 with those who do it.
    pub fn not_yours(&self) -> Refusal {
        let people = self.case.data.assignees.iter().map(|assignee| &assignee.person);
        Refusal::new("E101").with("who", self.world.names(people))
    }

    pub fn not_yours_but(&self, who: &PersonId) -> Refusal {
        Refusal::new("E101").with("who", self.world.name(who))
    }

    /// A task that somebody has to do something about; E103 with how another one ended.
    pub fn only_running(&self) -> Result<(), Refusal> {
        if is_running(&self.case.state) {
            return Ok(());
        }
        Err(match &self.case.data.ended {
            Some(ended) => Refusal::new("E103")
                .with("who", self.world.name(&ended.by))
                .with("time", self.world.time(ended.at_ms))
                .with("via", ended.via.key())
                .with("result", ended.result.clone()),
            // Only proposals have not ended and do not run.
            None => self.not_yours_but(&self.case.data.creator),
        })
    }

    /// A task that nobody has said yes or no to.
    pub fn only_proposed(&self) -> Result<PersonId, Refusal> {
        let me = self.only_involved()?;
        if self.case.state != state::PROPOSED {
            self.only_running()?;
            return Err(self.not_yours());
        }
        let may = self.case.data.creator == me || self.case.data.assignee(&me).is_some();
        if may { Ok(me) } else { Err(self.not_yours_but(&self.case.data.creator)) }
    }

    /// A reason that is there and not too long (E110).
    pub fn reason(&self, reason: &str) -> Result<String, Refusal> {
        text(reason, "tk.field.reason", REASON_CHARACTERS_MAX, "…")
    }

    /// People to whom it can be given: they work here, and are not too many (E110).
    pub fn receivers(&self, people: &[PersonId]) -> Result<Vec<PersonId>, Refusal> {
        let mut receivers: Vec<PersonId> = Vec::new();
        for person in people {
            if self.world.chart.active(person).is_none() {
                return Err(unknown_person());
            }
            if !receivers.contains(person) {
                receivers.push(person.clone());
            }
        }
        match receivers.len() {
            0 => Err(unknown_person()),
            1..=ASSIGNEES_MAX => Ok(receivers),
            _ => Err(refused("tk.field.assignees", "tk.problem.assignees", "@lisi @wangwu")),
        }
    }

    /// Whether somebody has to say that they take what `giver` gives them: it crosses departments, and the giver heads
    /// none.
    pub fn has_to_accept(&self, giver: Option<&PersonId>, person: &PersonId) -> bool {
        let giver = giver.and_then(|giver| self.world.chart.person(giver));
        match (giver, self.world.chart.person(person)) {
            (Some(giver), Some(person)) => {
                giver.id != person.id && giver.head_of.is_empty() && !shares_department(giver, person)
            }
            (None, _) | (_, None) => false,
        }
    }
}

fn shares_department(one: &Person, other: &Person) -> bool {
    one.departments.iter().any(|mine| other.departments.contains(mine))
}

/// E110 about a field.
pub(crate) fn refused(field: &str, problem: &str, example: &str) -> Refusal {
    Refusal::new("E110").with("field", field).with("problem", problem).with("example", example)
}

/// E110: nobody is called so.
pub(crate) fn unknown_person() -> Refusal {
    refused("tk.field.person", "tk.problem.nobody", "@lisi")
}

/// A text that is there and not too long, trimmed (E110).
pub(crate) fn text(text: &str, field: &str, characters_max: usize, example: &str) -> Result<String, Refusal> {
    let text = text.trim();
    match text.chars().count() {
        0 => Err(refused(field, "tk.problem.required", example)),
        count if count > characters_max => Err(refused(field, "tk.problem.long", example)),
        _ => Ok(text.to_owned()),
    }
}
