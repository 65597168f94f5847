//! The form of an upload.

use bridge_api::{ByteStream, Upload, harmless};

/// One file as the part `media`, and its kind as the field `type`.
pub fn upload(
    boundary: &str,
    kind: &str,
    name: &str,
    mimetype: &str,
    size: u64,
    bytes: ByteStream,
) -> Upload {
    let part = format!("name=\"media\"; filename=\"{}\"", harmless(name));
    Upload::new(boundary, &[("type", kind)], &part, mimetype, size, bytes)
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
