//! What the server promises, told from outside: one module per area, one sentence per test.

#![expect(clippy::unwrap_used, clippy::expect_used, reason = "in a scenario a missing value is a failure")]
#![expect(
    clippy::cloned_ref_to_slice_refs,
    reason = "`[room.clone()]` reads as the list it is compared with"
)]

mod accounts;
mod administration;
mod aliases;
mod approvals;
mod approvals_by_mail;
mod approvals_federated;
mod appservices;
mod backups;
mod backups_federated;
mod bad_input;
mod bots;
mod bridges;
mod certificates;
mod command_line;
mod creation;
mod dehydrated_device;
mod delayed_events;
mod deprecated;
mod email;
mod ephemeral;
mod fairness;
mod federation_availability;
mod federation_commands;
mod federation_device_lists;
mod federation_door;
mod federation_handshakes;
mod federation_inbound;
mod federation_keys;
mod federation_knocks;
mod federation_partial;
mod federation_people;
mod federation_policy_servers;
mod federation_restricted;
mod federation_sending;
mod federation_third_party;
mod first_day;
mod first_logins;
mod history;
mod hostile_handshakes;
mod hostile_load;
mod hostile_rooms;
mod invite_filters;
mod key_backup;
mod keys;
mod kills;
mod lock_and_suspend;
mod mail_server;
mod media;
mod meetings;
mod membership;
mod moderation;
mod old_directories;
mod organisation;
mod push;
mod relations;
mod rendezvous;
mod reports;
mod search;
mod sending;
mod server_notices;
mod sim;
mod single_sign_on;
mod sliding_sync;
mod spaces;
mod sticky_events;
mod sync;
mod tasks;
mod thread_subscriptions;
mod transcripts;
mod upgrade;
mod url_previews;
mod user_directory;
mod waves;
mod wire;
