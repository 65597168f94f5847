//! The records of partners: each side keeps the chain of the other, in its order, and can walk it.
//!
//! A record is kept behind those that it follows; one that comes too early waits. What was kept once stays: another record in
//! its place is not believed. Where no key of the partner is known yet, records are judged when their chain is walked.

use std::collections::HashMap;

use cases::{Record, Refusal, limits::RECORDS_OF_CASE_MAX, origin_of};
use kit::Heard;
use office::AUDITORS;
use ruma::{OwnedRoomId, OwnedServerName, RoomId};
use serde::{Deserialize, Serialize};
use store::{Batch, Scan};

use super::{judge::Forgery, keys::is_signed};
use crate::{
    OfficeError,
    card::Pen,
    flow::ADMINISTRATORS,
    instance::Instance,
    limits::{
        PARTNER_CHAINS_OF_ROOM_MAX, PARTNER_CHAINS_SHOWN_MAX, PARTNER_NAME_BYTES_MAX,
        PARTNER_RECORD_BYTES_MAX, PARTNER_RECORDS_AHEAD_MAX,
    },
    tables::{PARTNER_CHAIN, PARTNER_NUMBER, PARTNER_RECORD},
    wire::{
        Approvals, LOCALPART,
        arguments::{is_number_of_others, number_of, request_number_of},
        proofs::verdict_in_words,
        rooms::case_of_place,
    },
};

/// The records of a partner's case, as far as they are here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PartnerChain {
    /// The number of the case there.
    no: String,
    /// How many there are from the first on, without a gap.
    records: u64,
    /// Hash of the newest of them.
    head: String,
}

impl PartnerChain {
    fn is_followed_by(&self, record: &Record) -> bool {
        record.seq == self.records + 1 && (self.records == 0 || record.prev == self.head)
    }

    fn follow(&mut self, record: &Record) -> Result<(), cases::CasesError> {
        self.head = record.hash()?;
        self.records = record.seq;
        Ok(())
    }
}

impl Approvals {
    /// A record of a partner's bot comes; said to the room where it is not believed.
    pub(super) async fn keep_partners_record(
        &self,
        heard: &Heard,
        record: &Record,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if let Err(forgery) = self.kept_record(heard, record, batch).await? {
            self.disbelieve(heard, forgery, batch).await?;
        }
        Ok(())
    }

    /// Keeps a record of a partner's bot, and those that waited for it.
    pub(super) async fn kept_record(
        &self,
        heard: &Heard,
        record: &Record,
        batch: &mut Batch,
    ) -> Result<Result<(), Forgery>, OfficeError> {
        let store = self.kit().store();
        let fits = |name: &String| (1..=PARTNER_NAME_BYTES_MAX).contains(&name.len());
        if !fits(&record.obj) || !fits(&record.no) || !(1..=RECORDS_OF_CASE_MAX).contains(&record.seq) {
            return Ok(Err(Forgery::Chain));
        }
        let server = heard.sender.server_name().to_owned();
        let key = (heard.room.clone(), server.clone(), record.obj.clone());
        let row = |seq: u64| (heard.room.clone(), server.clone(), record.obj.clone(), seq);
        let before = store.get(&PARTNER_CHAIN, &key).await?;
        if before.is_none() && self.chains_in(&heard.room).await? >= PARTNER_CHAINS_OF_ROOM_MAX {
            tracing::warn!(room = %heard.room, %server, "a partner has too many cases in one room");
            return Ok(Ok(()));
        }
        let first = PartnerChain { no: record.no.clone(), ..PartnerChain::default() };
        let mut chain = before.clone().unwrap_or(first);
        let (text, _) = origin_of(record).map_err(cases::CasesError::from)?;
        if text.len() > PARTNER_RECORD_BYTES_MAX {
            return Ok(Err(Forgery::Chain));
        }
        if record.seq <= chain.records {
            let is_same = store.get(&PARTNER_RECORD, &row(record.seq)).await?.as_ref() == Some(&text);
            return Ok(if is_same { Ok(()) } else { Err(Forgery::Chain) });
        }
        let is_next = record.seq == chain.records + 1;
        let is_near = record.seq - chain.records <= PARTNER_RECORDS_AHEAD_MAX;
        if record.no != chain.no || !is_near || (is_next && !chain.is_followed_by(record)) {
            return Ok(Err(Forgery::Chain));
        }
        let known = self.public_keys_of(&server).await?;
        if !known.is_empty()
            && let Err(forgery) = is_signed(record, &known)
        {
            return Ok(Err(forgery));
        }
        batch.put(&PARTNER_RECORD, &row(record.seq), &text);
        let mut next = is_next.then(|| record.clone());
        while let Some(found) = next.take() {
            chain.follow(&found)?;
            let waiting = store.get(&PARTNER_RECORD, &row(chain.records + 1)).await?;
            next = waiting.and_then(|text| serde_json::from_str::<Record>(&text).ok());
            if let Some(other) = next.take_if(|next| !chain.is_followed_by(next)) {
                // It came too early to be held against what stands before it.
                tracing::warn!(room = %heard.room, no = other.no, seq = other.seq, "a partner's record follows nothing");
                batch.delete(&PARTNER_RECORD, &row(other.seq));
            }
        }
        if before.is_none() {
            let number = (record.no.to_ascii_uppercase(), key.0.clone(), key.1.clone(), key.2.clone());
            batch.put(&PARTNER_NUMBER, &number, &());
        }
        batch.expect_read(&PARTNER_CHAIN, &key, before.as_ref()).put(&PARTNER_CHAIN, &key, &chain);
        Ok(Ok(()))
    }

    async fn chains_in(&self, room: &RoomId) -> Result<usize, OfficeError> {
        let scan = Scan::prefix(room).limit(PARTNER_CHAINS_OF_ROOM_MAX);
        Ok(self.kit().store().scan_keys(&PARTNER_CHAIN, scan).await?.len())
    }

    /// `NO` or `NO@server` of a partner's case: walks its chain, as far as it is here; whether there is one that the asker
    /// may read. An own case with that number comes first. `NO@server` is answered in any case, unless it is a number that
    /// other bots in the room may know.
    pub(in crate::wire) async fn verifies_for_partner(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<bool, OfficeError> {
        let named = arguments.split_whitespace().next().unwrap_or_default();
        let (no, of) = named.split_once('@').map_or((named, None), |(no, server)| (no, Some(server)));
        let no = no.to_ascii_uppercase();
        // Requests have numbers of their own kind, and both sides the same ones: there the partner's is meant.
        let is_of_case = number_of(&no).0.is_some();
        let is_own = of.is_none() && is_of_case && self.house().await?.cases.by_number(&no).await?.is_some();
        if is_own || !(1..=PARTNER_NAME_BYTES_MAX).contains(&no.len()) {
            return Ok(false);
        }
        let lines = self.verdicts_of_partners(heard, &no, of).await?;
        if !lines.is_empty() {
            self.answer(batch, heard, &lines.join("\n"));
            return Ok(true);
        }
        if of.is_some() && (is_of_case || request_number_of(&no).is_some() || heard.is_direct) {
            self.refuse(heard, &Refusal::new("E107").with("no", named), batch).await?;
            return Ok(true);
        }
        Ok(of.is_some() && is_number_of_others(&no))
    }

    /// What is said of the cases of partners with a number, as far as the asker may read them.
    async fn verdicts_of_partners(
        &self,
        heard: &Heard,
        no: &str,
        of: Option<&str>,
    ) -> Result<Vec<String>, OfficeError> {
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        let mut lines = Vec::new();
        let mut readable = HashMap::new();
        for (_, room, server, id) in self.kit().store().scan_keys(&PARTNER_NUMBER, Scan::prefix(no)).await? {
            if of.is_some_and(|of| !server.as_str().eq_ignore_ascii_case(of)) {
                continue;
            }
            let may_read = match readable.get(&room) {
                Some(may_read) => *may_read,
                None => self.may_read_records(heard, &room).await?,
            };
            readable.insert(room.clone(), may_read);
            if may_read {
                lines.extend(self.verdict_of_partner((&room, &server, &id), pen).await?);
                // Walking a chain takes time, and others wait.
                tokio::task::yield_now().await;
            }
            if lines.len() >= PARTNER_CHAINS_SHOWN_MAX {
                break;
            }
        }
        Ok(lines)
    }

    /// Those who are in the room of a case can read its records there; whoever has a part in the case, auditors and
    /// administrators may, too.
    pub(super) async fn may_read_records(
        &self,
        heard: &Heard,
        room: &OwnedRoomId,
    ) -> Result<bool, OfficeError> {
        let chart = self.house().await?.chart();
        let Some(me) = chart.by_account(&heard.sender) else { return Ok(false) };
        let by_role = [ADMINISTRATORS, AUDITORS].iter().any(|role| chart.in_role(role).contains(&me.id));
        if by_role || self.members_of(room).await?.contains(&heard.sender) {
            return Ok(true);
        }
        let place = self.kit().place_of(LOCALPART, room).await?;
        let Some(case) = place.as_deref().and_then(case_of_place) else { return Ok(false) };
        let case = self.house().await?.cases.get::<Instance>(case).await?;
        Ok(case.is_some_and(|case| case.data.involves(&me.id)))
    }

    async fn verdict_of_partner(
        &self,
        (room, server, id): (&OwnedRoomId, &OwnedServerName, &String),
        pen: Pen<'_>,
    ) -> Result<Option<String>, OfficeError> {
        let store = self.kit().store();
        let of = (room.clone(), server.clone(), id.clone());
        let Some(chain) = store.get(&PARTNER_CHAIN, &of).await? else { return Ok(None) };
        let scan = Scan::prefix(&of).limit(usize::try_from(RECORDS_OF_CASE_MAX).unwrap_or(usize::MAX));
        let rows = store.scan(&PARTNER_RECORD, scan).await?;
        let walked = rows.iter().filter(|((.., seq), _)| *seq <= chain.records);
        let records: Vec<Record> = walked.filter_map(|(_, text)| serde_json::from_str(text).ok()).collect();
        // What their case is made by is not here: the first record says its hash, and is signed.
        let origin = records.first().map_or_else(String::new, |record| record.prev.clone());
        let keys = self.public_keys_of(server).await?;
        let verdict = cases::verify(&chain.no, &origin, &records, &keys);
        let words = verdict_in_words(pen, &chain.no, &verdict, &records);
        let values = [("server", server.as_str()), ("no", &chain.no), ("verdict", &words)];
        let mut text = pen.say("verify.partner", &values);
        let waiting = rows.len() - records.len();
        if waiting > 0 {
            text.push('\n');
            text.push_str(&pen.say("verify.waiting", &[("count", &waiting.to_string())]));
        }
        Ok(Some(text))
    }
}
