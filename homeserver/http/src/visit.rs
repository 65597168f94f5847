//! The page behind the link of a visitor: they set the password of their account, if it has none, and are in the room then.
//!
//! As with first logins, opening the link changes nothing, what is void looks alike, and the page runs no script.

use accounts::{AccountError, Visit};
use administration::Act;
use axum::{
    extract::{Request, State},
    response::Response,
};
use flows::{FlowsError, VISIT_PATH};
use http::{Method, StatusCode};

use crate::{
    Action, App, MatrixError, Routes,
    page::{DIFFERENT_PASSWORDS, Fields, escaped, page, password_form},
};

const VOID: &str = "<p class=\"wrong\">此链接无效、已使用或已过期，请联系邀请您的人。若已设置密码，请直接登录。<br>\
    This link is not valid, was used, or is too old; ask whoever invited you. If you have set a password, log in with it.</p>";

/// The page and its form.
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, VISIT_PATH, show).raw(Method::POST, VISIT_PATH, enter)
}

async fn show(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let token = Fields::of_address(&app, request, Action::Login)?.value("token");
    Ok(match app.accounts.visit_of_link(&token).await? {
        Some(visit) => page(StatusCode::OK, &form(&token, &visit, "")),
        None => page(StatusCode::NOT_FOUND, VOID),
    })
}

async fn enter(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_form(&app, request, Action::Login).await?;
    let (token, password) = (fields.value("token"), fields.value("password"));
    let Some(visit) = app.accounts.visit_of_link(&token).await? else {
        return Ok(page(StatusCode::NOT_FOUND, VOID));
    };
    if !visit.has_password && fields.value("again") != password {
        return Ok(page(StatusCode::BAD_REQUEST, &form(&token, &visit, DIFFERENT_PASSWORDS)));
    }
    let act = Act { actor: visit.user.as_str(), action: "visit", target: visit.room.as_str() };
    let mark = app.administration.begin_act(act).await?;
    let entered = app.flows.enter_visit(&token, &password).await;
    app.administration.end_act(mark, entered.as_ref().err().map(ToString::to_string).as_deref()).await;
    match entered {
        Ok(visit) => Ok(page(StatusCode::OK, &done(&visit))),
        Err(FlowsError::Account(error @ AccountError::WeakPassword(_))) => {
            Ok(page(StatusCode::BAD_REQUEST, &form(&token, &visit, &error.to_string())))
        }
        Err(FlowsError::Account(AccountError::FirstLoginUnknown)) => Ok(page(StatusCode::NOT_FOUND, VOID)),
        Err(error) => Err(error.into()),
    }
}

fn form(token: &str, visit: &Visit, wrong: &str) -> String {
    let user = escaped(visit.user.as_str());
    if visit.has_password {
        return format!(
            "<p>您的账号 <b>{user}</b> 将加入会议室。<br>Your account <b>{user}</b> is about to join the room of the \
             meeting.</p><form method=\"post\" action=\"{VISIT_PATH}\">\
             <input type=\"hidden\" name=\"token\" value=\"{}\"><button>加入 Join</button></form>",
            escaped(token)
        );
    }
    format!(
        "<p>请为您的临时账号 <b>{user}</b> 设置密码，会议结束后账号失效。<br>Set the password of your temporary account \
         <b>{user}</b>; it ends after the meeting.</p>{}",
        password_form(VISIT_PATH, token, wrong)
    )
}

fn done(visit: &Visit) -> String {
    format!(
        "<p>您已加入会议室，此链接已失效。请用任意 Matrix 客户端登录服务器 <b>{1}</b>，账号 <b>{0}</b>。<br>\
         You are in the room of the meeting, and this link is now void. Log in to the server <b>{1}</b> as <b>{0}</b> with any \
         Matrix client.</p>",
        escaped(visit.user.as_str()),
        escaped(visit.user.server_name().as_str())
    )
}
