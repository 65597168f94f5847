//! Signing keys: our own, and those of others that we vouch for.

use http::Method;
use ruma::CanonicalJsonObject;

use crate::{JsonBytes, MatrixError, Routes};

pub mod query;
pub mod server;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(server::handler)
        .ruma_at("/_matrix/key/v2/server/{key_id}", server::handler)
        .ruma(query::batch)
        .ruma(query::one)
        .raw(Method::GET, "/_matrix/key/v2/query/{server_name}/{key_id}", query::one_key)
}

/// An object as an answer, canonical as it was signed.
pub(super) fn json(object: &CanonicalJsonObject) -> Result<Vec<u8>, MatrixError> {
    serde_json::to_vec(object).map_err(|error| MatrixError::internal("write keys", error))
}

/// A list of answers of servers.
pub(super) fn answer(keys: &[CanonicalJsonObject]) -> Result<JsonBytes, MatrixError> {
    let keys: Vec<bytes::Bytes> =
        keys.iter().map(|object| Ok(json(object)?.into())).collect::<Result<_, MatrixError>>()?;
    Ok(crate::assemble::ObjectWriter::with_capacity(crate::assemble::total(&keys))
        .array("server_keys", &keys)
        .finish())
}
