//! Who is away, has left or is here again, told to the homeserver: it suspends, locks out and lets in.
//!
//! A timer compares what the homeserver was told last with the organisation, as soon as that has changed. That somebody is told of is
//! a row before, and what was told a row behind it; telling it again changes nothing. So a crash or a homeserver that does not answer
//! only makes it later, also for who is back by then. Whose account the
//! homeserver takes nobody's word for, an administrator's for example, is told to those who may change the organisation, once for each
//! time that it is refused anew.

use std::collections::BTreeMap;

use kit::{
    BotError, CallError, FOLLOWERS_MAX, Intent, Letter, STANDING_LATER, STANDINGS_MAX, SaidStanding,
    Standing, To, message,
};
use people::{Chart, Person, Status, import::WRITERS};
use ruma::OwnedUserId;
use serde_json::json;
use store::{Batch, Scan, StoreError};

use crate::{
    LOCALPART, Organisation,
    bot::broken,
    limits::{
        STANDINGS_INTERVAL_MS, STANDINGS_OF_LOOK_MAX, STANDINGS_READ_MAX, STANDINGS_REFUSED_MS,
        STANDINGS_SOON_MS,
    },
    tables::{STANDING, STANDINGS_DONE, ToldStanding},
};

/// The key of the timer.
pub(crate) const TIMER: &str = "standings";

/// A person of whom the homeserver is to be told.
type Due<'a> = (&'a Person, OwnedUserId, Standing);

impl Organisation {
    /// Has the next look at who is away or has left come.
    pub(crate) fn look_at_standings(&self, batch: &mut Batch, after_ms: u64) {
        let at_ms = self.0.kit.clock().now_ms().saturating_add(after_ms);
        self.0.kit.timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Tells the homeserver what has changed, a bounded part of it.
    pub(crate) async fn keep_standings(&self, batch: &mut Batch) -> Result<(), BotError> {
        let chart = self.0.people.chart();
        let store = self.0.kit.store();
        let is_done = store.get(&STANDINGS_DONE, &()).await? == Some(chart.version());
        let Some(intent) = self.0.kit.intent(LOCALPART).filter(|_| !is_done) else {
            self.look_at_standings(batch, STANDINGS_INTERVAL_MS);
            return Ok(());
        };
        let told = self.told_standings().await?;
        let mut due: Vec<Due<'_>> =
            chart.people().filter_map(|person| self.due_standing(&chart, person, &told)).collect();
        let has_more = due.len() > STANDINGS_OF_LOOK_MAX;
        due.truncate(STANDINGS_OF_LOOK_MAX);
        if note_what_is_told(&due, &told, batch) {
            self.look_at_standings(batch, 0);
            return Ok(());
        }
        let mut is_all_told = true;
        for some in due.chunks(STANDINGS_MAX) {
            match self.tell_standings(&chart, &intent, some, &told, batch).await {
                Ok(is_told) => is_all_told &= is_told,
                Err(Untold::Bot(error)) => return Err(error),
                Err(Untold::Call(error)) => {
                    let after_ms = self.after_failure(&error);
                    self.look_at_standings(batch, after_ms);
                    return Ok(());
                }
            }
        }
        if has_more || !is_all_told {
            self.look_at_standings(batch, STANDINGS_SOON_MS);
            return Ok(());
        }
        batch.put(&STANDINGS_DONE, &(), &chart.version());
        self.look_at_standings(batch, STANDINGS_INTERVAL_MS);
        if self.0.has_rooms {
            self.look_at_rooms(batch, 0);
        }
        Ok(())
    }

    /// Tells of some people, and keeps what was told. Whether nobody is left of whom it has to be told again.
    async fn tell_standings(
        &self,
        chart: &Chart,
        intent: &Intent,
        some: &[Due<'_>],
        told: &BTreeMap<OwnedUserId, ToldStanding>,
        batch: &mut Batch,
    ) -> Result<bool, Untold> {
        let mut said = Vec::with_capacity(some.len());
        for (person, account, standing) in some {
            let by = self.0.people.changed_by(&person.id).await.map_err(broken)?.unwrap_or_default();
            let followers = match standing {
                Standing::Left => chart.followers(person),
                Standing::Active | Standing::Suspended => Vec::new(),
            };
            let followers = followers.iter().filter_map(|id| chart.active(id)?.account.clone());
            let followers = followers.take(FOLLOWERS_MAX).collect();
            said.push(SaidStanding { account: account.clone(), standing: *standing, by, followers });
        }
        let answers = intent.say_standings(&said).await.map_err(Untold::Call)?;
        let mut is_all_told = true;
        for ((person, account, standing), refused) in some.iter().zip(answers) {
            match refused {
                // What was told before stays, so that the next look tells of them again.
                Some(reason) if reason == STANDING_LATER => is_all_told = false,
                None if *standing == Standing::Active => drop(batch.delete(&STANDING, account)),
                None => drop(batch.put(&STANDING, account, &ToldStanding::of(*standing, None))),
                Some(reason) => {
                    let row = ToldStanding::of(*standing, Some(chart.version()));
                    batch.put(&STANDING, account, &row);
                    let before = told.get(account).filter(|before| before.refused_at.is_some());
                    if before.is_none_or(|before| before.standing != *standing) {
                        self.tell_refusal(chart, person, account, *standing, &reason, batch).await?;
                    }
                }
            }
        }
        Ok(is_all_told)
    }

    /// What the homeserver was told last, of everybody who is not simply here.
    async fn told_standings(&self) -> Result<BTreeMap<OwnedUserId, ToldStanding>, StoreError> {
        let mut told = BTreeMap::new();
        let mut scan = Scan::all().limit(STANDINGS_READ_MAX);
        loop {
            let rows = self.0.kit.store().scan(&STANDING, scan).await?;
            let Some((last, _)) = rows.last() else { return Ok(told) };
            scan = Scan::all().after(last).limit(STANDINGS_READ_MAX);
            told.extend(rows);
        }
    }

    /// What is to be told of somebody, if it is something that the homeserver does not know.
    fn due_standing<'a>(
        &self,
        chart: &Chart,
        person: &'a Person,
        told: &BTreeMap<OwnedUserId, ToldStanding>,
    ) -> Option<Due<'a>> {
        let account = person.account.clone()?;
        let standing = match person.status {
            Status::Active => Standing::Active,
            Status::Suspended => Standing::Suspended,
            Status::Left => Standing::Left,
        };
        let is_known = match told.get(&account) {
            None => standing == Standing::Active,
            // Whatever the homeserver heard before a crash, it hears how they stand now.
            Some(told) if told.is_being_told => false,
            // What was refused is asked for once in each version.
            Some(told) => told.standing == standing && told.refused_at.is_none_or(|at| at == chart.version()),
        };
        (account.server_name() == self.0.kit.server_name() && !is_known)
            .then_some((person, account, standing))
    }

    /// Those who may change the organisation are told whose account is still open, or still closed.
    async fn tell_refusal(
        &self,
        chart: &Chart,
        person: &Person,
        account: &OwnedUserId,
        standing: Standing,
        reason: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        // Nobody has ever entered it, or nobody ever will.
        if matches!(reason, "unknown" | "closed") {
            return Ok(());
        }
        for writer in chart.in_role(WRITERS).iter().filter_map(|id| chart.active(id)?.account.as_ref()) {
            let lang = self.language(writer).await?;
            let what = match standing {
                Standing::Active => "org.standing.active",
                Standing::Suspended => "org.standing.suspended",
                Standing::Left => "org.standing.left",
            };
            let why = match reason {
                "administrator" => "org.standing.of_administrator",
                _ => "org.standing.of_nobody",
            };
            let (what, why) = (self.say(lang, what, &[]), self.say(lang, why, &[]));
            let values = [
                ("name", person.name.as_str()),
                ("account", account.as_str()),
                ("what", what.as_str()),
                ("why", why.as_str()),
            ];
            let text = self.say(lang, "org.standing.refused", &values);
            let key = format!("standing/{account}/{writer}/{standing:?}/{}", chart.version());
            let content = message(&text, std::slice::from_ref(writer));
            self.0
                .kit
                .outbox()
                .put(batch, Letter::message(key, LOCALPART, To::Direct(writer.clone()), content));
        }
        Ok(())
    }

    /// After how long the homeserver is asked again.
    fn after_failure(&self, error: &CallError) -> u64 {
        match error {
            CallError::Refused { .. } => {
                tracing::warn!(%error, "the homeserver takes nobody's word for who has left; their accounts stay open");
                STANDINGS_REFUSED_MS
            }
            CallError::Limited(_) | CallError::Unreachable(_) => {
                tracing::debug!(%error, "who has left is told later");
                STANDINGS_SOON_MS
            }
        }
    }
}

/// Notes of whom the homeserver is to be told, before it is. Whether anybody is new among them.
fn note_what_is_told(due: &[Due<'_>], told: &BTreeMap<OwnedUserId, ToldStanding>, batch: &mut Batch) -> bool {
    let mut is_new = false;
    for (_, account, _) in due {
        let before = told.get(account).cloned().unwrap_or(ToldStanding::of(Standing::Active, None));
        if !before.is_being_told {
            batch.put(&STANDING, account, &ToldStanding { is_being_told: true, ..before });
            is_new = true;
        }
    }
    is_new
}

/// Why some were not told of.
enum Untold {
    Call(CallError),
    Bot(BotError),
}

impl From<BotError> for Untold {
    fn from(error: BotError) -> Self {
        Self::Bot(error)
    }
}
