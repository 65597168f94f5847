//! `GET /_matrix/client/v3/capabilities`

use axum::extract::State;
use ruma::api::client::discovery::get_capabilities::v3::{
    Capabilities, GetLoginTokenCapability, ProfileFieldsCapability, Request, Response, RoomVersionStability,
    RoomVersionsCapability, ThirdPartyIdChangesCapability,
};

use crate::{Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3capabilities)
pub async fn handler(
    State(app): State<App>,
    _: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    let versions = (1..=12)
        .map(|number: u8| (ruma::RoomVersionId::try_from(number.to_string()), RoomVersionStability::Stable));
    let available = versions.filter_map(|(id, stability)| Some((id.ok()?, stability))).collect();
    let mut capabilities = Capabilities::new();
    capabilities.room_versions =
        RoomVersionsCapability::new(app.settings.default_room_version.clone(), available);
    capabilities.profile_fields = Some(ProfileFieldsCapability::new(true));
    capabilities.get_login_token = GetLoginTokenCapability::new(true);
    capabilities.thirdparty_id_changes = ThirdPartyIdChangesCapability::new(false);
    Ok(Answer(Response::new(capabilities)))
}
