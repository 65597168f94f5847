//! Reading `multipart/mixed` as it arrives: a part with JSON, then the content or a place where it lies.
//! <https://spec.matrix.org/v1.19/server-server-api/#get_matrixfederationv1mediadownloadmediaid>

use bytes::{Bytes, BytesMut};

use crate::limits::MULTIPART_HEAD_BYTES_MAX;

/// Longest boundary ([RFC 2046](https://www.rfc-editor.org/rfc/rfc2046#section-5.1.1)), in bytes.
const BOUNDARY_BYTES_MAX: usize = 70;

/// What stands before the content.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Head {
    /// The content follows.
    Content { content_type: Option<String>, disposition: Option<String> },
    /// The content lies there.
    Location(String),
}

/// An answer that arrives.
pub(super) struct Multipart {
    /// `\r\n--boundary`
    delimiter: Vec<u8>,
    buffer: BytesMut,
    is_finished: bool,
}

impl Multipart {
    /// For an answer of this type; none when it is no multipart answer.
    pub fn new(content_type: Option<&str>) -> Option<Self> {
        let (essence, parameters) = content_type?.split_once(';')?;
        if !essence.trim().eq_ignore_ascii_case("multipart/mixed") {
            return None;
        }
        let boundary = parameters.split(';').find_map(|parameter| {
            let (name, value) = parameter.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        })?;
        if boundary.is_empty() || boundary.len() > BOUNDARY_BYTES_MAX {
            return None;
        }
        // The first boundary may stand at the very beginning; then the line break before it is missing.
        let buffer = BytesMut::from(&b"\r\n"[..]);
        Some(Self { delimiter: format!("\r\n--{boundary}").into_bytes(), buffer, is_finished: false })
    }

    pub fn push(&mut self, chunk: &[u8]) {
        self.buffer.extend_from_slice(chunk);
    }

    /// What stands before the content, when all of it is there; it is taken away then.
    ///
    /// # Errors
    /// In words, when it is too long.
    pub fn head(&mut self) -> Result<Option<Head>, &'static str> {
        let end = self.end_of_head();
        if end.is_none() && self.buffer.len() > MULTIPART_HEAD_BYTES_MAX {
            return Err("its head is too long");
        }
        let Some((headers, end)) = end else { return Ok(None) };
        let text = String::from_utf8_lossy(self.buffer.get(headers..end).unwrap_or_default()).into_owned();
        let _ = self.buffer.split_to(end);
        let header = |wanted: &str| {
            text.split("\r\n").find_map(|line| {
                let (name, value) = line.split_once(':')?;
                name.trim().eq_ignore_ascii_case(wanted).then(|| value.trim().to_owned())
            })
        };
        Ok(Some(match header("location") {
            Some(location) => Head::Location(location),
            None => Head::Content {
                content_type: header("content-type"),
                disposition: header("content-disposition"),
            },
        }))
    }

    /// Where the headers of the second part begin and where they end.
    fn end_of_head(&self) -> Option<(usize, usize)> {
        let first = find(&self.buffer, &self.delimiter, 0)? + self.delimiter.len();
        let second = find(&self.buffer, &self.delimiter, first)? + self.delimiter.len();
        // A part without headers has an empty line at once.
        let end = find(&self.buffer, b"\r\n\r\n", second)? + 4;
        Some((second, end))
    }

    /// Some of the content, when there is surely some.
    pub fn content(&mut self) -> Option<Bytes> {
        if self.is_finished {
            return None;
        }
        let sure = match find(&self.buffer, &self.delimiter, 0) {
            Some(end) => {
                self.is_finished = true;
                end
            }
            // The end of what is there may be the beginning of the boundary.
            None => self.buffer.len().saturating_sub(self.delimiter.len() - 1),
        };
        let bytes = self.buffer.split_to(sure).freeze();
        (!bytes.is_empty()).then_some(bytes)
    }

    /// Whether the last boundary was seen.
    pub fn is_finished(&self) -> bool {
        self.is_finished
    }
}

fn find(text: &[u8], wanted: &[u8], from: usize) -> Option<usize> {
    let rest = text.get(from..)?;
    rest.windows(wanted.len()).position(|window| window == wanted).map(|at| at + from)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(content_type: &str, answer: &str, chunk: usize) -> Option<(Head, Vec<u8>, bool)> {
        let mut parts = Multipart::new(Some(content_type))?;
        let (mut head, mut content) = (None, Vec::new());
        for bytes in answer.as_bytes().chunks(chunk) {
            parts.push(bytes);
            if head.is_none() {
                head = parts.head().unwrap();
            }
            while head.is_some()
                && let Some(bytes) = parts.content()
            {
                content.extend_from_slice(&bytes);
            }
        }
        Some((head?, content, parts.is_finished()))
    }

    #[test]
    fn the_content_is_found_however_it_is_cut() {
        let answer = "--b\r\nContent-Type: application/json\r\n\r\n{}\r\n--b\r\ncontent-type: text/plain\r\n\
                      Content-Disposition: attachment; filename=a.txt\r\n\r\nline\r\n--\r\n-b\r\n--b--\r\n";
        let leading = format!("\r\n{answer}");
        for answer in [answer, leading.as_str()] {
            for chunk in [1, 2, 3, 7, 1000] {
                let (head, content, finished) = read("multipart/mixed; boundary=b", answer, chunk).unwrap();
                let expected = Head::Content {
                    content_type: Some("text/plain".to_owned()),
                    disposition: Some("attachment; filename=a.txt".to_owned()),
                };
                assert_eq!(head, expected, "{chunk}");
                assert_eq!(content, b"line\r\n--\r\n-b", "{chunk}");
                assert!(finished);
            }
        }
    }

    #[test]
    fn a_place_is_found_and_a_missing_end_noticed() {
        let answer = "--x\r\n\r\n{}\r\n--x\r\nLocation: https://cdn.org/1\r\n\r\n\r\n--x--";
        let (head, ..) = read("Multipart/Mixed; charset=x; boundary=\"x\"", answer, 5).unwrap();
        assert_eq!(head, Head::Location("https://cdn.org/1".to_owned()));
        let (_, content, finished) =
            read("multipart/mixed; boundary=x", "--x\r\n\r\n{}\r\n--x\r\n\r\n\r\nabcdefg", 4).unwrap();
        assert!(!finished && content.len() < 7);
    }

    #[test]
    fn other_types_and_endless_heads_are_refused() {
        let long = format!("multipart/mixed; boundary={}", "x".repeat(71));
        for wrong in [
            "text/plain",
            "multipart/mixed",
            "multipart/form-data; boundary=x",
            "multipart/mixed; boundary=",
            &long,
        ] {
            assert!(Multipart::new(Some(wrong)).is_none(), "{wrong}");
        }
        let mut parts = Multipart::new(Some("multipart/mixed; boundary=x")).unwrap();
        parts.push(&vec![b'a'; MULTIPART_HEAD_BYTES_MAX + 1]);
        assert!(parts.head().is_err());
    }
}
