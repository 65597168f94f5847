//! The page behind the one-time link of the first start: it makes the first administrator.
//!
//! The token in the link opens nothing else, is stored as a hash, and dies when it was used. The page
//! loads nothing from anywhere, and tells neither browser history caches nor other sites about itself.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use http::{Method, StatusCode};

use crate::{
    Action, App, ClientInfo, MatrixError, Routes,
    extract::read_body,
    page::{FORM_BYTES_MAX, escaped, field, page},
};

/// Path of the page.
pub const FIRST_ADMINISTRATOR_PATH: &str = "/_lianqiao/first-administrator";

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
    let body = match read_body(&app, &parts.headers, body, FORM_BYTES_MAX).await {
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
