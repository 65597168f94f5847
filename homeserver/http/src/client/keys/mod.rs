//! Keys for end-to-end encryption: of devices, of people, for one message.

use std::collections::{BTreeMap, BTreeSet};

use ruma::{OwnedServerName, serde::Raw};
use serde_json::{Value, json, value::RawValue};

use crate::Routes;

mod changes;
mod claim;
mod cross_signing;
mod query;
mod signatures;
mod upload;

pub(crate) use upload::key_upload;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(changes::handler)
        .ruma(claim::handler)
        .ruma(cross_signing::handler)
        .ruma(query::handler)
        .ruma(signatures::handler)
        .ruma(upload::handler)
}

/// The `failures` of an answer: servers that could not be asked.
fn failures(unreachable: BTreeSet<OwnedServerName>) -> BTreeMap<String, Value> {
    let entry = |server: OwnedServerName| {
        (server.to_string(), json!({ "status": 503, "message": "This server cannot be reached" }))
    };
    unreachable.into_iter().map(entry).collect()
}

/// Stored JSON as a part of an answer.
pub(crate) fn raw<T>(text: String) -> Option<Raw<T>> {
    RawValue::from_string(text).ok().map(Raw::from_json)
}
