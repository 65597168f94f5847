//! Whether a browser may show a content in place, and under which name it saves it.

use ruma::http_headers::{ContentDisposition, ContentDispositionType};

/// Types that browsers show without running anything of them.
/// [Serving inline content](https://spec.matrix.org/v1.19/client-server-api/#serving-inline-content)
const INLINE: [&str; 29] = [
    "text/css",
    "text/plain",
    "text/csv",
    "application/json",
    "application/ld+json",
    "image/jpeg",
    "image/gif",
    "image/png",
    "image/apng",
    "image/webp",
    "image/avif",
    "video/mp4",
    "video/webm",
    "video/ogg",
    "video/quicktime",
    "audio/mp4",
    "audio/webm",
    "audio/aac",
    "audio/mpeg",
    "audio/ogg",
    "audio/wave",
    "audio/wav",
    "audio/x-wav",
    "audio/x-pn-wav",
    "audio/flac",
    "audio/x-flac",
    "image/jpg",
    "audio/opus",
    "audio/mp3",
];

/// Inline for a safe type, an attachment for everything else.
pub(crate) fn attachment_or_inline(content_type: Option<&str>, file_name: Option<String>) -> String {
    let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default().trim();
    let is_safe = INLINE.iter().any(|safe| essence.eq_ignore_ascii_case(safe));
    let kind = if is_safe { ContentDispositionType::Inline } else { ContentDispositionType::Attachment };
    ContentDisposition::new(kind).with_filename(file_name).to_string()
}

/// Inline, under a name that tells the type.
pub(crate) fn thumbnail_of(content_type: Option<&str>) -> String {
    let suffix = match content_type {
        Some("image/jpeg") => "jpg",
        Some("image/gif") => "gif",
        Some("image/webp") => "webp",
        Some(_) | None => "png",
    };
    let name = format!("thumbnail.{suffix}");
    ContentDisposition::new(ContentDispositionType::Inline).with_filename(Some(name)).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_safe_types_are_inline_however_they_are_written() {
        let cases = [
            (Some("image/png"), "inline"),
            (Some("Text/Plain; charset=utf-8"), "inline"),
            (Some("IMAGE/JPEG ;x"), "inline"),
            (Some("image/svg+xml"), "attachment"),
            (Some("text/html"), "attachment"),
            (Some("application/xhtml+xml"), "attachment"),
            (Some("application/pdf"), "attachment"),
            (Some("text/plain, text/html"), "attachment"),
            (Some(""), "attachment"),
            (None, "attachment"),
        ];
        for (content_type, expected) in cases {
            assert_eq!(attachment_or_inline(content_type, None), expected, "{content_type:?}");
        }
    }

    #[test]
    fn names_are_quoted_or_encoded() {
        let named = |name: &str| attachment_or_inline(Some("image/png"), Some(name.to_owned()));
        assert_eq!(named("a.png"), "inline; filename=a.png");
        assert_eq!(named("name;with;semicolons"), "inline; filename=\"name;with;semicolons\"");
        assert_eq!(named("a\"b\\c"), "inline; filename=\"a\\\"b\\\\c\"");
        assert_eq!(named("桥.png"), "inline; filename*=utf-8''%E6%A1%A5.png");
    }
}
