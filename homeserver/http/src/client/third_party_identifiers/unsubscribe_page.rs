//! The page that ends the mails of an e-mail pusher.

use axum::{
    extract::{Request, State},
    response::Response,
};
use delivery::push::UNSUBSCRIBE_PATH;
use http::{Method, StatusCode};

use crate::{
    Action, App, MatrixError, Routes,
    page::{Fields, escaped, page},
};

const VOID: &str = "<p class=\"wrong\">此链接无效或已使用。<br>This link is not valid, or was used.</p>";
const DONE: &str = "<p>您不会再收到此类邮件。<br>You will not get these letters any more.</p>";

/// The page and its form. Mail programs post to the same address by themselves (RFC 8058).
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, UNSUBSCRIBE_PATH, show).raw(Method::POST, UNSUBSCRIBE_PATH, end)
}

async fn show(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_address(&app, request, Action::Login)?;
    let query = escaped(fields.text());
    let form = format!(
        "<p>不再接收未读消息邮件？<br>Stop letters about unread messages?</p>\
         <form method=\"post\" action=\"{UNSUBSCRIBE_PATH}?{query}\"><button>停止 Stop</button></form>"
    );
    Ok(page(StatusCode::OK, &form))
}

/// The address says everything: mail programs send a form of their own.
async fn end(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_address(&app, request, Action::Login)?;
    let number = fields.value("pusher").parse().unwrap_or_default();
    Ok(if app.push.unsubscribe(number, &fields.value("token")).await? {
        page(StatusCode::OK, DONE)
    } else {
        page(StatusCode::NOT_FOUND, VOID)
    })
}
