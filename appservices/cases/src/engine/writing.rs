//! Beginning and writing cases: case, records and lists go into the batch of whoever acts.

use ruma::EventId;
use serde::Serialize;
use store::Batch;
use ulid::Ulid;

use super::{Cases, damaged};
use crate::{
    Case, CasesError, Decision, Record,
    limits::{CASE_DATA_BYTES_MAX, NUMBERS_OF_DAY_MAX, RECORDS_OF_ACTION_MAX, RECORDS_OF_CASE_MAX},
    record::canonical_object,
    tables::{CASE, COUNTER, CaseRow, LISTED, NUMBER, RECORD, REVISION, SOURCE},
};

/// What a new case begins with.
#[derive(Clone, Debug)]
pub struct Beginning<'a, D> {
    /// The kind.
    pub kind: &'a str,
    /// What its number begins with, `AP`.
    pub prefix: &'a str,
    /// The day of its number where the case lives, `20261105`.
    pub day: &'a str,
    /// The first state.
    pub state: &'a str,
    /// Hash of what the case is made by.
    pub origin: String,
    /// The data.
    pub data: D,
}

/// What a decision came to: the case as it will be, the effects that remain to be put into the batch, the new records.
pub type Written<D, E> = (Case<D>, Vec<E>, Vec<Record>);

impl Cases {
    /// Gives a new case its id and number. It is written with its first decision.
    ///
    /// # Errors
    /// [`CasesError::Full`] when the day has no number left.
    pub async fn begin<D>(
        &self,
        batch: &mut Batch,
        beginning: Beginning<'_, D>,
    ) -> Result<Case<D>, CasesError> {
        let Beginning { kind, prefix, day, state, origin, data } = beginning;
        let counter = (prefix.to_owned(), day.to_owned());
        let last = self.0.store.get(&COUNTER, &counter).await?;
        let next = last.unwrap_or(0) + 1;
        if next > NUMBERS_OF_DAY_MAX {
            return Err(CasesError::Full("no number is left for today"));
        }
        batch.expect_read(&COUNTER, &counter, last.as_ref());
        batch.put(&COUNTER, &counter, &next);
        let created_ms = self.0.clock.now_ms();
        let chance = u128::from(self.0.rng.u64()) | (u128::from(self.0.rng.u64()) << 64);
        Ok(Case {
            id: Ulid::from_parts(created_ms, chance).to_string(),
            no: format!("{prefix}-{day}-{next:04}"),
            kind: kind.to_owned(),
            state: state.to_owned(),
            seq: 0,
            rev: 0,
            head: origin,
            created_ms,
            lists: Default::default(),
            data,
        })
    }

    /// Puts a decision into a batch: the case, its records, its lists. Gives the case as it will be, and the effects that the
    /// kind is to put into the same batch.
    /// `before` is the case as it was read; nothing for a new one.
    ///
    /// # Errors
    /// [`CasesError::Full`] beyond a bound, [`CasesError::Form`] for what has no canonical form; the batch is as it was then.
    pub fn write<D: Serialize, E>(
        &self,
        batch: &mut Batch,
        before: Option<&Case<D>>,
        decision: Decision<D, E>,
    ) -> Result<(Case<D>, Vec<E>), CasesError> {
        self.write_recorded(batch, before, decision).map(|(case, effects, _)| (case, effects))
    }

    /// As [`Cases::write`], and the new records for those who keep copies of them.
    ///
    /// # Errors
    /// As for [`Cases::write`].
    pub fn write_recorded<D: Serialize, E>(
        &self,
        batch: &mut Batch,
        before: Option<&Case<D>>,
        decision: Decision<D, E>,
    ) -> Result<Written<D, E>, CasesError> {
        let Decision { mut case, entries, effects } = decision;
        let (mut records, mut texts) = (Vec::with_capacity(entries.len()), Vec::with_capacity(entries.len()));
        if entries.len() > RECORDS_OF_ACTION_MAX || case.seq + entries.len() as u64 > RECORDS_OF_CASE_MAX {
            return Err(CasesError::Full("the case has too many records"));
        }
        for entry in entries {
            case.seq += 1;
            let record = Record::signed(entry, &case.id, &case.no, case.seq, &case.head, &self.0.signer)?;
            case.head = record.hash()?;
            let bytes = rules::canonical::to_bytes(&canonical_object(&record)?)?;
            texts.push(String::from_utf8(bytes).map_err(|error| damaged(&case.id, &error))?);
            records.push(record);
        }
        case.rev += 1;
        let row = row_of(&case)?;
        if row.data.len() > CASE_DATA_BYTES_MAX {
            return Err(CasesError::Full("the case is too large"));
        }
        for (record, text) in records.iter().zip(&texts) {
            batch.put(&RECORD, &(case.id.clone(), record.seq), text);
            // The event of a call from elsewhere is ours, and nobody's to redact.
            if let Some(source) = record.src.as_ref().filter(|source| source.callback.is_none()) {
                let key = (case.kind.clone(), source.event_id.clone(), case.id.clone());
                batch.put(&SOURCE, &key, &record.seq);
            }
        }
        match before {
            Some(before) => drop(batch.expect_eq(&REVISION, &case.id, &before.rev)),
            None => {
                batch.expect_absent(&REVISION, &case.id);
                batch.put(&NUMBER, &case.no, &case.id);
            }
        }
        batch.put(&CASE, &case.id, &row);
        batch.put(&REVISION, &case.id, &case.rev);
        let empty = Default::default();
        let lists_before = before.map_or(&empty, |before| &before.lists);
        let key =
            |(list, who): &(String, String)| (case.kind.clone(), list.clone(), who.clone(), case.id.clone());
        for gone in lists_before.difference(&case.lists) {
            batch.delete(&LISTED, &key(gone));
        }
        for new in case.lists.difference(lists_before) {
            batch.put(&LISTED, &key(new), &());
        }
        Ok((case, effects, records))
    }

    /// Notes that a case was made from an event by which nobody acted, so that [`Cases::resting_on`] finds it.
    pub fn rests_on<D>(&self, batch: &mut Batch, case: &Case<D>, event: &EventId) {
        batch.put(&SOURCE, &(case.kind.clone(), event.to_owned(), case.id.clone()), &0);
    }
}

fn row_of<D: Serialize>(case: &Case<D>) -> Result<CaseRow, CasesError> {
    Ok(CaseRow {
        no: case.no.clone(),
        kind: case.kind.clone(),
        state: case.state.clone(),
        seq: case.seq,
        head: case.head.clone(),
        created_ms: case.created_ms,
        lists: case.lists.clone(),
        data: serde_json::to_string(&case.data).map_err(|error| damaged(&case.id, &error))?,
    })
}
