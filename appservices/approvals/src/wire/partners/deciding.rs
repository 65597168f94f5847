//! What people here say on the card of another server's case, and how its bot is told.

use cases::{Case, Refusal};
use kit::Heard;
use people::PersonId;
use ruma::{EventId, OwnedEventId};
use store::Batch;

use super::{
    Outcome, Verdict,
    asked::{APPROVED, ASKED, Owes, REJECTED, Requested},
    shown::word_of_request,
};
use crate::{
    OfficeError,
    limits::{REASON_BYTES_MAX, REASON_WAIT_MS},
    tables::TOLD,
    wire::{
        Approvals,
        words::{Word, meaning},
    },
};

/// What somebody says on a card.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::wire) enum Said<'a> {
    Tap(&'a str),
    Text(&'a str),
}

impl Approvals {
    /// Somebody taps or answers on the card of another server's case. `said` is a text; a tap is its key.
    pub(in crate::wire) async fn decides_for_partner(
        &self,
        heard: &Heard,
        id: &str,
        said: Said<'_>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(case) = house.cases.get::<Requested>(id).await? else { return Ok(()) };
        let person = chart.by_account(&heard.sender).map(|person| person.id.clone());
        let Some(me) = person.filter(|me| case.data.people.contains(me)) else {
            // Others may talk below the card.
            let decides = match said {
                Said::Tap(_) => true,
                Said::Text(text) => matches!(meaning(text), Word::Yes(_) | Word::No(_)),
            };
            return match (decides, case.data.is_open()) {
                (true, true) => self.refuse(heard, &case.data.not_yours(&chart), batch).await,
                (true, false) => self.is_decided_for_partner(heard, &case, batch).await,
                (false, _) => Ok(()),
            };
        };
        if !case.data.is_open() {
            return self.is_decided_for_partner(heard, &case, batch).await;
        }
        match said {
            Said::Tap("✅") => self.decided_for_partner(heard, case, me, true, None, batch).await,
            Said::Tap("❌") => self.owes_reason(heard, &case, me, batch).await,
            Said::Tap(_) => Ok(()),
            Said::Text(text) => self.says_for_partner(heard, case, me, text, batch).await,
        }
    }

    async fn says_for_partner(
        &self,
        heard: &Heard,
        case: Case<Requested>,
        me: PersonId,
        text: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let owes = case.data.owes.iter().find(|owes| owes.by == me).cloned();
        let word = meaning(text);
        let is_meant = owes.is_some() || matches!(word, Word::Yes(_) | Word::No(_));
        if text.len() > REASON_BYTES_MAX {
            let refusal = Refusal::new("E110")
                .with("field", "form.reason")
                .with("problem", "form.long")
                .with("example", "…");
            return if is_meant { self.refuse(heard, &refusal, batch).await } else { Ok(()) };
        }
        match (word, owes) {
            (Word::Yes(comment), _) => self.decided_for_partner(heard, case, me, true, comment, batch).await,
            (Word::No(Some(reason)), _) => {
                self.decided_for_partner(heard, case, me, false, Some(reason), batch).await
            }
            (Word::No(None), _) => self.owes_reason(heard, &case, me, batch).await,
            (Word::Cancel, Some(owes)) => self.owes_no_more(&case, &owes.source, batch).await,
            (Word::Other, Some(owes)) if owes.until_ms < heard.received_ms => {
                let pen = self.pen(self.language_of_account(&heard.sender).await?);
                self.answer(batch, heard, &pen.say("partner.late", &[]));
                self.owes_no_more(&case, &owes.source, batch).await
            }
            (Word::Other, Some(_)) => {
                let reason = Some(text.trim().to_owned());
                self.decided_for_partner(heard, case, me, false, reason, batch).await
            }
            (Word::Submit | Word::Cancel | Word::Other, _) => Ok(()),
        }
    }

    /// A rejection waits for its reason (E111).
    async fn owes_reason(
        &self,
        heard: &Heard,
        case: &Case<Requested>,
        me: PersonId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let until_ms = heard.received_ms.saturating_add(REASON_WAIT_MS);
        let mut owes = case.data.owes.clone();
        owes.retain(|owes| owes.by != me);
        owes.push(Owes { by: me, until_ms, source: heard.event_id.clone() });
        self.put_owes(case, owes, batch).await?;
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        self.answer(batch, heard, &pen.say("E111", &[]));
        Ok(())
    }

    /// The rejection that began with this event waits for its reason no more.
    async fn owes_no_more(
        &self,
        case: &Case<Requested>,
        source: &EventId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let mut owes = case.data.owes.clone();
        owes.retain(|owes| owes.source != source);
        self.put_owes(case, owes, batch).await
    }

    /// Notes whose rejections wait for their reasons.
    async fn put_owes(
        &self,
        case: &Case<Requested>,
        owes: Vec<Owes>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let mut after = case.clone();
        after.data.owes = owes;
        let decision = cases::Decision::<_, ()> { case: after, entries: Vec::new(), effects: Vec::new() };
        self.house().await?.cases.write(batch, Some(case), decision)?;
        Ok(())
    }

    /// A tap on such a card was taken back: one that waits for its reason is void, one that counted stays (E104), and
    /// whoever took it back hears so once.
    pub(in crate::wire) async fn tap_for_partner_taken_back(
        &self,
        heard: &Heard,
        id: &str,
        tap: &OwnedEventId,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let Some(case) = house.cases.get::<Requested>(id).await? else { return Ok(()) };
        if case.data.owes.iter().any(|owes| owes.source == *tap) {
            return self.owes_no_more(&case, tap, batch).await;
        }
        let chart = house.chart();
        let me = chart.by_account(&heard.sender).map(|person| &person.id);
        let counted = case.data.decided.as_ref().is_some_and(|(by, _)| Some(by) == me);
        let told = (format!("request/{id}/stays"), heard.sender.to_string());
        if counted && !self.kit().store().exists(&TOLD, &told).await? {
            batch.put(&TOLD, &told, &());
            let pen = self.pen(self.language_of_account(&heard.sender).await?);
            let options = pen.say("options.partner", &[]);
            self.answer(batch, heard, &pen.say("E104", &[("options", &options)]));
        }
        Ok(())
    }

    /// Says how a request was decided, or that it is over (E103).
    pub(super) async fn is_decided_for_partner(
        &self,
        heard: &Heard,
        case: &Case<Requested>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let (who, at_ms, result) = match (&case.data.decided, case.data.over) {
            (Some((by, at_ms)), _) => {
                let who = chart.person(by).map_or(by.0.as_str(), |person| &person.name);
                (who, *at_ms, if case.state == APPROVED { "result.approved" } else { "result.rejected" })
            }
            (None, Some((_, at_ms))) => (case.data.bot.server_name().as_str(), at_ms, word_of_request(case)),
            (None, None) => return Ok(()),
        };
        let (time, result) = (house.time(at_ms), pen.say(result, &[]));
        let values = [("who", who), ("time", &time), ("via", "Matrix"), ("result", &result)];
        self.answer(batch, heard, &pen.say("E103", &values));
        Ok(())
    }

    async fn decided_for_partner(
        &self,
        heard: &Heard,
        case: Case<Requested>,
        me: PersonId,
        agrees: bool,
        reason: Option<String>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let mut after = case.clone();
        after.state = if agrees { APPROVED } else { REJECTED }.to_owned();
        after.data.decided = Some((me, heard.received_ms));
        after.data.owes.clear();
        let action = if agrees { "approve" } else { "reject" };
        let done = (heard, action, ASKED, reason.as_deref());
        let (after, record) = self.write_request(batch, Some(&case), after, done).await?;
        let Some(record) = record else { return Ok(()) };
        let verdict = Verdict {
            agrees,
            actor: heard.sender.clone(),
            event: heard.event_id.clone(),
            reason,
            record,
            keys: self.house().await?.cases.signer().public().texts(),
        };
        let Requested { request, room, event, .. } = &after.data;
        let of = (request.no.as_str(), request.task.as_str(), event);
        self.put_answer(batch, room, of, "d", Outcome::Decided(verdict));
        self.edit_request_cards(batch, &after).await
    }
}
