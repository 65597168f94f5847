//! When people of other servers are busy (MSC4496).

use http::Method;
use ruma::UserId;
use serde_json::Value;

use crate::{
    ClientError, Federation, FederationError,
    client::{Limits, escaped},
    limits::{AVAILABILITY_ANSWER_BYTES_MAX, AVAILABILITY_TIME_MAX},
};

impl Federation {
    /// What the server of somebody says of their time between two moments, as it says it, to `asker` of this server. That we say
    /// who asks is our own addition: what was granted to one person alone cannot be had otherwise.
    ///
    /// # Errors
    /// [`FederationError::Client`] when that server cannot be asked, refuses, or speaks of somebody else.
    pub async fn availability_of(
        &self,
        user: &UserId,
        asker: &UserId,
        (start, end): (&str, &str),
    ) -> Result<Value, FederationError> {
        let path = format!(
            "/_matrix/federation/unstable/org.matrix.msc4496/user/{}/availability?start={}&end={}&com.lianqiao.asker={}",
            escaped(user.as_str()),
            escaped(start),
            escaped(end),
            escaped(asker.as_str()),
        );
        // Somebody waits for it, and it is soon of no use.
        let limits = Limits::default().within(AVAILABILITY_TIME_MAX).up_to(AVAILABILITY_ANSWER_BYTES_MAX);
        let body = self
            .client()
            .request_json(user.server_name(), Method::GET, &path, None, limits.insisting())
            .await?;
        let answer: Value =
            serde_json::from_slice(&body).map_err(|error| ClientError::BadAnswer(error.to_string()))?;
        if answer["user_id"] != user.as_str() {
            return Err(ClientError::BadAnswer("it is about somebody else".to_owned()).into());
        }
        Ok(answer)
    }
}
