//! Bodies of uploads. Names of files come from people, so nothing of them may end a header.

use base64::Engine as _;
use bytes::{BufMut as _, Bytes, BytesMut};

/// An upload: short fields and one file.
#[derive(Clone, Debug)]
pub struct Form {
    boundary: String,
    body: BytesMut,
}

impl Form {
    /// An empty form. `seed` makes the boundary, which must not occur in the file: a digest of the file cannot.
    pub fn new(seed: &[u8]) -> Self {
        use sha2::Digest as _;
        let digest = sha2::Sha256::digest(seed);
        let boundary = base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(digest);
        Self { boundary: format!("lianqiao{boundary}"), body: BytesMut::new() }
    }

    /// Adds a short field.
    #[must_use]
    pub fn field(mut self, name: &'static str, value: &str) -> Self {
        self.head(&format!("name=\"{name}\""), None);
        self.body.put_slice(value.as_bytes());
        self.body.put_slice(b"\r\n");
        self
    }

    /// Adds the file.
    #[must_use]
    pub fn file(mut self, name: &'static str, file_name: &str, content_type: &str, bytes: &[u8]) -> Self {
        self.head(&format!("name=\"{name}\"; filename=\"{}\"", quoted(file_name)), Some(content_type));
        self.body.put_slice(bytes);
        self.body.put_slice(b"\r\n");
        self
    }

    /// The content type of the request and its body.
    pub fn finish(mut self) -> (String, Bytes) {
        self.body.put_slice(format!("--{}--\r\n", self.boundary).as_bytes());
        (format!("multipart/form-data; boundary={}", self.boundary), self.body.freeze())
    }

    fn head(&mut self, disposition: &str, content_type: Option<&str>) {
        self.body.put_slice(
            format!("--{}\r\nContent-Disposition: form-data; {disposition}\r\n", self.boundary).as_bytes(),
        );
        if let Some(content_type) = content_type {
            self.body.put_slice(format!("Content-Type: {}\r\n", quoted(content_type)).as_bytes());
        }
        self.body.put_slice(b"\r\n");
    }
}

/// As browsers write names of files: quotes and line ends by their number, the rest as it is.
fn quoted(text: &str) -> String {
    let mut quoted = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '"' => quoted.push_str("%22"),
            '\r' => quoted.push_str("%0D"),
            '\n' => quoted.push_str("%0A"),
            sign if sign.is_control() => {}
            sign => quoted.push(sign),
        }
    }
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_name_cannot_leave_its_header() {
        let form = Form::new(b"x").field("file_type", "stream");
        let (kind, body) = form.file("file", "a\"\r\nX: y\u{0}.txt", "text/plain", b"hello").finish();
        let boundary = kind.strip_prefix("multipart/form-data; boundary=").expect("the boundary");
        let expected = format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file_type\"\r\n\r\nstream\r\n\
             --{boundary}\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a%22%0D%0AX: y.txt\"\r\n\
             Content-Type: text/plain\r\n\r\nhello\r\n--{boundary}--\r\n"
        );
        assert_eq!(std::str::from_utf8(&body).expect("text"), expected);
    }
}
