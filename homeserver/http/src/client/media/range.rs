//! One range of bytes ([RFC 9110](https://www.rfc-editor.org/rfc/rfc9110#name-range-requests)).

use std::ops::Range;

use http::{HeaderMap, header};

/// The part that is asked for; nothing for the whole, which is also the answer to several ranges at
/// once and to what cannot be read. The error is a range that lies outside.
pub(super) fn wanted(headers: &HeaderMap, tag: &str, bytes: u64) -> Result<Option<Range<u64>>, Outside> {
    let text = |name| headers.get(name).and_then(|value: &http::HeaderValue| value.to_str().ok());
    let Some(range) = text(header::RANGE) else { return Ok(None) };
    if text(header::IF_RANGE).is_some_and(|known| known != tag) {
        return Ok(None);
    }
    let Some((first, last)) = range.trim().strip_prefix("bytes=").and_then(|range| range.split_once('-'))
    else {
        return Ok(None);
    };
    let (first, last) = match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), Ok(last)) if first <= last => (first, last.min(bytes.saturating_sub(1))),
        (Ok(first), Err(_)) if last.trim().is_empty() => (first, bytes.saturating_sub(1)),
        (Err(_), Ok(length)) if first.trim().is_empty() => {
            if length == 0 {
                return Err(Outside);
            }
            (bytes.saturating_sub(length), bytes.saturating_sub(1))
        }
        _ => return Ok(None),
    };
    if first >= bytes { Err(Outside) } else { Ok(Some(first..last + 1)) }
}

/// The content ends before the range begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Outside;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_range_is_understood_and_everything_else_is_the_whole() {
        let of = |range: &str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::RANGE, range.parse().unwrap());
            wanted(&headers, "\"tag\"", 100)
        };
        let cases = [
            ("bytes=0-9", Ok(Some(0..10))),
            ("bytes=90-", Ok(Some(90..100))),
            ("bytes=90-1000", Ok(Some(90..100))),
            ("bytes=-10", Ok(Some(90..100))),
            ("bytes=-1000", Ok(Some(0..100))),
            ("bytes=99-99", Ok(Some(99..100))),
            ("bytes=100-", Err(Outside)),
            ("bytes=-0", Err(Outside)),
            ("bytes=5-4", Ok(None)),
            ("bytes=0-1,3-4", Ok(None)),
            ("items=0-1", Ok(None)),
            ("bytes=a-b", Ok(None)),
            ("bytes=-", Ok(None)),
        ];
        for (range, expected) in cases {
            assert_eq!(of(range), expected, "{range}");
        }
        let mut headers = HeaderMap::new();
        headers.insert(header::RANGE, "bytes=0-9".parse().unwrap());
        headers.insert(header::IF_RANGE, "\"other\"".parse().unwrap());
        assert_eq!(wanted(&headers, "\"tag\"", 100), Ok(None));
        assert_eq!(wanted(&headers, "\"other\"", 0), Err(Outside));
    }
}
