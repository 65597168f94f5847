//! From the first word to the first approver: start, fill in, attach, submit.

use cases::{Refusal, hash_of};

use super::clock::IDLE;
use crate::{
    card::shortened,
    desk::{About, Desk, Effect, Shown, Tell, Under},
    flow::{ADMINISTRATORS, needed, walk::Walked},
    instance::{FormFile, state},
    limits::DIALOGUE_IDLE_MS,
    template::{
        CaseRoomPolicy, Field, File, Form, FormError, Value, add_file, brief, calculate, chosen_department,
        field_refused, form_file,
    },
};

/// The files of a form.
fn files(form: &Form) -> impl Iterator<Item = &Value> {
    form.values().filter(|value| matches!(value, Value::Files(_)))
}

impl Desk<'_> {
    /// The case exists.
    pub fn start(&mut self) {
        calculate(self.world.template, &mut self.case.data.form);
        self.record("start", "", About::default());
        self.goes_on();
    }

    /// Replaces fields of the form. Later than the draft that is not possible: it is recalled first.
    pub fn fill(&mut self, form: &Form) -> Result<(), Refusal> {
        self.open_form()?;
        for (id, value) in form {
            if self.world.template.field(id).is_some() {
                self.case.data.form.insert(id.clone(), value.clone());
            }
        }
        if let Some(chosen) = chosen_department(&self.case.data.form)
            && let Some(starter) = self.world.chart.person(&self.case.data.starter)
            && let Some(department) = starter.departments.iter().find(|path| path.as_str() == chosen)
        {
            self.case.data.department = department.clone();
        }
        calculate(self.world.template, &mut self.case.data.form);
        self.not_too_large()?;
        self.goes_on();
        Ok(())
    }

    /// The dialogue goes on, and ends by itself when nothing follows.
    pub fn goes_on(&mut self) {
        self.case.data.is_resting = false;
        let at_ms = self.world.at_ms.saturating_add(DIALOGUE_IDLE_MS);
        self.effects.push(Effect::Timer { name: IDLE.to_owned(), at_ms });
    }

    /// The dialogue has been idle: the draft rests until it is taken up again, and the starter hears so once.
    pub fn dialogue_is_idle(&mut self) {
        let is_open = matches!(self.case.state.as_str(), state::DRAFT | state::RETURNED);
        if !is_open || self.case.data.is_resting {
            return;
        }
        self.case.data.is_resting = true;
        let to = self.case.data.starter.clone();
        let values = self.named();
        self.effects.push(Effect::Tell(Tell {
            to,
            under: Under::Home,
            text: "draft.resting",
            values,
            push: false,
        }));
    }

    /// Replaces all that is typed of the form: what is not said again is empty.
    pub fn rewrite(&mut self, form: &Form) -> Result<(), Refusal> {
        self.open_form()?;
        self.case.data.form.retain(|_, value| matches!(value, Value::Files(_)));
        self.fill(form)
    }

    /// Adds a file to the form.
    pub fn attach(&mut self, file: &File) -> Result<(), Refusal> {
        self.open_form()?;
        let form = &mut self.case.data.form;
        // The first new file after a return stands for those that were returned.
        if self.case.data.returned_with.as_ref().is_some_and(|old| files(old).eq(files(form))) {
            form.retain(|_, value| !matches!(value, Value::Files(_)));
        }
        add_file(self.world.template, &mut self.case.data.form, file.clone())
            .map_err(|error| field_refused(self.world.template, &error))?;
        let from = self.case.state.clone();
        self.record("attach", &from, About::default());
        if !self.has_room() {
            return Err(self.largest_field_is("form.full"));
        }
        self.goes_on();
        Ok(())
    }

    fn open_form(&self) -> Result<(), Refusal> {
        self.only_starter()?;
        match self.case.state.as_str() {
            state::DRAFT | state::RETURNED => Ok(()),
            _ => Err(self.not_yours()),
        }
    }

    /// Hands it in.
    pub fn submit(&mut self) -> Result<(), Refusal> {
        self.open_form()?;
        let world = self.world;
        if let Some(field) = needed(&world, &self.case.data).first() {
            let error =
                FormError { field: field.id.clone(), problem: "form.required", example: "…".into() };
            return Err(field_refused(world.template, &error));
        }
        let from = std::mem::replace(&mut self.case.state, state::PENDING.to_owned());
        let action = if from == state::DRAFT { "submit" } else { "resubmit" };
        let file = form_file(&self.case.no, world.template, &self.case.data.form, world.chart);
        self.forget_earlier_forms();
        self.case.data.form_file =
            file.as_ref().map(|text| FormFile { sha256: hash_of(text.as_bytes()), bytes: text.len() });
        self.record(action, &from, About { reason: file.as_deref(), ..About::default() });
        if !self.has_room() {
            return Err(self.largest_field_is("form.full"));
        }
        self.effects.push(Effect::Cancel { name: IDLE.to_owned() });
        // What a draft was begun with stays on its cards; what it was returned with is dealt with.
        if from == state::RETURNED {
            self.case.data.note = None;
            self.note_changes();
        }
        if self.world.template.policy.case_room == CaseRoomPolicy::Always {
            self.case.data.room.get_or_insert_default();
        }
        let walked = self.resume();
        if walked == Walked::Stuck {
            return Err(Refusal::new("E116").with("who", "-"));
        }
        self.arrive(walked);
        Ok(())
    }

    /// Notes what is different from what was returned.
    fn note_changes(&mut self) {
        let (chart, template) = (self.world.chart, self.world.template);
        let data = &mut self.case.data;
        let Some(old) = data.returned_with.take() else { return };
        let words = |form: &Form, field: &Field| {
            form.get(&field.id).map_or_else(|| "-".to_owned(), |value| shortened(&brief(field, value, chart)))
        };
        let differs = |field: &&Field| old.get(&field.id) != data.form.get(&field.id);
        data.changes = template
            .form
            .iter()
            .filter(differs)
            .map(|field| (field.id.clone(), words(&old, field), words(&data.form, field)))
            .collect();
    }

    /// From the beginning, or where it was returned.
    fn resume(&mut self) -> Walked {
        let first = self.world.template.flow.first().map(|node| node.id.clone());
        match self.case.data.jump_back.take() {
            Some(node) => {
                self.reasons_are_past(Some(&node));
                self.enter(Some(node))
            }
            None => {
                self.reasons_are_past(None);
                self.case.data.passed.clear();
                self.case.data.first_round = self.case.data.rounds + 1;
                self.enter(first)
            }
        }
    }

    /// The other approval undoes this one: only the starter begins it, and only one.
    pub fn undo_begun(&mut self, by: &str, reason: &str) -> Result<(), Refusal> {
        self.only_starter()?;
        let reason = self.reason(reason)?.to_owned();
        let may = self.case.state == state::APPROVED && self.world.template.policy.revert;
        if !may || self.case.data.undone_by.is_some() {
            return Err(self.not_yours());
        }
        self.case.data.undone_by = Some(by.to_owned());
        self.record("revert", state::APPROVED, About { reason: Some(&reason), ..About::default() });
        Ok(())
    }

    /// The approval that was to undo this one was not approved: another may be begun.
    pub fn undo_failed(&mut self) {
        if self.case.data.undone_by.take().is_some() {
            let from = self.case.state.clone();
            self.record("revert_failed", &from, About { is_automatic: true, ..About::default() });
        }
    }

    /// The approval that undoes this one was approved.
    pub fn undone(&mut self) {
        if self.case.state == state::APPROVED {
            self.case.state = state::REVERTED.to_owned();
            self.record("reverted", state::APPROVED, About { is_automatic: true, ..About::default() });
            let values = self.named();
            self.tell_starter("told.reverted", values, true);
        }
    }

    /// Somebody left: what waits for them goes to their heads, where none is left to ask to an administrator, and the starter is
    /// told (edge cases 1 and 4). Where there is nobody at all it stays.
    pub fn left(&mut self, person: &people::PersonId) {
        let waits = |task: &crate::instance::Task| task.owner == *person && task.state.is_open();
        let held: Vec<_> = self.case.data.tasks.iter().filter(|task| waits(task)).cloned().collect();
        let chart = self.world.chart;
        let mut heirs = chart.person(person).map_or(Vec::new(), |left| chart.heads_above(left));
        heirs.extend(chart.in_role(ADMINISTRATORS).iter().cloned());
        let starter = self.case.data.starter.clone();
        for task in held {
            let may = |heir: &&people::PersonId| **heir != starter && !self.has_part(task.round, heir);
            let Some(heir) = heirs.iter().find(may).cloned() else { continue };
            let new = self.put_in_place(&task, &heir);
            let from = self.case.state.clone();
            let about =
                About { node: Some(&task.node), task: Some(&new), is_automatic: true, ..About::default() };
            self.record("leaver", &from, about);
            let values = vec![
                ("who", Shown::Plain(self.world.name(person))),
                ("to", Shown::Plain(self.world.name(&heir))),
            ];
            self.tell_starter("told.leaver", values, false);
        }
    }

    /// Tells everybody who is asked now.
    pub fn tell_open(&mut self, text: &'static str, values: &[(&'static str, Shown)]) {
        let open: Vec<_> = self.case.data.open().map(|task| (task.id.clone(), task.owner.clone())).collect();
        for (task, to) in open {
            let values = values.to_vec();
            self.effects.push(Effect::Tell(Tell { to, under: Under::Task(task), text, values, push: true }));
        }
    }
}
