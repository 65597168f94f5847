//! From a line to a case that is handed in: start, and what is still missing.

use std::sync::Arc;

use cases::{Beginning, Case, Refusal, hash_of};
use kit::{Heard, Letter, Related, Relation, To, message};
use ruma::OwnedEventId;
use store::Batch;

use super::{Approvals, Change, KIND, LOCALPART, Scene, commands::NUMBER_PREFIX};
use crate::{
    OfficeError,
    act::Action,
    card::{Pen, names_in, title},
    flow::{needed, preview},
    instance::{Home, Instance, state},
    tables::HOME,
    template::{
        Field, FieldKind, Form, FormError, Template, departments_to_start, field_refused, parse_value,
        read_choices, read_line, readable,
    },
};

impl Approvals {
    /// Begins a case from one line. What is complete is handed in at once; what is not is asked for. Nothing where the
    /// asker heard why there is no case.
    pub(crate) async fn start(
        &self,
        heard: &Heard,
        template: &str,
        line: &str,
        undoes: Option<&Case<Instance>>,
        batch: &mut Batch,
    ) -> Result<Option<Case<Instance>>, OfficeError> {
        let house = self.house().await?;
        let found = match undoes {
            // What was approved is undone as it was made, whatever was published since.
            Some(other) => Some(house.template(&other.data.template, other.data.version).await?),
            None => house.newest(template).await?,
        };
        let Some(template) = found else {
            self.refuse(heard, &Refusal::new("E107").with("no", template), batch).await?;
            return Ok(None);
        };
        let starter = house.chart().by_account(&heard.sender).map(|person| person.id.clone());
        let scene = self.scene(Arc::clone(&template), starter.as_ref(), heard.received_ms).await?;
        let Some(me) = scene.chart.by_account(&heard.sender) else {
            self.refuse(heard, &Refusal::new("E108").with("platform", "matrix"), batch).await?;
            return Ok(None);
        };
        let Some(department) = departments_to_start(&template, me).into_iter().next() else {
            let role = scene.template.starters.join(" ");
            let refusal = Refusal::new("E102").with("role", role).with("scope", "org");
            self.refuse(heard, &refusal, batch).await?;
            return Ok(None);
        };
        let form = match undoes {
            Some(other) => Ok(other.data.form.clone()),
            None => read_start(&template, line, heard, &scene),
        };
        let form = match form {
            Ok(form) => form,
            Err(error) => {
                self.refuse(heard, &field_refused(&scene.template, &error), batch).await?;
                return Ok(None);
            }
        };
        // What was approved is undone through the same hands.
        let department = undoes.map_or(department, |other| other.data.department.clone());
        let mut data = Instance::begun(&scene.template, me.id.clone(), department, form);
        data.undoes = undoes.map(|other| other.id.clone());
        data.note = undoes.map(|_| (me.id.clone(), line.to_owned()));
        let root = self.own_root(heard).await?;
        data.home = Some(Home { room: heard.room.clone(), event: root.clone(), is_direct: heard.is_direct });
        let origin = hash_of(house.origin(&scene.template.id, scene.template.version).await?.as_bytes());
        let day = scene.today().strftime("%Y%m%d").to_string();
        let beginning =
            Beginning { kind: KIND, prefix: NUMBER_PREFIX, day: &day, state: state::DRAFT, origin, data };
        let case = house.cases.begin(batch, beginning).await?;
        if let Some(other) = undoes {
            self.copy_locks(batch, other, &case.id).await?;
        }
        batch.put(&HOME, &root, &case.id);
        self.begun(heard, Change::new(case), &scene, undoes, batch).await
    }

    /// The message under which a new case is talked about: the thread it is started in, unless another case is there.
    async fn own_root(&self, heard: &Heard) -> Result<OwnedEventId, OfficeError> {
        match &heard.thread {
            Some(root) if self.kit().store().get(&HOME, root).await?.is_none() => Ok(root.clone()),
            Some(_) | None => Ok(heard.event_id.clone()),
        }
    }

    async fn begun(
        &self,
        heard: &Heard,
        mut change: Change,
        scene: &Scene,
        undoes: Option<&Case<Instance>>,
        batch: &mut Batch,
    ) -> Result<Option<Case<Instance>>, OfficeError> {
        let actor = self.actor(heard).await?;
        let started = scene.act(&mut change, &Action::Start, &actor);
        let is_complete = needed(&scene.world(), &change.decision.case.data).is_empty();
        // What nobody can be asked about stays a draft, and the starter hears why.
        let submitted = match is_complete {
            true => started.and_then(|()| scene.act(&mut change, &Action::Submit, &actor)),
            false => started,
        };
        if let Err(refusal) = &submitted {
            self.refuse(heard, refusal, batch).await?;
        }
        if let Some(other) = undoes {
            let mut original = Change::of(other.clone());
            let by = change.decision.case.id.clone();
            let reason =
                change.decision.case.data.note.as_ref().map_or(String::new(), |(_, why)| why.clone());
            match scene.act(&mut original, &Action::UndoBegun { by, reason }, &actor) {
                Ok(()) => drop(self.carry_out(batch, original, scene, heard.event_id.as_str()).await?),
                Err(refusal) => {
                    self.refuse(heard, &refusal, batch).await?;
                    return Ok(None);
                }
            }
        }
        let lang = self.language_of_account(&heard.sender).await?;
        let case = &change.decision.case;
        let content = message(&self.preview(case, scene, self.pen(lang)), None);
        let key = format!("p/{}", heard.event_id);
        let letter = if heard.is_direct {
            let root = heard.thread.clone().unwrap_or_else(|| heard.event_id.clone());
            let letter = Letter::message(key, LOCALPART, To::Room(heard.room.clone()), content);
            letter.relating(Relation::Thread(Related::Event(root)))
        } else {
            // A room of several learns the number and nothing else.
            self.answer(batch, heard, &self.pen(lang).say("preview.elsewhere", &[("no", &case.no)]));
            Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), content)
        };
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        self.carry_out(batch, change, scene, heard.event_id.as_str()).await.map(Some)
    }

    /// Who would be asked, and what is missing.
    fn preview(&self, case: &Case<Instance>, scene: &Scene, pen: Pen<'_>) -> String {
        let world = scene.world();
        let with_title = |id: &people::PersonId, because: Option<&str>| {
            let title = world.chart.person(id).map(|person| person.title.as_str());
            let notes = [title.filter(|title| !title.is_empty()), because];
            let notes: Vec<&str> = notes.into_iter().flatten().collect();
            match notes.as_slice() {
                [] => world.name(id),
                notes => format!("{} ({})", world.name(id), notes.join(", ")),
            }
        };
        let mut lines = vec![pen.say("preview.head", &[("title", &title(case, &world, pen))])];
        let mut number = 0;
        for step in preview(&world, &case.data) {
            let because = step.condition.as_deref().map(|condition| {
                let condition = readable(&scene.template, condition, names_in(pen.lang));
                pen.say("preview.because", &[("condition", &condition)])
            });
            let with_reason = |id: &people::PersonId| with_title(id, because.as_deref());
            let who = step.people.iter().map(with_reason).collect::<Vec<_>>().join("、");
            let who = match (who.is_empty(), step.is_to_choose) {
                (false, _) => who,
                (true, true) => pen.say("preview.to_choose", &[]),
                (true, false) => "-".to_owned(),
            };
            if step.is_told {
                lines.push(pen.say("preview.copy", &[("who", &who)]));
                continue;
            }
            number += 1;
            let key = if number == 1 { "preview.step" } else { "preview.later" };
            lines.push(pen.say(key, &[("n", &number.to_string()), ("who", &who)]));
        }
        if matches!(case.state.as_str(), state::DRAFT | state::RETURNED) {
            lines.push(self.next_question(scene, &case.data, pen));
        }
        lines.join("\n")
    }

    /// What the starter is asked next.
    pub(crate) fn next_question(&self, scene: &Scene, instance: &Instance, pen: Pen<'_>) -> String {
        let world = scene.world();
        let open = needed(&world, instance);
        match open.iter().find(|field| !field.kind.is_file()) {
            Some(field) => {
                let options: Vec<String> =
                    field.options.iter().zip(1..).map(|(option, n)| format!("{n}. {option}")).collect();
                let label = field.label.in_language(names_in(pen.lang));
                if field.kind == FieldKind::People {
                    let names = field.options.join("、");
                    return pen.say("preview.ask_people", &[("field", label), ("names", &names)]);
                }
                if field.kind == FieldKind::List {
                    let columns =
                        field.columns.iter().map(|column| column.label.in_language(names_in(pen.lang)));
                    let columns = columns.collect::<Vec<_>>().join(" ");
                    return pen.say("preview.ask_lines", &[("field", label), ("columns", &columns)]);
                }
                pen.say("preview.ask", &[("field", label), ("options", &options.join("  "))])
            }
            None if open.is_empty() => pen.say("preview.ready", &[]),
            None => {
                let fields: Vec<&str> =
                    open.iter().map(|field| field.label.in_language(names_in(pen.lang))).collect();
                pen.say("preview.files", &[("fields", &fields.join("、"))])
            }
        }
    }

    /// Hands a draft in, and says so.
    pub(crate) async fn submit(
        &self,
        heard: &Heard,
        case: Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let (id, no) = (case.id.clone(), case.no.clone());
        if self.act(heard, &id, &[Action::Submit], batch).await? {
            let lang = self.language_of_account(&heard.sender).await?;
            let text = self.pen(lang).say("draft.submitted", &[("no", &no)]);
            self.answer_with(batch, heard, "s", message(&text, None));
        }
        Ok(())
    }

    /// Asks to undo an approval, by another one through the same hands.
    pub(crate) async fn revert(
        &self,
        heard: &Heard,
        case: Case<Instance>,
        reason: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let actor = self.actor(heard).await?;
        // Asked before another case is made, so that a refusal leaves nothing behind.
        let begins = Action::UndoBegun { by: String::new(), reason: reason.to_owned() };
        match scene.act(&mut Change::of(case.clone()), &begins, &actor) {
            Ok(()) => {
                let template = case.data.template.clone();
                self.start(heard, &template, reason, Some(&case), batch).await.map(drop)
            }
            Err(refusal) => self.refuse(heard, &refusal, batch).await,
        }
    }

    /// One more field, as the starter typed it.
    pub(crate) fn answered(instance: &Instance, text: &str, scene: &Scene) -> Option<Result<Form, Refusal>> {
        let world = scene.world();
        let open = needed(&world, instance);
        let field: &Field = open.iter().find(|field| !field.kind.is_file())?;
        let value = parse_value(field, text, scene.reader());
        let filled = value.map(|value| Form::from([(field.id.clone(), value)]));
        Some(filled.map_err(|error| field_refused(&scene.template, &error)))
    }
}

/// Reads the line that a case is started with: people to choose stand at its end.
fn read_start(template: &Template, line: &str, heard: &Heard, scene: &Scene) -> Result<Form, FormError> {
    let mentioned: Vec<_> = heard.mentions.iter().filter_map(|user| scene.chart.by_account(user)).collect();
    let (line, chosen) = read_choices(&scene.template, line, &mentioned, &scene.chart)?;
    let mut form = read_line(template, line, scene.reader())?;
    form.extend(chosen);
    Ok(form)
}
