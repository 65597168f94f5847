//! What changes no decision: urge, read along, comment, add a file; a tap that was taken back.

use cases::Refusal;
use people::PersonId;

use crate::{
    desk::{About, Desk, Effect, Shown, Tell, Under},
    instance::{Enclosure, TaskState, state},
    limits::{FILES_MAX, READERS_MAX, URGE_COOLDOWN_MS, URGES_UNTIL_HEAD},
    template::{File, duration_ms, short_hash},
};

impl Desk<'_> {
    /// Reminds who has it.
    pub fn urge(&mut self) -> Result<(), Refusal> {
        let me = self.me()?;
        let may = me == self.case.data.starter || self.case.data.readers.contains(&me);
        if !may || self.case.state != state::PENDING {
            return Err(self.not_yours());
        }
        let cooldown = self.world.template.policy.urge_cooldown.as_deref();
        let cooldown_ms = cooldown.and_then(duration_ms).unwrap_or(URGE_COOLDOWN_MS);
        let again_ms = self.case.data.urged_ms.map_or(0, |urged_ms| urged_ms.saturating_add(cooldown_ms));
        if self.world.at_ms < again_ms {
            return Err(Refusal::new("E114").with("time", self.world.time(again_ms)));
        }
        self.case.data.urges += 1;
        self.case.data.urged_ms = Some(self.world.at_ms);
        self.record("urge", state::PENDING, About::default());
        self.withhold();
        let mut values = self.named();
        values.push(("who", Shown::Plain(self.world.name(&me))));
        self.tell_open("told.urged", &values);
        if self.case.data.urges >= URGES_UNTIL_HEAD {
            self.tell_heads(&values);
        }
        Ok(())
    }

    fn tell_heads(&mut self, values: &[(&'static str, Shown)]) {
        let chart = self.world.chart;
        let owners: Vec<_> = self.case.data.open().filter_map(|task| chart.active(&task.owner)).collect();
        for owner in owners {
            let mut values = values.to_vec();
            values.push(("owner", Shown::Plain(owner.name.clone())));
            for to in chart.heads_above(owner) {
                let values = values.clone();
                let told = Tell { to, under: Under::Starter, text: "told.urged_head", values, push: true };
                self.effects.push(Effect::Tell(told));
            }
        }
    }

    /// Has others read along.
    pub fn copy(&mut self, people: &[PersonId]) -> Result<(), Refusal> {
        let me = self.me()?;
        let decides = self.case.data.tasks.iter().any(|task| task.owner == me);
        if me != self.case.data.starter && !decides {
            return Err(self.not_yours());
        }
        let refused =
            |problem: &str| Refusal::new("E110").with("field", "form.person").with("problem", problem);
        let known = people.iter().all(|person| self.world.chart.active(person).is_some());
        if people.is_empty() || !known {
            return Err(refused("form.nobody").with("example", "@lisi"));
        }
        let readers = &self.case.data.readers;
        let new = people.iter().filter(|person| !readers.contains(*person)).count();
        if readers.len() + new > READERS_MAX {
            return Err(refused("form.how_many").with("example", READERS_MAX.to_string()));
        }
        self.tell_readers(people, None, false);
        Ok(())
    }

    /// Says something about it: the starter and who is asked hear it, without a push.
    pub fn comment(&mut self, text: &str) -> Result<(), Refusal> {
        let me = self.only_involved()?;
        let text = self.reason(text)?.to_owned();
        let from = self.case.state.clone();
        self.record("comment", &from, About { reason: Some(&text), ..About::default() });
        if !self.has_room() {
            let refusal = Refusal::new("E110").with("field", "form.comment").with("problem", "form.full");
            return Err(refusal.with("example", "…"));
        }
        let values = vec![("who", Shown::Plain(self.world.name(&me))), ("text", Shown::Plain(text))];
        self.tell_others(&me, "told.comment", &values);
        Ok(())
    }

    /// Adds a file to what is handed in: whoever has a part in it may, and the others hear of it without a push.
    pub fn enclose(&mut self, file: &File) -> Result<(), Refusal> {
        let me = self.only_involved()?;
        if self.case.state == state::DRAFT {
            return Err(self.not_yours());
        }
        if self.case.data.enclosures.len() >= FILES_MAX {
            let refusal = Refusal::new("E110").with("field", "form.enclosures").with("problem", "form.files");
            return Err(refusal.with("example", FILES_MAX.to_string()));
        }
        let (name, sha256) = (file.name.clone(), file.sha256.clone());
        let at_ms = self.world.at_ms;
        self.case.data.enclosures.push(Enclosure { file: file.clone(), by: me.clone(), at_ms });
        let from = self.case.state.clone();
        let named = format!("{name} {sha256}");
        self.record("attach", &from, About { reason: Some(&named), ..About::default() });
        let values = [
            ("who", Shown::Plain(self.world.name(&me))),
            ("name", Shown::Plain(name)),
            ("hash", Shown::Plain(short_hash(&sha256))),
        ];
        self.tell_others(&me, "told.attached", &values);
        Ok(())
    }

    /// Tells the starter and who is asked of what one of them did.
    fn tell_others(&mut self, me: &PersonId, text: &'static str, values: &[(&'static str, Shown)]) {
        if *me != self.case.data.starter {
            self.tell_starter(text, values.to_vec(), false);
        }
        let open: Vec<_> = self.case.data.open().map(|task| (task.id.clone(), task.owner.clone())).collect();
        for (task, to) in open.into_iter().filter(|(_, owner)| owner != me) {
            let told = Tell { to, under: Under::Task(task), text, values: values.to_vec(), push: false };
            self.effects.push(Effect::Tell(told));
        }
    }

    /// Says something to those who were asked to decide: in their direct chats, and nowhere else. What was said is not kept
    /// with the case, whose exports its starter reads; the record names the event.
    pub fn confide(&mut self, text: &str) -> Result<(), Refusal> {
        let me = self.only_involved()?;
        let text = self.reason(text)?.to_owned();
        let starter = self.case.data.starter.clone();
        let mut asked: Vec<(PersonId, String)> = Vec::new();
        for task in self.case.data.tasks.iter().filter(|task| task.partner.is_none()) {
            if matches!(task.state, TaskState::Waiting | TaskState::Skipped) {
                continue;
            }
            for person in [Some(&task.owner), task.delegate.as_ref()].into_iter().flatten() {
                if *person != starter && asked.iter().all(|(known, _)| known != person) {
                    asked.push((person.clone(), task.id.clone()));
                }
            }
        }
        if me == starter || asked.iter().all(|(person, _)| *person != me) {
            return Err(self.not_yours());
        }
        let from = self.case.state.clone();
        self.record("confide", &from, About::default());
        for (to, task) in asked.into_iter().filter(|(person, _)| *person != me) {
            let values =
                vec![("who", Shown::Plain(self.world.name(&me))), ("text", Shown::Plain(text.clone()))];
            let told = Tell { to, under: Under::Task(task), text: "told.confided", values, push: false };
            self.effects.push(Effect::Tell(told));
        }
        Ok(())
    }

    /// The reaction that began a rejection or approval was taken back before its reason or code came.
    pub fn taken_back(&mut self) {
        let source = self.actor.source.clone();
        for task in &mut self.case.data.tasks {
            if source.is_some() && task.awaiting.as_ref().is_some_and(|awaiting| awaiting.source == source) {
                task.awaiting = None;
                self.effects.push(Effect::Cancel { name: format!("answer/{}", task.id) });
            }
        }
    }
}
