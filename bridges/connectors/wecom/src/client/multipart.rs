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

/// One file as the part `media`. The boundary is long chance, so no file holds it. The name stands twice: in letters that every
/// stack reads, and as it is.
pub fn upload(boundary: &str, name: &str, mimetype: &str, size: u64, bytes: ByteStream) -> Upload {
    let plain: String =
        harmless(name).chars().map(|letter| if letter.is_ascii() { letter } else { '_' }).collect();
    let encoded =
        if name.is_ascii() { String::new() } else { format!("; filename*=UTF-8''{}", percent(name)) };
    let head = format!(
        "--{boundary}\r\nContent-Disposition: form-data; name=\"media\"; filename=\"{plain}\"{encoded}; filelength={size}\r\n\
         Content-Type: {}\r\n\r\n",
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
        .map(|letter| if matches!(letter, '"' | '\\' | ';') { '_' } else { letter })
        .collect()
}

/// A name in the letters of RFC 5987.
fn percent(text: &str) -> String {
    text.bytes()
        .map(|byte| match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'.' | b'-' | b'_' => char::from(byte).to_string(),
            _ => format!("%{byte:02X}"),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_name_cannot_leave_its_header_and_the_length_is_right() {
        let file: ByteStream =
            Box::pin(stream::iter([Ok(Bytes::from_static(b"he")), Ok(Bytes::from_static(b"llo"))]));
        let upload = upload("b0", "报a\"\r\nX: y\u{0}.txt", "text/plain", 5, file);
        let parts: Vec<_> = upload.body.collect().await;
        let body: Vec<u8> = parts.into_iter().flat_map(|part| part.expect("bytes")).collect();
        let expected = "--b0\r\nContent-Disposition: form-data; name=\"media\"; filename=\"_a_X: y.txt\"; \
             filename*=UTF-8''%E6%8A%A5a%22%0D%0AX%3A%20y%00.txt; filelength=5\r\n\
             Content-Type: text/plain\r\n\r\nhello\r\n--b0--\r\n";
        assert_eq!(std::str::from_utf8(&body).expect("text"), expected);
        assert_eq!(upload.length, expected.len() as u64);
    }
}
