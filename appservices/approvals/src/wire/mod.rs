//! The edge: messages and reactions become actions, effects become letters and timers, all in the batch that the kit
//! commits. Nothing is decided here.

mod announce;
mod answers;
mod arguments;
mod bot;
mod cards;
mod commands;
mod decided_there;
mod deliver;
mod drafts;
mod elsewhere;
mod entries;
mod files;
mod foreign;
mod forms;
mod house;
mod leavers;
mod members;
mod orders;
mod partners;
mod proofs;
mod published;
mod redactions;
mod rooms;
mod scene;
mod way_back;
mod words;

use std::{collections::HashSet, sync::Arc};

use cases::Case;
use kit::Kit;
use parking_lot::Mutex;
use ruma::OwnedUserId;
use store::Batch;
use tokio::sync::{Notify, OnceCell};

pub(crate) use self::{
    foreign::{ForeignApproval, ForeignCard},
    forms::Filled,
    house::House,
    partners::PartnerChain,
    scene::Scene,
};
use crate::{OfficeError, desk::Effect, instance::Instance};

/// The part of the bot's user id before the colon.
pub const LOCALPART: &str = "approvals";

/// The kind of these cases.
pub const KIND: &str = "approval";

/// The bot for approvals. Cloning it is one reference count.
#[derive(Clone)]
pub struct Approvals(Arc<Inner>);

struct Inner {
    kit: Kit,
    /// Opened when it is needed first, because that reads the store.
    house: OnceCell<House>,
    /// Where browsers reach this server, without a slash at the end; nothing where they do not.
    public_url: Option<String>,
    /// Whether letters can be sent.
    has_post: bool,
    /// The platforms that are bridged and show cards.
    cards: Vec<&'static str>,
    /// There may be a letter to send.
    post_waits: Notify,
    /// Accounts that are there: few leave, and who does is a leaver of the organisation.
    accounts: Mutex<HashSet<OwnedUserId>>,
}

/// A case that is being changed.
pub(crate) type Change = cases::Change<Instance, Effect>;

impl Approvals {
    /// The bot over the kit. Reads nothing yet.
    #[must_use]
    pub fn new(kit: Kit) -> Self {
        Self::in_public(kit, None)
    }

    /// As [`Approvals::new`], where browsers reach what [`crate::web::Forms`] serves below this address.
    #[must_use]
    pub fn in_public(kit: Kit, public_url: Option<String>) -> Self {
        Self::reaching(kit, public_url, false, Vec::new())
    }

    /// As [`Approvals::in_public`], where letters can be sent, too: [`Approvals::carry_post`] has to run then. `cards` are the
    /// platforms, as the organisation names them, that are bridged and show cards with buttons to people.
    #[must_use]
    pub fn reaching(kit: Kit, public_url: Option<String>, has_post: bool, cards: Vec<&'static str>) -> Self {
        Self(Arc::new(Inner {
            kit,
            house: OnceCell::new(),
            public_url,
            has_post,
            cards,
            post_waits: Notify::new(),
            accounts: Mutex::default(),
        }))
    }

    /// The organisation that approvals are asked of.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn people(&self) -> Result<people::People, OfficeError> {
        Ok(self.house().await?.people.clone())
    }

    /// The working days by which leave is counted.
    ///
    /// # Errors
    /// When the store cannot be read.
    pub async fn workdays(&self) -> Result<workdays::Workdays, OfficeError> {
        Ok(self.house().await?.workdays.clone())
    }

    pub(crate) fn kit(&self) -> &Kit {
        &self.0.kit
    }

    pub(crate) fn public_url(&self) -> Option<&str> {
        self.0.public_url.as_deref()
    }

    /// Whether letters with links can be sent: there is a mail server, and browsers reach this one.
    pub(crate) fn writes_letters(&self) -> bool {
        self.0.has_post && self.0.public_url.is_some()
    }

    /// The platforms on which people get cards.
    pub(crate) fn platforms_with_cards(&self) -> &[&'static str] {
        if self.0.kit.bridge().is_some() { &self.0.cards } else { &[] }
    }

    /// Wakes whoever carries letters.
    pub(crate) fn post_waits(&self) -> &Notify {
        &self.0.post_waits
    }

    pub(crate) fn known_accounts(&self) -> &Mutex<HashSet<OwnedUserId>> {
        &self.0.accounts
    }

    pub(crate) async fn house(&self) -> Result<&House, OfficeError> {
        self.0.house.get_or_try_init(|| House::open(&self.0.kit)).await
    }

    /// Puts what was decided into the batch: the case, its records, and what they bring about. `marker` tells the
    /// letters of this event or timer from all others.
    pub(crate) async fn carry_out(
        &self,
        batch: &mut Batch,
        change: Change,
        scene: &Scene,
        marker: &str,
    ) -> Result<Case<Instance>, OfficeError> {
        let cases = &self.house().await?.cases;
        let Change { before, decision } = change;
        let (after, effects, records) = cases.write_recorded(batch, before.as_ref(), decision)?;
        self.deliver(batch, before.as_ref(), &after, (effects, &records), scene, marker).await?;
        Ok(after)
    }
}
