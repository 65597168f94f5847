//! The desk on which one decision is made: the case as it is being changed, what is to be recorded, what is to happen.

mod effect;
mod world;

use std::collections::BTreeSet;

use cases::{Case, Decision, Entry, Via, hash_of};
pub use office::Actor;
use people::{Person, PersonId};

pub(crate) use self::world::readable;
pub use self::{
    effect::{Effect, Shown, Tell, Under},
    world::{Delegation, World},
};
use crate::{
    card::word_of,
    instance::{Decided, Instance, state},
    limits::FORM_ON_CARD_BYTES_MAX,
};

/// What is being decided.
pub(crate) struct Desk<'a> {
    pub world: World<'a>,
    pub actor: &'a Actor,
    pub case: Case<Instance>,
    pub entries: Vec<Entry>,
    pub effects: Vec<Effect>,
    /// The state of the case before.
    began_in: String,
}

/// What a record is about.
#[derive(Default)]
pub(crate) struct About<'a> {
    pub node: Option<&'a str>,
    pub task: Option<&'a str>,
    pub reason: Option<&'a str>,
    pub on_behalf_of: Option<&'a PersonId>,
    /// Nobody did it; it followed.
    pub is_automatic: bool,
}

impl<'a> Desk<'a> {
    pub fn new(world: World<'a>, actor: &'a Actor, case: &Case<Instance>) -> Self {
        let began_in = case.state.clone();
        Self { world, actor, case: case.clone(), entries: Vec::new(), effects: Vec::new(), began_in }
    }

    /// Records what was done. `from` is the state before; the state after is what the case is in now.
    pub fn record(&mut self, action: &str, from: &str, about: About<'_>) {
        let form = serde_json::to_string(&self.case.data.form).unwrap_or_default();
        // Of a large form only what was handed in is kept; the hash of every version is recorded.
        let is_handed_in = matches!(action, "submit" | "resubmit");
        let form_sha256 = match form.len() > FORM_ON_CARD_BYTES_MAX && !is_handed_in {
            true => hash_of(form.as_bytes()),
            false => self.keep(form),
        };
        let reason_sha256 = about.reason.map(|reason| self.keep(reason.to_owned()));
        let account = |id: &PersonId| {
            let account = self.world.chart.person(id).and_then(|person| person.account.as_ref());
            account.map_or_else(|| id.0.clone(), ToString::to_string)
        };
        // Who has no account is named by their employee number.
        let name = match (&self.actor.account, &self.actor.person) {
            _ if about.is_automatic => None,
            (Some(account), _) => Some(account.to_string()),
            (None, person) => person.as_ref().map(ToString::to_string),
        };
        let (actor, via, source, link) = match name {
            Some(name) => (name, self.actor.via, self.actor.source.clone(), self.actor.link.clone()),
            None => ("auto".to_owned(), Via::Auto, None, None),
        };
        self.entries.push(Entry {
            action: action.to_owned(),
            actor,
            on_behalf_of: about.on_behalf_of.map(account),
            via,
            source,
            link,
            node: about.node.map(str::to_owned),
            task: about.task.map(str::to_owned),
            from: from.to_owned(),
            to: self.case.state.clone(),
            form_sha256: Some(form_sha256),
            reason_sha256,
            template: self.world.template.mark(),
            at_ms: self.world.at_ms,
        });
    }

    /// Says in the last record that somebody acted as an administrator.
    pub fn as_administrator(&mut self) {
        if let Some(entry) = self.entries.last_mut() {
            entry.via = Via::Admin;
        }
    }

    /// Keeps a text that a record stands for; gives its hash.
    fn keep(&mut self, text: String) -> String {
        let hash = hash_of(text.as_bytes());
        self.case.data.texts.entry(hash.clone()).or_insert(text);
        hash
    }

    /// The starter; whoever takes their place if they have left.
    pub fn starters(&self) -> Vec<PersonId> {
        let starter = &self.case.data.starter;
        match self.world.chart.person(starter) {
            Some(person) if !person.is_active() => self.world.chart.heads_above(person),
            Some(_) | None => vec![starter.clone()],
        }
    }

    /// Tells the starter, or who takes their place.
    pub fn tell_starter(&mut self, text: &'static str, values: Vec<(&'static str, Shown)>, push: bool) {
        for to in self.starters() {
            self.effects.push(Effect::Tell(Tell {
                to,
                under: Under::Starter,
                text,
                values: values.clone(),
                push,
            }));
        }
    }

    /// The case is in another state: notes how it ended, if it did.
    fn ended(&mut self) {
        let now = self.case.state.clone();
        if !is_end(&now) {
            return;
        }
        let decided = self.case.data.tasks.iter().filter_map(|task| task.decided.as_ref());
        let last = decided.max_by_key(|decided| decided.at_ms).map(|decided| decided.by.clone());
        let by = self.actor.person.clone().or(last).unwrap_or_else(|| self.case.data.starter.clone());
        let via = match now.as_str() {
            state::TERMINATED => Via::Admin,
            _ if self.actor.person.is_some() || self.actor.account.is_some() => self.actor.via,
            _ => Via::Auto,
        };
        let result = word_of(&now).to_owned();
        self.case.data.ended = Some(Decided { by, at_ms: self.world.at_ms, via, result, reason: None });
        let is_in_vain = matches!(now.as_str(), state::REJECTED | state::RECALLED | state::TERMINATED);
        if let Some(other) = self.case.data.undoes.clone().filter(|_| is_in_vain) {
            self.effects.push(Effect::UndoFailed(other));
        }
    }

    pub fn finish(mut self) -> Decision<Instance, Effect> {
        if self.began_in != self.case.state {
            self.ended();
        }
        self.case.lists = lists(&self.case);
        Decision { case: self.case, entries: self.entries, effects: self.effects }
    }
}

/// Whether a case in this state has ended.
fn is_end(of: &str) -> bool {
    !matches!(of, state::DRAFT | state::PENDING | state::RETURNED)
}

/// The lists in which a case stands: whose it is, who has it to do, who did it, who reads along.
fn lists(case: &Case<Instance>) -> BTreeSet<(String, String)> {
    let data = &case.data;
    let mut lists = BTreeSet::new();
    let mut add = |list: &str, who: &PersonId| {
        lists.insert((list.to_owned(), who.0.clone()));
    };
    add("mine", &data.starter);
    for task in data.open().filter(|task| task.partner.is_none()) {
        add("todo", &task.owner);
        if let Some(delegate) = &task.delegate {
            add("todo", delegate);
        }
    }
    for task in data.tasks.iter().filter(|task| task.partner.is_none()) {
        if let Some(decided) = &task.decided {
            add("done", &decided.by);
        }
    }
    data.readers.iter().for_each(|reader| add("copied", reader));
    lists
}

/// The person of an actor.
pub(crate) fn acting<'a>(world: &World<'a>, actor: &Actor) -> Option<&'a Person> {
    actor.person.as_ref().and_then(|id| world.chart.active(id))
}
