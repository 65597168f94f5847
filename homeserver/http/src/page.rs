//! The few pages that people see in a browser.
//!
//! A page loads nothing from anywhere, is not kept by the browser, and tells other sites nothing about
//! itself. Its forms go back to this server alone.

use axum::{
    extract::Request,
    response::{IntoResponse, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use http::{HeaderName, HeaderValue, StatusCode, header};
use sha2::{Digest as _, Sha256};

use crate::{
    Action, App, ClientInfo, MatrixError,
    extract::{percent_decode, read_body},
};

/// Largest form that is read, in bytes.
const FORM_BYTES_MAX: usize = 4096;

/// The values that a browser sent, `application/x-www-form-urlencoded`.
pub(crate) struct Fields(String);

impl Fields {
    /// Those in the address of a page. Whoever sends them is counted as doing `action`.
    pub fn of_address(app: &App, request: Request, action: Action) -> Result<Self, MatrixError> {
        let (parts, _) = request.into_parts();
        app.limits.address(ClientInfo::of(&parts, app).address, action)?;
        Ok(Self(parts.uri.query().unwrap_or_default().to_owned()))
    }

    /// Those of a form that was sent back.
    pub async fn of_form(app: &App, request: Request, action: Action) -> Result<Self, MatrixError> {
        let (parts, body) = request.into_parts();
        app.limits.address(ClientInfo::of(&parts, app).address, action)?;
        let body = read_body(app, &parts.headers, body, FORM_BYTES_MAX).await?;
        Ok(Self(String::from_utf8_lossy(&body).into_owned()))
    }

    /// The value of this name; empty when there is none or it is no text.
    pub fn value(&self, name: &str) -> String {
        let value = self.0.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='));
        value.and_then(percent_decode).unwrap_or_default()
    }

    /// All of them as they came.
    pub fn text(&self) -> &str {
        &self.0
    }
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

/// A page that runs one script of ours, named by its digest, and no other.
pub(crate) fn page_with_script(content: &str, script: &'static str) -> Response {
    let mut response = page(StatusCode::OK, &format!("{content}<script>{script}</script>"));
    let digest = BASE64_STANDARD.encode(Sha256::digest(script));
    let policy = format!(
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}'; form-action 'none'; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    if let Ok(policy) = HeaderValue::from_str(&policy) {
        response.headers_mut().insert(header::CONTENT_SECURITY_POLICY, policy);
    }
    response
}

/// The fields of a form that take a new password, twice.
pub(crate) const PASSWORD_FIELDS: &str = "<label>密码 Password<input name=\"password\" type=\"password\" required autocomplete=\"new-password\"></label>\
     <label>再次输入 Once more<input name=\"again\" type=\"password\" required autocomplete=\"new-password\"></label>";

/// A form that takes a new password, twice, and a token that opens something. `wrong` is what was wrong with the last try.
pub(crate) fn password_form(path: &str, token: &str, wrong: &str) -> String {
    format!(
        "<p class=\"wrong\">{}</p>\
         <form method=\"post\" action=\"{path}\" autocomplete=\"off\">\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\
         {PASSWORD_FIELDS}<button>设置 Set</button></form>",
        escaped(wrong),
        escaped(token)
    )
}

/// What somebody reads who typed two different passwords.
pub(crate) const DIFFERENT_PASSWORDS: &str = "两次输入的密码不同。 The passwords are not the same.";

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

#[cfg(test)]
mod tests {
    use super::{Fields, escaped};

    #[test]
    fn form_fields_are_found_by_whole_name() {
        let fields = Fields("tokens=x&token=a%20b&password=p%C3%A4+1".to_owned());
        assert_eq!(fields.value("token"), "a b");
        assert_eq!(fields.value("password"), "pä 1");
        assert_eq!(fields.value("name"), "");
    }

    #[test]
    fn nothing_a_stranger_sends_becomes_markup_in_a_form() {
        let form = super::password_form("/x", "\"><script>", "<b>&'");
        assert!(!form.contains("<script>"));
        assert!(form.contains("&lt;b&gt;&amp;&#39;"));
    }

    #[test]
    fn markup_is_escaped() {
        assert_eq!(escaped("<b>&'"), "&lt;b&gt;&amp;&#39;");
        assert_eq!(escaped("a\"b"), "a&quot;b");
    }
}
