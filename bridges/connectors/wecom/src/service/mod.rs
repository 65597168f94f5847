//! Customer service of WeChat (微信客服): people of WeChat write to accounts of the company, and are answered within the platform's
//! bounds.
//!
//! An event tells no more than that there is something: `bell.rs` keeps for which account, `accounts.rs` knows which there are, `keeper.rs`
//! fetches it page by page from where it stopped, `entry.rs` and `content.rs` say what it means, `reader.rs` makes arrivals of it. `window.rs` counts how often each
//! customer may still be answered, `sessions.rs` knows who attends to them, `saying.rs` says something to them, `customers.rs` asks who
//! accounts, customers and the members who attend to them are.

mod accounts;
mod bell;
mod content;
mod customers;
mod entry;
mod keeper;
mod limits;
mod reader;
mod saying;
mod sessions;
#[cfg(test)]
mod tests;
mod window;

use std::{collections::BTreeMap, sync::Arc};

use bridge_api::{CheckStep, Failure, Rng, words};
use parking_lot::Mutex;

pub use self::bell::Bell;
use self::{sessions::Sessions, window::Window};
use crate::{client::Client, failing::Failing, incoming::Incoming};

words! {
    ACCOUNTS = "读取应用可管理的微信客服帐号" | "read the accounts of customer service that the app may manage";
    ACCOUNTS_ADVICE = "在管理后台「微信客服 › 可调用接口的应用」中加入该应用，并把客服帐号交由应用管理；或在 customer_service_accounts 中写明帐号" | "add the app under customer service, apps that may call the interface (微信客服, 可调用接口的应用), and let it manage the accounts; or name them in customer_service_accounts";
}

/// Customer service, as the operator sets it.
#[derive(Clone, Debug, Default)]
pub struct ServiceSettings {
    /// The ids of its accounts (`wk…`); all that the app may manage where none is named.
    pub accounts: Vec<String>,
    /// With what whoever enters is welcomed; with nothing where there is none.
    pub welcome: Option<String>,
}

/// Customer service of one company.
pub struct Service {
    settings: ServiceSettings,
    incoming: Incoming,
    bell: Arc<Bell>,
    window: Window,
    sessions: Sessions,
    /// What accounts are called, by their ids.
    accounts: Mutex<BTreeMap<String, String>>,
    /// Why the platform does not list them; nothing while it does, or nobody needs it to.
    unlisted: Mutex<Option<String>>,
    failing: Failing,
    rng: Rng,
}

impl Service {
    /// That of one company; `bell` is rung by what comes through `incoming`. Nothing is asked yet.
    pub fn new(settings: ServiceSettings, bell: Arc<Bell>, incoming: Incoming, rng: Rng) -> Self {
        let window = Window::new(Arc::clone(&incoming.shelf), incoming.clock.clone());
        let (sessions, accounts, unlisted) = (Sessions::default(), Mutex::default(), Mutex::default());
        let failing = Failing::service();
        Self { settings, incoming, bell, window, sessions, accounts, unlisted, failing, rng }
    }

    fn client(&self) -> &Client {
        &self.incoming.client
    }

    /// What its settings prove to be worth. Nobody sees anything of it.
    pub async fn check(&self) -> CheckStep {
        let read = async {
            let accounts = self.incoming.people.service_accounts().await?;
            Ok::<_, Failure>(format!("{} 个客服帐号 · accounts", accounts.len()))
        };
        CheckStep::trying(ACCOUNTS, ACCOUNTS_ADVICE, read).await
    }
}
