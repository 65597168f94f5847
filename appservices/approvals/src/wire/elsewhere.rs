//! Cards of tasks on other platforms, and what is decided there: by the same law, with the platform's call as the proof.

use cases::Case;
use kit::{Heard, texts::Lang};
use office::{CardElsewhere, Choice, Press, press_of, show_elsewhere};
use ruma::UserId;
use store::Batch;

use super::{Approvals, Change, LOCALPART};
use crate::{
    OfficeError,
    act::Action,
    card::{Card, Pen, is_open},
    instance::{Instance, Task},
    tables::TOLD,
};

impl Approvals {
    /// Shows the card of a task to whom it is for, where they are on other platforms. `text` is what it says here.
    pub(super) async fn show_card_elsewhere(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        card: &Card,
        (text, account): (&str, &UserId),
        pen: Pen<'_>,
    ) -> Result<(), OfficeError> {
        if !matches!(card, Card::Task { .. }) {
            return Ok(());
        }
        let mut text = text;
        let (mut choices, mut words) = (Vec::new(), None);
        let hidden = if is_open(case, card) { "elsewhere.secret" } else { "elsewhere.secret_over" };
        let hidden = pen.say(hidden, &[]);
        if case.data.is_secret {
            // Nothing is decided there by somebody who cannot read what they decide.
            text = &hidden;
        } else if is_open(case, card) {
            // The last line says what can be tapped here.
            text = text.rsplit_once('\n').map_or(text, |(rest, _)| rest);
            choices = vec![
                Choice { action: APPROVE, label: pen.say("elsewhere.approve", &[]), style: "primary" },
                Choice { action: REJECT, label: pen.say("elsewhere.reject", &[]), style: "danger" },
            ];
            words = Some(pen.say("elsewhere.words", &[]));
        }
        let shown = CardElsewhere { key: &card.key(&case.id), account, rev: case.rev, text, choices, words };
        Ok(show_elsewhere(self.kit(), batch, LOCALPART, shown).await?)
    }

    /// Something may have been pressed on another platform: it counts as if it had been tapped here.
    pub(super) async fn pressed(&self, heard: &Heard, batch: &mut Batch) -> Result<(), OfficeError> {
        let Some(press) = press_of(self.kit(), LOCALPART, heard).await? else { return Ok(()) };
        let Some((id, Card::Task { task, .. })) = Card::of_key(&press.key) else { return Ok(()) };
        let house = self.house().await?;
        let Some(case) = house.cases.get::<Instance>(id).await? else { return Ok(()) };
        let words = press.words.clone();
        let action = match press.action.as_str() {
            APPROVE => {
                let chance = self.kit().rng().u64();
                Action::Approve { task: Some(task.clone()), comment: words, code: None, chance }
            }
            REJECT => Action::Reject { task: Some(task.clone()), reason: words },
            _ => return Ok(()),
        };
        let actor = press.actor(&house.chart());
        let lang = self.language_of_account(&press.account).await?;
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let told = (press.key.clone(), press.account.to_string());
        let mut change = Change::of(case);
        if let Err(refusal) = scene.act(&mut change, &action, &actor) {
            // Who is not asked is told so once for a card, as after a tap.
            if matches!(refusal.code, "E101" | "E108") {
                if self.kit().store().exists(&TOLD, &told).await? {
                    return Ok(());
                }
                batch.put(&TOLD, &told, &());
            }
            return self.answer_elsewhere(batch, heard, &press, &self.words_of(lang, &refusal)).await;
        }
        let after = self.carry_out(batch, change, &scene, heard.event_id.as_str()).await?;
        let Some(task) = after.data.task(&task) else { return Ok(()) };
        if let Some(text) = self.asked_for(task, lang) {
            self.answer_elsewhere(batch, heard, &press, &text).await?;
        }
        Box::pin(self.say_decided_there(batch, &after, task, &press, &scene)).await
    }

    /// What is waited for before the press counts, in words.
    fn asked_for(&self, task: &Task, lang: Lang) -> Option<String> {
        let awaiting = task.awaiting.as_ref()?;
        let pen = self.pen(lang);
        Some(match &awaiting.code {
            Some(code) => pen.say("elsewhere.code", &[("code", code)]),
            None => pen.say("elsewhere.why", &[]),
        })
    }

    /// Says something to whoever pressed, where they did.
    async fn answer_elsewhere(
        &self,
        batch: &mut Batch,
        heard: &Heard,
        press: &Press,
        text: &str,
    ) -> Result<(), OfficeError> {
        let shown = CardElsewhere {
            key: &format!("r/{}", heard.event_id),
            account: &press.account,
            rev: 1,
            text,
            choices: Vec::new(),
            words: None,
        };
        Ok(show_elsewhere(self.kit(), batch, LOCALPART, shown).await?)
    }
}

/// The button of those who agree.
const APPROVE: &str = "approve";

/// The button of those who do not.
const REJECT: &str = "reject";
