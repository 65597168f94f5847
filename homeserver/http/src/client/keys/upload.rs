//! `POST /_matrix/client/v3/keys/upload`

use std::collections::BTreeMap;

use axum::extract::State;
use keys::{KeyCounts, KeyUpload};
use ruma::{
    OneTimeKeyAlgorithm, OwnedOneTimeKeyId, UInt,
    api::client::keys::upload_keys::v3::{Request, Response},
    encryption::{DeviceKeys, OneTimeKey},
    serde::Raw,
};
use serde_json::value::RawValue;

use crate::{Action, Answer, App, GuestAllowed, MatrixError};

/// [Specification](https://spec.matrix.org/v1.19/client-server-api/#post_matrixclientv3keysupload)
pub async fn handler(
    State(app): State<App>,
    GuestAllowed { caller, request }: GuestAllowed<Request>,
) -> Result<Answer<Response>, MatrixError> {
    app.limits.caller(&caller, Action::Keys)?;
    let device = caller.device.as_deref();
    let device = device.ok_or_else(|| MatrixError::bad_request("This session has no device"))?;
    let upload = key_upload(request.device_keys, request.one_time_keys, request.fallback_keys);
    let counts = app.flows.upload_keys(&caller.user, device, &upload).await?;
    Ok(Answer(Response::new(one_time_key_counts(&counts))))
}

/// An upload in the words of `keys`.
pub(crate) fn key_upload(
    device_keys: Option<Raw<DeviceKeys>>,
    one_time: BTreeMap<OwnedOneTimeKeyId, Raw<OneTimeKey>>,
    fallback: BTreeMap<OwnedOneTimeKeyId, Raw<OneTimeKey>>,
) -> KeyUpload {
    KeyUpload {
        device_keys: device_keys.map(Raw::into_json),
        one_time_keys: one_time_keys(one_time),
        fallback_keys: one_time_keys(fallback),
    }
}

/// Keys by id, unparsed.
fn one_time_keys(keys: BTreeMap<OwnedOneTimeKeyId, Raw<OneTimeKey>>) -> Vec<(String, Box<RawValue>)> {
    keys.into_iter().map(|(id, key)| (id.to_string(), key.into_json())).collect()
}

fn one_time_key_counts(counts: &KeyCounts) -> BTreeMap<OneTimeKeyAlgorithm, UInt> {
    let count = |(algorithm, count): (&String, &u64)| {
        (OneTimeKeyAlgorithm::from(algorithm.as_str()), UInt::new_saturating(*count))
    };
    counts.one_time.iter().map(count).collect()
}
