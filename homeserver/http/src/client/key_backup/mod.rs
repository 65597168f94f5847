//! Backups of room keys, encrypted by the client.

use bytes::Bytes;
use keys::BackupState;
use ruma::UInt;
use serde_json::value::RawValue;

use crate::{MatrixError, Routes, answer::JsonBytes};

mod delete;
mod put;
mod read;
mod version;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(version::create)
        .ruma(version::latest)
        .ruma(version::one)
        .ruma(version::update)
        .ruma(version::delete)
        .ruma(put::all)
        .ruma(put::room)
        .ruma(put::session)
        .ruma(read::all)
        .ruma(read::room)
        .ruma(read::session)
        .ruma(delete::all)
        .ruma(delete::room)
        .ruma(delete::session)
}

/// `etag` and `count` of an answer.
fn etag_and_count(state: BackupState) -> (String, UInt) {
    (state.etag.to_string(), UInt::new_saturating(state.count))
}

fn raw(text: &str) -> Result<&RawValue, MatrixError> {
    serde_json::from_str(text).map_err(|error| MatrixError::internal("read stored backup", error))
}

fn json(value: &impl serde::Serialize) -> Result<JsonBytes, MatrixError> {
    let text = serde_json::to_vec(value);
    text.map(|text| JsonBytes(Bytes::from(text)))
        .map_err(|error| MatrixError::internal("serialise backup", error))
}
