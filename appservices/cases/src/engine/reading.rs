//! Reading cases: by id, number, list or event; their records, and whether the chain of these is whole.

use ruma::EventId;
use serde::de::DeserializeOwned;
use store::Scan;

use super::{Cases, damaged};
use crate::{
    Broken, Case, CasesError, Fault, Record, Verified, chain,
    limits::{CASES_OF_SOURCE_MAX, LISTED_MAX, RECORDS_OF_CASE_MAX},
    tables::{CASE, CaseRow, LISTED, NUMBER, RECORD, REVISION, SOURCE},
};

impl Cases {
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
        let unread = |(seq, error): (u64, serde_json::Error)| {
            damaged(id, &format!("record {seq} cannot be read: {error}"))
        };
        self.recorded(id).await?.into_iter().map(|read| read.map_err(unread)).collect()
    }

    /// The records of a case, in order, each for itself: of one that cannot be read its place, and why.
    async fn recorded(&self, id: &str) -> Result<Vec<Result<Record, (u64, serde_json::Error)>>, CasesError> {
        let scan =
            Scan::prefix(&id.to_owned()).limit(usize::try_from(RECORDS_OF_CASE_MAX).unwrap_or(usize::MAX));
        let rows = self.0.store.scan(&RECORD, scan).await?;
        let read = |((_, seq), text): ((String, u64), String)| {
            serde_json::from_str(&text).map_err(|error| (seq, error))
        };
        Ok(rows.into_iter().map(read).collect())
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
        let (mut records, mut unread) = (Vec::new(), None);
        for read in self.recorded(&case.id).await? {
            match read {
                Ok(record) => records.push(record),
                Err(fault) => {
                    unread = Some(fault);
                    break;
                }
            }
        }
        let outcome = chain::verify(&case.no, origin, &records, &self.keys());
        if let Some((seq, error)) = unread {
            // What is broken before it is the first.
            return match outcome {
                Err(earlier) if !records.is_empty() => Ok(Err(earlier)),
                _ => broken(seq, Fault::Form(error.to_string())),
            };
        }
        match outcome {
            Ok(verified) if verified.records < case.seq => broken(verified.records + 1, Fault::Missing),
            Ok(verified) if verified.last != case.head => broken(case.seq, Fault::Link),
            outcome => Ok(outcome),
        }
    }
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
