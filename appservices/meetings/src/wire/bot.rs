//! What the bot hears.

use async_trait::async_trait;
use kit::{Bot, BotError, Fired, Heard, Verb, What, texts::Lang};
use store::Batch;

use super::{
    Change, LOCALPART, Meetings, doors, leavers, rooms, search,
    vocabulary::{VERBS, names_source},
};
use crate::{
    MeetingsError,
    act::{Action, Alarm},
    desk::Actor,
};

#[async_trait]
impl Bot for Meetings {
    fn localpart(&self) -> &'static str {
        LOCALPART
    }

    fn display_name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh | Lang::Both => "会议",
            Lang::En => "Meetings",
        }
    }

    fn verbs(&self) -> &'static [Verb] {
        VERBS
    }

    fn holds_secret(&self, _verb: &str, arguments: &str) -> bool {
        names_source(arguments)
    }

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        Ok(Box::pin(self.hear(heard, batch)).await?)
    }

    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError> {
        Ok(Box::pin(self.ring(fired, batch)).await?)
    }

    async fn undeliverable(&self, key: &str, _reason: &str, batch: &mut Batch) -> Result<(), BotError> {
        Ok(Box::pin(self.lacks_room(key, batch)).await?)
    }

    async fn started(&self, batch: &mut Batch) -> Result<(), BotError> {
        self.cases().await.map_err(BotError::from)?;
        self.look_later(batch);
        Ok(())
    }
}

impl Meetings {
    async fn hear(&self, heard: &Heard, batch: &mut Batch) -> Result<(), MeetingsError> {
        match &heard.what {
            What::Command { arguments, .. } => Box::pin(self.command(heard, arguments, batch)).await,
            What::Text(text) => Box::pin(self.word(heard, text, batch)).await,
            What::Reaction(reaction) => self.reaction(heard, reaction, batch).await,
            What::ReactionTakenBack { reaction, .. } => {
                self.reaction_taken_back(heard, reaction, batch).await
            }
            What::PollAnswered { answers } => Box::pin(self.vote(heard, answers, batch)).await,
            What::InCall => Box::pin(self.in_call(heard, batch)).await,
            What::Upgraded { replacement } => self.show_anew(heard, replacement, batch).await,
            What::Ours { .. } => Box::pin(self.hear_elsewhere(heard, batch)).await,
            What::Redacted { event } => self.source_redacted(heard, event, batch).await,
            What::File { .. } | What::Edited { .. } | What::Joined { .. } | What::Member { .. } => Ok(()),
        }
    }

    async fn ring(&self, fired: &Fired, batch: &mut Batch) -> Result<(), MeetingsError> {
        if fired.key == leavers::TIMER {
            return self.look_for_leavers(batch).await;
        }
        if let Some(search) = fired.key.strip_prefix(search::TIMER) {
            return Box::pin(self.search_on(search, batch)).await;
        }
        if let Some(case) = fired.key.strip_prefix(rooms::TIMER) {
            return Box::pin(self.look_at_room(case, fired, batch)).await;
        }
        if fired.key.starts_with(doors::TIMER) {
            return Box::pin(self.through_door(fired, batch)).await;
        }
        let text = |name: &str| fired.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let Some(alarm) = Alarm::named(text("name")) else { return Ok(()) };
        let Some(case) = self.case(text("case")).await? else { return Ok(()) };
        let now_ms = self.kit().clock().now_ms();
        let scene = self.scene_of(&case, now_ms).await?;
        let mut change = Change::of(case);
        let action = Action::Alarm { alarm, is_late: fired.is_late };
        // A timer that nobody needs any more changes nothing.
        match scene.act(&mut change, &action, &Actor::nobody()) {
            Ok(()) => self.carry_out(batch, change, &scene, &format!("{}/{}", fired.key, fired.at_ms)).await,
            Err(refusal) => {
                tracing::warn!(key = fired.key, code = refusal.code, "a timer of a meeting is refused");
                Ok(())
            }
        }
    }
}
