//! Requests with user-interactive auth, as clients really send them.

use std::ops::Deref;

use http::Request;
use ruma::api::{IncomingRequest, Metadata, error::DeserializationError};
use serde_json::{Value, json};

/// A ruma request whose `auth` may name the user by the key `user`, as before `identifier` existed.
/// Many clients still do, and ruma knows only the new form.
pub struct Uia<R>(pub R);

impl<R> Deref for Uia<R> {
    type Target = R;

    fn deref(&self) -> &R {
        &self.0
    }
}

impl<R: Metadata> Metadata for Uia<R> {
    const METHOD: http::Method = R::METHOD;
    const RATE_LIMITED: bool = R::RATE_LIMITED;
    type Authentication = R::Authentication;
    type PathBuilder = R::PathBuilder;
    const PATH_BUILDER: Self::PathBuilder = R::PATH_BUILDER;
}

impl<R: IncomingRequest> IncomingRequest for Uia<R> {
    type EndpointError = R::EndpointError;
    type OutgoingResponse = R::OutgoingResponse;

    fn try_from_http_request_inner(
        request: Request<&[u8]>,
        path_args: &[&str],
    ) -> Result<Self, DeserializationError> {
        let Some(body) = modernised(request.body()) else {
            return R::try_from_http_request_inner(request, path_args).map(Self);
        };
        let (parts, _) = request.into_parts();
        R::try_from_http_request_inner(Request::from_parts(parts, &body), path_args).map(Self)
    }
}

/// The body with `auth.identifier` made from `auth.user`, or nothing when there is nothing to do.
fn modernised(body: &[u8]) -> Option<Vec<u8>> {
    let mut value: Value = serde_json::from_slice(body).ok()?;
    let auth = value.get_mut("auth")?.as_object_mut()?;
    if auth.contains_key("identifier") || auth.get("type")?.as_str()? != "m.login.password" {
        return None;
    }
    let user = auth.get("user")?.as_str()?.to_owned();
    auth.insert("identifier".to_owned(), json!({ "type": "m.id.user", "user": user }));
    serde_json::to_vec(&value).ok()
}

#[cfg(test)]
mod tests {
    use ruma::api::{
        IncomingRequestExt as _,
        client::{account::deactivate::v3::Request as Deactivate, uiaa::AuthData},
    };

    use super::*;

    fn parsed(body: &Value) -> Option<AuthData> {
        let body = serde_json::to_vec(body).unwrap();
        let request = Request::post("/_matrix/client/v3/account/deactivate").body(&*body).unwrap();
        Uia::<Deactivate>::try_from_http_request(request, &[]).unwrap().0.auth
    }

    #[test]
    fn the_old_and_the_new_way_to_name_the_user_are_understood() {
        let old = json!({ "auth": { "type": "m.login.password", "user": "alice", "password": "p" } });
        let identifier = json!({ "type": "m.id.user", "user": "alice" });
        let new =
            json!({ "auth": { "type": "m.login.password", "identifier": identifier, "password": "p" } });
        for body in [old, new] {
            assert!(matches!(parsed(&body), Some(AuthData::Password(_))), "{body}");
        }
        assert!(parsed(&json!({})).is_none());
        let resumed = parsed(&json!({ "auth": { "session": "s" } }));
        assert!(matches!(resumed, Some(AuthData::FallbackAcknowledgement(_))));
    }
}
