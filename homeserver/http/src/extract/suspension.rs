//! What a suspended account may not do.
//!
//! [Account suspension](https://spec.matrix.org/v1.19/client-server-api/#account-suspension): it reads,
//! leaves, logs in and out, keeps its keys and redacts its own messages, and does nothing that others would
//! see. The list stands here in one place, by method and path, so that it can be compared with the
//! specification; a test checks that every line of it is an endpoint.

use http::Method;
use ruma::api::{Metadata, path_builder::PathBuilder as _};

use super::Caller;
use crate::MatrixError;

/// Method and path of every act that is refused; `{}` stands for an argument. Redactions are allowed of
/// one's own events, which their handler checks.
pub const FORBIDDEN_TO_SUSPENDED: [(Method, &str); 22] = [
    (Method::POST, "/_matrix/client/v3/createRoom"),
    (Method::POST, "/_matrix/client/v3/join/{}"),
    (Method::POST, "/_matrix/client/v3/knock/{}"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/join"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/invite"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/kick"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/ban"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/unban"),
    (Method::POST, "/_matrix/client/v3/rooms/{}/upgrade"),
    (Method::PUT, "/_matrix/client/v3/rooms/{}/send/{}/{}"),
    (Method::PUT, "/_matrix/client/v3/rooms/{}/state/{}/{}"),
    (Method::PUT, "/_matrix/client/unstable/org.matrix.msc4140/rooms/{}/delayed_event/{}/{}"),
    (Method::PUT, "/_matrix/client/v3/rooms/{}/typing/{}"),
    (Method::PUT, "/_matrix/client/v3/profile/{}/{}"),
    (Method::DELETE, "/_matrix/client/v3/profile/{}/{}"),
    (Method::PUT, "/_matrix/client/v3/presence/{}/status"),
    (Method::PUT, "/_matrix/client/v3/directory/room/{}"),
    (Method::DELETE, "/_matrix/client/v3/directory/room/{}"),
    (Method::PUT, "/_matrix/client/v3/directory/list/room/{}"),
    (Method::POST, "/_matrix/media/v1/create"),
    (Method::POST, "/_matrix/media/v3/upload"),
    (Method::PUT, "/_matrix/media/v3/upload/{}/{}"),
];

/// Refuses a suspended caller at an endpoint of the list.
pub(super) fn check<R: Metadata>(caller: &Caller) -> Result<(), MatrixError> {
    let is_refused = caller.session.is_suspended && is_one_of::<R>(&FORBIDDEN_TO_SUSPENDED);
    if is_refused { Err(MatrixError::suspended()) } else { Ok(()) }
}

/// Whether an endpoint is in a list of methods and paths, by any of its paths.
pub(super) fn is_one_of<R: Metadata>(list: &[(Method, &str)]) -> bool {
    R::PATH_BUILDER
        .all_paths()
        .any(|path| list.iter().any(|(method, listed)| R::METHOD == *method && is_path(path, listed)))
}

/// Whether a path template has this shape.
pub(crate) fn is_path(path: &str, shape: &str) -> bool {
    let is_argument = |segment: &str| segment.starts_with('{');
    let (mut path, mut shape) = (path.split('/'), shape.split('/'));
    loop {
        match (path.next(), shape.next()) {
            (None, None) => return true,
            (Some(a), Some(b)) if a == b || (is_argument(a) && is_argument(b)) => {}
            _ => return false,
        }
    }
}
