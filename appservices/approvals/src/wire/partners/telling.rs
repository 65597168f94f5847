//! What is said to the other side, and to those who look after approvals here, beside answers and decisions.

use cases::{Case, Via};
use kit::{Heard, Letter, PREFIX, To, message, texts::Lang};
use serde_json::Value;
use store::Batch;

use super::{Ended, Outcome, Over, VERSION, judge::Forgery};
use crate::{
    OfficeError,
    flow::ADMINISTRATORS,
    instance::{Instance, Task, TaskState, state},
    limits::PARTNER_NAME_BYTES_MAX,
    tables::TOLD,
    wire::{Approvals, LOCALPART, rooms::place_of_case},
};

/// Why a partner has nothing more to decide in a task that was open before; nothing where they ended it themselves.
fn ended(case: &Case<Instance>, task: &Task) -> Option<Ended> {
    let by_time = task.decided.as_ref().is_some_and(|decided| decided.via == Via::Auto);
    let is_decided = matches!(task.state, TaskState::Approved | TaskState::Rejected) || task.sends_back();
    match (case.state.as_str(), task.state) {
        _ if is_decided => by_time.then_some(Ended::Expired),
        // Their bot said that they have nobody.
        (_, TaskState::Transferred) => None,
        (_, TaskState::Expired) => Some(Ended::Expired),
        (state::RECALLED, _) => Some(Ended::Recalled),
        (state::TERMINATED, _) => Some(Ended::Terminated),
        _ => Some(Ended::Closed),
    }
}

/// The row of [`TOLD`] that says whether it was told that a partner's key is not known.
pub(super) fn told_of_key(server: &str) -> (String, String) {
    ("key".to_owned(), server.to_owned())
}

impl Approvals {
    /// Tells the bots of partners what nobody there has to decide any more. The letter stands behind the one that asked.
    pub(in crate::wire) fn close_requests(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
    ) {
        let (Some(before), Some(room)) = (before, &after.data.room) else { return };
        for task in after.data.tasks.iter().filter(|task| !task.state.is_open()) {
            let was_open = before.data.task(&task.id).is_some_and(|task| task.state.is_open());
            let was_asked = task.partner.as_ref().is_some_and(|partner| room.here.contains(&partner.server));
            let Some(state) = ended(after, task).filter(|_| was_open && was_asked) else { continue };
            let over = Over { v: VERSION, no: after.no.clone(), task: task.id.clone(), state };
            let content = serde_json::to_value(over).unwrap_or_default();
            let key = format!("over/{}/{}", after.id, task.id);
            let mut letter = Letter::message(key, LOCALPART, To::Place(place_of_case(&after.id)), content);
            letter.kind = format!("{PREFIX}request.over");
            self.kit().outbox().put(batch, letter);
        }
    }

    /// What the bot of a partner says is in a newer form: both sides are told, and who asked that nobody is asked by it.
    pub(super) async fn too_new(
        &self,
        heard: &Heard,
        kind: &str,
        theirs: u64,
        content: &Value,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let server = heard.sender.server_name();
        tracing::warn!(room = %heard.room, %server, kind, v = theirs, "a partner's bot speaks a newer form");
        let text = |name: &str| content[name].as_str().filter(|text| text.len() <= PARTNER_NAME_BYTES_MAX);
        if let ("request", Some(no), Some(task)) = (kind, text("no"), text("task")) {
            self.put_answer(batch, &heard.room, (no, task, &heard.event_id), "v", Outcome::TooNew);
        }
        // Once for each form of ours, whatever number theirs has: the next one is a matter of the same upgrade.
        let told = (format!("newer/{}/{VERSION}", heard.room), server.to_string());
        if self.kit().store().exists(&TOLD, &told).await? {
            return Ok(());
        }
        batch.put(&TOLD, &told, &());
        let (theirs, ours) = (theirs.to_string(), VERSION.to_string());
        let own = self.kit().server_name().as_str();
        let values =
            [("server", server.as_str()), ("theirs", &theirs), ("own", own), ("ours", ours.as_str())];
        self.answer(batch, heard, &self.pen(Lang::Both).say("partner.newer", &values));
        self.tell_administrators(batch, &format!("newer/{server}/{VERSION}"), "partner.newer", &values).await
    }

    /// Says in the room that something of a partner's bot is not believed, and why. Of a key that is not known those who
    /// look after approvals hear, too.
    pub(super) async fn disbelieve(
        &self,
        heard: &Heard,
        forgery: Forgery,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        tracing::warn!(room = %heard.room, sender = %heard.sender, %forgery, "a partner's bot is not believed");
        let server = heard.sender.server_name().as_str();
        let text = [Lang::Zh, Lang::En].map(|lang| {
            let pen = self.pen(lang);
            pen.say("partner.forged", &[("server", server), ("cause", &pen.say(forgery.key(), &[]))])
        });
        self.answer(batch, heard, &text.join("\n"));
        if forgery == Forgery::Key { self.warn_of_key(heard, batch).await } else { Ok(()) }
    }

    /// Those who look after approvals hear once that a partner's bot signs with a key that is not known.
    pub(super) async fn warn_of_key(&self, heard: &Heard, batch: &mut Batch) -> Result<(), OfficeError> {
        let server = heard.sender.server_name().as_str();
        let told = told_of_key(server);
        if self.kit().store().exists(&TOLD, &told).await? {
            return Ok(());
        }
        batch.put(&TOLD, &told, &());
        let key = format!("key/{server}/{}", heard.event_id);
        self.tell_administrators(batch, &key, "partner.key", &[("server", server)]).await
    }

    /// Tells all who look after approvals something that they have to do something about. The key makes it once.
    async fn tell_administrators(
        &self,
        batch: &mut Batch,
        key: &str,
        text: &'static str,
        values: &[(&str, &str)],
    ) -> Result<(), OfficeError> {
        let chart = self.house().await?.chart();
        for person in chart.in_role(ADMINISTRATORS).iter().filter_map(|id| chart.active(id)) {
            let Some(account) = person.account.clone() else { continue };
            let pen = self.pen(self.language_of(person).await?);
            let content = message(&pen.say(text, values), Some(&account));
            let key = format!("ad/{key}/{}", person.id);
            self.kit().outbox().put(batch, Letter::message(key, LOCALPART, To::Direct(account), content));
        }
        Ok(())
    }
}
