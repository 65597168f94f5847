//! The page behind the one-time link by which a person comes in for the first time: they set the password of their account.
//!
//! Opening the link changes nothing: programs that look at mail open links too. What is void looks alike, whatever the reason,
//! and so does what never was. The page runs no script and loads nothing from anywhere.

use accounts::AccountError;
use administration::Act;
use axum::{
    extract::{Request, State},
    response::Response,
};
use flows::FIRST_LOGIN_PATH;
use http::{Method, StatusCode};
use ruma::UserId;

use crate::{
    Action, App, MatrixError, Routes,
    page::{DIFFERENT_PASSWORDS, Fields, escaped, page, password_form},
};

const VOID: &str = "<p class=\"wrong\">此链接无效、已使用或已过期，请联系管理员。若已设置密码，请直接登录。<br>\
    This link is not valid, was used, or is too old; ask your administrator. If you have set a password, log in with it.</p>";

/// The page and its form.
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, FIRST_LOGIN_PATH, show).raw(Method::POST, FIRST_LOGIN_PATH, enter)
}

async fn show(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let token = Fields::of_address(&app, request, Action::Login)?.value("token");
    Ok(match app.accounts.user_of_first_login(&token).await? {
        Some(user) => page(StatusCode::OK, &form(&token, &user, "")),
        None => page(StatusCode::NOT_FOUND, VOID),
    })
}

async fn enter(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_form(&app, request, Action::Login).await?;
    let (token, password) = (fields.value("token"), fields.value("password"));
    let Some(user) = app.accounts.user_of_first_login(&token).await? else {
        return Ok(page(StatusCode::NOT_FOUND, VOID));
    };
    if fields.value("again") != password {
        return Ok(page(StatusCode::BAD_REQUEST, &form(&token, &user, DIFFERENT_PASSWORDS)));
    }
    let act = Act { actor: user.as_str(), action: "first login", target: user.as_str() };
    let mark = app.administration.begin_act(act).await?;
    let entered = app.accounts.finish_first_login(&token, &password).await;
    app.administration.end_act(mark, entered.as_ref().err().map(ToString::to_string).as_deref()).await;
    match entered {
        Ok(user) => Ok(page(StatusCode::OK, &done(&user))),
        Err(error @ AccountError::WeakPassword(_)) => {
            Ok(page(StatusCode::BAD_REQUEST, &form(&token, &user, &error.to_string())))
        }
        Err(AccountError::FirstLoginUnknown) => Ok(page(StatusCode::NOT_FOUND, VOID)),
        Err(error) => Err(error.into()),
    }
}

fn form(token: &str, user: &UserId, wrong: &str) -> String {
    format!(
        "<p>请为您的账号 <b>{0}</b> 设置密码。<br>Set the password of your account <b>{0}</b>.</p>{1}",
        escaped(user.as_str()),
        password_form(FIRST_LOGIN_PATH, token, wrong)
    )
}

fn done(user: &UserId) -> String {
    format!(
        "<p>密码已设置，此链接已失效。请用任意 Matrix 客户端登录服务器 <b>{1}</b>，账号 <b>{0}</b>。<br>\
         The password is set and this link is now void. Log in to the server <b>{1}</b> as <b>{0}</b> with any Matrix client.</p>",
        escaped(user.as_str()),
        escaped(user.server_name().as_str())
    )
}
