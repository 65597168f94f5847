//! What a case was made by, for exports: the first record of the case names its hash.

use serde_json::Value;
use store::Store;

use crate::{OfficeError, tables::TEMPLATE};

/// The text of the template that a case was made by. `data` is what the case engine keeps of it.
///
/// # Errors
/// [`OfficeError::Unusable`] where the data names none that is here, and the store's own.
pub async fn origin_of(store: &Store, data: &Value) -> Result<String, OfficeError> {
    let (Some(id), Some(version)) = (data["template"].as_str(), data["version"].as_u64()) else {
        return Err(OfficeError::Unusable("the case names no template".to_owned()));
    };
    let text = store.get(&TEMPLATE, &(id.to_owned(), version)).await?;
    text.ok_or_else(|| OfficeError::Unusable(format!("{id}@{version} is not there")))
}
