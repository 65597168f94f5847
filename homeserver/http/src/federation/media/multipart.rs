//! A content as `multipart/mixed`, streamed: an empty object, then the content.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid>

use axum::{
    body::Body,
    response::{IntoResponse as _, Response},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, header};
use media::{Found, MediaError};

use crate::{App, MatrixError};

/// Letters of a boundary: far more than anybody could meet in a content by chance.
const BOUNDARY_LENGTH: usize = 32;

pub(super) async fn multipart(app: &App, found: &Found, disposition: &str) -> Result<Response, MatrixError> {
    let boundary = app.rng.string(BOUNDARY_LENGTH);
    let content_type = found.content_type.as_deref().unwrap_or("application/octet-stream");
    // Both were cleaned of control characters when they came in.
    let head = format!(
        "\r\n--{boundary}\r\nContent-Type: application/json\r\n\r\n{{}}\r\n--{boundary}\r\n\
         Content-Type: {content_type}\r\nContent-Disposition: {disposition}\r\n\r\n"
    );
    let end = format!("\r\n--{boundary}--\r\n");
    let bytes = found.bytes.saturating_add((head.len() + end.len()) as u64);
    let one = |text: String| stream::once(async move { Ok::<Bytes, MediaError>(text.into()) });
    let content = app.media.read(found, None).await?;
    let body = Body::from_stream(one(head).chain(content).chain(one(end)));
    let mut response = body.into_response();
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_LENGTH, HeaderValue::from(bytes));
    let content_type = HeaderValue::from_str(&format!("multipart/mixed; boundary={boundary}"));
    headers.insert(
        header::CONTENT_TYPE,
        content_type.map_err(|error| MatrixError::internal("write boundary", error))?,
    );
    Ok(response)
}
