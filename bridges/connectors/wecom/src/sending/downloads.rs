//! Files that people sent: of the app in ranges, of the bot by addresses that live for minutes, decrypted on the way.

use std::sync::Arc;

use bridge_api::{
    ByteStream, Download, Failure, Refusal, bounded,
    exchange::{bytes_of, header_text, reasons},
    sealed::{Key, Unwrapping},
};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::header;
use reqwest::Response;

use super::Sending;
use crate::{
    client::{self, Client},
    limits::DOWNLOAD_BYTES_MAX,
    received::FileAddress,
    settings::BotMode,
};

impl Sending {
    /// A file of the app: longer ones come in ranges.
    pub(super) async fn of_app(&self, media: &str) -> Result<Download, Failure> {
        let first = self.client.media(media, 0).await?;
        let size = whole_length(&first);
        if size.is_some_and(|size| size > DOWNLOAD_BYTES_MAX) {
            return Err(Failure::refused(Refusal::TooLarge { bytes_max: DOWNLOAD_BYTES_MAX }));
        }
        let (name, mimetype) = told(&first);
        let (client, media) = (Arc::clone(&self.client), media.to_owned());
        let ranges = stream::unfold((Some(first), 0_u64), move |(response, read)| {
            let (client, media) = (Arc::clone(&client), media.clone());
            async move {
                let mut response = response?;
                match response.chunk().await {
                    Ok(Some(chunk)) => {
                        let read = read + chunk.len() as u64;
                        Some((Ok(chunk), (Some(response), read)))
                    }
                    Ok(None) if size.is_some_and(|size| read > 0 && read < size) => {
                        match client.media(&media, read).await {
                            Ok(next) => Some((Ok(Bytes::new()), (Some(next), read))),
                            Err(error) => Some((Err(Failure::from(error)), (None, read))),
                        }
                    }
                    Ok(None) => None,
                    Err(error) => Some((Err(Failure::later(reasons(error))), (None, read))),
                }
            }
        });
        Ok(Download { name, mimetype, size, bytes: bounded(Box::pin(ranges), DOWNLOAD_BYTES_MAX) })
    }

    /// A file of the bot, decrypted.
    pub(super) async fn of_bot(&self, name: &str) -> Result<Download, Failure> {
        let row: Option<FileAddress> = self.shelf.read(&format!("file:{name}")).await?;
        let row = row.ok_or_else(|| Failure::refused(Refusal::Gone))?;
        let key = match (&row.aes_key, self.client.settings().bot.as_ref().map(|bot| &bot.mode)) {
            (Some(key), _) => Key::of_file(key),
            (None, Some(BotMode::Callback(hook))) => Key::of_console(hook.aes_key.expose()),
            (None, Some(BotMode::Socket { .. }) | None) => {
                return Err(Failure::refused(Refusal::Other("the file came without its key".to_owned())));
            }
        };
        let key = key.map_err(|error| Failure::refused(Refusal::Other(error.to_string())))?;
        let response = self.client.fetch(&row.url).await?;
        let (name, mimetype) = told(&response);
        let bytes = bytes_of(response, DOWNLOAD_BYTES_MAX);
        Ok(Download { name, mimetype, size: None, bytes: unwrapped(key.unwrapping(), bytes) })
    }
}

/// Opens a file at an address of the platform's, within the bound.
pub async fn fetched(client: &Client, address: &str) -> Result<Download, Failure> {
    let response = client.fetch(address).await?;
    let size = response.content_length();
    let (name, mimetype) = told(&response);
    Ok(Download { name, mimetype, size, bytes: bytes_of(response, DOWNLOAD_BYTES_MAX) })
}

/// What the answer says of a file: its name and its kind.
fn told(response: &Response) -> (Option<String>, Option<String>) {
    let kind = header_text(response.headers(), header::CONTENT_TYPE);
    (client::file_name(response.headers()), kind.filter(|kind| !kind.contains("octet-stream")))
}

/// How long the whole is of which a range came: `bytes 0-99/1234`.
fn whole_length(response: &Response) -> Option<u64> {
    match header_text(response.headers(), header::CONTENT_RANGE) {
        Some(range) => range.rsplit_once('/')?.1.parse().ok(),
        None => response.content_length(),
    }
}

fn unwrapped(unwrapping: Unwrapping, bytes: ByteStream) -> ByteStream {
    Box::pin(stream::unfold((Some(unwrapping), bytes), |(unwrapping, mut bytes)| async move {
        let mut unwrapping = unwrapping?;
        match bytes.next().await {
            Some(Ok(chunk)) => {
                let plain = Bytes::from(unwrapping.next(&chunk));
                Some((Ok(plain), (Some(unwrapping), bytes)))
            }
            Some(Err(failure)) => Some((Err(failure), (None, bytes))),
            None => {
                // A file that was cut off on its way is fetched again.
                let end =
                    unwrapping.end().map(Bytes::from).map_err(|error| Failure::later(error.to_string()));
                Some((end, (None, bytes)))
            }
        }
    }))
}
