//! Which accounts of customer service there are: those that the operator names, those that the platform lists, and where it refuses to
//! list them those of which it told. What is known of them is written down, so that a restart looks after them too.

use std::collections::BTreeSet;

use bridge_api::{Failure, FailureKind, Words, digest, words};

use super::{
    Service,
    limits::{ACCOUNTS_KEPT_MS, ACCOUNTS_MAX},
};

words! {
    UNLISTED = "企业微信不告知应用有哪些客服帐号，只读取有过新消息事件的帐号：请在 customer_service_accounts 中写明帐号，或在管理后台把帐号交由应用管理" | "WeCom does not list the accounts of customer service, so those alone are read of which it told: name them in customer_service_accounts, or let the app manage them in the console";
}

/// The platform's words for an interface that is not granted.
const NOT_GRANTED: [&str; 2] = ["48001", "48002"];

impl Service {
    /// Whether an account is ours to read.
    pub(super) fn serves(&self, account: &str) -> bool {
        self.settings.accounts.is_empty() || self.settings.accounts.iter().any(|known| known == account)
    }

    /// What does not work of customer service, in words for people.
    pub fn amiss(&self) -> Option<Words> {
        let is_unlisted = self.unlisted.lock().is_some();
        self.failing.told().or_else(|| is_unlisted.then_some(UNLISTED))
    }

    /// What an account is called; empty where nobody said it.
    pub(super) fn account_name(&self, account: &str) -> String {
        self.accounts.lock().get(account).cloned().unwrap_or_default()
    }

    /// Learns which accounts there are and what they are called. Those that are known otherwise are read also where none are listed.
    ///
    /// # Errors
    /// When the platform may list them in a moment.
    pub(super) async fn list(&self) -> Result<(), Failure> {
        let named: BTreeSet<String> = self.settings.accounts.iter().cloned().collect();
        let listed = match self.incoming.people.service_accounts().await.map_err(Failure::from) {
            Ok(listed) => {
                *self.unlisted.lock() = None;
                listed
            }
            Err(failure) if !named.is_empty() => {
                tracing::warn!(%failure, "nobody says what the accounts of customer service are called");
                Vec::new()
            }
            Err(failure) => return self.unlisted(failure).await,
        };
        let known = {
            let mut accounts = self.accounts.lock();
            accounts.retain(|account, _| named.contains(account));
            let named = named.into_iter().map(|account| (account, String::new()));
            for (account, name) in named.chain(listed).filter(|(account, _)| self.serves(account)) {
                let known = accounts.entry(account).or_default();
                if !name.is_empty() {
                    *known = name;
                }
            }
            accounts.keys().cloned().collect::<BTreeSet<_>>()
        };
        self.note_known(&known).await
    }

    /// The platform lists no accounts: those that are known are read, unless it lists them in a moment, or once the app is mended.
    async fn unlisted(&self, failure: Failure) -> Result<(), Failure> {
        if !refuses_the_list(&failure) {
            return Err(failure);
        }
        let words = failure.to_string();
        if self.unlisted.lock().replace(words.clone()).is_none_or(|told| told != words) {
            tracing::error!(%failure, "accounts of customer service are not listed: {}", UNLISTED.en);
        }
        let known = self.known().await?;
        let mut accounts = self.accounts.lock();
        for account in known {
            accounts.entry(account).or_default();
        }
        Ok(())
    }

    /// The platform told of this account: it is looked after from now on.
    ///
    /// # Errors
    /// When it cannot be written down.
    pub(super) async fn heard_of(&self, account: &str) -> Result<(), Failure> {
        if self.accounts.lock().contains_key(account) {
            return Ok(());
        }
        let mut known = self.known().await?;
        if known.len() < ACCOUNTS_MAX {
            known.insert(account.to_owned());
            self.note_known(&known).await?;
            self.accounts.lock().entry(account.to_owned()).or_default();
        }
        Ok(())
    }

    /// Where the accounts lie that are known, which belong to one company.
    fn known_row(&self) -> String {
        format!("service:accounts:{}", digest(self.client().settings().corp_id.as_bytes()))
    }

    async fn known(&self) -> Result<BTreeSet<String>, Failure> {
        Ok(self.incoming.shelf.read(&self.known_row()).await?.unwrap_or_default())
    }

    /// Writes down which accounts are known, where that is news.
    async fn note_known(&self, known: &BTreeSet<String>) -> Result<(), Failure> {
        if self.known().await? == *known {
            return Ok(());
        }
        Ok(self.incoming.shelf.write(&self.known_row(), known, ACCOUNTS_KEPT_MS).await?)
    }
}

/// Whether the platform refuses the list. What is wrong with the app itself, its secret or its address, is wrong with all that it asks.
fn refuses_the_list(failure: &Failure) -> bool {
    match failure.kind {
        FailureKind::Refused(_) => true,
        FailureKind::NotSignedIn(_) => {
            failure.code.as_deref().is_some_and(|code| NOT_GRANTED.contains(&code))
        }
        _ => false,
    }
}
