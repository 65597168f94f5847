//! What a file is called by the answer that brings it.

use bridge_api::exchange::header_text;
use http::{HeaderMap, header};
use percent_encoding::percent_decode_str;

/// The name of a file in a `Content-Disposition`: the encoded one before the plain one.
pub fn file_name(headers: &HeaderMap) -> Option<String> {
    let value = header_text(headers, header::CONTENT_DISPOSITION)?;
    let parts = || value.split(';').map(str::trim);
    let encoded = parts().find_map(|part| {
        let (_, rest) = part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("filename*"))?;
        decoded(rest.trim_matches('"').rsplit('\'').next()?)
    });
    let plain = || {
        parts().find_map(|part| {
            let (_, rest) = part.split_once('=').filter(|(name, _)| name.eq_ignore_ascii_case("filename"))?;
            decoded(rest.trim_matches('"'))
        })
    };
    encoded.or_else(plain).filter(|name| !name.is_empty())
}

/// Text whose bytes may be written with percent signs.
fn decoded(text: &str) -> Option<String> {
    percent_decode_str(text).decode_utf8().ok().map(String::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_files_are_read_in_every_form() {
        let table = [
            ("attachment; filename=\"a.pdf\"", Some("a.pdf")),
            ("attachment; filename=\"_.pdf\"; filename*=UTF-8''%E6%8A%A5.pdf", Some("报.pdf")),
            ("attachment; filename=\"%E6%8A%A5.pdf\"", Some("报.pdf")),
            ("attachment", None),
            ("attachment; filename=\"\"", None),
        ];
        for (value, expected) in table {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_DISPOSITION, value.parse().expect("a header"));
            assert_eq!(file_name(&headers).as_deref(), expected, "{value}");
        }
    }
}
