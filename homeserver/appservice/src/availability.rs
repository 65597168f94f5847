//! Asking the service that keeps people's calendars when somebody is busy (MSC4496). Whoever asks is vouched for by us; what they
//! may know the service decides.

use bytes::Bytes;
use http::Method;
use ruma::{ServerName, UserId};
use serde_json::Value;

use crate::{AppserviceError, Appservices, limits::QUESTION_TIME_MAX, questions::Call};

/// A question about somebody's time.
#[derive(Clone, Copy, Debug)]
pub struct AvailabilityQuestion<'a> {
    /// About whom, of this server.
    pub user: &'a UserId,
    /// The server of whoever asks.
    pub server: &'a ServerName,
    /// Who asks, where the server says so.
    pub asker: Option<&'a UserId>,
    /// From when on, as it was asked.
    pub start: &'a str,
    /// Until when, as it was asked.
    pub end: &'a str,
}

impl Appservices {
    /// What the service says, as it says it.
    ///
    /// # Errors
    /// [`AppserviceError::Unknown`] where no service knows, [`AppserviceError::BadStatus`] where it says no.
    pub async fn ask_for_availability(
        &self,
        question: AvailabilityQuestion<'_>,
    ) -> Result<Value, AppserviceError> {
        let AvailabilityQuestion { user, server, asker, start, end } = question;
        let loaded = self.loaded();
        let knows =
            loaded.services.iter().find(|service| service.knows_availability && service.url.is_some());
        let service = knows.ok_or(AppserviceError::Unknown)?;
        let segments =
            ["_matrix", "app", "unstable", "org.matrix.msc4496", "user", user.as_str(), "availability"];
        let mut query = vec![
            ("start".to_owned(), start.to_owned()),
            ("end".to_owned(), end.to_owned()),
            ("server".to_owned(), server.to_string()),
        ];
        query.extend(asker.map(|asker| ("asker".to_owned(), asker.to_string())));
        let call = Call { method: Method::GET, body: Bytes::new(), time_max: QUESTION_TIME_MAX };
        let answer = self.call(service, &segments, &query, call).await?;
        serde_json::from_slice(&answer.body).map_err(|error| AppserviceError::Connection(error.to_string()))
    }
}
