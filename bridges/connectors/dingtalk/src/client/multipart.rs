//! The body of an upload, streamed: what stands before the file, the file, what stands behind it.

use bridge_api::{ByteStream, Failure};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

/// An upload that is about to be sent.
pub struct Upload {
    /// The media type with its boundary.
    pub content_type: String,
    /// How many bytes the whole body has.
    pub length: u64,
    /// The body.
    pub body: ByteStream,
}

/// One file as the part `media`, and its kind as the field `type`. The boundary is long chance, so no file holds it.
pub fn upload(
    boundary: &str,
    kind: &str,
    name: &str,
    mimetype: &str,
    size: u64,
    bytes: ByteStream,
) -> Upload {
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\n{kind}\r\n--{boundary}\r\n\
         Content-Disposition: form-data; name=\"media\"; filename=\"{}\"\r\nContent-Type: {}\r\n\r\n",
        harmless(name),
        harmless(mimetype)
    );
    let tail = format!("\r\n--{boundary}--\r\n");
    let length = size.saturating_add((head.len() + tail.len()) as u64);
    let whole = |text: String| stream::iter([Ok::<_, Failure>(Bytes::from(text))]);
    let body = Box::pin(whole(head).chain(bytes).chain(whole(tail)));
    Upload { content_type: format!("multipart/form-data; boundary={boundary}"), length, body }
}

/// Names come from people, so nothing of them may end a header.
fn harmless(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| if matches!(letter, '"' | '\\') { '_' } else { letter })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_name_cannot_leave_its_header_and_the_length_is_right() {
        let file: ByteStream =
            Box::pin(stream::iter([Ok(Bytes::from_static(b"he")), Ok(Bytes::from_static(b"llo"))]));
        let upload = upload("b0", "file", "a\"\r\nX: y\u{0}.txt", "text/plain", 5, file);
        let parts: Vec<_> = upload.body.collect().await;
        let body: Vec<u8> = parts.into_iter().flat_map(|part| part.expect("bytes")).collect();
        let expected = "--b0\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nfile\r\n--b0\r\n\
             Content-Disposition: form-data; name=\"media\"; filename=\"a_X: y.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhello\r\n--b0--\r\n";
        assert_eq!(std::str::from_utf8(&body).expect("text"), expected);
        assert_eq!(upload.length, expected.len() as u64);
        assert_eq!(upload.content_type, "multipart/form-data; boundary=b0");
    }
}
