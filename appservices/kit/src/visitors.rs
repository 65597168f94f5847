//! Asking people from outside in for a while: the homeserver keeps their accounts, and decides what they may do.

use http::Method;
use ruma::{OwnedRoomId, OwnedUserId, RoomId, UserId};
use serde_json::json;

use crate::{
    Intent,
    wire::{Call, CallError},
};

const PATH: [&str; 4] = ["client", "unstable", "com.lianqiao.people", "visitors"];

/// Somebody from outside who is asked into a room.
#[derive(Clone, Debug)]
pub struct NewVisitor {
    /// Their mail address: one address is one account.
    pub address: String,
    /// Their name; the homeserver marks it.
    pub name: String,
    /// The room, where the bot is and may invite.
    pub room: OwnedRoomId,
    /// Until when, in ms since 1970.
    pub until_ms: u64,
}

/// A visitor who was asked in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InvitedVisitor {
    /// Their account.
    pub account: OwnedUserId,
    /// The path of the page that lets them in, behind the address of the homeserver. It works once, with a code that the
    /// homeserver sends to their address.
    pub path: String,
}

impl Intent {
    /// Asks somebody from outside into a room. Asking again moves the end, and gives a new link that voids the one before.
    /// Whoever asked is written down.
    ///
    /// # Errors
    /// See [`CallError`]; refused when the room does not let the bot invite, the homeserver sends no mail, or the registration does
    /// not say that the service looks after people.
    pub async fn invite_visitor(&self, visitor: &NewVisitor, by: &str) -> Result<InvitedVisitor, CallError> {
        let NewVisitor { address, name, room, until_ms } = visitor;
        let body =
            json!({ "by": by, "address": address, "name": name, "room_id": room, "until_ms": until_ms });
        let answer = self.ask(Call::new(Method::POST, &PATH).json(body)).await?;
        let account = answer["user_id"].as_str().and_then(|account| UserId::parse(account).ok());
        match (account, answer["path"].as_str()) {
            (Some(account), Some(path)) => Ok(InvitedVisitor { account, path: path.to_owned() }),
            (_, _) => Err(CallError::Unreachable("the visitor has no account".to_owned())),
        }
    }

    /// Has a visit be over, if there is one.
    ///
    /// # Errors
    /// See [`CallError`].
    pub async fn end_visit(&self, room: &RoomId, address: &str) -> Result<(), CallError> {
        let [a, b, c, d] = PATH;
        self.ask(Call::new(Method::DELETE, &[a, b, c, d, room.as_str(), address])).await.map(drop)
    }
}
