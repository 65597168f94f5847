//! What people say without a command: answers below cards, reasons that are waited for, words that ask for a task.

use cases::Case;
use kit::{Heard, Letter, Related, Relation, To};
use ruma::EventId;
use serde_json::json;
use store::Batch;

use super::{LOCALPART, Tasks, actions::moment, create::TAKE, deliver::case_of_key};
use crate::{
    OfficeError,
    act::Action,
    card::Card,
    desk::Actor,
    tables::EXPECTED,
    task::{Task, state},
};

/// Who writes one of these is offered a task.
const ASKING: &[&str] = &["需跟进", "待跟进", "待审批", "follow up", "follow-up"];

/// The words of a text that ask for a task, if there are any.
pub(super) fn asks_for_a_task(text: &str) -> Option<&'static str> {
    let text = text.to_lowercase();
    ASKING.iter().copied().find(|word| text.contains(word))
}

/// What the offer below a message is called.
pub(super) fn suggestion_key(event: &EventId) -> String {
    format!("tksuggest/{event}")
}

impl Tasks {
    pub(super) async fn word(&self, heard: &Heard, text: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let actor = self.actor(heard).await?;
        let cases = &self.house().await?.cases;
        let id = match heard.on.as_deref() {
            Some(key) => case_of_key(key).map(str::to_owned),
            None => match actor.person.as_ref().filter(|_| heard.is_direct && heard.thread.is_none()) {
                Some(me) => self.kit().store().get(&EXPECTED, &me.0).await?,
                None => None,
            },
        };
        let Some(id) = id else {
            self.suggest(heard, text, batch);
            return Ok(());
        };
        let Some(case) = cases.get::<Task>(&id).await? else { return Ok(()) };
        match self.meaning(heard, text, &case, &actor, batch).await? {
            Some(action) => self.act(heard, case, &action, batch).await.map(|_| ()),
            None => Ok(()),
        }
    }

    /// What a word below a card does; nothing where it was answered already.
    async fn meaning(
        &self,
        heard: &Heard,
        text: &str,
        case: &Case<Task>,
        actor: &Actor,
        batch: &mut Batch,
    ) -> Result<Option<Action>, OfficeError> {
        let me = actor.person.as_ref();
        let said = text.trim().to_lowercase();
        let is_yes = matches!(said.as_str(), "同意" | "好" | "要" | "ok" | "yes");
        let is_no = matches!(said.as_str(), "不同意" | "不要" | "不需要" | "no");
        if let Some(Card::MoreTime(number)) = heard.on.as_deref().and_then(Card::of_key).map(|(_, card)| card)
        {
            return Ok((is_yes || is_no).then_some(Action::Postponed { number, yes: is_yes }));
        }
        if case.state == state::PROPOSED {
            return Ok((is_yes || is_no).then_some(Action::Answer { yes: is_yes }));
        }
        if me.is_some_and(|me| case.data.awaiting.iter().any(|awaiting| awaiting.by == *me)) {
            return Ok(Some(Action::Decline { reason: Some(text.to_owned()) }));
        }
        if case.data.is_due_asked && me == Some(&case.data.creator) {
            match moment(text, case, heard) {
                Ok((due_ms, _)) => return Ok(Some(Action::Due { due_ms })),
                // In a direct chat nothing else was asked; in a thread people also talk.
                Err(refusal) if heard.is_direct => {
                    self.refuse(batch, heard, &refusal).await?;
                    return Ok(None);
                }
                Err(_) => {}
            }
        }
        Ok(Some(match said.as_str() {
            "完成" | "done" | "finished" => Action::Progress(100),
            "接受" | "accept" => Action::Accept,
            "25%" => Action::Progress(25),
            "50%" => Action::Progress(50),
            "75%" => Action::Progress(75),
            "100%" => Action::Progress(100),
            _ => match said.strip_prefix("拒绝").or_else(|| said.strip_prefix("decline")) {
                Some(reason) => Action::Decline { reason: Some(reason.trim().to_owned()) },
                None => Action::Comment { text: text.to_owned() },
            },
        }))
    }

    /// Offers to take a message as a task, where somebody wrote that it asks for one.
    fn suggest(&self, heard: &Heard, text: &str, batch: &mut Batch) {
        if heard.is_direct || asks_for_a_task(text).is_none() {
            return;
        }
        let relation = Relation::Reacts(Related::Event(heard.event_id.clone()), TAKE.to_owned());
        let letter = Letter::message(
            suggestion_key(&heard.event_id),
            LOCALPART,
            To::Room(heard.room.clone()),
            json!({}),
        );
        self.kit().outbox().put(batch, letter.relating(relation));
    }
}
