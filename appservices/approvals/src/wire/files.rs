//! Files: those that people upload for a case, those that they ask for, and the file with a form that no card shows.

use cases::{Case, Refusal, hash_of};
use kit::{Attachment, CallError, FetchError, FileSource, Heard, Letter, Related, Relation, To, message};
use people::{Chart, PersonId};
use ruma::OwnedUserId;
use serde_json::{Value as Json, json};
use store::Batch;

use super::{Approvals, Change, LOCALPART};
use crate::{
    OfficeError,
    act::Action,
    card::form_file_name,
    flow::SEES_SENSITIVE,
    instance::{Instance, state},
    limits::{FILE_BYTES_MAX, FILE_NAME_CHARACTERS_MAX},
    tables::FILE_LOCK,
    template::{File, Form, Value, short_hash},
};

impl Approvals {
    /// A file for the case that it stands under, or for the draft that waits: the starter's goes into the form while that is
    /// open, any other one is added to what is handed in.
    pub(crate) async fn file(
        &self,
        heard: &Heard,
        (name, source, mimetype): (&str, &FileSource, Option<&str>),
        bytes: Option<u64>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let Some((id, _)) = self.concerned(heard).await? else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Instance>(&id).await? else { return Ok(()) };
        let me = self.house().await?.chart().by_account(&heard.sender).map(|person| person.id.clone());
        let is_starter = me.as_ref() == Some(&case.data.starter);
        let is_form = match case.state.as_str() {
            state::DRAFT => true,
            state::RETURNED => is_starter,
            _ => false,
        };
        // What merely lies in the direct chat is for a form alone; in a room of several, others may talk under a command.
        let is_placed = self.under(heard).await?.is_some();
        let is_meant = heard.is_direct || me.as_ref().is_some_and(|me| case.data.involves(me));
        let belongs = is_form || (is_placed && is_meant);
        if !belongs {
            return Ok(());
        }
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let name: String = name.chars().take(FILE_NAME_CHARACTERS_MAX).collect();
        let found = |sha256| File {
            name: name.clone(),
            mxc: source.mxc.clone(),
            event: heard.event_id.to_string(),
            sha256,
            mimetype: mimetype.unwrap_or_default().to_owned(),
        };
        let action = |file| if is_form { Action::Attach(file) } else { Action::Enclose(file) };
        // Nothing is fetched for whoever may not add it.
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let actor = self.actor(heard).await?;
        let mut change = Change::of(case);
        if let Err(refusal) = scene.act(&mut change, &action(found(String::new())), &actor) {
            return self.refuse(heard, &refusal, batch).await;
        }
        let count = files_in(&change.decision.case.data).count();
        let sha256 = match bytes.is_some_and(|bytes| bytes > FILE_BYTES_MAX) {
            true => Err("file.large"),
            false => self.hash_of_file(source).await?,
        };
        let sha256 = match sha256 {
            Ok(sha256) => sha256,
            Err(cause) => {
                let refusal = Refusal::new("E130").with("name", name).with("cause", pen.say(cause, &[]));
                return self.refuse(heard, &refusal, batch).await;
            }
        };
        let hash = short_hash(&sha256);
        if self.act(heard, &id, &[action(found(sha256))], batch).await? {
            if let Some(lock) = &source.lock {
                batch.put(&FILE_LOCK, &(&*id, heard.event_id.as_str()), lock);
            }
            let text = pen.say("draft.file", &[("count", &count.to_string()), ("hash", &hash)]);
            self.answer_with(batch, heard, "s", message(&text, None));
        }
        Ok(())
    }

    /// The hash of an uploaded file, or the key of why it cannot be had.
    async fn hash_of_file(&self, source: &FileSource) -> Result<Result<String, &'static str>, OfficeError> {
        match self.kit().fetch(LOCALPART, source).await {
            Ok(bytes) if u64::try_from(bytes.len()).is_ok_and(|bytes| bytes <= FILE_BYTES_MAX) => {
                Ok(Ok(hash_of(&bytes)))
            }
            Ok(_) => Ok(Err("file.large")),
            Err(FetchError::Unlike(_)) => Ok(Err("file.unlike")),
            Err(FetchError::Call(error)) if error.is("M_TOO_LARGE") => Ok(Err("file.large")),
            Err(FetchError::Call(CallError::Refused { .. })) => Ok(Err("file.refused")),
            Err(FetchError::Call(error @ (CallError::Limited(_) | CallError::Unreachable(_)))) => {
                Err(OfficeError::Later(error.to_string()))
            }
        }
    }

    /// What unlocks the files of a form goes along with it into another case: locks stand with the case that a file came for.
    pub(super) async fn copy_locks(
        &self,
        batch: &mut Batch,
        from: &Case<Instance>,
        to: &str,
    ) -> Result<(), OfficeError> {
        for file in from.data.form.values().flat_map(files_of) {
            if let Some(lock) = self.kit().store().get(&FILE_LOCK, &(&*from.id, &*file.event)).await? {
                batch.put(&FILE_LOCK, &(to, &*file.event), &lock);
            }
        }
        Ok(())
    }

    /// Sends the files of a case to somebody who may see it, into their direct chat. Those of sensitive fields are for who
    /// may see these.
    pub(super) async fn send_files(
        &self,
        heard: &Heard,
        case: &Case<Instance>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let sees_all = sees_sensitive(&scene.chart, &heard.sender, case);
        let is_masked = |id: &String| scene.template.field(id).is_some_and(|field| field.sensitive);
        let masked: Vec<&File> = case
            .data
            .form
            .iter()
            .filter(|(id, _)| is_masked(id))
            .flat_map(|(_, value)| files_of(value))
            .collect();
        let shown: Vec<&File> =
            files_in(&case.data).filter(|file| sees_all || !masked.contains(file)).collect();
        let to = || To::Direct(heard.sender.clone());
        let mut is_empty = true;
        for (place, file) in shown.iter().enumerate() {
            let content = json!({
                "msgtype": "m.file", "body": file.name, "filename": file.name,
                "info": { "mimetype": file.mimetype }, "m.mentions": {},
            });
            let key = format!("ff/{}/{place}", heard.event_id);
            let lock = self.kit().store().get(&FILE_LOCK, &(&*case.id, &*file.event)).await?;
            let forwards = Some(FileSource { mxc: file.mxc.clone(), lock });
            let letter = Letter { forwards, ..Letter::message(key, LOCALPART, to(), content) };
            self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
            is_empty = false;
        }
        if let Some(letter) = form_letter(case, format!("ff/{}/form", heard.event_id), to()) {
            self.kit().outbox().put(batch, letter);
            is_empty = false;
        }
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        match (is_empty, heard.is_direct) {
            (true, _) => self.answer(batch, heard, &pen.say("list.empty", &[])),
            (false, false) => self.answer(batch, heard, &pen.say("told.private", &[])),
            (false, true) => {}
        }
        Ok(())
    }

    /// Puts the file with the form below a card.
    pub(super) fn put_form_file(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        card: &str,
        account: &OwnedUserId,
    ) {
        let hash = case.data.form_file.as_ref().map(|file| short_hash(&file.sha256)).unwrap_or_default();
        let key = format!("{card}/form/{}/{hash}", case.data.rounds);
        if let Some(letter) = form_letter(case, key, To::Direct(account.clone())) {
            let letter = letter.relating(Relation::Thread(Related::Letter(card.to_owned())));
            self.kit().outbox().put(batch, letter);
        }
    }
}

/// The letter with the file that holds the form, where there is one.
fn form_letter(case: &Case<Instance>, key: String, to: To) -> Option<Letter> {
    let text = case.data.texts.get(&case.data.form_file.as_ref()?.sha256)?;
    let name = form_file_name(case);
    let content: Json = json!({ "msgtype": "m.file", "body": name, "filename": name, "m.mentions": {} });
    let attachment =
        Attachment { name, mimetype: "application/json".to_owned(), bytes: text.clone().into_bytes() };
    let letter = Letter::message(key, LOCALPART, to, content).secret(case.data.is_secret);
    Some(Letter { attachment: Some(attachment), ..letter })
}

/// Whether somebody may see what is masked elsewhere: who filled it in, and who has the role for it.
pub(super) fn sees_sensitive(chart: &Chart, account: &OwnedUserId, case: &Case<Instance>) -> bool {
    let me: Option<&PersonId> = chart.by_account(account).map(|person| &person.id);
    me.is_some_and(|me| *me == case.data.starter || chart.in_role(SEES_SENSITIVE).contains(me))
}

fn files_of(value: &Value) -> &[File] {
    if let Value::Files(files) = value { files } else { &[] }
}

/// All files of a case.
fn files_in(data: &Instance) -> impl Iterator<Item = &File> {
    let form: &Form = &data.form;
    form.values().flat_map(files_of).chain(data.enclosures.iter().map(|added| &added.file))
}
