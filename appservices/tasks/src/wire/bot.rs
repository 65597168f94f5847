//! What the bot hears.

use async_trait::async_trait;
use cases::Case;
use kit::{Bot, BotError, Fired, Heard, PREFIX, Verb, What, texts::Lang};
use store::Batch;

use super::{
    Change, LOCALPART, Scene, Tasks, boards, commands::VERBS, create, deliver::case_of_key, digests,
    is_something, leavers,
};
use crate::{
    OfficeError,
    act::{Action, Alarm},
    card::Card,
    desk::Actor,
    limits::SNOOZE_MS,
    tables::TOLD,
    task::{Task, state},
};

#[async_trait]
impl Bot for Tasks {
    fn localpart(&self) -> &'static str {
        LOCALPART
    }

    fn display_name(&self, lang: Lang) -> &'static str {
        match lang {
            Lang::Zh | Lang::Both => "任务",
            Lang::En => "Tasks",
        }
    }

    fn verbs(&self) -> &'static [Verb] {
        VERBS
    }

    async fn heard(&self, heard: &Heard, batch: &mut Batch) -> Result<(), BotError> {
        Ok(self.hear(heard, batch).await?)
    }

    async fn timer(&self, fired: &Fired, batch: &mut Batch) -> Result<(), BotError> {
        Ok(self.ring(fired, batch).await?)
    }

    async fn started(&self, batch: &mut Batch) -> Result<(), BotError> {
        self.house().await?;
        self.look_later(batch);
        Ok(self.set_digests(batch).await?)
    }

    async fn undeliverable(&self, key: &str, reason: &str, batch: &mut Batch) -> Result<(), BotError> {
        Ok(self.came_back(key, reason, batch).await?)
    }
}

impl Tasks {
    async fn hear(&self, heard: &Heard, batch: &mut Batch) -> Result<(), OfficeError> {
        match &heard.what {
            What::Command { verb, arguments, .. } => {
                Box::pin(self.command(heard, verb, arguments, batch)).await
            }
            What::Text(text) => self.word(heard, text, batch).await,
            What::Reaction(reaction) => self.reaction(heard, reaction, batch).await,
            What::ReactionTakenBack { event, .. } => self.reaction_taken_back(heard, event, batch).await,
            What::Redacted { event } => self.source_redacted(heard, event, batch).await,
            What::Upgraded { replacement } if heard.is_direct => {
                self.show_again(heard, replacement, batch).await
            }
            // What was to be done there is told to everybody themselves, as where a room is closed.
            What::Upgraded { .. } => {
                self.close_room(batch, &heard.room);
                Ok(())
            }
            What::Ours { kind, .. } if kind.strip_prefix(PREFIX) == Some("bridge.pressed") => {
                self.ticked(heard, batch).await
            }
            What::Ours { kind, .. } => {
                let is_end = kind.strip_prefix(PREFIX) == Some("room.closed");
                if is_end && self.kit().is_ours(&heard.sender) {
                    self.close_room(batch, &heard.room);
                }
                Ok(())
            }
            _ => Ok(()),
        }
    }

    async fn reaction(&self, heard: &Heard, reaction: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let Some(key) = heard.on.as_deref() else {
            return match &heard.about {
                Some(event) if reaction == create::TAKE => self.take_message(heard, event, batch).await,
                Some(_) | None => Ok(()),
            };
        };
        let Some((id, card)) = Card::of_key(key) else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Task>(id).await? else { return Ok(()) };
        let is = |tapped: &str| kit::normalised_reaction(tapped) == reaction;
        let action = match card {
            Card::MoreTime(number) if is("✅") => Action::Postponed { number, yes: true },
            Card::MoreTime(number) if is("❌") => Action::Postponed { number, yes: false },
            Card::MoreTime(_) => return Ok(()),
            Card::Room | Card::Person(_) if case.state == state::PROPOSED => match reaction {
                "✅" => Action::Answer { yes: true },
                "❌" => Action::Answer { yes: false },
                _ => return Ok(()),
            },
            Card::Room | Card::Person(_) if is("1️⃣") => Action::Progress(25),
            Card::Room | Card::Person(_) if is("2️⃣") => Action::Progress(50),
            Card::Room | Card::Person(_) if is("3️⃣") => Action::Progress(75),
            Card::Room | Card::Person(_) if is("✅") => Action::Progress(100),
            Card::Room | Card::Person(_) if is("⏰") => Action::Snooze { for_ms: SNOOZE_MS },
            Card::Room | Card::Person(_) if is("✋") => Action::Accept,
            Card::Room | Card::Person(_) if is("🙅") => Action::Decline { reason: None },
            Card::Room | Card::Person(_) if is("💬") => {
                let pen = self.pen_of_account(&heard.sender).await?;
                self.answer(batch, heard, &pen.say("tk.ask.comment", &[]));
                return Ok(());
            }
            Card::Room | Card::Person(_) => return Ok(()),
        };
        self.act(heard, case, &action, batch).await.map(|_| ())
    }

    /// A tap that waits for a reason is void; one that counted stays, and the bot says so once for a task (E104).
    async fn reaction_taken_back(
        &self,
        heard: &Heard,
        taken: &ruma::EventId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let Some(id) = heard.on.as_deref().and_then(case_of_key) else { return Ok(()) };
        let Some(case) = self.house().await?.cases.get::<Task>(id).await? else { return Ok(()) };
        let mut actor = self.actor(heard).await?;
        if let Some(source) = &mut actor.source {
            taken.clone_into(&mut source.event_id);
        }
        if case.data.awaiting.iter().any(|awaiting| awaiting.source == actor.source) {
            let scene = self.scene_at(&case, heard).await?;
            let mut edit = Change::of(case);
            if scene.act(&mut edit, &Action::TakenBack, &actor).is_ok() {
                self.carry_out(batch, edit, &scene, heard.event_id.as_str()).await?;
            }
            return Ok(());
        }
        let me = actor.person.as_ref();
        let takes_part = me.is_some_and(|me| case.data.assignee(me).is_some() || case.data.creator == *me);
        let told = (format!("{id}/back"), heard.sender.to_string());
        if takes_part && !self.kit().store().exists(&TOLD, &told).await? {
            batch.put(&TOLD, &told, &());
            let pen = self.pen_of_account(&heard.sender).await?;
            let options = pen.say("tk.options.card", &[]);
            self.answer(batch, heard, &pen.say("E104", &[("options", &options)]));
        }
        Ok(())
    }

    async fn ring(&self, fired: &Fired, batch: &mut Batch) -> Result<(), OfficeError> {
        if fired.key == leavers::TIMER {
            return self.look_for_leavers(batch).await;
        }
        if let Some(zone) = fired.key.strip_prefix(digests::TIMER) {
            return self.send_digests(batch, zone, fired).await;
        }
        if let Some(room) = fired.key.strip_prefix(boards::TIMER) {
            return self.show_board(batch, room).await;
        }
        if let Some(room) = fired.key.strip_prefix(boards::PIN_TIMER) {
            return self.pin_board(batch, room, fired).await;
        }
        if let Some(room) = fired.key.strip_prefix(boards::CLOSE_TIMER) {
            return self.empty_room(batch, room).await;
        }
        if fired.key.starts_with(create::PROPOSED) {
            return self.take_proposal(batch, fired).await;
        }
        let text = |name: &str| fired.payload.get(name).and_then(|value| value.as_str()).unwrap_or_default();
        let Some(alarm) = Alarm::named(text("name")) else { return Ok(()) };
        let action = Action::Alarm { alarm, is_late: fired.is_late };
        let marker = format!("{}/{}", fired.key, fired.at_ms);
        let Some(case) = self.house().await?.cases.get::<Task>(text("case")).await? else { return Ok(()) };
        // What is due now reads differently, though nothing else changes.
        let is_shown = text("name") == "due";
        self.by_itself(batch, case, &action, &marker, is_shown).await.map(|_| ())
    }

    /// Does something that nobody asked for; whether anything came of it.
    pub(super) async fn by_itself(
        &self,
        batch: &mut Batch,
        case: Case<Task>,
        action: &Action,
        marker: &str,
        is_shown: bool,
    ) -> Result<bool, OfficeError> {
        let scene = self.scene_of(&case.data).await?;
        let mut edit = Change::of(case);
        if scene.act(&mut edit, action, &Actor::nobody()).is_err() || !(is_shown || is_something(&edit)) {
            return Ok(false);
        }
        self.carry_out(batch, edit, &scene, marker).await?;
        Ok(true)
    }

    /// Does something with the task that an event is about; whether it was done. A refusal is answered.
    pub(super) async fn act(
        &self,
        heard: &Heard,
        case: Case<Task>,
        action: &Action,
        batch: &mut Batch,
    ) -> Result<bool, OfficeError> {
        let actor = self.actor(heard).await?;
        let mut scene = self.scene_at(&case, heard).await?;
        let id = case.id.clone();
        let mut edit = Change::of(case);
        let mut outcome = scene.act(&mut edit, action, &actor);
        // Who moderates the room is asked only where it matters.
        let may_matter = outcome.as_ref().is_err_and(|refusal| refusal.code == "E101") && scene.is_at_home;
        if may_matter && actor.person.is_some() && self.moderates(&heard.room, &heard.sender).await? {
            scene.is_moderator = true;
            outcome = scene.act(&mut edit, action, &actor);
        }
        if let Err(refusal) = outcome {
            // Who is not asked is told so once for a task, or they could have the bot talk for ever.
            if matches!(refusal.code, "E101" | "E107" | "E108") && matches!(heard.what, What::Reaction(_)) {
                let told = (id, heard.sender.to_string());
                if self.kit().store().exists(&TOLD, &told).await? {
                    return Ok(false);
                }
                batch.put(&TOLD, &told, &());
            }
            self.refuse(batch, heard, &refusal).await?;
            return Ok(false);
        }
        if is_something(&edit) {
            self.carry_out(batch, edit, &scene, heard.event_id.as_str()).await?;
        }
        Ok(true)
    }

    /// A letter was refused for good: a room that its tasks cannot be shown in any more is closed for them.
    async fn came_back(&self, key: &str, reason: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        if let Some(room) = key.strip_prefix(boards::PIN_KEY) {
            return self.cannot_pin(batch, room).await;
        }
        let Some((id, Card::Room)) = Card::of_key(key) else { return Ok(()) };
        // A reaction that cannot be put there is not missed.
        let is_card = !key.ends_with(|c: char| !c.is_ascii_alphanumeric());
        let Some(case) = self.house().await?.cases.get::<Task>(id).await?.filter(|_| is_card) else {
            return Ok(());
        };
        tracing::warn!(task = case.no, reason, "the room of a task is gone; it goes on in direct chats");
        self.by_itself(batch, case, &Action::RoomGone, &format!("gone/{key}"), false).await.map(|_| ())
    }

    /// A new task with its first decision; whether it was made. A refusal is answered.
    pub(super) async fn make(
        &self,
        heard: &Heard,
        task: Task,
        scene: &Scene,
        batch: &mut Batch,
    ) -> Result<Option<Case<Task>>, OfficeError> {
        let actor = self.actor(heard).await?;
        let mut edit = Change::new(self.begin(batch, task, scene).await?);
        match scene.act(&mut edit, &Action::Create, &actor) {
            Ok(()) => Ok(Some(self.carry_out(batch, edit, scene, heard.event_id.as_str()).await?)),
            Err(refusal) => {
                self.refuse(batch, heard, &refusal).await?;
                Ok(None)
            }
        }
    }
}
