//! Files both ways.

use async_trait::async_trait;
use bridge_api::{
    ByteStream, ConversationId, Download, Failure, File, FileKind, Files, Forms, MediaId, MessageId, Refusal,
    digest,
    exchange::{bytes_of, reasons},
    whole,
};
use bytes::Bytes;
use futures_util::stream;
use http::header;
use reqwest::Response;
use serde::Deserialize;

use super::{
    addressee, id_of, message,
    remembered::Remembered,
    shapes::{self, Shape},
};
use crate::{
    Feishu,
    client::{Call, Form, envelope::Answer},
    ids::{FileKey, ImageKey},
    limits::{DOWNLOAD_BYTES_MAX, FAILURE_BYTES_MAX, FILE_BYTES_MAX},
};

/// Codes of a picture that the platform does not show: it goes as a document.
const NO_PICTURE: [i64; 3] = [234_006, 234_011, 234_039];

#[derive(Deserialize)]
struct Image {
    image_key: ImageKey,
}

#[derive(Deserialize)]
struct Document {
    file_key: FileKey,
}

#[async_trait]
impl Files for Feishu {
    fn forms(&self, _: &ConversationId, kind: FileKind) -> Forms {
        shapes::forms(kind)
    }

    async fn upload(
        &self,
        conversation: &ConversationId,
        file: &File,
        bytes: ByteStream,
    ) -> Result<MediaId, Failure> {
        addressee(conversation)?;
        let _place = self.uploads.acquire().await.map_err(|_| Failure::later("no uploads any more"))?;
        let bytes = filled(bytes).await?;
        let form = Shape::of(file, bytes.len() as u64);
        let digest = digest(&bytes);
        match Box::pin(uploaded(self, form, file, &bytes, &digest)).await {
            Err(failure) if form == Shape::Picture && is_no_picture(&failure) => {
                Box::pin(uploaded(self, Shape::Document("stream"), file, &bytes, &digest)).await
            }
            outcome => outcome,
        }
    }

    async fn download(
        &self,
        conversation: &ConversationId,
        id: &MessageId,
        file: &File,
    ) -> Result<Download, Failure> {
        addressee(conversation)?;
        let id = message(id)?;
        let (form, key) = file.media.as_str().split_once(':').unwrap_or_default();
        let form = if form == "image" { "image" } else { "file" };
        let key = FileKey::parse(key).ok_or_else(|| Failure::refused(Refusal::Gone))?;
        // A key alone is good for our own uploads: what people sent is fetched by its message.
        let path = ["im", "v1", "messages", id.as_str(), "resources", key.as_str()];
        let response = self.client.download(Call::get(&path).with("type", form).slowly()).await?;
        opened(response).await
    }
}

fn is_no_picture(failure: &Failure) -> bool {
    failure.code.as_deref().and_then(|code| code.parse().ok()).is_some_and(|code| NO_PICTURE.contains(&code))
}

async fn uploaded(
    feishu: &Feishu,
    form: Shape,
    file: &File,
    bytes: &[u8],
    digest: &str,
) -> Result<MediaId, Failure> {
    let remembered = Remembered::Upload(digest, form.file_type());
    if let Some(known) = remembered.get(&*feishu.shelf).await? {
        return id_of(MediaId::new(known));
    }
    let kind = file.mimetype.as_deref().unwrap_or("application/octet-stream");
    let body = Form::new(digest.as_bytes());
    let key = if form == Shape::Picture {
        let body = body.field("image_type", "message").file("image", &file.name, kind, bytes);
        feishu.client.data::<Image>(Call::upload(&["im", "v1", "images"], body)).await?.image_key.to_string()
    } else {
        let mut body = body.field("file_type", form.file_type()).field("file_name", &file.name);
        if let Some(duration_ms) = file.duration_ms {
            body = body.field("duration", &duration_ms.to_string());
        }
        let body = body.file("file", &file.name, kind, bytes);
        feishu.client.data::<Document>(Call::upload(&["im", "v1", "files"], body)).await?.file_key.to_string()
    };
    let media = format!("{}:{key}", form.prefix());
    remembered.put(&*feishu.shelf, &media).await?;
    id_of(MediaId::new(media))
}

/// All bytes of a file, within what the platform takes.
async fn filled(bytes: ByteStream) -> Result<Bytes, Failure> {
    let all = whole(bytes, FILE_BYTES_MAX).await?;
    // The platform takes no empty files.
    if all.is_empty() { Err(Failure::refused(Refusal::Impossible)) } else { Ok(all) }
}

/// The picture of a person or a chat, which the platform names by an address.
pub async fn picture(feishu: &Feishu, address: &str) -> Result<Download, Failure> {
    opened(feishu.client.picture(address).await?).await
}

/// A download that has begun. A short JSON may be a failure that calls itself a success.
async fn opened(response: Response) -> Result<Download, Failure> {
    let value = |name| response.headers().get(name).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let (mimetype, size) = (value(header::CONTENT_TYPE), response.content_length());
    if size.is_some_and(|size| size > DOWNLOAD_BYTES_MAX) {
        return Err(Failure::refused(Refusal::TooLarge { bytes_max: DOWNLOAD_BYTES_MAX }));
    }
    let is_json = mimetype.as_deref().is_some_and(|kind| kind.starts_with("application/json"));
    if is_json && size.is_some_and(|size| size <= FAILURE_BYTES_MAX) {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let body = response.bytes().await.map_err(|error| Failure::later(reasons(error)))?;
        if let Err(error @ crate::client::CallError::Answered { .. }) = Answer::read(status, &headers, &body)
        {
            return Err(error.into());
        }
        let bytes: ByteStream = Box::pin(stream::once(async { Ok(body) }));
        return Ok(Download { name: None, mimetype, size, bytes });
    }
    Ok(Download { name: None, mimetype, size, bytes: bytes_of(response, DOWNLOAD_BYTES_MAX) })
}

#[cfg(test)]
mod tests {
    use bridge_api::FailureKind;

    use super::*;

    #[tokio::test]
    async fn an_empty_and_an_endless_file_are_refused() {
        let empty: ByteStream = Box::pin(stream::empty());
        assert_eq!(filled(empty).await.expect_err("empty").kind, FailureKind::Refused(Refusal::Impossible));
        let endless: ByteStream = Box::pin(stream::repeat_with(|| Ok(Bytes::from_static(&[0; 65_536]))));
        let refused = filled(endless).await.expect_err("endless").kind;
        assert_eq!(refused, FailureKind::Refused(Refusal::TooLarge { bytes_max: FILE_BYTES_MAX }));
    }
}
