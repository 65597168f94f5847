//! What a decision is made with: the organisation, who has which resource, the moment.

use calendar::Address;
use people::Chart;
use ruma::{ServerName, UserId};

/// What a decision is made with.
#[derive(Clone, Copy, Debug)]
pub struct World<'a> {
    /// The organisation now.
    pub chart: &'a Chart,
    /// The server whose bot this is.
    pub server_name: &'a ServerName,
    /// Who has which resource when; those of the meeting itself are left out.
    pub bookings: &'a [Booking],
    /// Now, in ms since 1970.
    pub at_ms: u64,
}

/// A resource is taken.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Booking {
    /// The resource.
    pub resource: String,
    /// From when on, in ms since 1970.
    pub start_ms: u64,
    /// Until when.
    pub end_ms: u64,
    /// By whom, as people read it.
    pub by: String,
}

impl World<'_> {
    /// Whether two accounts are one person's.
    #[must_use]
    pub fn is_same(&self, one: &UserId, other: &UserId) -> bool {
        let person = |user: &UserId| self.chart.by_account(user).map(|person| &person.id);
        one == other || person(one).is_some_and(|id| Some(id) == person(other))
    }

    /// Somebody's name.
    #[must_use]
    pub fn name(&self, user: &UserId) -> String {
        self.chart.by_account(user).map_or_else(|| user.localpart().to_owned(), |person| person.name.clone())
    }

    /// The name of an attendee.
    #[must_use]
    pub fn name_of(&self, address: &Address) -> String {
        match address {
            Address::Matrix(user) => self.name(user),
            Address::Email(text)
            | Address::Dingtalk(text)
            | Address::Feishu(text)
            | Address::Wecom(text)
            | Address::Resource(text) => text.clone(),
        }
    }
}
