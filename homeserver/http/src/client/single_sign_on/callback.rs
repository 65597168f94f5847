//! Where an identity provider sends the browser back to.

use axum::{
    extract::{Path, Request, State},
    response::{IntoResponse as _, Response},
};
use flows::single_sign_on::{Returned, SignedOn};

use super::{cookie, redirect::see_other_place, words};
use crate::{
    Action, App,
    page::{Fields, page_with_script},
};

/// Tells the client that opened this page, or whose page opened it, that the stage is done.
/// [Fallback](https://spec.matrix.org/v1.19/client-server-api/#fallback)
const TELL_CLIENT: &str = "if(window.onAuthDone){window.onAuthDone()}\
    else if(window.opener&&window.opener.postMessage){window.opener.postMessage(\"authDone\",\"*\")}";

const CONFIRMED: &str = "<p>已确认，请回到您的应用。此页可以关闭。<br>Confirmed. Go back to your app; this page can be closed.</p>";

pub(super) async fn handler(
    State(app): State<App>,
    Path(provider): Path<String>,
    request: Request,
) -> Response {
    let headers = request.headers().clone();
    let fields = match Fields::of_address(&app, request, Action::Other) {
        Ok(fields) => fields,
        Err(refused) => return refused.into_response(),
    };
    let value = |name| Some(fields.value(name)).filter(|value| !value.is_empty());
    let state = fields.value("state");
    let returned = Returned {
        state: value("state"),
        code: value("code"),
        error: value("error"),
        error_description: value("error_description"),
        issuer: value("iss"),
    };
    let browser = cookie::kept(&headers, &state);
    let mut response = match app.flows.finish_sign_on(&provider, returned, &browser).await {
        Ok(SignedOn::LogIn { location, is_trusted: true, .. }) => see_other_place(&location),
        Ok(SignedOn::LogIn { user, location, client, is_trusted: false }) => {
            words::departure(user.as_str(), &client, &location)
        }
        Ok(SignedOn::Confirmed) => page_with_script(CONFIRMED, TELL_CLIENT),
        Err(error) => words::refusal(error),
    };
    if !browser.is_empty() {
        cookie::forget(&app, &mut response, &state);
    }
    response
}
