//! The client-server API, one folder for each area and one file for each endpoint.

use crate::Routes;

pub mod account;
pub mod account_data;
pub mod administration;
pub mod alias;
pub mod appservice;
pub mod availability;
pub(crate) mod confirm;
pub mod dehydrated_device;
pub mod delayed_events;
pub mod deprecated;
pub mod device;
pub mod directory;
pub mod discovery;
pub mod ephemeral;
pub mod filter;
pub mod history;
pub mod key_backup;
pub mod keys;
pub mod media;
pub mod membership;
pub mod notifications;
pub(crate) mod owner;
pub mod profile;
pub mod push_rules;
pub mod pushers;
pub mod register;
pub mod rendezvous;
pub mod reporting;
pub mod room;
pub mod room_state;
pub mod rtc;
pub mod search;
pub mod send;
pub mod session;
pub mod single_sign_on;
pub mod spaces;
pub mod sync;
pub mod third_party;
pub mod third_party_identifiers;
pub mod thread_subscriptions;
pub mod to_device;
pub mod user_directory;

/// Every endpoint of the client-server API.
pub fn routes() -> Routes {
    Routes::new()
        .merge(account::routes())
        .merge(account_data::routes())
        .merge(administration::routes())
        .merge(alias::routes())
        .merge(appservice::routes())
        .merge(availability::routes())
        .merge(delayed_events::routes())
        .merge(dehydrated_device::routes())
        .merge(deprecated::routes())
        .merge(device::routes())
        .merge(directory::routes())
        .merge(discovery::routes())
        .merge(ephemeral::routes())
        .merge(filter::routes())
        .merge(history::routes())
        .merge(key_backup::routes())
        .merge(keys::routes())
        .merge(media::routes())
        .merge(membership::routes())
        .merge(notifications::routes())
        .merge(profile::routes())
        .merge(push_rules::routes())
        .merge(pushers::routes())
        .merge(register::routes())
        .merge(reporting::routes())
        .merge(rendezvous::routes())
        .merge(room::routes())
        .merge(room_state::routes())
        .merge(rtc::routes())
        .merge(search::routes())
        .merge(send::routes())
        .merge(session::routes())
        .merge(single_sign_on::routes())
        .merge(spaces::routes())
        .merge(sync::routes())
        .merge(third_party::routes())
        .merge(third_party_identifiers::routes())
        .merge(thread_subscriptions::routes())
        .merge(to_device::routes())
        .merge(user_directory::routes())
}
