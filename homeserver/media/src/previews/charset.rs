//! From bytes to text: by the byte order mark, the header, what the page says of itself, and a guess.

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{Encoding, UTF_8};

/// Bytes at the beginning of a page in which it may name its encoding.
const PRESCAN_BYTES: usize = 2048;

/// The text of a page. What does not decode becomes U+FFFD.
pub(super) fn decode(bytes: &[u8], content_type: Option<&str>) -> String {
    let encoding = Encoding::for_bom(bytes)
        .map(|(encoding, _)| encoding)
        .or_else(|| content_type.and_then(|text| label_after_charset(text.as_bytes())))
        .or_else(|| label_after_charset(&bytes[..bytes.len().min(PRESCAN_BYTES)]))
        .unwrap_or_else(|| guess(bytes));
    encoding.decode(bytes).0.into_owned()
}

fn guess(bytes: &[u8]) -> &'static Encoding {
    // The end may be cut in the middle of a character; a guess from all but the last few is as good.
    if std::str::from_utf8(bytes).map_or_else(|error| error.error_len().is_none(), |_| true) {
        return UTF_8;
    }
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(bytes, true);
    detector.guess(None, Utf8Detection::Allow)
}

/// What stands behind the first `charset=`, in a header, a `meta` element or an XML declaration
/// (`encoding=`), if it names an encoding.
fn label_after_charset(text: &[u8]) -> Option<&'static Encoding> {
    let lower = text.to_ascii_lowercase();
    [&b"charset"[..], b"encoding"].iter().find_map(|word| {
        let at = lower.windows(word.len()).position(|window| window == *word)? + word.len();
        let rest = lower[at..].trim_ascii_start().strip_prefix(b"=")?.trim_ascii_start();
        let rest = rest.strip_prefix(b"\"").or_else(|| rest.strip_prefix(b"'")).unwrap_or(rest);
        let is_label = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_:.+".contains(byte);
        let length = rest.iter().take_while(|byte| is_label(byte)).count();
        Encoding::for_label(&rest[..length])
    })
}

#[cfg(test)]
mod tests {
    use encoding_rs::{GB18030, GBK, SHIFT_JIS};

    use super::*;

    const TEXT: &str = "连桥是一座桥，连接各个聊天平台。请在公司内部使用，谢谢大家的支持。";

    #[test]
    fn chinese_pages_are_read_in_every_way_they_name_their_encoding() {
        let gbk = GBK.encode(TEXT).0.into_owned();
        assert_eq!(decode(&gbk, Some("text/html; charset=GB2312")), TEXT);
        assert_eq!(decode(&gbk, Some("text/html;charset=\"gbk\"")), TEXT);
        assert_eq!(decode(&gbk, Some("text/html")), TEXT);
        assert_eq!(decode(&GB18030.encode(TEXT).0, Some("text/html; charset=gb18030")), TEXT);
        let page = format!("<html><META http-equiv=content-type content='text/html; Charset=gbk'><p>{TEXT}");
        assert_eq!(decode(&GBK.encode(&page).0, None), page);
        let page = "<?xml version='1.0' encoding='Shift_JIS'?><p>テスト";
        assert_eq!(decode(&SHIFT_JIS.encode(page).0, None), page);
    }

    #[test]
    fn utf8_needs_no_word_and_a_mark_beats_every_word() {
        assert_eq!(decode(TEXT.as_bytes(), None), TEXT);
        assert_eq!(decode(&TEXT.as_bytes()[..TEXT.len() - 1], None).chars().next(), Some('连'));
        let marked = [b"\xef\xbb\xbf", TEXT.as_bytes()].concat();
        assert_eq!(decode(&marked, Some("text/html; charset=gbk")), TEXT);
        assert_eq!(decode(TEXT.as_bytes(), Some("text/html; charset=nonsense")), TEXT);
        assert_eq!(decode(b"", None), "");
    }
}
