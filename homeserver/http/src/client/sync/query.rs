//! The argument of `/sync` under its unstable name, which ruma leaves out.

use axum::extract::Query;
use ruma::api::error::DeserializationError;
use serde::Deserialize;

use crate::extract::Part;

/// `org.matrix.msc4222.use_state_after`.
#[derive(Default, Deserialize)]
pub struct UnstableStateAfter {
    /// Whether the state is wanted as of the timeline's end.
    #[serde(default, rename = "org.matrix.msc4222.use_state_after")]
    pub wanted: bool,
}

impl Part for UnstableStateAfter {
    fn of(request: &http::Request<&[u8]>) -> Result<Self, DeserializationError> {
        Ok(Query::try_from_uri(request.uri()).map(|Query(argument)| argument).unwrap_or_default())
    }
}
