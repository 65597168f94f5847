//! The object store behind signed addresses. It asks for no token.

use std::sync::Arc;

use axum::extract::{Path, Query, State as Extracted};
use axum::response::Response;
use bytes::Bytes;
use http::StatusCode;
use serde::Deserialize;

use super::envelope;
use crate::crypto;
use crate::faults::Fault;
use crate::simulator::Shared;
use crate::state::State;

const SECRET: &str = "object-store";

/// How an address is signed.
#[derive(Deserialize)]
pub(crate) struct Signed {
    #[serde(rename = "Expires")]
    expires_s: u64,
    #[serde(rename = "Signature")]
    signature: String,
}

fn signature(name: &str, expires_s: u64) -> String {
    // Digits alone, so that nothing in it has to be escaped.
    crypto::hex(crypto::card_sign(SECRET, &format!("{name}{expires_s}")).as_bytes())
}

/// An address of something that was uploaded, which works for a while.
pub(crate) fn sign(state: &State, media: &str) -> String {
    let name = format!("{}.file", media.trim_start_matches('@'));
    let expires_s = (state.stage.now_ms() + state.settings.download_life_ms) / 1_000;
    let signature = signature(&name, expires_s);
    format!("{}/objects/{name}?Expires={expires_s}&Signature={signature}", state.api_url)
}

/// `GET /objects/<name>.file?Expires=..&Signature=..`.
pub(crate) async fn download(
    Extracted(shared): Extracted<Arc<Shared>>,
    Path(name): Path<String>,
    Query(signed): Query<Signed>,
) -> Response {
    let state = &mut *shared.state.lock();
    let over = signed.expires_s.saturating_mul(1_000) <= state.stage.now_ms();
    let wrong = signature(&name, signed.expires_s) != signed.signature;
    if over || wrong || state.stage.faults.strikes(Fault::MediaUrlExpired) {
        return envelope::raw(StatusCode::FORBIDDEN, "application/xml", "<Error>AccessDenied</Error>".into());
    }
    let media = name.strip_suffix(".file").and_then(|name| state.media.get(&format!("@{name}")));
    let Some(bytes) = media.map(|media| media.bytes.clone()) else {
        return envelope::status(StatusCode::NOT_FOUND);
    };
    if state.stage.faults.strikes(Fault::MediaTruncated) {
        return simulator_stage::mishap::broken(bytes.slice(..bytes.len() / 2));
    }
    envelope::raw(StatusCode::OK, "application/octet-stream", Bytes::into(bytes))
}
