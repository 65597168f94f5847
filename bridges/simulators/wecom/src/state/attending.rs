//! Who attends to the session of a customer: nobody yet, whoever calls the API, or a member.

use serde_json::json;

use super::State;
use super::people::folded;
use super::sessions::{ANSWERED_WITHIN_MS, ASSISTANT, ENDED, HUMAN, NEW, QUEUE};
use crate::refusal::Refusal;

impl State {
    /// Gives a session to somebody else by the API; answers by what it may be followed by words.
    pub(crate) fn move_session(
        &mut self,
        chat: &str,
        to: u64,
        servicer: &str,
    ) -> Result<Option<String>, Refusal> {
        let from = self.session(chat)?.state;
        let allowed = match from {
            NEW => to > NEW,
            ASSISTANT => to > ASSISTANT,
            QUEUE | HUMAN => to > QUEUE,
            _ => return Err(Refusal::new(95_013)),
        };
        if !allowed || to > ENDED {
            return Err(Refusal::new(95_016));
        }
        self.put_session(chat, to, servicer, || Refusal::new(95_014))?;
        Ok((to > ASSISTANT).then(|| self.event_code(chat, ANSWERED_WITHIN_MS)))
    }

    /// Members take a session, pass it on or end it; whoever reads sessions is told.
    pub(crate) fn attend(&mut self, chat: &str, to: u64, servicer: &str) -> Result<(), Refusal> {
        let before = self.session(chat)?.clone();
        let change = match (before.state, to) {
            (_, ENDED) => 3,
            (ENDED, HUMAN) => 4,
            (HUMAN, HUMAN) => 2,
            (_, HUMAN) => 1,
            (_, NEW | ASSISTANT | QUEUE) => 0,
            _ => return Err(Refusal::control("there is no such state")),
        };
        self.put_session(chat, to, servicer, || Refusal::control("they do not attend to the account"))?;
        if change == 0 {
            return Ok(());
        }
        let name = |servicer: Option<&String>| servicer.map(|one| self.spelled(one)).unwrap_or_default();
        let mut more = json!({
            "change_type": change, "old_servicer_userid": name(before.servicer.as_ref()),
            "new_servicer_userid": name(self.session(chat)?.servicer.as_ref()),
        });
        if to == ENDED {
            more["msg_code"] = self.event_code(chat, ANSWERED_WITHIN_MS).into();
        }
        self.service_event(&before.account, &before.customer, "session_status_change", &more);
        Ok(())
    }

    /// How a session stands from now on; whoever attends to it is in its chat.
    fn put_session(
        &mut self,
        chat: &str,
        to: u64,
        servicer: &str,
        refusal: impl Fn() -> Refusal,
    ) -> Result<(), Refusal> {
        let session = self.session(chat)?.clone();
        let servicer = (to == HUMAN).then(|| folded(servicer));
        let attends = |one: &String| {
            let account = self.service.accounts.get(&session.account);
            account.is_some_and(|account| account.servicers.contains(one))
        };
        if servicer.as_ref().is_some_and(|one| !attends(one)) {
            return Err(refusal());
        }
        if let Some(chat) = self.chats.get_mut(chat) {
            chat.people.retain(|one| *one == session.customer);
            chat.people.extend(servicer.clone());
        }
        if let Some(known) = self.service.sessions.get_mut(chat) {
            (known.state, known.servicer) = (to, servicer);
        }
        Ok(())
    }
}
