//! When people are busy (MSC4496, under its unstable prefix). The calendars are an application service's: it is asked, and what
//! may be known is its word.

use appservice::{AppserviceError, AvailabilityQuestion};
use ruma::api::client::user_directory::search_users;
use serde_json::Value;

use crate::{App, MatrixError, Routes, extract::Raw, limits::MOMENT_BYTES_MAX};

pub mod ask;

/// A rate-limited POST of a person: ruma has no type for the proposal's.
type Posted = Raw<search_users::v3::Request>;

/// The endpoint of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma_at("/_matrix/client/unstable/org.matrix.msc4496/user/{user_id}/availability", ask::handler)
}

/// When somebody of this server is busy, as far as who asks may know.
///
/// # Errors
/// 403 when they may not, 404 when nobody knows.
pub(crate) async fn here(app: &App, question: AvailabilityQuestion<'_>) -> Result<Value, MatrixError> {
    checked(question.start, question.end)?;
    match app.services.register().ask_for_availability(question).await {
        Ok(answer) => Ok(answer),
        Err(AppserviceError::BadStatus { status: 400, .. }) => {
            Err(MatrixError::invalid_param("The time is none, or too long"))
        }
        Err(AppserviceError::BadStatus { status: 403, .. }) => {
            Err(MatrixError::forbidden("You may not know when this user is busy"))
        }
        Err(error) => {
            tracing::debug!(%error, user = %question.user, "it is not known when somebody is busy");
            Err(MatrixError::not_found("It is not known when this user is busy"))
        }
    }
}

/// Moments are read by who knows the calendars; here they are bounded.
fn checked(start: &str, end: &str) -> Result<(), MatrixError> {
    let is_fine = |text: &str| !text.is_empty() && text.len() <= MOMENT_BYTES_MAX;
    match is_fine(start) && is_fine(end) {
        true => Ok(()),
        false => Err(MatrixError::invalid_param("The start and the end must be moments")),
    }
}
