//! Plain messages: answers under a card or in the direct chat.

use cases::{Case, Refusal};
use kit::{Heard, message};
use store::Batch;

use super::{
    Approvals, Change,
    foreign::Answer,
    partners::{Said, card_of_request},
};
use crate::{
    OfficeError,
    act::Action,
    card::Card,
    instance::{Instance, state},
    template::{FormError, Template, field_refused, read_reply},
};

/// What a short answer means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Word {
    Yes(Option<String>),
    No(Option<String>),
    Submit,
    Cancel,
    Other,
}

pub(super) fn meaning(text: &str) -> Word {
    let text = text.trim();
    let (first, rest) =
        text.split_once(|c: char| c.is_whitespace() || "，,：:".contains(c)).unwrap_or((text, ""));
    let rest = Some(rest.trim().to_owned()).filter(|rest| !rest.is_empty());
    match first.to_lowercase().as_str() {
        "同意" | "通过" | "ok" | "yes" | "approve" => Word::Yes(rest),
        "拒绝" | "驳回" | "no" | "reject" => Word::No(rest),
        "提交" | "submit" if rest.is_none() => Word::Submit,
        "取消" | "cancel" if rest.is_none() => Word::Cancel,
        _ => Word::Other,
    }
}

impl Approvals {
    /// The case, and the task, that a message is about: by where it stands, else by what is waited for.
    pub(crate) async fn concerned(&self, heard: &Heard) -> Result<Option<(String, String)>, OfficeError> {
        if let Some((case, card)) = heard.on.as_deref().and_then(Card::of_key) {
            let task = match card {
                Card::Starter => String::new(),
                Card::Task { task, .. } => task,
            };
            return Ok(Some((case.to_owned(), task)));
        }
        if let Some(case) = self.under(heard).await? {
            return Ok(Some((case, String::new())));
        }
        let chart = self.house().await?.chart();
        match chart.by_account(&heard.sender).filter(|_| heard.is_direct && heard.thread.is_none()) {
            Some(person) => self.awaited(&person.id).await,
            None => Ok(None),
        }
    }

    pub(crate) async fn word(&self, heard: &Heard, text: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        if let Some((id, _)) = heard.on.as_deref().and_then(card_of_request) {
            return Box::pin(self.decides_for_partner(heard, id, Said::Text(text), batch)).await;
        }
        if self.answers_foreign(heard, Answer::Words(text), batch).await? {
            return Ok(());
        }
        let Some((id, task)) = self.concerned(heard).await? else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Instance>(&id).await? else { return Ok(()) };
        if task.is_empty() {
            return Box::pin(self.word_of_starter(heard, case, text, batch)).await;
        }
        let me = self.house().await?.chart().by_account(&heard.sender).map(|person| person.id.clone());
        let awaiting = case.data.task(&task).and_then(|task| task.awaiting.as_ref());
        let awaiting = awaiting.filter(|awaiting| Some(&awaiting.by) == me.as_ref());
        let chance = self.kit().rng().u64();
        let task = Some(task);
        let action = match (meaning(text), awaiting) {
            (Word::Yes(comment), None) => Action::Approve { task, comment, code: None, chance },
            (Word::No(reason), _) => Action::Reject { task, reason },
            (Word::Yes(_), Some(awaiting)) if awaiting.code.is_none() => {
                Action::Approve { task, comment: None, code: None, chance }
            }
            (Word::Cancel, Some(awaiting)) => {
                let mut actor = self.actor(heard).await?;
                actor.source.clone_from(&awaiting.source);
                return self.act_as(heard, &actor, case, &[Action::TakenBack], batch).await.map(|_| ());
            }
            (_, Some(awaiting)) if awaiting.code.is_some() => {
                Action::Approve { task, comment: None, code: Some(text.trim().to_owned()), chance }
            }
            (_, Some(_)) => Action::Reject { task, reason: Some(text.to_owned()) },
            (Word::Submit | Word::Cancel | Word::Other, None) => Action::Comment { text: text.to_owned() },
        };
        self.act(heard, &id, &[action], batch).await.map(|_| ())
    }

    async fn word_of_starter(
        &self,
        heard: &Heard,
        case: Case<Instance>,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let is_open = matches!(case.state.as_str(), state::DRAFT | state::RETURNED);
        let me = self.house().await?.chart().by_account(&heard.sender).map(|person| person.id.clone());
        if me.as_ref() != Some(&case.data.starter) && !heard.is_direct {
            // Others may talk under a command in a room of several.
            return Ok(());
        }
        match meaning(text) {
            Word::Submit => self.submit(heard, case, batch).await,
            Word::Cancel if is_open => {
                let no = case.no.clone();
                if self.act(heard, &case.id, &[Action::Recall], batch).await? {
                    let lang = self.language_of_account(&heard.sender).await?;
                    let text = self.pen(lang).say("draft.cancelled", &[("no", &no)]);
                    self.answer_with(batch, heard, "s", message(&text, None));
                }
                Ok(())
            }
            _ if is_open => Box::pin(self.fill(heard, case, text, batch)).await,
            _ => self
                .act(heard, &case.id, &[Action::Comment { text: text.to_owned() }], batch)
                .await
                .map(|_| ()),
        }
    }

    /// The dialogue: a message fills the next open field, or those that it names, and the one after it is asked for.
    async fn fill(
        &self,
        heard: &Heard,
        case: Case<Instance>,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let lang = self.language_of_account(&heard.sender).await?;
        let pen = self.pen(lang);
        let several = read_reply(&scene.template, text, scene.reader());
        let several = several.map(|read| read.map_err(|errors| refused(&scene.template, &errors)));
        let one = || {
            let one = Self::answered(&case.data, text, &scene)?;
            Some(one.map_err(|refusal| vec![refusal]))
        };
        let filled = match several.or_else(one) {
            Some(Ok(filled)) => filled,
            Some(Err(refusals)) => {
                let words: Vec<String> =
                    refusals.iter().map(|refusal| self.words_of(lang, refusal)).collect();
                self.answer(batch, heard, &words.join("\n"));
                return Ok(());
            }
            None => {
                let question = self.next_question(&scene, &case.data, pen);
                self.answer_with(batch, heard, "s", message(&question, None));
                return Ok(());
            }
        };
        let mut change = Change::of(case.clone());
        let fill = Action::Fill(filled);
        // Doing it says why not.
        let _refusal = scene.act(&mut change, &fill, &self.actor(heard).await?);
        if self.act(heard, &case.id, &[fill], batch).await? {
            let question = self.next_question(&scene, &change.decision.case.data, pen);
            self.answer_with(batch, heard, "s", message(&question, None));
        }
        Ok(())
    }
}

fn refused(template: &Template, errors: &[FormError]) -> Vec<Refusal> {
    errors.iter().map(|error| field_refused(template, error)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_answers_mean_what_people_mean() {
        let cases = [
            ("同意", Word::Yes(None)),
            (" OK ", Word::Yes(None)),
            ("同意，尽快", Word::Yes(Some("尽快".into()))),
            ("拒绝 发票抬头不对", Word::No(Some("发票抬头不对".into()))),
            ("no", Word::No(None)),
            ("提交", Word::Submit),
            ("cancel", Word::Cancel),
            ("提交 吧", Word::Other),
            ("不同意", Word::Other),
            ("okay then", Word::Other),
        ];
        for (text, expected) in cases {
            assert_eq!(meaning(text), expected, "{text}");
        }
    }
}
