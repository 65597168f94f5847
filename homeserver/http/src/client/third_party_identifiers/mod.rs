//! E-mail addresses of the caller, and the links that prove them.

use crate::Routes;

pub mod add;
pub mod confirm_page;
pub mod delete;
pub mod list;
pub mod request_token;
pub mod unsubscribe_page;

/// The endpoints of this area.
pub fn routes() -> Routes {
    Routes::new()
        .ruma(list::handler)
        .ruma(add::handler)
        .ruma_at("/_matrix/client/v3/account/3pid", add::deprecated)
        .ruma_at("/_matrix/client/r0/account/3pid", add::deprecated)
        .ruma(delete::handler)
        .ruma(request_token::register_email)
        .ruma(request_token::register_msisdn)
        .ruma(request_token::add_email)
        .ruma(request_token::add_msisdn)
        .ruma(request_token::password_email)
        .ruma(request_token::password_msisdn)
        .merge(confirm_page::routes())
        .merge(unsubscribe_page::routes())
}
