//! What a user of ours does with files.

use bytes::Bytes;
use http::Method;

use super::Intent;
use crate::wire::{Body, Call, CallError, FileStream};

impl Intent {
    /// The bytes behind `mxc://server/id`.
    ///
    /// # Errors
    /// See [`CallError`]; an address that is none is refused.
    pub async fn download(&self, mxc: &str) -> Result<Bytes, CallError> {
        self.wire.download(&self.user, file_at(mxc)?).await
    }

    /// The same bytes as they arrive, for files that are too large to be had at once.
    ///
    /// # Errors
    /// See [`CallError`]; an address that is none is refused.
    pub async fn open(&self, mxc: &str) -> Result<FileStream, CallError> {
        self.wire.open(&self.user, file_at(mxc)?).await
    }

    /// Uploads a file; the address is `mxc://…`.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn upload(
        &self,
        name: Option<&str>,
        mimetype: &str,
        bytes: Bytes,
    ) -> Result<String, CallError> {
        let mut call = Call::new(Method::POST, &["media", "v3", "upload"]);
        call.query.extend(name.map(|name| ("filename", name.to_owned())));
        call.body = Body::File(mimetype.to_owned(), bytes);
        let answer = self.wire.call(&self.user, call).await?;
        let url = answer["content_uri"].as_str().map(ToOwned::to_owned);
        url.ok_or_else(|| CallError::Unreachable("the upload has no address".to_owned()))
    }
}

/// The question for the bytes behind `mxc://server/id`.
fn file_at(mxc: &str) -> Result<Call, CallError> {
    let parts = mxc.strip_prefix("mxc://").and_then(|rest| rest.split_once('/'));
    let (server, id) = parts.ok_or_else(|| CallError::Refused {
        status: 400,
        code: "M_INVALID_PARAM".to_owned(),
        message: format!("{mxc:?} is no mxc:// address"),
    })?;
    Ok(Call::new(Method::GET, &["client", "v1", "media", "download", server, id]))
}
