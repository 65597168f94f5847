//! The body of an upload, streamed: what stands before the file, the file, what stands behind it.

use bytes::Bytes;
use futures_util::{StreamExt as _, stream};

use crate::{ByteStream, Failure};

/// An upload that is about to be sent.
pub struct Upload {
    /// The media type with its boundary.
    pub content_type: String,
    /// How many bytes the whole body has.
    pub length: u64,
    /// The body.
    pub body: ByteStream,
}

impl Upload {
    /// Short fields and one file of `size` bytes. The boundary is long chance, so no file holds it; `part` is what stands behind
    /// `form-data` of the file, its texts made [`harmless`].
    pub fn new(
        boundary: &str,
        fields: &[(&str, &str)],
        part: &str,
        mimetype: &str,
        size: u64,
        bytes: ByteStream,
    ) -> Self {
        let mut head = String::new();
        for (name, value) in fields {
            head.push_str(&format!(
                "--{boundary}\r\nContent-Disposition: form-data; name=\"{name}\"\r\n\r\n{value}\r\n"
            ));
        }
        head.push_str(&format!(
            "--{boundary}\r\nContent-Disposition: form-data; {part}\r\nContent-Type: {}\r\n\r\n",
            harmless(mimetype)
        ));
        let tail = format!("\r\n--{boundary}--\r\n");
        let length = size.saturating_add((head.len() + tail.len()) as u64);
        let whole = |text: String| stream::iter([Ok::<_, Failure>(Bytes::from(text))]);
        let body = Box::pin(whole(head).chain(bytes).chain(whole(tail)));
        Self { content_type: format!("multipart/form-data; boundary={boundary}"), length, body }
    }
}

/// A name with nothing in it that ends a header or a quoted text: names come from people.
pub fn harmless(text: &str) -> String {
    text.chars()
        .filter(|letter| !letter.is_control())
        .map(|letter| if matches!(letter, '"' | '\\') { '_' } else { letter })
        .collect()
}
