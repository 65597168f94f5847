//! From a line to a case that is handed in: start, what is still missing, files.

use std::sync::Arc;

use cases::{Beginning, Case, Refusal, hash_of};
use kit::{CallError, Heard, Letter, Related, Relation, To, message};
use ruma::OwnedEventId;
use store::Batch;

use super::{Approvals, Change, KIND, LOCALPART, Scene, commands::NUMBER_PREFIX};
use crate::{
    OfficeError,
    act::Action,
    card::{Pen, names_in, title},
    flow::preview,
    instance::{Home, Instance, state},
    limits::FILE_BYTES_MAX,
    tables::HOME,
    template::{
        Field, FieldKind, File, Form, Template, Value, departments_to_start, field_refused, missing,
        parse_value, read_line, readable,
    },
};

/// Characters of a hash that people compare at a glance.
const HASH_CHARACTERS: usize = 4;

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
        let Some(template) = house.newest(template).await? else {
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
            None => read_line(&template, line, scene.reader()),
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
        let is_complete = missing(&scene.template, &change.decision.case.data.form).is_empty();
        let started = scene.act(&mut change, &Action::Start, &actor);
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
        let text = self.preview(&change.decision.case, scene, self.pen(lang));
        if heard.is_direct {
            self.answer_in_thread(batch, heard, "p", &text);
        } else {
            // A room of several learns the number and nothing else.
            let no = change.decision.case.no.clone();
            self.answer(batch, heard, &self.pen(lang).say("preview.elsewhere", &[("no", &no)]));
            let key = format!("p/{}", heard.event_id);
            let letter =
                Letter::message(key, LOCALPART, To::Direct(heard.sender.clone()), message(&text, None));
            self.kit().outbox().put(batch, letter);
        }
        self.carry_out(batch, change, scene, heard.event_id.as_str()).await.map(Some)
    }

    fn answer_in_thread(&self, batch: &mut Batch, heard: &Heard, what: &str, text: &str) {
        let root = heard.thread.clone().unwrap_or_else(|| heard.event_id.clone());
        let key = format!("{what}/{}", heard.event_id);
        let letter = Letter::message(key, LOCALPART, To::Room(heard.room.clone()), message(text, None));
        self.kit().outbox().put(batch, letter.relating(Relation::Thread(Related::Event(root))));
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
            let who = if who.is_empty() { "-".to_owned() } else { who };
            if step.is_told {
                lines.push(pen.say("preview.copy", &[("who", &who)]));
                continue;
            }
            number += 1;
            let key = if number == 1 { "preview.step" } else { "preview.later" };
            lines.push(pen.say(key, &[("n", &number.to_string()), ("who", &who)]));
        }
        if matches!(case.state.as_str(), state::DRAFT | state::RETURNED) {
            lines.push(self.next_question(&scene.template, &case.data.form, pen));
        }
        lines.join("\n")
    }

    /// What the starter is asked next.
    pub(crate) fn next_question(&self, template: &Template, form: &Form, pen: Pen<'_>) -> String {
        let open = missing(template, form);
        match open.iter().find(|field| !field.kind.is_file()) {
            Some(field) => {
                let options: Vec<String> =
                    field.options.iter().zip(1..).map(|(option, n)| format!("{n}. {option}")).collect();
                let label = field.label.in_language(names_in(pen.lang));
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

    /// A file for the draft that it stands under, or for the one that waits.
    pub(crate) async fn file(
        &self,
        heard: &Heard,
        (name, mxc, mimetype): (&str, &str, Option<&str>),
        bytes: Option<u64>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let Some((id, _)) = self.concerned(heard).await? else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Instance>(&id).await? else { return Ok(()) };
        if !matches!(case.state.as_str(), state::DRAFT | state::RETURNED) {
            return Ok(());
        }
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let sha256 = match bytes.is_some_and(|bytes| bytes > FILE_BYTES_MAX) {
            true => Err("file.large"),
            false => self.hash_of_file(mxc).await?,
        };
        let sha256 = match sha256 {
            Ok(sha256) => sha256,
            Err(cause) => {
                let refusal = Refusal::new("E130").with("name", name).with("cause", pen.say(cause, &[]));
                return self.refuse(heard, &refusal, batch).await;
            }
        };
        let short: String = sha256.trim_start_matches("sha256:").chars().take(HASH_CHARACTERS).collect();
        let event = heard.event_id.to_string();
        let action = Action::Attach(File {
            name: name.to_owned(),
            mxc: mxc.to_owned(),
            event,
            sha256,
            mimetype: mimetype.unwrap_or_default().to_owned(),
        });
        let mut change = Change::of(case.clone());
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let count = match scene.act(&mut change, &action, &self.actor(heard).await?) {
            Ok(()) => files_in(&change.decision.case.data.form),
            // Doing it says why not.
            Err(_) => 0,
        };
        if self.act(heard, &id, &[action], batch).await? {
            let text = pen.say("draft.file", &[("count", &count.to_string()), ("hash", &short)]);
            self.answer_with(batch, heard, "s", message(&text, None));
        }
        Ok(())
    }

    /// The hash of an uploaded file, or the key of why it cannot be had.
    async fn hash_of_file(&self, mxc: &str) -> Result<Result<String, &'static str>, OfficeError> {
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(Err("file.refused")) };
        match intent.download(mxc).await {
            Ok(bytes) if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes <= FILE_BYTES_MAX) => {
                Ok(Ok(hash_of(&bytes)))
            }
            Ok(_) => Ok(Err("file.large")),
            Err(CallError::Refused { .. }) => Ok(Err("file.refused")),
            Err(error @ (CallError::Limited(_) | CallError::Unreachable(_))) => {
                Err(OfficeError::Later(error.to_string()))
            }
        }
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
    pub(crate) fn answered(
        template: &Template,
        form: &Form,
        text: &str,
        scene: &Scene,
    ) -> Option<Result<Form, Refusal>> {
        let open = missing(template, form);
        let field: &Field = open.iter().find(|field| !field.kind.is_file())?;
        let value = parse_value(field, text, scene.reader());
        let filled = value.map(|value| Form::from([(field.id.clone(), value)]));
        Some(filled.map_err(|error| field_refused(template, &error)))
    }
}

fn files_in(form: &Form) -> usize {
    form.values().map(|value| if let Value::Files(files) = value { files.len() } else { 0 }).sum()
}
