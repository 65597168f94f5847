//! What this crate promises, over the in-memory store, with a clock that the tests move.

use std::sync::Arc;

use base::{Clock, Rng};
use ruma::{OwnedUserId, owned_server_name};
use store::{Identity, MemoryKv, Store};

use crate::{
    AccountSettings, Accounts, AccountsParts, DeviceChoice, LoggedIn, LoginName, NewUser, PasswordCost,
    Registration, tables,
};

mod account_data;
mod addresses;
mod administrator;
mod deactivation;
mod devices;
mod filters;
mod first_logins;
mod profile;
mod push_rules;
mod refresh;
mod registration;
mod sessions;
mod sign_ons;
mod standing;
mod uia;
mod visit_codes;
mod visitors;

const START_MS: u64 = 1_700_000_000_000;
const PASSWORD: &str = "correct horse";

struct Fixture {
    accounts: Accounts,
    clock: Clock,
}

fn open_settings() -> AccountSettings {
    AccountSettings {
        registration: Registration::Open,
        registration_shared_secret: Some("secret".to_owned()),
        guests: true,
        password_cost: PasswordCost::cheap(),
        ..AccountSettings::default()
    }
}

async fn fixture() -> Fixture {
    fixture_with(open_settings()).await
}

async fn fixture_with(settings: AccountSettings) -> Fixture {
    let clock = Clock::fake(START_MS);
    let server_name = owned_server_name!("example.org");
    let identity = Identity::new(&server_name, &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), tables(), identity, Vec::new()).await.unwrap();
    let rng = Rng::seeded(7);
    let accounts = Accounts::new(AccountsParts { store, clock: clock.clone(), rng, server_name, settings });
    Fixture { accounts, clock }
}

impl Fixture {
    async fn user(&self, localpart: &str) -> OwnedUserId {
        let new = NewUser {
            localpart: localpart.to_owned(),
            password: Some(PASSWORD.to_owned()),
            admin: false,
            display_name: None,
        };
        self.accounts.create_user(new).await.unwrap()
    }

    async fn login(&self, user: &OwnedUserId, device: DeviceChoice) -> LoggedIn {
        let name = LoginName::User(user.to_string());
        self.accounts.login_with_password(&name, PASSWORD, &device).await.unwrap()
    }

    async fn refreshable(&self, user: &OwnedUserId) -> LoggedIn {
        self.login(user, DeviceChoice { refreshable: true, ..DeviceChoice::default() }).await
    }
}
