//! The page that ends the mails of an e-mail pusher.

use axum::{
    extract::{Request, State},
    response::{IntoResponse, Response},
};
use delivery::push::UNSUBSCRIBE_PATH;
use http::{Method, StatusCode};

use crate::{
    Action, App, ClientInfo, MatrixError, Routes,
    page::{escaped, field, page},
};

const VOID: &str = "<p class=\"wrong\">此链接无效或已使用。<br>This link is not valid, or was used.</p>";
const DONE: &str = "<p>您不会再收到此类邮件。<br>You will not get these letters any more.</p>";

/// The page and its form. Mail programs post to the same address by themselves (RFC 8058).
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, UNSUBSCRIBE_PATH, show).raw(Method::POST, UNSUBSCRIBE_PATH, end)
}

async fn show(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(refused) = app.limits.address(ClientInfo::of(&parts, &app).address, Action::Login) {
        return refused.into_response();
    }
    let query = escaped(parts.uri.query().unwrap_or_default());
    let form = format!(
        "<p>不再接收未读消息邮件？<br>Stop letters about unread messages?</p>\
         <form method=\"post\" action=\"{UNSUBSCRIBE_PATH}?{query}\"><button>停止 Stop</button></form>"
    );
    page(StatusCode::OK, &form)
}

async fn end(State(app): State<App>, request: Request) -> Response {
    let (parts, _) = request.into_parts();
    if let Err(refused) = app.limits.address(ClientInfo::of(&parts, &app).address, Action::Login) {
        return refused.into_response();
    }
    let query = parts.uri.query().unwrap_or_default();
    let number = field(query, "pusher").and_then(|number| number.parse().ok()).unwrap_or_default();
    match app.push.unsubscribe(number, &field(query, "token").unwrap_or_default()).await {
        Ok(true) => page(StatusCode::OK, DONE),
        Ok(false) => page(StatusCode::NOT_FOUND, VOID),
        Err(error) => MatrixError::from(error).into_response(),
    }
}
