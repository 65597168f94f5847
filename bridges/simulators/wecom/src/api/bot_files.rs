//! Where bots fetch the files that people sent them, encrypted, for a few minutes; and pictures for everybody.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State as Extracted};
use axum::response::{IntoResponse as _, Response};
use bytes::Bytes;
use http::StatusCode;
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use simulator_stage::mishap;

use crate::crypto;
use crate::faults::Fault;
use crate::simulator::Shared;

/// Bytes that the cipher takes at a time.
const BLOCK_BYTES: usize = 16;

/// `GET /bot-files/<code>`.
pub(crate) async fn download(
    Extracted(shared): Extracted<Arc<Shared>>,
    Path(code): Path<String>,
) -> Response {
    let state = &mut *shared.state.lock();
    let now = state.now_ms();
    let gone = state.stage.faults.strikes(Fault::FileGone);
    let file = state.bot_files.get(&code).filter(|file| file.until_ms > now && !gone).cloned();
    let Some(file) = file else {
        let text = "<Error><Code>AccessDenied</Code><Message>Request has expired</Message></Error>";
        return (StatusCode::FORBIDDEN, [(CONTENT_TYPE, "application/xml")], text).into_response();
    };
    let Some(media) = state.media.get(&file.media).cloned() else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let faults = &mut state.stage.faults;
    let padding = faults.strikes(Fault::FilePadding).then_some(0);
    let Some(mut sealed) = crypto::seal_file(&file.key, &media.bytes, padding) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    if faults.strikes(Fault::FileCorrupt)
        && let Some(byte) = sealed.len().checked_sub(BLOCK_BYTES + 1).and_then(|place| sealed.get_mut(place))
    {
        // The last byte of a block changes that of the next one, which is the padding, to what no padding is.
        *byte ^= 0xff;
    }
    if faults.strikes(Fault::MediaTruncated) {
        return mishap::broken(Bytes::from(sealed).slice(..media.bytes.len() / 2));
    }
    let name: String = media.name.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let disposition = format!("attachment; filename*=UTF-8''{name}");
    let headers = [(CONTENT_TYPE, "application/octet-stream".to_owned()), (CONTENT_DISPOSITION, disposition)];
    (headers, Body::from(sealed)).into_response()
}

/// `GET /pictures/<id>`.
pub(crate) async fn picture(Extracted(shared): Extracted<Arc<Shared>>, Path(id): Path<String>) -> Response {
    let state = shared.state.lock();
    let picture = state.media.get(&id).filter(|media| media.kind == "image").map(|media| media.bytes.clone());
    match picture {
        Some(bytes) => ([(CONTENT_TYPE, "image/png")], Body::from(bytes)).into_response(),
        None => StatusCode::NOT_FOUND.into_response(),
    }
}
