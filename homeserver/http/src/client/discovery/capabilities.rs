//! `GET /_matrix/client/v3/capabilities`

use axum::extract::State;
use ruma::api::client::discovery::get_capabilities::v3::{
    Capabilities, GetLoginTokenCapability, ProfileFieldsCapability, Request, RoomVersionStability,
    RoomVersionsCapability, ThirdPartyIdChangesCapability,
};
use serde_json::{Value, json};

use crate::{App, GuestAllowed, JsonBytes, MatrixError};

/// Capabilities that ruma leaves out where they have their default value, and that clients look for.
const SPELLED_OUT: [&str; 3] = ["m.change_password", "m.set_displayname", "m.set_avatar_url"];

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3capabilities)
pub async fn handler(State(app): State<App>, _: GuestAllowed<Request>) -> Result<JsonBytes, MatrixError> {
    let versions = (1..=12)
        .map(|number: u8| (ruma::RoomVersionId::try_from(number.to_string()), RoomVersionStability::Stable));
    let available = versions.filter_map(|(id, stability)| Some((id.ok()?, stability))).collect();
    let mut capabilities = Capabilities::new();
    capabilities.room_versions =
        RoomVersionsCapability::new(app.settings.default_room_version.clone(), available);
    capabilities.profile_fields = Some(ProfileFieldsCapability::new(true));
    capabilities.get_login_token = GetLoginTokenCapability::new(true);
    capabilities.thirdparty_id_changes = ThirdPartyIdChangesCapability::new(false);
    let mut capabilities =
        serde_json::to_value(&capabilities).map_err(|error| MatrixError::internal("write answer", error))?;
    if let Value::Object(written) = &mut capabilities {
        for name in SPELLED_OUT {
            written.entry(name).or_insert_with(|| json!({ "enabled": true }));
        }
    }
    Ok(JsonBytes(json!({ "capabilities": capabilities }).to_string().into()))
}
