//! The room directories of other servers.

use ruma::{
    ServerName,
    api::federation::directory::get_public_rooms_filtered::v1::{Request, Response},
    directory::Filter,
};

use crate::{
    Federation, FederationError,
    client::Limits,
    limits::{DIRECTORY_ANSWER_BYTES_MAX, DIRECTORY_TIME_MAX},
};

impl Federation {
    /// A page of the directory of another server.
    ///
    /// # Errors
    /// [`FederationError::Client`].
    pub async fn public_rooms_of(
        &self,
        server: &ServerName,
        filter: Filter,
        limit: Option<u64>,
        since: Option<String>,
    ) -> Result<Response, FederationError> {
        let mut request = Request::new();
        request.filter = filter;
        request.limit = limit.map(ruma::UInt::new_saturating);
        request.since = since;
        let limits = Limits::default().within(DIRECTORY_TIME_MAX).up_to(DIRECTORY_ANSWER_BYTES_MAX);
        Ok(self.client().send(server, request, limits).await?)
    }
}
