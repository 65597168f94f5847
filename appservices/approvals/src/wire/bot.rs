//! What the bot hears.

use async_trait::async_trait;
use kit::{Bot, BotError, Fired, Heard, Verb, What, texts::Lang};
use people::PersonId;
use store::Batch;

use super::{
    Approvals, Change, LOCALPART,
    commands::VERBS,
    foreign::Answer,
    forms::{FILLED_TIMER, LINK_TIMER},
    leavers,
    partners::{LOOK_TIMER, Said, card_of_request},
};
use crate::{
    OfficeError,
    act::{Action, Alarm},
    card::Card,
    desk::Actor,
    instance::Instance,
    mail::{LETTER_TIMER, UNREACHED_TIMER},
    tables::TOLD,
};

#[async_trait]
impl Bot for Approvals {
    fn localpart(&self) -> &'static str {
        LOCALPART
    }

    fn display_name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh | Lang::Both => "审批",
            Lang::En => "Approvals",
        }
    }

    fn verbs(&self) -> &'static [Verb] {
        VERBS
    }

    async fn verbs_for(&self, heard: &Heard) -> Result<Vec<Verb>, BotError> {
        Ok(self.verbs_of(heard).await?)
    }

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        Ok(Box::pin(self.hear(heard, batch)).await?)
    }

    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError> {
        Ok(self.ring(fired, batch).await?)
    }

    async fn started(&self, batch: &mut Batch) -> Result<(), BotError> {
        self.house().await?;
        self.look_later(batch);
        Ok(office::greet_bridge(self.kit(), batch, LOCALPART).await?)
    }

    async fn undeliverable(&self, key: &str, _reason: &str, batch: &mut Batch) -> Result<(), BotError> {
        Ok(self.came_back(key, batch).await?)
    }
}

/// Whether an event of ours is said by bridges.
fn is_of_bridge(kind: &str) -> bool {
    kind.starts_with("bridge.")
}

impl Approvals {
    async fn hear(&self, heard: &Heard, batch: &mut Batch) -> Result<(), OfficeError> {
        match &heard.what {
            What::Command { verb, arguments, .. } => self.command(heard, verb, arguments, batch).await,
            What::Text(text) => self.word(heard, text, batch).await,
            What::File { name, source, bytes, mimetype } => {
                Box::pin(self.file(heard, (name, source, mimetype.as_deref()), *bytes, batch)).await
            }
            What::Reaction(reaction) => self.reaction(heard, reaction, batch).await,
            What::ReactionTakenBack { event, .. } => {
                let mut taken = heard.clone();
                taken.event_id = event.clone();
                self.reaction_taken_back(heard, &taken, batch).await
            }
            What::Member { user, membership } if membership == "join" => {
                self.came(heard, user, batch).await?;
                self.came_to_decide(heard, user, batch).await
            }
            What::Member { user, membership } if matches!(membership.as_str(), "leave" | "ban") => {
                self.show_again(heard, user, batch).await
            }
            What::Upgraded { .. } => self.show_again(heard, &heard.sender, batch).await,
            What::Ours { kind, .. } if kind.strip_prefix(kit::PREFIX) == Some("bridge.pressed") => {
                self.pressed(heard, batch).await
            }
            What::Ours { kind, .. } if kind.strip_prefix(kit::PREFIX).is_some_and(is_of_bridge) => {
                self.foreign(heard, batch).await.map(drop)
            }
            What::Ours { kind, state_key, content } => {
                self.ours(heard, kind, state_key.as_deref(), content, batch).await
            }
            What::Redacted { event } => Box::pin(self.source_redacted(heard, event, batch)).await,
            What::Edited { .. }
            | What::PollAnswered { .. }
            | What::InCall
            | What::Joined { .. }
            | What::Member { .. } => Ok(()),
        }
    }

    async fn reaction(&self, heard: &Heard, reaction: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        if let Some((id, _)) = heard.on.as_deref().and_then(card_of_request) {
            return Box::pin(self.decides_for_partner(heard, id, Said::Tap(reaction), batch)).await;
        }
        if self.answers_foreign(heard, Answer::Tap(reaction), batch).await? {
            return Ok(());
        }
        let Some((id, card)) = heard.on.as_deref().and_then(Card::of_key) else { return Ok(()) };
        let action = match (reaction, &card) {
            ("✅", Card::Task { task, .. }) => Action::Approve {
                task: Some(task.clone()),
                comment: None,
                code: None,
                chance: self.kit().rng().u64(),
            },
            ("❌", Card::Task { task, .. }) => Action::Reject { task: Some(task.clone()), reason: None },
            ("💬", Card::Task { .. }) => {
                let lang = self.language_of_account(&heard.sender).await?;
                self.answer(batch, heard, &self.pen(lang).say("told.comment_how", &[]));
                return Ok(());
            }
            ("⏰", Card::Starter) => Action::Urge,
            ("↩" | "↩\u{fe0f}", Card::Starter) => Action::Recall,
            _ => return Ok(()),
        };
        self.act(heard, id, &[action], batch).await.map(|_| ())
    }

    /// A tap that waits for a reason or a code is void; one that counted stays, and the bot says so once (E104).
    async fn reaction_taken_back(
        &self,
        heard: &Heard,
        taken: &Heard,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if let Some((id, _)) = heard.on.as_deref().and_then(card_of_request) {
            return self.tap_for_partner_taken_back(heard, id, &taken.event_id, batch).await;
        }
        let Some((id, Card::Task { task, .. })) = heard.on.as_deref().and_then(Card::of_key) else {
            return Ok(());
        };
        let Some(case) = self.house().await?.cases.get::<Instance>(id).await? else { return Ok(()) };
        let actor = self.actor(taken).await?;
        let waits = case
            .data
            .tasks
            .iter()
            .any(|task| task.awaiting.as_ref().is_some_and(|awaiting| awaiting.source == actor.source));
        if waits {
            return self.act_as(taken, &actor, case, &[Action::TakenBack], batch).await.map(|_| ());
        }
        let counted = case.data.task(&task).is_some_and(|task| task.decided.is_some());
        let told = (format!("{task}/{id}/stays"), heard.sender.to_string());
        if counted && !self.kit().store().exists(&TOLD, &told).await? {
            batch.put(&TOLD, &told, &());
            let lang = self.language_of_account(&heard.sender).await?;
            let options = self.pen(lang).say("options.card", &[]);
            self.answer(batch, heard, &self.pen(lang).say("E104", &[("options", &options)]));
        }
        Ok(())
    }

    async fn ring(&self, fired: &Fired, batch: &mut Batch) -> Result<(), OfficeError> {
        if fired.key == leavers::TIMER {
            return self.look_for_leavers(batch).await;
        }
        if fired.key.starts_with(LOOK_TIMER) {
            return self.look(fired, batch).await;
        }
        if fired.key.starts_with(FILLED_TIMER) {
            return self.filled_in(fired, batch).await;
        }
        if let Some(case) = fired.key.strip_prefix(LINK_TIMER) {
            return self.link_ended(case, batch).await;
        }
        if let Some(letter) = fired.key.strip_prefix(LETTER_TIMER) {
            return self.forget_letter(letter, batch).await;
        }
        if fired.key.starts_with(UNREACHED_TIMER) {
            return self.nothing_reaches(fired, batch).await;
        }
        let text = |name: &str| fired.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let Some(alarm) = Alarm::named(text("name")) else { return Ok(()) };
        let house = self.house().await?;
        let Some(case) = house.cases.get::<Instance>(text("case")).await? else { return Ok(()) };
        let scene = self.scene_of(&case.data, self.kit().clock().now_ms()).await?;
        let mut change = Change::of(case.clone());
        let outcome = scene.act(&mut change, &Action::Alarm(alarm), &Actor::nobody());
        // A timer that nobody needs any more changes nothing.
        let changes = change.decision.case.data != case.data || !change.decision.effects.is_empty();
        if outcome.is_ok() && changes {
            self.carry_out(batch, change, &scene, &format!("{}/{}", fired.key, fired.at_ms)).await?;
        }
        Ok(())
    }

    /// Does something with the case that an event is about; whether it was done. A refusal is answered.
    pub(crate) async fn act(
        &self,
        heard: &Heard,
        id: &str,
        actions: &[Action],
        batch: &mut Batch,
    ) -> Result<bool, OfficeError> {
        let actor = self.actor(heard).await?;
        match self.house().await?.cases.get::<Instance>(id).await? {
            Some(case) => Box::pin(self.act_as(heard, &actor, case, actions, batch)).await,
            None => Ok(false),
        }
    }

    pub(crate) async fn act_as(
        &self,
        heard: &Heard,
        actor: &Actor,
        case: cases::Case<Instance>,
        actions: &[Action],
        batch: &mut Batch,
    ) -> Result<bool, OfficeError> {
        let scene = self.scene_of(&case.data, heard.received_ms).await?;
        let id = case.id.clone();
        let mut change = Change::of(case);
        for action in actions {
            if let Err(refusal) = scene.act(&mut change, action, actor) {
                // Who is not asked is told so once for a case, or they could have the bot talk for ever.
                let told = (heard.on.clone().unwrap_or(id), heard.sender.to_string());
                let has_part = |me: &PersonId| change.decision.case.data.involves(me);
                let is_stranger = !actor.person.as_ref().is_some_and(has_part);
                let is_once = matches!(refusal.code, "E101" | "E108") || is_stranger;
                if is_once && matches!(heard.what, What::Reaction(_)) {
                    if self.kit().store().get(&TOLD, &told).await?.is_some() {
                        return Ok(false);
                    }
                    batch.put(&TOLD, &told, &());
                }
                let lang = self.language_of_account(&heard.sender).await?;
                self.answer(batch, heard, &self.words_of(lang, &refusal));
                return Ok(false);
            }
        }
        self.carry_out(batch, change, &scene, heard.event_id.as_str()).await?;
        Ok(true)
    }
}
