//! What calendar programs and mails change: noted with the change as a timer that is due, and done by the bot afterwards,
//! one after the other with everything else.

use std::collections::BTreeSet;

use async_trait::async_trait;
use calendar::{
    Address, Change as Changed, Event, Partstat, RecurrenceId, Refused, Scheduling, What, itip::Verdict,
};
use cases::{Case, CasesError, Via};
use kit::{Fired, Letter, To, message};
use ruma::{OwnedUserId, UserId};
use serde_json::json;
use store::{Batch, StoreError};

use super::{Change, LOCALPART, Meetings};
use crate::{
    MeetingsError,
    act::Action,
    desk::Actor,
    line::Scope,
    meeting::{Home, Meeting},
};

/// What keys of such timers begin with.
pub(super) const TIMER: &str = "meet-door/";

const DAY_MS: u64 = 24 * 60 * 60 * 1_000;

/// Length of the part of a key that makes it one.
const KEY_CHARACTERS: usize = 16;

#[async_trait]
impl Scheduling for Meetings {
    async fn organized(&self, uid: &str) -> Result<Option<(OwnedUserId, Event)>, StoreError> {
        let case = match self.case_of(uid).await {
            Ok(case) => case,
            Err(MeetingsError::Store(error) | MeetingsError::Cases(CasesError::Store(error))) => {
                return Err(error);
            }
            Err(error) => {
                tracing::error!(uid, %error, "a meeting that somebody answers cannot be read");
                None
            }
        };
        Ok(case.and_then(|case| Some((case.data.organizer()?.to_owned(), case.data.event))))
    }

    async fn changed(&self, change: &Changed, batch: &mut Batch) -> Result<(), Refused> {
        if let What::Put { after, .. } = &change.what {
            after.check().map_err(|error| Refused::ByRule(error.to_string()))?;
        }
        let payload = serde_json::to_value(change).map_err(|error| Refused::ByRule(error.to_string()))?;
        let key = format!("{TIMER}{}", self.kit().rng().string(KEY_CHARACTERS));
        self.kit().timers().set(batch, LOCALPART, &key, self.kit().clock().now_ms(), json!(payload));
        Ok(())
    }
}

impl Meetings {
    pub(super) async fn through_door(&self, fired: &Fired, batch: &mut Batch) -> Result<(), MeetingsError> {
        let changed: Changed = serde_json::from_value(fired.payload.clone()).map_err(|error| {
            MeetingsError::Broken(format!("a change of a calendar cannot be read: {error}"))
        })?;
        let Changed { user, what } = changed;
        match what {
            What::Put { before, after } => match self.case_of(&after.uid).await? {
                Some(case) if case.data.is_organized_by(&user) => {
                    self.done(fired, case, user.into(), Via::Web, &[Action::Rewrite(Box::new(after))], batch)
                        .await
                }
                Some(case) => {
                    let actions = answers(before.as_ref(), &after, &user);
                    self.done(fired, case, user.into(), Via::Web, &actions, batch).await
                }
                None => self.made_elsewhere(fired, after, &user, batch).await,
            },
            What::Removed { before } => {
                let Some(case) = self.case_of(&before.uid).await? else { return Ok(()) };
                let action = match case.data.is_organized_by(&user) {
                    true => Action::Cancel { scope: Scope::All },
                    false => Action::Answer { partstat: Partstat::Declined, instance: None, stamp: None },
                };
                self.done(fired, case, user.into(), Via::Web, &[action], batch).await
            }
            What::Message { verdict, uid } => Box::pin(self.mailed(fired, verdict, &uid, &user, batch)).await,
        }
    }

    /// Does what somebody did elsewhere. What is refused they hear in their direct chat; whoever proposed another time by mail, by mail.
    async fn done(
        &self,
        fired: &Fired,
        case: Case<Meeting>,
        by: Address,
        via: Via,
        actions: &[Action],
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let scene = self.scene_of(&case, self.kit().clock().now_ms()).await?;
        let actor = Actor { address: Some(by.clone()), via, source: None };
        let mut change = Change::of(case);
        for action in actions {
            if let Err(refusal) = scene.act(&mut change, action, &actor) {
                let Some(account) = by.account() else {
                    return match (action, &change.before) {
                        (Action::Propose { instance, .. }, Some(case)) => {
                            Box::pin(self.refuse_counter(batch, case, &by, *instance, fired.at_ms)).await
                        }
                        _ => Ok(()),
                    };
                };
                let reader = self.reader(account).await?;
                let text = self.words_of(reader.lang, &refusal);
                self.note(batch, &fired.key, account, &text);
                // Their calendar shows again what holds.
                if let Some(before) = change.before {
                    self.parts().calendars.put(batch, &by, &before.data.event).await?;
                }
                return Ok(());
            }
        }
        self.carry_out(batch, change, &scene, &fired.key).await
    }

    /// Tells somebody something, once under each name.
    fn note(&self, batch: &mut Batch, name: &str, to: &UserId, text: &str) {
        let key = format!("mn/{name}");
        let letter = Letter::message(key, LOCALPART, To::Direct(to.to_owned()), message(text, &[]));
        self.kit().outbox().put(batch, letter);
    }

    /// Somebody asks others to a meeting by their calendar program: it becomes one of the bot's.
    async fn made_elsewhere(
        &self,
        fired: &Fired,
        event: Event,
        user: &OwnedUserId,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let own = Address::Matrix(user.clone());
        let is_theirs = event.organizer.as_ref().is_some_and(|party| party.address == own);
        let has_guests = event.attendees.iter().any(|attendee| attendee.address != own);
        if !is_theirs || !has_guests {
            return Ok(());
        }
        let home = Home { room: None, event: None, is_direct: true };
        let at_ms = self.kit().clock().now_ms();
        let case = self.numbered(batch, Meeting::new(event, home, None), at_ms).await?;
        let scene = self.scene_of(&case, at_ms).await?;
        let mut change = Change::new(case);
        let actor = Actor { address: Some(own), via: Via::Web, source: None };
        match scene.act(&mut change, &Action::Book, &actor) {
            Ok(()) => self.carry_out(batch, change, &scene, &fired.key).await,
            Err(refusal) => {
                // An event of the past invites nobody, and anything else they hear of.
                let reader = self.reader(user).await?;
                let text = self.words_of(reader.lang, &refusal);
                batch.delete(&crate::tables::MEETING_OF, &change.decision.case.data.event.uid);
                self.note(batch, &fired.key, user, &text);
                Ok(())
            }
        }
    }

    /// A mail about a meeting, judged by the calendar.
    async fn mailed(
        &self,
        fired: &Fired,
        verdict: Verdict,
        uid: &str,
        user: &UserId,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let case = self.case_of(uid).await?;
        let (by, action) = match verdict {
            Verdict::Answered { event, attendee, partstat, instance } => {
                let answered = event.attendee(&attendee).map(|one| (one.answered_ms, one.answered_sequence));
                (attendee, Action::Answer { partstat, instance, stamp: answered })
            }
            Verdict::Countered { attendee, proposal, instance } => {
                let zone = case.as_ref().map_or(&proposal.zone, |case| &case.data.event.zone);
                let local = |at| zone.local(proposal.zone.at(at).at_ms);
                let (start, end) = (local(proposal.start), local(proposal.end));
                (attendee, Action::Propose { instance, start, end: Some(end) })
            }
            Verdict::Stranger(attendee) => {
                let partstat = attendee.partstat;
                (attendee.address, Action::Answer { partstat, instance: None, stamp: None })
            }
            Verdict::NotOrganizer => {
                let reader = self.reader(user).await?;
                let text = self.pen(&reader).say("E304", &[]);
                // Once a day for a meeting: a stranger who knows of one could have the bot talk for ever.
                let of = case.as_ref().map_or("", |case| &case.id);
                let name = format!("forged/{user}/{of}/{}", fired.at_ms / DAY_MS);
                self.note(batch, &name, user, &text);
                return Ok(());
            }
            Verdict::Refresh { attendee } => {
                return match &case {
                    Some(case) => self.send_newest(batch, case, &attendee, fired.at_ms).await,
                    None => Ok(()),
                };
            }
            // What another organiser says stands in the calendar already, and the rest says nothing to us.
            Verdict::Store(_)
            | Verdict::Cancelled { .. }
            | Verdict::ProposalDeclined
            | Verdict::Stale
            | Verdict::NotAttendee
            | Verdict::Unknown
            | Verdict::Malformed => return Ok(()),
        };
        match case {
            Some(case) => self.done(fired, case, by, Via::Email, &[action], batch).await,
            None => Ok(()),
        }
    }
}

/// What the owner of a calendar answered by their program: to the series, and to instances alone.
fn answers(before: Option<&Event>, after: &Event, user: &UserId) -> Vec<Action> {
    let own = Address::Matrix(user.to_owned());
    let of = |event: &Event, instance: Option<RecurrenceId>| match instance {
        None => event.attendee(&own).map(|attendee| attendee.partstat),
        Some(id) => event.overrides.get(&id).and_then(|change| change.answers.get(&own)).copied(),
    };
    let instances: BTreeSet<Option<RecurrenceId>> =
        std::iter::once(None).chain(after.overrides.keys().copied().map(Some)).collect();
    let differs = |instance: &Option<RecurrenceId>| {
        let (old, new) = (before.and_then(|before| of(before, *instance)), of(after, *instance));
        new.filter(|new| old != Some(*new)).map(|new| (*instance, new))
    };
    let changed = instances.iter().filter_map(differs);
    changed.map(|(instance, partstat)| Action::Answer { partstat, instance, stamp: None }).collect()
}
