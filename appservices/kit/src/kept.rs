//! How long the kit knows what became of a letter: as long as something may still refer to it, and no longer.
//!
//! Each letter has the day on which it was last needed: sent, edited, answered or reacted to by a letter. What was needed
//! by nothing for [`LETTER_KEPT_DAYS`] is forgotten, with the reactions to letters that are as old.

use base::Shutdown;
use ruma::EventId;
use store::{Batch, Scan, StoreError};

use crate::{
    Kit,
    letter::{Letter, Related, Relation},
    limits::{FORGET_INTERVAL, FORGOTTEN_PER_BATCH, LETTER_KEPT_DAYS},
    tables::{KEPT, LETTER_OF, REACTIONS, ReactionRow, SENT, Sent},
};

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Begin the names of what is kept.
pub(crate) const LETTER: &str = "letter:";
const REACTION: &str = "reaction:";

impl Kit {
    fn today(&self) -> u64 {
        self.0.clock.now_ms() / DAY_MS
    }

    /// Notes which event a letter became, and that the letter that it refers to was needed today.
    pub(crate) async fn keep_letter(
        &self,
        batch: &mut Batch,
        letter: &Letter,
        sent: Sent,
    ) -> Result<(), StoreError> {
        let mut sent = Sent { kept_day: self.today(), ..sent };
        // What a new version offers is offered by the letter that it is a version of.
        let offered = match &letter.relation {
            Some(Relation::Edits(Related::Letter(_))) => Some(std::mem::take(&mut sent.reactions)),
            Some(_) | None => None,
        };
        batch.put(&SENT, &letter.key, &sent);
        batch.put(&KEPT, &(sent.kept_day, format!("{LETTER}{}", letter.key)), &());
        // Nobody answers a reaction or a redaction.
        if !matches!(letter.relation, Some(Relation::Reacts(..) | Relation::Redacts(_))) {
            batch.put(&LETTER_OF, &sent.event, &letter.key);
        }
        match letter.relation.as_ref().map(Relation::related) {
            Some(Related::Letter(key)) => self.renew_letter(batch, key, offered).await,
            Some(Related::Event(_)) | None => Ok(()),
        }
    }

    /// A new version of the letter with this key is a message of its own, where people are now: what refers to that letter means
    /// it from now on. What people do to the old message still counts, as long as the version is kept.
    pub(crate) async fn keep_moved(
        &self,
        batch: &mut Batch,
        version: &Letter,
        key: &str,
        sent: Sent,
    ) -> Result<(), StoreError> {
        let kept_day = self.today();
        if let Some(old) = self.0.store.get(&SENT, key).await? {
            batch.delete(&KEPT, &(old.kept_day, format!("{LETTER}{key}"))).expect_eq(&SENT, key, &old);
            batch.put(&SENT, &version.key, &Sent { kept_day, reactions: Vec::new(), ..old });
            batch.put(&KEPT, &(kept_day, format!("{LETTER}{}", version.key)), &());
        }
        batch.put(&LETTER_OF, &sent.event, &key.to_owned());
        batch.put(&SENT, key, &Sent { kept_day, ..sent });
        batch.put(&KEPT, &(kept_day, format!("{LETTER}{key}")), &());
        Ok(())
    }

    /// Notes that a letter was needed today, and what it offers from now on where that is said.
    async fn renew_letter(
        &self,
        batch: &mut Batch,
        key: &str,
        offered: Option<Vec<String>>,
    ) -> Result<(), StoreError> {
        let Some(old) = self.0.store.get(&SENT, key).await? else { return Ok(()) };
        let kept_day = old.kept_day.max(self.today());
        let reactions = offered.unwrap_or_else(|| old.reactions.clone());
        if kept_day == old.kept_day && reactions == old.reactions {
            return Ok(());
        }
        if kept_day != old.kept_day {
            let name = format!("{LETTER}{key}");
            batch.delete(&KEPT, &(old.kept_day, &*name)).put(&KEPT, &(kept_day, &*name), &());
        }
        batch.expect_eq(&SENT, key, &old).put(&SENT, key, &Sent { kept_day, reactions, ..old });
        Ok(())
    }

    /// Notes a reaction to a letter, for the day it is taken back.
    pub(crate) fn keep_reaction(&self, batch: &mut Batch, event: &EventId, row: &ReactionRow) {
        batch.put(&REACTIONS, event, row);
        batch.put(&KEPT, &(self.today(), format!("{REACTION}{event}")), &());
    }

    /// Forgets what is old, from time to time, until the shutdown.
    pub(crate) async fn keep_house(&self, shutdown: &Shutdown) {
        while !shutdown.is_triggered() {
            if let Err(error) = self.forget_old().await {
                tracing::warn!(%error, "what is old cannot be forgotten; will try again");
            }
            tokio::select! {
                () = shutdown.wait() => {}
                () = tokio::time::sleep(FORGET_INTERVAL) => {}
            }
        }
    }

    /// Forgets everything that was not needed for [`LETTER_KEPT_DAYS`].
    pub(crate) async fn forget_old(&self) -> Result<(), StoreError> {
        let first_kept = self.today().saturating_sub(LETTER_KEPT_DAYS);
        loop {
            let scan = Scan::all().until(&(first_kept, "")).limit(FORGOTTEN_PER_BATCH);
            let old = self.0.store.scan_keys(&KEPT, scan).await?;
            if old.is_empty() {
                return Ok(());
            }
            let mut batch = Batch::new();
            for (day, name) in old {
                batch.delete(&KEPT, &(day, &*name));
                if let Some(key) = name.strip_prefix(LETTER) {
                    // One that was sent anew or renewed stands at a later day.
                    let sent = self.0.store.get(&SENT, key).await?;
                    if let Some(sent) = sent.filter(|sent| sent.kept_day == day) {
                        batch.expect_eq(&SENT, key, &sent).delete(&SENT, key).delete(&LETTER_OF, &sent.event);
                    }
                } else if let Some(event) = name.strip_prefix(REACTION).and_then(|id| EventId::parse(id).ok())
                {
                    batch.delete(&REACTIONS, &event);
                }
            }
            match self.0.store.commit(batch).await {
                Ok(_) | Err(StoreError::Conflict) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
