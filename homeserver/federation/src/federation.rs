//! The handle on everything between us and other servers, and what it is built from.

use std::sync::Arc;

use accounts::Accounts;
use base::{Clock, Rng};
use keys::Keys;
use media::Media;
use outbound::Outbound;
use rooms::Rooms;
use ruma::{OwnedServerName, ServerName};
use store::Store;

use crate::asking::{self, Spaces};
use crate::handshake::Turns;
use crate::policy_server::{PolicyServerParts, PolicyServers};
use crate::sender::{Sender, SenderParts, SignedCarrier};
use crate::{
    Client, FederationError, FederationSettings, Gate, KeyRing, OwnKeys, Policy, Reach, discovery::Discovery,
};

/// What [`Federation`] is built from.
#[derive(Clone)]
pub struct FederationParts {
    /// Where the tables of [`crate::tables`] are.
    pub store: Store,
    /// The time.
    pub clock: Clock,
    /// Chance, for pauses.
    pub rng: Rng,
    /// This server.
    pub server_name: OwnedServerName,
    /// The keys that this server signs and signed with.
    pub own_keys: OwnKeys,
    /// The guarded client; it has to speak HTTP/1.1 alone, see [`crate::client`].
    pub outbound: Outbound,
    /// Rooms and their events.
    pub rooms: Rooms,
    /// Users and profiles.
    pub accounts: Accounts,
    /// Keys of devices and users.
    pub keys: Keys,
    /// Content.
    pub media: Media,
    /// What the operator says.
    pub settings: FederationSettings,
    /// This server as the policy server of rooms, if it is to be one.
    pub policy_server: Option<PolicyServerParts>,
}

/// Everything between us and other servers. Cloning it is one reference count.
#[derive(Clone)]
pub struct Federation(Arc<Inner>);

pub(crate) struct Inner {
    parts: FederationParts,
    policy: Policy,
    reach: Reach,
    discovery: Discovery,
    client: Client,
    ring: KeyRing,
    gate: Gate,
    spaces: Spaces,
    sender: Sender,
    device_lists: crate::device_lists::DeviceLists,
    joins: Turns,
    policy_servers: PolicyServers,
    inbound: crate::inbound::Lines,
    late_receipts: crate::inbound::LateReceipts,
}

impl Federation {
    /// Opens the crate's part of the store and puts the parts together. Nothing is sent or asked yet.
    ///
    /// # Errors
    /// Whatever the store answers to the reads of a start.
    pub async fn open(parts: FederationParts) -> Result<Self, FederationError> {
        let policy =
            Policy::open(&parts.store, parts.server_name.clone(), parts.settings.policy.clone()).await?;
        let reach = Reach::open(parts.store.clone(), parts.clock.clone(), parts.rng.clone()).await?;
        let discovery = Discovery::new(parts.outbound.clone());
        let client = Client::new(&parts, policy.clone(), reach.clone(), discovery.clone());
        let ring = KeyRing::new(&parts, client.clone());
        let sender = Sender::open(SenderParts {
            store: parts.store.clone(),
            rooms: parts.rooms.clone(),
            accounts: parts.accounts.clone(),
            keys: parts.keys.clone(),
            clock: parts.clock.clone(),
            rng: parts.rng.clone(),
            server_name: parts.server_name.clone(),
            device_names_shared: parts.settings.device_names_shared,
            carrier: Arc::new(SignedCarrier { client: client.clone(), policy: policy.clone() }),
        })
        .await?;
        parts.rooms.load_partial_rooms().await?;
        let inbound = crate::inbound::Lines::open(&parts.store).await?;
        let policy_servers = PolicyServers::new(parts.policy_server.clone(), &parts.clock);
        Ok(Self(Arc::new(Inner {
            parts,
            policy_servers,
            policy,
            reach,
            discovery,
            client,
            ring,
            gate: Gate::new(),
            inbound,
            late_receipts: crate::inbound::LateReceipts::default(),
            spaces: asking::spaces(),
            sender,
            device_lists: crate::device_lists::DeviceLists::default(),
            joins: Turns::new(),
        })))
    }

    /// What this was built from.
    #[must_use]
    pub fn parts(&self) -> &FederationParts {
        &self.0.parts
    }

    /// This server.
    #[must_use]
    pub fn server_name(&self) -> &ServerName {
        &self.0.parts.server_name
    }

    /// With whom we talk, and about what.
    #[must_use]
    pub fn policy(&self) -> &Policy {
        &self.0.policy
    }

    /// Which servers can be reached, and when the others are tried again.
    #[must_use]
    pub fn reach(&self) -> &Reach {
        &self.0.reach
    }

    /// Where servers are.
    #[must_use]
    pub fn discovery(&self) -> &Discovery {
        &self.0.discovery
    }

    /// Signed requests to other servers.
    #[must_use]
    pub fn client(&self) -> &Client {
        &self.0.client
    }

    /// Whose signature is believed.
    #[must_use]
    pub fn ring(&self) -> &KeyRing {
        &self.0.ring
    }

    pub(crate) fn spaces(&self) -> &Spaces {
        &self.0.spaces
    }

    /// The bound on requests of each other server.
    #[must_use]
    pub fn gate(&self) -> &Gate {
        &self.0.gate
    }

    /// What leaves for other servers.
    #[must_use]
    pub fn sender(&self) -> &Sender {
        &self.0.sender
    }

    pub(crate) fn policy_servers(&self) -> &PolicyServers {
        &self.0.policy_servers
    }

    pub(crate) fn device_lists(&self) -> &crate::device_lists::DeviceLists {
        &self.0.device_lists
    }

    pub(crate) fn joins(&self) -> &Turns {
        &self.0.joins
    }

    /// Receipts that wait for their events.
    pub(crate) fn late_receipts(&self) -> &crate::inbound::LateReceipts {
        &self.0.late_receipts
    }

    /// What other servers sent and what waits of it.
    pub(crate) fn inbound_lines(&self) -> &crate::inbound::Lines {
        &self.0.inbound
    }

    /// Called for every request that `server` has signed: it can be reached again.
    pub async fn heard_from(&self, server: &ServerName) {
        self.0.reach.note_answer(server).await;
        self.0.sender.heard_from(server);
    }
}
