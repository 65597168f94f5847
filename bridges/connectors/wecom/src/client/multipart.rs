//! The form of an upload.

use bridge_api::{ByteStream, Upload, harmless};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

/// What RFC 5987 wants written with percent signs.
const ENCODED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'.').remove(b'-').remove(b'_');

/// One file as the part `media`. The name stands twice: in letters that every stack reads, and as it is.
pub fn upload(boundary: &str, name: &str, mimetype: &str, size: u64, bytes: ByteStream) -> Upload {
    let plain: String = harmless(name)
        .chars()
        .map(|letter| if letter.is_ascii() && letter != ';' { letter } else { '_' })
        .collect();
    let encoded = if name.is_ascii() {
        String::new()
    } else {
        format!("; filename*=UTF-8''{}", utf8_percent_encode(name, ENCODED))
    };
    let part = format!("name=\"media\"; filename=\"{plain}\"{encoded}; filelength={size}");
    Upload::new(boundary, &[], &part, mimetype, size, bytes)
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;
    use futures_util::{StreamExt as _, stream};

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
