//! Who sends a request, and from where.

use std::{net::IpAddr, sync::Arc};

use accounts::Session;
use appservice::Service;
use http::{header::USER_AGENT, request::Parts};
use ruma::{OwnedDeviceId, OwnedUserId};

use crate::{App, Peer, client_address::client_address, limits::USER_AGENT_BYTES_MAX};

/// Where a request comes from, by what the connection and trusted proxies say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientInfo {
    /// Address of the client.
    pub address: IpAddr,
    /// Its `User-Agent`, cut to [`USER_AGENT_BYTES_MAX`].
    pub user_agent: Option<String>,
}

impl ClientInfo {
    /// Reads it from the head of a request.
    pub fn of(parts: &Parts, app: &App) -> Self {
        let peer = parts.extensions.get::<Peer>().copied();
        let address = client_address(peer, &parts.headers, &app.settings.trusted_proxies);
        let user_agent = parts
            .headers
            .get(USER_AGENT)
            .and_then(|value| value.to_str().ok())
            .map(|text| text.chars().take(USER_AGENT_BYTES_MAX).collect());
        Self { address, user_agent }
    }
}

/// The owner of the access token, or the user for whom an application service acts.
#[derive(Clone, Debug)]
pub struct Caller {
    /// The user.
    pub user: OwnedUserId,
    /// The device that the token belongs to; none where an application service names none.
    pub device: Option<OwnedDeviceId>,
    /// Whether the user is a guest.
    pub is_guest: bool,
    /// Where the request comes from.
    pub client: ClientInfo,
    /// The session behind the token, with what the account may do.
    pub session: Session,
    /// The application service that acts.
    pub service: Option<Arc<Service>>,
}

impl Caller {
    /// Whether a service speaks here for somebody who is none of its own users: see [`super::speaks`].
    #[must_use]
    pub fn is_spoken_for(&self) -> bool {
        self.service.as_ref().is_some_and(|service| !service.owns(&self.user))
    }
}
