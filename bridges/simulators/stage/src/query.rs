//! Queries and forms as HTTP has them, read leniently.

use bytes::Bytes;

use crate::limits::FORM_PARTS_MAX;

/// The pairs of a query or of a form without files.
pub fn pairs(query: &str) -> Vec<(String, String)> {
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    pairs
        .map(|pair| {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            (decoded(name), decoded(&value.replace('+', " ")))
        })
        .collect()
}

/// Without percent signs; what is broken stays as it is.
pub fn decoded(text: &str) -> String {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, left)) = rest.split_first() {
        let digits = left.get(..2).and_then(|digits| std::str::from_utf8(digits).ok());
        match digits.filter(|_| first == b'%').and_then(|digits| u8::from_str_radix(digits, 16).ok()) {
            Some(byte) => {
                bytes.push(byte);
                rest = &left[2..];
            }
            None => {
                bytes.push(first);
                rest = left;
            }
        }
    }
    String::from_utf8_lossy(&bytes).into_owned()
}

/// With percent signs for all that a query may not hold.
pub fn encoded(text: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~');
    let one = |byte: u8| if is_plain(byte) { char::from(byte).to_string() } else { format!("%{byte:02X}") };
    text.bytes().map(one).collect()
}

/// One part of a form with files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Part {
    /// The name of the part.
    pub name: String,
    /// The name of its file, if it has one.
    pub file: Option<String>,
    /// What it holds.
    pub bytes: Bytes,
}

/// The parts of a form, when its content type says that it is one.
///
/// # Errors
/// A form that cannot be read, or with too many parts.
pub async fn form(content_type: &str, body: Bytes) -> Result<Option<Vec<Part>>, multer::Error> {
    let Ok(boundary) = multer::parse_boundary(content_type) else { return Ok(None) };
    let stream = futures_util::stream::once(async move { Ok::<_, std::convert::Infallible>(body) });
    let mut form = multer::Multipart::new(stream, boundary);
    let mut parts = Vec::new();
    while let Some(field) = form.next_field().await? {
        if parts.len() >= FORM_PARTS_MAX {
            return Err(multer::Error::IncompleteStream);
        }
        let name = field.name().unwrap_or_default().to_owned();
        let file = field.file_name().map(str::to_owned);
        parts.push(Part { name, file, bytes: field.bytes().await? });
    }
    Ok(Some(parts))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queries_are_read() {
        let expected = [("a", "1"), ("id", "cid/+=="), ("b", "张 三"), ("a", "%zz"), ("c", "")];
        let expected: Vec<_> = expected.iter().map(|(a, b)| ((*a).to_owned(), (*b).to_owned())).collect();
        assert_eq!(pairs("a=1&id=cid%2F%2B%3D%3D&b=%E5%BC%A0+%E4%B8%89&a=%zz&c"), expected);
    }

    #[test]
    fn what_is_written_into_a_query_is_read_again() {
        let text = "a-1._~ 张+%&=#";
        assert_eq!(encoded(text), "a-1._~%20%E5%BC%A0%2B%25%26%3D%23");
        assert_eq!(pairs(&format!("state={}", encoded(text))), [("state".to_owned(), text.to_owned())]);
    }

    #[tokio::test]
    async fn forms_are_read_and_what_is_none_is_not() {
        let body = "--x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nimage\r\n\
                    --x\r\nContent-Disposition: form-data; name=\"media\"; filename=\"a.png\"\r\n\r\nPNG\r\n--x--\r\n";
        let form_of =
            |body: &'static str| form("multipart/form-data; boundary=x", Bytes::from_static(body.as_bytes()));
        let parts = form_of(body).await.unwrap().unwrap();
        assert_eq!(
            (parts[0].name.as_str(), &parts[0].file, &parts[0].bytes[..]),
            ("type", &None, &b"image"[..])
        );
        assert_eq!((parts[1].file.as_deref(), &parts[1].bytes[..]), (Some("a.png"), &b"PNG"[..]));
        assert_eq!(form("application/json", Bytes::new()).await.unwrap(), None);
        assert!(form_of("--x\r\nContent-Disposition: form-data; name=\"type\"\r\n\r\nim").await.is_err());
    }
}
