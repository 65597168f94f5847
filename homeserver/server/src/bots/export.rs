//! `lianqiao export`: cases with their records as a file that can be verified without a server.

use base::{Clock, Rng};
use cases::{Cases, CasesParts, Export, Exported, PublicKeys, Signer};
use serde_json::Value;
use store::Store;

use crate::limits::EXPORT_CASES_MAX;

/// A file of cases.
pub(super) struct Exports {
    /// The file.
    pub text: String,
    /// How many cases are in it.
    pub cases: u64,
    /// The number of the last one, where there are more behind it.
    pub more_after: Option<String>,
}

/// Exports the cases with these numbers, or, where none is named, the first ones behind `after` in the order of their numbers.
pub(super) async fn export(
    store: &Store,
    numbers: &[String],
    after: Option<&str>,
) -> Result<Exports, String> {
    let failed = |error: &dyn std::fmt::Display| error.to_string();
    let cases = open(store).await?;
    if numbers.len() > EXPORT_CASES_MAX {
        return Err(format!(
            "{} cases are too many for one file; name {EXPORT_CASES_MAX} at most",
            numbers.len()
        ));
    }
    let mut listed = Vec::new();
    for no in numbers {
        let id = cases.by_number(no).await.map_err(|error| failed(&error))?;
        listed.push((no.clone(), id.ok_or_else(|| format!("no case has the number {no}"))?));
    }
    let mut more_after = None;
    if numbers.is_empty() {
        listed = cases.numbered(after, EXPORT_CASES_MAX + 1).await.map_err(|error| failed(&error))?;
        if listed.len() > EXPORT_CASES_MAX {
            listed.truncate(EXPORT_CASES_MAX);
            more_after = listed.last().map(|(no, _)| no.clone());
        }
    }
    let count = u64::try_from(listed.len()).unwrap_or(u64::MAX);
    let handed = cases.signer().handovers();
    let mut export = Export::begin(&cases.keys(), handed, count).map_err(|error| failed(&error))?;
    for (no, id) in &listed {
        let exported = exported(store, &cases, id).await.map_err(|reason| format!("{no}: {reason}"))?;
        export.case(&exported).map_err(|error| format!("{no}: {error}"))?;
    }
    let text = export.finish(cases.signer()).map_err(|error| failed(&error))?;
    Ok(Exports { text, cases: count, more_after })
}

/// The case engine over the bots' store, to read with.
async fn open(store: &Store) -> Result<Cases, String> {
    let signer = Signer::of_store(store).await.map_err(|error| error.to_string())?;
    let (clock, rng) = (Clock::system(), Rng::system());
    Ok(Cases::new(CasesParts { store: store.clone(), clock, rng, signer, known: PublicKeys::default() }))
}

async fn exported(store: &Store, cases: &Cases, id: &str) -> Result<Exported, String> {
    let case = cases.get::<Value>(id).await.map_err(|error| error.to_string())?;
    let case = case.ok_or("the case is not there")?;
    let origin = match case.kind.as_str() {
        approvals::KIND => {
            approvals::origin_of(store, &case.data).await.map_err(|error| error.to_string())?
        }
        tasks::KIND => tasks::ORIGIN.to_owned(),
        meetings::KIND => meetings::ORIGIN.to_owned(),
        kind => return Err(format!("{kind:?} is no kind of case that is known")),
    };
    let texts = case.data.get("texts").cloned().unwrap_or_else(|| Value::Object(serde_json::Map::new()));
    Ok(Exported {
        no: case.no,
        origin,
        records: cases.records(id).await.map_err(|error| error.to_string())?,
        texts: serde_json::from_value(texts).map_err(|error| error.to_string())?,
    })
}
