//! Working off what came in: one event after the other for each bot, each to its end.

use ruma::{OwnedUserId, RoomId, UserId};
use store::{Batch, Scan};

use crate::{
    Bot, BotError, Heard, Kit, What,
    answers::Answers,
    commands::{OWN_VERBS, verb},
    crypto::note_heard,
    incoming::{Event, Interpreted, Meaning},
    letter::Parcel,
    runtime::Bots,
    tables::{DIRECT, DirectRow, INBOX, REACTIONS, ROOMS, ReactionRow, RoomRow},
    work::{End, Task},
};

/// How the direct chat with a person changes.
struct DirectChange {
    user: OwnedUserId,
    old: Option<DirectRow>,
    new: DirectRow,
}

impl Kit {
    /// Works off the oldest event of a bot; whether there was one.
    ///
    /// # Errors
    /// What may pass: the event stays.
    pub(crate) async fn hear_next(&self, bot: &dyn Bot, bots: &Bots) -> Result<bool, BotError> {
        let localpart = bot.localpart();
        let _turn = bots.turn(localpart).await;
        let Some((key, row)) = self.0.store.first(&INBOX, Scan::prefix(localpart)).await? else {
            return Ok(false);
        };
        let read = self.interpret(localpart, &row).await?;
        let (read, fresh) = match read {
            Some((event, mut read)) => {
                let fresh = read.fresh.take();
                (Some((event, read)), fresh)
            }
            None => (None, None),
        };
        let end = |batch: &mut Batch| {
            batch.expect_eq(&INBOX, &key, &row).delete(&INBOX, &key);
            if let Some(fresh) = &fresh {
                note_heard(batch, localpart, fresh);
            }
        };
        match read {
            Some((_, Interpreted { heard, meaning: Meaning::NoKey { session, is_withheld }, .. }))
                if !is_withheld && !row.is_last_try && self.may_wait(localpart).await? =>
            {
                self.with(&end, |batch| {
                    self.wait_for_key(batch, (localpart, key.1), &heard.room, &session, &row);
                })
                .await?;
            }
            Some((event, interpreted)) => self.hear(bot, bots, &event, interpreted, &end).await?,
            None => self.just(&end).await?,
        }
        Ok(true)
    }

    async fn hear(
        &self,
        bot: &dyn Bot,
        bots: &Bots,
        event: &Event,
        interpreted: Interpreted,
        end: End<'_>,
    ) -> Result<(), BotError> {
        let Interpreted { heard, meaning, row, .. } = interpreted;
        let answers = Answers { kit: self, bot, heard: &heard };
        match meaning {
            Meaning::Nothing => self.just(end).await,
            Meaning::Invited => {
                let parcel = self.reply_to_invitation(bot.localpart(), &heard, &row);
                self.with(end, |batch| self.0.outbox.put_parcel(batch, &parcel)).await
            }
            Meaning::NoKey { .. } | Meaning::Unreadable => {
                let letter = answers.cannot_read().await?;
                self.with(end, |batch| self.0.outbox.put(batch, letter.clone())).await
            }
            Meaning::EditedCommand { name, arguments } => {
                let mut batch = Batch::new();
                end(&mut batch);
                let letter = answers.edited(&name, &arguments, &mut batch).await?;
                self.0.outbox.put(&mut batch, letter);
                self.0.store.commit(batch).await?;
                Ok(())
            }
            Meaning::Command { name, arguments } => {
                if let Some((verb, lang)) = verb(bot.verbs(), &name) {
                    let what = What::Command { verb: verb.id, lang, arguments };
                    return self.have(bot, &Task::Heard(&Heard { what, ..heard }), end).await;
                }
                let own = verb(OWN_VERBS, &name);
                if own.is_none() && !self.answers_for_all(bot, bots, &heard, &name).await? {
                    return self.just(end).await;
                }
                let (letter, choice) = match own {
                    Some((verb, lang)) if verb.id == "help" => (answers.help(lang, &arguments).await?, None),
                    Some((_, lang)) => answers.language(lang, &arguments).await?,
                    None => (answers.unknown(bots, &name).await?, None),
                };
                let asked = match own {
                    Some((verb, _)) if verb.id == "help" => {
                        self.asks_for_description(bot.localpart(), &heard).await?
                    }
                    Some(_) | None => None,
                };
                self.with(end, |batch| {
                    if let Some((subject, lang)) = &choice {
                        self.set_language(batch, subject, *lang);
                    }
                    if let Some(row) = &asked {
                        self.describe_later(batch, bot.localpart(), &heard.room, row);
                    }
                    self.0.outbox.put(batch, letter.clone());
                })
                .await
            }
            Meaning::Other(what) => {
                let heard = Heard { what, ..heard };
                let direct = self.direct_after(bot.localpart(), &heard, &row).await?;
                let moved = self.moved_by(bot.localpart(), &heard, &row).await?;
                let noted = |batch: &mut Batch| {
                    end(batch);
                    if let Some(moved) = &moved {
                        self.note_moved(batch, bot.localpart(), moved);
                    }
                    self.note(batch, bot.localpart(), event, &heard, direct.as_ref());
                };
                self.have(bot, &Task::Heard(&heard), &noted).await
            }
        }
    }

    /// Joins where a welcome person asks, and refuses everybody else.
    fn reply_to_invitation(&self, bot: &str, heard: &Heard, row: &RoomRow) -> Parcel {
        let (bot, room) = (bot.to_owned(), heard.room.clone());
        let inviter = row.inviter.as_deref().unwrap_or(&heard.sender);
        if self.is_welcome(inviter) {
            Parcel::Join { bot, room }
        } else {
            tracing::info!(%inviter, %room, bot, "an invitation from a server that is no partner is refused");
            Parcel::Leave { bot, room }
        }
    }

    /// Whether this bot is the one that says that nobody knows a command: the first of those in the room, and only if
    /// none of them does.
    async fn answers_for_all(
        &self,
        bot: &dyn Bot,
        bots: &Bots,
        heard: &Heard,
        name: &str,
    ) -> Result<bool, BotError> {
        let mut is_first = true;
        for other in bots.iter().filter(|other| other.localpart() != bot.localpart()) {
            if self.is_joined(other.localpart(), &heard.room).await? {
                if verb(other.verbs(), name).is_some() {
                    return Ok(false);
                }
                is_first &= bots.place(bot.localpart()) < bots.place(other.localpart());
            }
        }
        Ok(is_first)
    }

    async fn is_joined(&self, bot: &str, room: &RoomId) -> Result<bool, BotError> {
        let row = self.0.store.get(&ROOMS, &(bot, room)).await?;
        Ok(row.is_some_and(|row| row.is_joined))
    }

    /// How the direct chat of the bot and a person stands after an event, where the event changes it, and whose it is.
    async fn direct_after(
        &self,
        bot: &str,
        heard: &Heard,
        row: &RoomRow,
    ) -> Result<Option<DirectChange>, BotError> {
        let user: &UserId = match &heard.what {
            What::Joined { inviter: Some(inviter) } if row.is_direct => inviter,
            What::Member { user, .. } => user,
            _ => return Ok(None),
        };
        let old = self.0.store.get(&DIRECT, &(bot, user)).await?;
        let is_here = old.as_ref().is_some_and(|old| old.room.as_ref() == Some(&heard.room));
        let new = match (&heard.what, old.clone()) {
            (What::Joined { .. }, old) if !is_here => old.unwrap_or_default().asked_into(&heard.room),
            (What::Member { membership, .. }, Some(old)) if is_here => match membership.as_str() {
                "join" => DirectRow { has_met: true, refusals: 0, ..old },
                "leave" | "ban" => DirectRow {
                    room: None,
                    refusals: old.refusals + u32::from(!old.has_met),
                    has_met: false,
                    ..old
                },
                _ => return Ok(None),
            },
            _ => return Ok(None),
        };
        Ok(Some(DirectChange { user: user.to_owned(), old, new }))
    }

    /// What the kit keeps of an event for itself.
    fn note(
        &self,
        batch: &mut Batch,
        bot: &str,
        event: &Event,
        heard: &Heard,
        direct: Option<&DirectChange>,
    ) {
        if let Some(DirectChange { user, old, new }) = direct {
            batch.expect_read(&DIRECT, &(bot, &**user), old.as_ref());
            batch.put(&DIRECT, &(bot, &**user), new);
            if new.room.is_none() {
                // Nobody is there to talk to.
                let parcel = Parcel::Leave { bot: bot.to_owned(), room: heard.room.clone() };
                self.0.outbox.put_parcel(batch, &parcel);
            }
        }
        match (&heard.what, &heard.on) {
            (What::Reaction(reaction), Some(letter)) => {
                let row = ReactionRow {
                    letter: letter.clone(),
                    reaction: reaction.clone(),
                    sender: heard.sender.clone(),
                };
                self.keep_reaction(batch, &event.event_id, &row);
            }
            (What::ReactionTakenBack { event, .. }, _) => {
                batch.delete(&REACTIONS, &**event);
            }
            _ => {}
        }
    }

    async fn just(&self, end: End<'_>) -> Result<(), BotError> {
        self.with(end, |_| ()).await
    }

    async fn with(&self, end: End<'_>, more: impl Fn(&mut Batch)) -> Result<(), BotError> {
        let mut batch = Batch::new();
        end(&mut batch);
        more(&mut batch);
        self.0.store.commit(batch).await?;
        Ok(())
    }
}
