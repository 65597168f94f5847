//! The page behind the one-time link of the first start: it makes the first administrator.
//!
//! The token in the link opens nothing else, is stored as a hash, and dies when it was used. The page
//! loads nothing from anywhere, and tells neither browser history caches nor other sites about itself.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{HeaderName, HeaderValue, Method, StatusCode, header};

use crate::{Action, App, ClientInfo, MatrixError, Routes, extract::read_body};

/// Path of the page.
pub const FIRST_ADMINISTRATOR_PATH: &str = "/_lianqiao/first-administrator";

/// Largest form that is read, in bytes.
const FORM_BYTES_MAX: usize = 4096;

/// The page and its form.
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, FIRST_ADMINISTRATOR_PATH, show).raw(
        Method::POST,
        FIRST_ADMINISTRATOR_PATH,
        create,
    )
}

async fn show(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(refused) = app.limits.address(ClientInfo::of(&parts, &app).address, Action::Login) {
        return refused.into_response();
    }
    let token = field(parts.uri.query().unwrap_or_default(), "token").unwrap_or_default();
    match app.accounts.is_administrator_token(&token).await {
        Ok(true) => page(StatusCode::OK, &form(&token, "")),
        Ok(false) => page(StatusCode::NOT_FOUND, EXPIRED),
        Err(error) => MatrixError::internal("check administrator token", error).into_response(),
    }
}

async fn create(State(app): State<App>, request: Request) -> Response {
    let (parts, body) = request.into_parts();
    if let Err(refused) = app.limits.address(ClientInfo::of(&parts, &app).address, Action::Registration) {
        return refused.into_response();
    }
    let body = match read_body(&parts.headers, body, FORM_BYTES_MAX).await {
        Ok(body) => body,
        Err(refused) => return refused.into_response(),
    };
    let body = String::from_utf8_lossy(&body);
    let value = |name| field(&body, name).unwrap_or_default();
    let (token, name, password) = (value("token"), value("name"), value("password"));
    match app.accounts.is_administrator_token(&token).await {
        Ok(true) => {}
        Ok(false) => return page(StatusCode::NOT_FOUND, EXPIRED),
        Err(error) => return MatrixError::internal("check administrator token", error).into_response(),
    }
    match app.accounts.create_administrator(&token, &name, &password).await {
        Ok(user) => {
            tracing::info!(%user, "first administrator created");
            page(StatusCode::OK, &done(user.as_str()))
        }
        Err(error) => page(StatusCode::BAD_REQUEST, &form(&token, &error.to_string())),
    }
}

/// A value of an `application/x-www-form-urlencoded` text.
fn field(form: &str, name: &str) -> Option<String> {
    let value = form.split('&').find_map(|pair| pair.strip_prefix(name)?.strip_prefix('='))?;
    crate::extract::percent_decode(value)
}

fn page(status: StatusCode, content: &str) -> Response {
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

fn form(token: &str, wrong: &str) -> String {
    format!(
        "<p>创建第一个管理员账号。<br>Create the first administrator.</p>\
         <p class=\"wrong\">{}</p>\
         <form method=\"post\" action=\"{FIRST_ADMINISTRATOR_PATH}\" autocomplete=\"off\">\
         <input type=\"hidden\" name=\"token\" value=\"{}\">\
         <label>用户名 User name<input name=\"name\" required pattern=\"[a-z0-9._=\\-/+]+\" \
         placeholder=\"alice\"></label>\
         <label>密码 Password<input name=\"password\" type=\"password\" required minlength=\"8\" \
         autocomplete=\"new-password\"></label>\
         <button>创建 Create</button></form>",
        escaped(wrong),
        escaped(token)
    )
}

fn done(user: &str) -> String {
    let user = escaped(user);
    format!(
        "<p>管理员 <b>{user}</b> 已创建，此链接已失效。请用任意 Matrix 客户端登录。<br>\
         Administrator <b>{user}</b> was created and this link is now void. \
         Log in with any Matrix client.</p>"
    )
}

const EXPIRED: &str = "<p>此链接无效或已使用。请用 <code>lianqiao user create --admin</code> 创建管理员。<br>\
    This link is not valid, or was used. Make administrators with \
    <code>lianqiao user create --admin</code>.</p>";

fn escaped(text: &str) -> String {
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
    use super::{escaped, field, form};

    #[test]
    fn form_fields_are_found_by_whole_name() {
        let text = "tokens=x&token=a%20b&password=p%C3%A4+1";
        assert_eq!(field(text, "token").as_deref(), Some("a b"));
        assert_eq!(field(text, "password").as_deref(), Some("pä 1"));
        assert_eq!(field(text, "name"), None);
    }

    #[test]
    fn nothing_a_stranger_sends_becomes_markup() {
        let page = form("\"><script>", "<b>&'");
        assert!(!page.contains("<script>"));
        assert!(page.contains("&lt;b&gt;&amp;&#39;"));
        assert_eq!(escaped("a\"b"), "a&quot;b");
    }
}
