//! Reading and writing cases.
//!
//! Nothing here commits: whoever acts puts case, records and consequences into one batch. Each write carries the
//! condition that the case is still as it was read; a batch that loses the race is refused whole.

use std::sync::Arc;

use base::{Clock, Rng};
use ruma::EventId;
use serde::{Serialize, de::DeserializeOwned};
use store::{Batch, Scan, Store};
use ulid::Ulid;

use crate::{
    Broken, Case, CasesError, Decision, Fault, PublicKeys, Record, Signer, Verified, chain,
    limits::{
        CASE_DATA_BYTES_MAX, CASES_OF_SOURCE_MAX, LISTED_MAX, NUMBERS_OF_DAY_MAX, RECORDS_OF_ACTION_MAX,
        RECORDS_OF_CASE_MAX,
    },
    record::canonical_object,
    tables::{CASE, COUNTER, CaseRow, LISTED, NUMBER, RECORD, REVISION, SOURCE},
};

/// What [`Cases`] is built from.
#[derive(Clone)]
pub struct CasesParts {
    /// The store that holds the tables of [`crate::tables`].
    pub store: Store,
    /// The time, for ids.
    pub clock: Clock,
    /// Randomness for ids.
    pub rng: Rng,
    /// The key that signs records.
    pub signer: Signer,
    /// Other keys that sign what is verified here, like those of partners.
    pub known: PublicKeys,
}

/// The cases. Cloning it is one reference count.
#[derive(Clone)]
pub struct Cases(Arc<CasesParts>);

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
    /// Makes it over an open store. Reads and writes nothing yet.
    #[must_use]
    pub fn new(parts: CasesParts) -> Self {
        Self(Arc::new(parts))
    }

    /// The keys by which records are verified here.
    #[must_use]
    pub fn keys(&self) -> PublicKeys {
        self.0.signer.all().and(self.0.known.clone())
    }

    /// The key that signs records.
    #[must_use]
    pub fn signer(&self) -> &Signer {
        &self.0.signer
    }

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

    /// The cases of a kind for which an event counts: their ids, and the place of the record whose source it is, 0 where the
    /// case was made from it. At most [`CASES_OF_SOURCE_MAX`].
    ///
    /// # Errors
    /// The store's own.
    pub async fn resting_on(&self, kind: &str, event: &EventId) -> Result<Vec<(String, u64)>, CasesError> {
        let scan = Scan::prefix(&(kind.to_owned(), event.to_owned())).limit(CASES_OF_SOURCE_MAX);
        let rows = self.0.store.scan(&SOURCE, scan).await?;
        Ok(rows.into_iter().map(|((_, _, id), seq)| (id, seq)).collect())
    }

    /// A case by its id.
    ///
    /// # Errors
    /// [`CasesError::Damaged`] when its data cannot be read.
    pub async fn get<D: DeserializeOwned>(&self, id: &str) -> Result<Option<Case<D>>, CasesError> {
        let key = id.to_owned();
        // The revision first: a change in between makes the write that follows lose, instead of letting it win.
        let Some(rev) = self.0.store.get(&REVISION, &key).await? else { return Ok(None) };
        let row = self.0.store.get(&CASE, &key).await?;
        row.map(|row| case_of(id, rev, row)).transpose()
    }

    /// The id of the case with a number.
    ///
    /// # Errors
    /// The store's own.
    pub async fn by_number(&self, no: &str) -> Result<Option<String>, CasesError> {
        Ok(self.0.store.get(&NUMBER, &no.to_owned()).await?)
    }

    /// Numbers and ids of cases in the order of their numbers, behind this one, at most so many.
    ///
    /// # Errors
    /// The store's own.
    pub async fn numbered(
        &self,
        after: Option<&str>,
        max: usize,
    ) -> Result<Vec<(String, String)>, CasesError> {
        let mut scan = Scan::all().limit(max);
        if let Some(after) = after {
            scan = scan.after(&after.to_owned());
        }
        Ok(self.0.store.scan(&NUMBER, scan).await?)
    }

    /// The cases in a list of somebody, newest first, at most [`LISTED_MAX`].
    ///
    /// # Errors
    /// The store's own.
    pub async fn listed(&self, kind: &str, list: &str, who: &str) -> Result<Vec<String>, CasesError> {
        self.listed_before(kind, list, who, None).await
    }

    /// The same, from the one that is older than this one on; none for the first page.
    ///
    /// # Errors
    /// The store's own.
    pub async fn listed_before(
        &self,
        kind: &str,
        list: &str,
        who: &str,
        id: Option<&str>,
    ) -> Result<Vec<String>, CasesError> {
        let prefix = (kind.to_owned(), list.to_owned(), who.to_owned());
        let mut scan = Scan::prefix(&prefix).reverse().limit(LISTED_MAX);
        if let Some(id) = id {
            let (kind, list, who) = prefix.clone();
            scan = scan.until(&(kind, list, who, id.to_owned()));
        }
        Ok(self.0.store.scan_keys(&LISTED, scan).await?.into_iter().map(|key| key.3).collect())
    }

    /// The records of a case, in order. Nothing is verified.
    ///
    /// # Errors
    /// [`CasesError::Damaged`] names the first that cannot be read.
    pub async fn records(&self, id: &str) -> Result<Vec<Record>, CasesError> {
        let scan =
            Scan::prefix(&id.to_owned()).limit(usize::try_from(RECORDS_OF_CASE_MAX).unwrap_or(usize::MAX));
        let rows = self.0.store.scan(&RECORD, scan).await?;
        rows.into_iter()
            .map(|((_, seq), text)| {
                serde_json::from_str(&text)
                    .map_err(|error| damaged(id, &format!("record {seq} cannot be read: {error}")))
            })
            .collect()
    }

    /// Walks the chain of a case as it is stored, to its end as the case knows it.
    ///
    /// # Errors
    /// The store's own; a broken chain is the inner error.
    pub async fn verify<D>(
        &self,
        case: &Case<D>,
        origin: &str,
    ) -> Result<Result<Verified, Broken>, CasesError> {
        let broken = |seq, fault| Ok(Err(Broken { no: case.no.clone(), seq, fault }));
        let records = match self.records(&case.id).await {
            Ok(records) => records,
            Err(CasesError::Damaged { problem, .. }) => return broken(0, Fault::Form(problem)),
            Err(error) => return Err(error),
        };
        match chain::verify(&case.no, origin, &records, &self.keys()) {
            Ok(verified) if verified.records < case.seq => broken(verified.records + 1, Fault::Missing),
            Ok(verified) if verified.last != case.head => broken(case.seq, Fault::Link),
            outcome => Ok(outcome),
        }
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

fn case_of<D: DeserializeOwned>(id: &str, rev: u64, row: CaseRow) -> Result<Case<D>, CasesError> {
    let data = serde_json::from_str(&row.data).map_err(|error| damaged(id, &error))?;
    Ok(Case {
        id: id.to_owned(),
        no: row.no,
        kind: row.kind,
        state: row.state,
        seq: row.seq,
        rev,
        head: row.head,
        created_ms: row.created_ms,
        lists: row.lists,
        data,
    })
}

fn damaged(id: &str, problem: &dyn ToString) -> CasesError {
    CasesError::Damaged { id: id.to_owned(), problem: problem.to_string() }
}
