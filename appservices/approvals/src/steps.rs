//! What the organisation means for the templates that are in force.

use std::collections::BTreeMap;

use people::{Chart, DepartmentPath};
use store::{Scan, Store};

use crate::{
    OfficeError,
    tables::TEMPLATE,
    template::{Template, dead_ends},
};

/// How many steps of the newest templates would have nobody, by department. `store` holds the tables of this crate.
///
/// # Errors
/// When the store or a template in it cannot be read.
pub async fn steps_without_people(
    store: &Store,
    chart: &Chart,
) -> Result<BTreeMap<DepartmentPath, usize>, OfficeError> {
    let keys = store.scan_keys(&TEMPLATE, Scan::all()).await?;
    let newest: BTreeMap<String, u64> = keys.into_iter().collect();
    let mut counts = BTreeMap::new();
    for key in newest {
        let Some(text) = store.get(&TEMPLATE, &key).await? else { continue };
        let template: Template =
            serde_json::from_str(&text).map_err(|error| OfficeError::Unusable(error.to_string()))?;
        for (_, path) in dead_ends(&template, chart) {
            *counts.entry(path).or_default() += 1;
        }
    }
    Ok(counts)
}
