//! The few pages that people see in a browser.
//!
//! A page loads nothing from anywhere, is not kept by the browser, and tells other sites nothing about
//! itself. Its forms go back to this server alone.

use axum::response::{IntoResponse, Response};
use http::{HeaderName, HeaderValue, StatusCode, header};

/// Largest form that is read, in bytes.
pub(crate) const FORM_BYTES_MAX: usize = 4096;

/// A value of an `application/x-www-form-urlencoded` text.
pub(crate) fn field(form: &str, name: &str) -> Option<String> {
    let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    crate::extract::percent_decode(value)
}

/// A page with this content, which is markup.
pub(crate) fn page(status: StatusCode, content: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"zh-CN\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\"><title>连桥 Lianqiao</title>\
         <style>body{{font:16px/1.6 sans-serif;max-width:30em;margin:3em auto;padding:0 1em}}\
         input{{display:block;width:100%;box-sizing:border-box;padding:.5em;margin:.2em 0 1em;font:inherit}}\
         button{{padding:.5em 1.5em;font:inherit}}.wrong{{color:#b00020}}</style></head>\
         <body><h1>连桥 Lianqiao</h1>{content}</body></html>"
    );
    let headers = [
        (header::CONTENT_TYPE, "text/html; charset=utf-8"),
        (
            header::CONTENT_SECURITY_POLICY,
            "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; frame-ancestors 'none'; \
             base-uri 'none'",
        ),
        (header::REFERRER_POLICY, "no-referrer"),
        (header::CACHE_CONTROL, "no-store"),
        (HeaderName::from_static("x-frame-options"), "DENY"),
    ];
    (status, headers.map(|(name, value)| (name, HeaderValue::from_static(value))), html).into_response()
}

/// Text of strangers on its way into markup.
pub(crate) fn escaped(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '"' => "&quot;".to_owned(),
            '\'' => "&#39;".to_owned(),
            other => other.to_string(),
        })
        .collect()
}
