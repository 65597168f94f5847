//! Speaking for people who let the service do so. They say so in a message of theirs, and the homeserver looks at it.

use http::Method;
use ruma::{EventId, RoomId, UserId};

use crate::{
    Intent,
    wire::{Call, CallError},
};

fn call(method: Method, service: &str, user: &UserId) -> Call {
    Call::new(method, &["client", "unstable", "com.lianqiao.speaking", service, user.as_str()])
}

impl Intent {
    /// Whether the homeserver lets the service speak for a person.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn may_speak_for(&self, service: &str, user: &UserId) -> Result<bool, CallError> {
        match self.ask(call(Method::GET, service, user)).await {
            Ok(_) => Ok(true),
            Err(error) if error.is("M_NOT_FOUND") => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Has the homeserver let the service speak for a person, who said so in this message.
    ///
    /// # Errors
    /// See [`CallError`]; refused when the message does not say so, or the person took it back since.
    pub async fn begin_to_speak_for(
        &self,
        service: &str,
        user: &UserId,
        said: (&RoomId, &EventId),
    ) -> Result<(), CallError> {
        let mut call = call(Method::PUT, service, user);
        call.query.extend([("room_id", said.0.to_string()), ("event_id", said.1.to_string())]);
        self.ask(call).await.map(drop)
    }

    /// Has the homeserver let the service speak for a person no more.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn end_to_speak_for(&self, service: &str, user: &UserId) -> Result<(), CallError> {
        self.ask(call(Method::DELETE, service, user)).await.map(drop)
    }
}
