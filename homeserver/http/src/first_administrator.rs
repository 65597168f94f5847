//! The page behind the one-time link of the first start: it makes the first administrator.
//!
//! The token in the link opens nothing else, is stored as a hash, and dies when it was used. The page
//! loads nothing from anywhere, and tells neither browser history caches nor other sites about itself.

use axum::{
    extract::{Request, State},
    response::Response,
};
use http::{Method, StatusCode};

use crate::{
    Action, App, MatrixError, Routes,
    page::{Fields, escaped, page},
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

async fn show(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let token = Fields::of_address(&app, request, Action::Login)?.value("token");
    if !app.accounts.is_administrator_token(&token).await? {
        return Ok(page(StatusCode::NOT_FOUND, EXPIRED));
    }
    Ok(page(StatusCode::OK, &form(&token, "")))
}

async fn create(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_form(&app, request, Action::Registration).await?;
    let token = fields.value("token");
    if !app.accounts.is_administrator_token(&token).await? {
        return Ok(page(StatusCode::NOT_FOUND, EXPIRED));
    }
    let created =
        app.accounts.create_administrator(&token, &fields.value("name"), &fields.value("password")).await;
    Ok(match created {
        Ok(user) => {
            tracing::info!(%user, "first administrator created");
            page(StatusCode::OK, &done(user.as_str()))
        }
        Err(error) => page(StatusCode::BAD_REQUEST, &form(&token, &error.to_string())),
    })
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
    use super::form;

    #[test]
    fn nothing_a_stranger_sends_becomes_markup() {
        let page = form("\"><script>", "<b>&'");
        assert!(!page.contains("<script>"));
        assert!(page.contains("&lt;b&gt;&amp;&#39;"));
    }
}
