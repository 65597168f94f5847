//! Profiles and aliases.

use std::collections::BTreeMap;

use ruma::{
    OwnedRoomId, OwnedServerName, RoomAliasId, UserId,
    api::federation::query::{get_profile_information, get_room_information},
    profile::ProfileFieldName,
};
use serde_json::Value;

use crate::{
    ClientError, Federation, FederationError,
    client::Limits,
    limits::{ALIAS_SERVERS_MAX, PROFILE_ANSWER_BYTES_MAX, QUERY_TIME_MAX},
};

impl Federation {
    /// The profile of a user of another server, or one field of it.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] when that server knows no such user or field, [`FederationError::Client`] when it
    /// cannot be asked.
    pub async fn profile_of(
        &self,
        user: &UserId,
        field: Option<&str>,
    ) -> Result<BTreeMap<String, Value>, FederationError> {
        let mut request = get_profile_information::v1::Request::new(user.to_owned());
        request.field = field.map(ProfileFieldName::from);
        let limits = Limits::default().within(QUERY_TIME_MAX).up_to(PROFILE_ANSWER_BYTES_MAX);
        let answer = self.client().send(user.server_name(), request, limits).await;
        let answer = answer.map_err(|error| missing(error, "There is no such profile"))?;
        Ok(answer.into_iter().filter(|(name, _)| field.is_none_or(|field| field == name)).collect())
    }

    /// The room that an alias of another server stands for, and servers to join it by.
    ///
    /// # Errors
    /// [`FederationError::NotFound`] when that server knows no such alias, [`FederationError::Client`] when it cannot be
    /// asked.
    pub async fn room_of_alias(
        &self,
        alias: &RoomAliasId,
    ) -> Result<(OwnedRoomId, Vec<OwnedServerName>), FederationError> {
        let request = get_room_information::v1::Request::new(alias.to_owned());
        let limits = Limits::default().within(QUERY_TIME_MAX);
        let answer = self.client().send(alias.server_name(), request, limits).await;
        let mut answer = answer.map_err(|error| missing(error, "The alias names no room"))?;
        answer.servers.truncate(ALIAS_SERVERS_MAX);
        Ok((answer.room_id, answer.servers))
    }
}

/// Tells what is not there from what cannot be asked.
fn missing(error: ClientError, what: &'static str) -> FederationError {
    if error.status() == Some(404) { FederationError::NotFound(what) } else { error.into() }
}
