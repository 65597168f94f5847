//! The desk on which one thing is decided: the task as it is being changed, what is to be recorded, what is to happen.

use std::collections::BTreeSet;

use cases::{Case, Decision, Entry, Refusal, Via, hash_of};
use jiff::tz::TimeZone;
pub(crate) use office::Actor;
use people::{Chart, Person, PersonId};

use crate::task::{Task, is_running};

/// What all tasks are made by; the first record of each names its hash.
pub const ORIGIN: &str = "task@1";

/// What a decision is made with.
#[derive(Clone, Copy, Debug)]
pub(crate) struct World<'a> {
    /// The organisation now.
    pub chart: &'a Chart,
    /// The zone of the task.
    pub zone: &'a TimeZone,
    /// Now, in ms since 1970.
    pub at_ms: u64,
    /// Whether who acts may change anything in the room of the task.
    pub is_moderator: bool,
    /// Whether it happens in the room of the task, where all see it.
    pub is_at_home: bool,
    /// After what time silence is consent, in ms; never without.
    pub accepts_after_ms: Option<u64>,
}

impl World<'_> {
    /// A moment as people read it.
    pub fn time(&self, at_ms: u64) -> String {
        shown_time(at_ms, self.at_ms, self.zone)
    }

    /// Somebody's name.
    pub fn name(&self, id: &PersonId) -> String {
        self.chart.person(id).map_or_else(|| id.0.clone(), |person| person.name.clone())
    }

    /// Names, one after the other.
    pub fn names<'p>(&self, people: impl IntoIterator<Item = &'p PersonId>) -> String {
        people.into_iter().map(|id| self.name(id)).collect::<Vec<_>>().join("、")
    }
}

/// A moment as people read it; the year where it is not this one.
pub(crate) fn shown_time(at_ms: u64, now_ms: u64, zone: &TimeZone) -> String {
    let (at, now) = (workdays::local(at_ms, zone), workdays::local(now_ms, zone));
    let form = if at.year() == now.year() { "%m-%d %H:%M" } else { "%Y-%m-%d %H:%M" };
    at.strftime(form).to_string()
}

/// The zone that somebody works in.
pub(crate) fn zone_of(person: &Person) -> TimeZone {
    workdays::named_zone(&person.zone).unwrap_or_else(workdays::default_zone)
}

/// What a decision brings about, besides the cards that follow from the task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Effect {
    /// People are told something.
    Tell(Tell),
    /// The creator is asked for more time, by a message to tap on.
    AskForTime { number: u32 },
    /// A timer of the task.
    Timer { name: String, at_ms: u64 },
    /// A timer is not needed any more.
    Cancel { name: String },
    /// The next one of a repeated task is made.
    Next(Box<Task>),
}

/// Something that people are told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Tell {
    pub to: Vec<PersonId>,
    /// The key of the text.
    pub text: &'static str,
    /// What its gaps are filled with.
    pub values: Vec<(&'static str, String)>,
    /// Whether they are to do something: it notifies them.
    pub push: bool,
    /// Whether it comes later than it should.
    pub is_late: bool,
}

impl Tell {
    /// Something to do.
    pub fn push(to: Vec<PersonId>, text: &'static str, values: Vec<(&'static str, String)>) -> Self {
        Self { to, text, values, push: true, is_late: false }
    }

    /// Something to know.
    pub fn note(to: Vec<PersonId>, text: &'static str, values: Vec<(&'static str, String)>) -> Self {
        Self { to, text, values, push: false, is_late: false }
    }
}

/// What is being decided.
pub(crate) struct Desk<'a> {
    pub world: World<'a>,
    pub actor: &'a Actor,
    pub case: Case<Task>,
    pub entries: Vec<Entry>,
    pub effects: Vec<Effect>,
}

impl<'a> Desk<'a> {
    pub fn new(world: World<'a>, actor: &'a Actor, case: &Case<Task>) -> Self {
        Self { world, actor, case: case.clone(), entries: Vec::new(), effects: Vec::new() }
    }

    /// Records what was done, with the reason for it. `from` is the state before; the state after is what the task is in
    /// now.
    pub fn record(&mut self, action: &str, from: &str, reason: Option<&str>) {
        let reason_sha256 = reason.map(|reason| self.keep(reason.to_owned()));
        let form_sha256 = Some(hash_of(self.form().as_bytes()));
        let (actor, via, source) = match &self.actor.account {
            Some(account) => (account.to_string(), self.actor.via, self.actor.source.clone()),
            None => ("auto".to_owned(), Via::Auto, None),
        };
        self.entries.push(Entry {
            action: action.to_owned(),
            actor,
            on_behalf_of: None,
            via,
            source,
            link: None,
            node: None,
            task: None,
            from: from.to_owned(),
            to: self.case.state.clone(),
            form_sha256,
            reason_sha256,
            template: ORIGIN.to_owned(),
            at_ms: self.world.at_ms,
        });
    }

    /// What a record stands for: the task as people know it.
    fn form(&self) -> String {
        let data = &self.case.data;
        let form = serde_json::json!({
            "title": data.title, "description": data.description, "creator": data.creator.0,
            "assignees": data.assignees, "mode": data.mode, "priority": data.priority, "tags": data.tags,
            "start_ms": data.start_ms, "due_ms": data.due_ms, "checklist": data.checklist,
            "parent": data.parent, "repeat": data.repeat, "followers": data.followers,
        });
        form.to_string()
    }

    /// Keeps a text that a record stands for; gives its hash.
    fn keep(&mut self, text: String) -> String {
        let hash = hash_of(text.as_bytes());
        self.case.data.texts.entry(hash.clone()).or_insert(text);
        hash
    }

    /// The person who acts (E108).
    pub fn me(&self) -> Result<PersonId, Refusal> {
        let person: Option<&Person> = self.actor.person.as_ref().and_then(|id| self.world.chart.active(id));
        person.map(|person| person.id.clone()).ok_or_else(|| Refusal::new("E108").with("platform", "matrix"))
    }

    pub fn tell(&mut self, tell: Tell) {
        if !tell.to.is_empty() {
            self.effects.push(Effect::Tell(tell));
        }
    }

    /// Number and title, which every text names.
    pub fn named(&self) -> Vec<(&'static str, String)> {
        vec![("no", self.case.no.clone()), ("title", self.case.data.title.clone())]
    }

    pub fn finish(mut self) -> Decision<Task, Effect> {
        self.case.lists = lists(&self.case);
        self.case.data.shown_ms = self.world.at_ms;
        Decision { case: self.case, entries: self.entries, effects: self.effects }
    }
}

/// The lists in which a task stands: whose it is to do, who made it, who follows it, in which room it is. What is over
/// stands in none, but for its parents' sake by number.
fn lists(case: &Case<Task>) -> BTreeSet<(String, String)> {
    let data = &case.data;
    let mut lists = BTreeSet::new();
    let mut add = |list: &str, who: &str| {
        lists.insert((list.to_owned(), who.to_owned()));
    };
    if is_running(&case.state) {
        for assignee in &data.assignees {
            add("todo", &assignee.person.0);
        }
        add("made", &data.creator.0);
        for follower in &data.followers {
            add("followed", &follower.0);
        }
        if let Some(room) = &data.home {
            add("room", room.as_str());
        }
    } else if case.state == crate::task::state::PROPOSED {
        add("proposed", &data.creator.0);
    }
    lists
}
