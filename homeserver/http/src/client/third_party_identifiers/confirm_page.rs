//! The page behind the link that proves an address.
//!
//! Opening the link changes nothing: programs that look at mail open links too. The person presses the
//! button.

use accounts::AccountError;
use axum::{
    extract::{Request, State},
    response::Response,
};
use flows::CONFIRM_ADDRESS_PATH;
use http::{Method, StatusCode};

use crate::{
    Action, App, MatrixError, Routes,
    page::{Fields, escaped, page},
};

const VOID: &str = "<p class=\"wrong\">此链接无效、已使用或已过期，请重新申请。<br>\
    This link is not valid, was used, or is too old. Please ask for another one.</p>";

/// The page and its form.
pub fn routes() -> Routes {
    Routes::new().raw(Method::GET, CONFIRM_ADDRESS_PATH, show).raw(
        Method::POST,
        CONFIRM_ADDRESS_PATH,
        confirm,
    )
}

async fn show(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_address(&app, request, Action::Login)?;
    let (sid, token) = (fields.value("sid"), fields.value("token"));
    Ok(match app.accounts.address_of_link(&sid, &token).await? {
        Some(address) => page(StatusCode::OK, &form(&sid, &token, &address)),
        None => page(StatusCode::NOT_FOUND, VOID),
    })
}

async fn confirm(State(app): State<App>, request: Request) -> Result<Response, MatrixError> {
    let fields = Fields::of_form(&app, request, Action::Login).await?;
    match app.accounts.confirm_address(&fields.value("sid"), &fields.value("token")).await {
        Ok(next) => Ok(page(StatusCode::OK, &done(next.as_deref()))),
        Err(AccountError::AddressNotProved) => Ok(page(StatusCode::NOT_FOUND, VOID)),
        Err(error) => Err(error.into()),
    }
}

fn form(sid: &str, token: &str, address: &str) -> String {
    format!(
        "<p>确认邮箱 <b>{0}</b>。<br>Confirm the address <b>{0}</b>.</p>\
         <form method=\"post\" action=\"{CONFIRM_ADDRESS_PATH}\">\
         <input type=\"hidden\" name=\"sid\" value=\"{1}\">\
         <input type=\"hidden\" name=\"token\" value=\"{2}\">\
         <button>确认 Confirm</button></form>",
        escaped(address),
        escaped(sid),
        escaped(token)
    )
}

/// Where the client wanted the person to go on stands as a link: whoever chose it is a stranger to us.
fn done(next: Option<&str>) -> String {
    let next = next.map(|link| {
        let link = escaped(link);
        format!("<p><a href=\"{link}\" rel=\"noreferrer\">{link}</a></p>")
    });
    format!(
        "<p>邮箱已确认，请回到您的应用继续。<br>The address is confirmed. Please go on in your app.</p>{}",
        next.unwrap_or_default()
    )
}
