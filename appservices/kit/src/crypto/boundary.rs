//! Where two rumas meet. The library speaks types of a ruma of its own, which is an older one and takes identifiers that
//! ours refuses; what crosses is text and JSON, here and nowhere else.

use http::Method;
use library_ruma::{
    OwnedDeviceId, OwnedRoomId, OwnedUserId, TransactionId,
    api::{
        IncomingResponse,
        client::{
            keys::{
                claim_keys, get_keys, upload_keys,
                upload_signatures::{self, v3::Request as UploadSignatures},
                upload_signing_keys,
            },
            message::send_message_event,
            to_device::send_event_to_device,
        },
    },
    events::MessageLikeEventContent as _,
};
use matrix_sdk_crypto::{
    OlmMachine,
    types::requests::{
        AnyIncomingResponse, AnyOutgoingRequest, KeysQueryRequest, ToDeviceRequest, UploadSigningKeysRequest,
    },
};
use serde_json::{Value, json};

use super::fault::CryptoFault;
use crate::Call;

/// How long the homeserver may ask others for devices, in milliseconds.
const QUERY_TIMEOUT_MS: u64 = 10_000;

pub(super) fn user(user: &ruma::UserId) -> Result<OwnedUserId, CryptoFault> {
    OwnedUserId::try_from(user.as_str()).map_err(CryptoFault::library)
}

pub(super) fn room(room: &ruma::RoomId) -> Result<OwnedRoomId, CryptoFault> {
    OwnedRoomId::try_from(room.as_str()).map_err(CryptoFault::library)
}

pub(super) fn device(device: &ruma::DeviceId) -> OwnedDeviceId {
    OwnedDeviceId::from(device.as_str())
}

/// A request of the library as one to the homeserver.
pub(super) fn call(request: &AnyOutgoingRequest) -> Result<Call, CryptoFault> {
    Ok(match request {
        AnyOutgoingRequest::KeysUpload(upload) => {
            let body = json!({
                "device_keys": upload.device_keys,
                "one_time_keys": upload.one_time_keys,
                "fallback_keys": upload.fallback_keys,
            });
            post(&["keys", "upload"], without_nulls(body))
        }
        AnyOutgoingRequest::KeysQuery(query) => query_call(query),
        AnyOutgoingRequest::KeysClaim(claim) => claim_call(claim),
        AnyOutgoingRequest::ToDeviceRequest(request) => to_device_call(request),
        AnyOutgoingRequest::SignatureUpload(upload) => signatures_call(upload)?,
        AnyOutgoingRequest::RoomMessage(message) => {
            let kind = message.content.event_type().to_string();
            let path =
                ["client", "v3", "rooms", message.room_id.as_str(), "send", &kind, message.txn_id.as_str()];
            Call::new(Method::PUT, &path).json(serde_json::to_value(&*message.content)?)
        }
    })
}

pub(super) fn claim_call(claim: &claim_keys::v3::Request) -> Call {
    post(&["keys", "claim"], json!({ "one_time_keys": claim.one_time_keys, "timeout": QUERY_TIMEOUT_MS }))
}

pub(super) fn to_device_call(request: &ToDeviceRequest) -> Call {
    let kind = request.event_type.to_string();
    let path = ["client", "v3", "sendToDevice", &kind, request.txn_id.as_str()];
    Call::new(Method::PUT, &path).json(json!({ "messages": request.messages }))
}

pub(super) fn signing_keys_call(upload: &UploadSigningKeysRequest) -> Call {
    let body = json!({
        "master_key": upload.master_key,
        "self_signing_key": upload.self_signing_key,
        "user_signing_key": upload.user_signing_key,
    });
    post(&["keys", "device_signing", "upload"], without_nulls(body))
}

pub(super) fn signatures_call(upload: &UploadSignatures) -> Result<Call, CryptoFault> {
    Ok(post(&["keys", "signatures", "upload"], serde_json::to_value(&upload.signed_keys)?))
}

fn query_call(query: &KeysQueryRequest) -> Call {
    post(&["keys", "query"], json!({ "device_keys": query.device_keys, "timeout": QUERY_TIMEOUT_MS }))
}

fn post(path: &[&str], body: Value) -> Call {
    Call::new(Method::POST, &[&["client", "v3"], path].concat()).json(body)
}

fn without_nulls(mut body: Value) -> Value {
    if let Some(fields) = body.as_object_mut() {
        fields.retain(|_, value| !value.is_null());
    }
    body
}

/// Tells the library what the homeserver answered.
pub(super) async fn answered(
    machine: &OlmMachine,
    id: &TransactionId,
    request: &AnyOutgoingRequest,
    answer: &Value,
) -> Result<(), CryptoFault> {
    match request {
        AnyOutgoingRequest::KeysUpload(_) => {
            let response: upload_keys::v3::Response = response(answer)?;
            done(machine, id, AnyIncomingResponse::KeysUpload(&response)).await
        }
        AnyOutgoingRequest::KeysQuery(_) => {
            let response: get_keys::v3::Response = response(answer)?;
            done(machine, id, AnyIncomingResponse::KeysQuery(&response)).await
        }
        AnyOutgoingRequest::KeysClaim(_) => claimed(machine, id, answer).await,
        AnyOutgoingRequest::ToDeviceRequest(_) => told(machine, id).await,
        AnyOutgoingRequest::SignatureUpload(_) => {
            let response: upload_signatures::v3::Response = response(answer)?;
            done(machine, id, AnyIncomingResponse::SignatureUpload(&response)).await
        }
        AnyOutgoingRequest::RoomMessage(_) => {
            let response: send_message_event::v3::Response = response(answer)?;
            done(machine, id, AnyIncomingResponse::RoomMessage(&response)).await
        }
    }
}

pub(super) async fn claimed(
    machine: &OlmMachine,
    id: &TransactionId,
    answer: &Value,
) -> Result<(), CryptoFault> {
    let response: claim_keys::v3::Response = response(answer)?;
    done(machine, id, AnyIncomingResponse::KeysClaim(&response)).await
}

pub(super) async fn told(machine: &OlmMachine, id: &TransactionId) -> Result<(), CryptoFault> {
    let response = send_event_to_device::v3::Response::new();
    done(machine, id, AnyIncomingResponse::ToDevice(&response)).await
}

pub(super) async fn signing_keys_sent(machine: &OlmMachine) -> Result<(), CryptoFault> {
    let response = upload_signing_keys::v3::Response::new();
    done(machine, &TransactionId::new(), AnyIncomingResponse::SigningKeysUpload(&response)).await
}

async fn done(
    machine: &OlmMachine,
    id: &TransactionId,
    response: AnyIncomingResponse<'_>,
) -> Result<(), CryptoFault> {
    Ok(Box::pin(machine.mark_request_as_sent(id, response)).await?)
}

fn response<R: IncomingResponse>(answer: &Value) -> Result<R, CryptoFault> {
    let body = serde_json::to_vec(answer)?;
    R::try_from_http_response(http::Response::new(body)).map_err(|error| {
        CryptoFault::Library(format!("the answer of the homeserver cannot be read: {error}"))
    })
}
