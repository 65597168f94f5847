//! `GET /_matrix/client/v3/capabilities`

use axum::extract::State;
use model::{ROOM_VERSIONS, RoomVersion};
use ruma::api::client::discovery::get_capabilities::v3::{
    Capabilities, GetLoginTokenCapability, ProfileFieldsCapability, Request, RoomVersionStability,
    RoomVersionsCapability, ThirdPartyIdChangesCapability,
};
use serde_json::{Value, json};

use crate::{App, GuestAllowed, JsonBytes, MatrixError};

/// Capabilities that ruma leaves out where they have their default value, and that clients look for.
const SPELLED_OUT: [&str; 4] =
    ["m.change_password", "m.set_displayname", "m.set_avatar_url", "m.3pid_changes"];

/// Bounds of delayed events (MSC4140).
const DELAYED_EVENTS: &str = "org.matrix.msc4140.delayed_events";

/// Whether links are previewed (MSC4452).
const URL_PREVIEWS: &str = "io.element.msc4452.preview_url";

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3capabilities)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, .. }: GuestAllowed<Request>,
) -> Result<JsonBytes, MatrixError> {
    let stability = |version: &RoomVersion| {
        if version.is_stable() { RoomVersionStability::Stable } else { RoomVersionStability::Unstable }
    };
    let available = ROOM_VERSIONS.iter().map(|version| (version.id().clone(), stability(version))).collect();
    let mut capabilities = Capabilities::new();
    capabilities.room_versions =
        RoomVersionsCapability::new(app.settings.default_room_version.clone(), available);
    capabilities.profile_fields = Some(ProfileFieldsCapability::new(true));
    capabilities.get_login_token = GetLoginTokenCapability::new(true);
    capabilities.thirdparty_id_changes = ThirdPartyIdChangesCapability::new(app.accounts.settings().email);
    let mut capabilities =
        serde_json::to_value(&capabilities).map_err(|error| MatrixError::internal("write answer", error))?;
    if let Value::Object(written) = &mut capabilities {
        for name in SPELLED_OUT {
            written.entry(name).or_insert_with(|| json!({ "enabled": true }));
        }
        if caller.session.is_admin {
            // [Account moderation](https://spec.matrix.org/v1.19/client-server-api/#maccount_moderation-capability)
            written.insert("m.account_moderation".to_owned(), json!({ "suspend": true, "lock": true }));
        }
        let delayed = app.delayed_events.settings();
        let delayed = json!({
            "max_delay_ms": delayed.delay_ms_max,
            "max_scheduled": delayed.scheduled_per_user_max,
        });
        written.insert(DELAYED_EVENTS.to_owned(), delayed);
        let previews = json!({ "enabled": app.media.previews_enabled() });
        written.insert(URL_PREVIEWS.to_owned(), previews);
    }
    Ok(JsonBytes(json!({ "capabilities": capabilities }).to_string().into()))
}
