//! `/_matrix/client/v3/room_keys/version`

use axum::extract::State;
use keys::Backup;
use ruma::api::client::backup::{
    create_backup_version::v3 as create_version, delete_backup_version::v3 as delete_version,
    get_backup_info::v3 as get_version, get_latest_backup_info::v3 as get_latest,
    update_backup_version::v3 as update_version,
};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{json, raw};
use crate::{Answer, App, Authed, MatrixError, answer::JsonBytes, extract::Raw};

/// What a client says of a backup.
#[derive(Deserialize)]
struct Description<'a> {
    algorithm: String,
    #[serde(borrow)]
    auth_data: &'a RawValue,
    /// Optional in an update; it must be the version of the path then.
    version: Option<String>,
}

/// What a client hears of a backup.
#[derive(Serialize)]
struct Info<'a> {
    algorithm: &'a str,
    auth_data: &'a RawValue,
    count: u64,
    etag: String,
    version: String,
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3room_keysversion)
pub async fn create(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<create_version::Request>>,
) -> Result<Answer<create_version::Response>, MatrixError> {
    let body = request.object()?;
    let Description { algorithm, auth_data, .. } = description(&body)?;
    let version = app.keys.create_backup(&caller.user, &algorithm, auth_data).await?;
    Ok(Answer(create_version::Response::new(version.to_string())))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keysversion)
pub async fn latest(
    State(app): State<App>,
    Authed { caller, .. }: Authed<get_latest::Request>,
) -> Result<JsonBytes, MatrixError> {
    info(&app.keys.current_backup(&app.store, &caller.user).await?)
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#get_matrixclientv3room_keysversionversion)
pub async fn one(
    State(app): State<App>,
    Authed { caller, request }: Authed<get_version::Request>,
) -> Result<JsonBytes, MatrixError> {
    info(&app.keys.backup(&app.store, &caller.user, &request.version).await?)
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#put_matrixclientv3room_keysversionversion)
pub async fn update(
    State(app): State<App>,
    Authed { caller, request }: Authed<Raw<update_version::Request>>,
) -> Result<Answer<update_version::Response>, MatrixError> {
    let body = request.object()?;
    let Description { algorithm, auth_data, version } = description(&body)?;
    let wanted = request.argument(0);
    if version.is_some_and(|version| version != wanted) {
        return Err(MatrixError::invalid_param("`version` is not the version in the path"));
    }
    app.keys.update_backup(&caller.user, wanted, &algorithm, auth_data).await?;
    Ok(Answer(update_version::Response::new()))
}

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#delete_matrixclientv3room_keysversionversion)
pub async fn delete(
    State(app): State<App>,
    Authed { caller, request }: Authed<delete_version::Request>,
) -> Result<Answer<delete_version::Response>, MatrixError> {
    app.keys.delete_backup(&caller.user, &request.version).await?;
    Ok(Answer(delete_version::Response::new()))
}

fn description(body: &RawValue) -> Result<Description<'_>, MatrixError> {
    serde_json::from_str(body.get()).map_err(|error| MatrixError::bad_json(error.to_string()))
}

fn info(backup: &Backup) -> Result<JsonBytes, MatrixError> {
    json(&Info {
        algorithm: &backup.algorithm,
        auth_data: raw(&backup.auth_data)?,
        count: backup.count,
        etag: backup.etag.to_string(),
        version: backup.version.to_string(),
    })
}
