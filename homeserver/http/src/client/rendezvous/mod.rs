//! Log-in by QR code: the mailbox in which the new device and the old one meet, in the 2024 form of
//! MSC4108 and in that of MSC4388.

use axum::extract::RawPathParams;
use http::{HeaderMap, Method, StatusCode};

use crate::{MatrixError, Routes, errors::ErrorCode, rendezvous::RendezvousError};

pub mod msc4108;
pub mod msc4388;

/// The endpoints of this area.
pub fn routes() -> Routes {
    let old = "/_matrix/client/unstable/org.matrix.msc4108/rendezvous/{id}";
    let new = "/_matrix/client/unstable/io.element.msc4388/rendezvous";
    let new_one = format!("{new}/{{id}}");
    Routes::new()
        .ruma(msc4108::create)
        .raw(Method::GET, old, msc4108::read)
        .raw(Method::PUT, old, msc4108::write)
        .raw(Method::DELETE, old, msc4108::delete)
        .raw(Method::GET, new, msc4388::discover)
        .ruma_at(new, msc4388::create)
        .raw(Method::GET, &new_one, msc4388::read)
        .raw(Method::PUT, &new_one, msc4388::write)
        .raw(Method::DELETE, &new_one, msc4388::delete)
}

/// The id in the path.
fn id(arguments: &RawPathParams) -> String {
    arguments.iter().next().map(|(_, id)| id.to_owned()).unwrap_or_default()
}

/// A page that a browser opens must not show what somebody else put here.
fn refuse_navigation(headers: &HeaderMap) -> Result<(), MatrixError> {
    let says = |name: &str, value: &str| headers.get(name).is_some_and(|found| found == value);
    if says("sec-fetch-mode", "navigate") || says("sec-fetch-dest", "document") {
        return Err(MatrixError::forbidden("This is not a page to open in a browser"));
    }
    Ok(())
}

/// The answer to what a mailbox refuses; `overtaken` differs between the two forms.
fn refused(error: RendezvousError, overtaken: (StatusCode, &'static str)) -> MatrixError {
    match error {
        RendezvousError::Full { retry_after_ms } => MatrixError::limit_exceeded(retry_after_ms),
        RendezvousError::TooLarge => MatrixError::too_large("The payload is too large for a rendezvous"),
        RendezvousError::NotFound => MatrixError::not_found("This rendezvous has ended"),
        RendezvousError::Overtaken(_) => {
            let (status, code) = overtaken;
            MatrixError::new(status, ErrorCode::from(code), "The other device wrote first")
        }
    }
}
