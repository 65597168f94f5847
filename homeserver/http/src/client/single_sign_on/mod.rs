//! Single sign-on by identity providers: the way there, the way back, and what people read on it.
//!
//! [SSO client login](https://spec.matrix.org/v1.19/client-server-api/#sso-client-loginauthentication). People meet
//! these endpoints in a browser, so what goes wrong is a page in two languages, not a Matrix error.

use flows::single_sign_on::SINGLE_SIGN_ON_PATH;
use http::Method;

use crate::Routes;

mod callback;
mod cookie;
mod fallback;
mod logout;
mod redirect;
mod words;

/// The endpoints of this area.
pub fn routes() -> Routes {
    let callback = format!("{SINGLE_SIGN_ON_PATH}/{{provider}}/callback");
    let logout = format!("{SINGLE_SIGN_ON_PATH}/{{provider}}/logout");
    Routes::new()
        .ruma(redirect::any)
        .ruma_at("/_matrix/client/unstable/login/sso/redirect", redirect::any)
        .ruma(redirect::one)
        .ruma_at("/_matrix/client/r0/login/sso/redirect/{idp_id}", redirect::one)
        .ruma(fallback::handler)
        .raw(Method::GET, &callback, callback::handler)
        .raw(Method::POST, &logout, logout::handler)
}
