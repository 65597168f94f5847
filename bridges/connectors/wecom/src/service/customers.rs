//! Accounts of customer service, the customers who write to them, and the members who attend to them.

use bridge_api::{Failure, MediaId, Person, lenient::items};
use serde_json::{Value, json};

use super::limits::{ACCOUNTS_MAX, ACCOUNTS_PAGE};
use crate::{
    client::{CallError, Meaning},
    ids,
    lenient::text,
    people::{People, unless_refused},
};

impl People {
    /// The accounts that the app may manage, each with its name.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn service_accounts(&self) -> Result<Vec<(String, String)>, CallError> {
        let mut accounts = Vec::new();
        for offset in (0..ACCOUNTS_MAX).step_by(ACCOUNTS_PAGE) {
            let body = json!({"offset": offset, "limit": ACCOUNTS_PAGE});
            let answer = self.client.post("kf/account/list", &body).await.map_err(CallError::of_reading)?;
            let page = items(&answer, "account_list");
            let account =
                |one: &Value| Some((text(one, "open_kfid")?, text(one, "name").unwrap_or_default()));
            accounts.extend(page.iter().filter_map(account));
            if page.len() < ACCOUNTS_PAGE {
                break;
            }
        }
        Ok(accounts)
    }

    /// Whether an account is no more, or not the app's to manage any more. A list without any account is one that the app may not see.
    ///
    /// # Errors
    /// When the platform may say it in a moment.
    pub async fn is_account_gone(&self, account: &str) -> Result<bool, Failure> {
        match self.service_accounts().await {
            Ok(listed) => {
                let is_whole = !listed.is_empty() && listed.len() < ACCOUNTS_MAX;
                Ok(is_whole && listed.iter().all(|(known, _)| known != account))
            }
            Err(CallError { meaning: Meaning::Refused(_) | Meaning::SetUp, .. }) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Who these customers are, as far as the platform says it. Their names are remembered.
    ///
    /// # Errors
    /// See [`CallError`].
    pub(super) async fn service_customers(&self, customers: &[String]) -> Result<Vec<Person>, CallError> {
        let body = json!({"external_userid_list": customers});
        let answer = self.client.post("kf/customer/batchget", &body).await.map_err(CallError::of_reading)?;
        let person = |one: &Value| {
            let id = ids::customer(&text(one, "external_userid")?)?;
            let name = text(one, "nickname").unwrap_or_default();
            self.memory.called(&id, &name);
            let avatar = text(one, "avatar").and_then(|address| MediaId::new(address).ok());
            Some(Person { avatar, external: true, ..Person::named(id, name) })
        };
        Ok(items(&answer, "customer_list").iter().filter_map(person).collect())
    }

    /// A customer of customer service; nothing where the platform knows none of this id, or there is no customer service.
    ///
    /// # Errors
    /// When the platform may say it in a moment.
    pub async fn service_customer(&self, customer: &str) -> Result<Option<Person>, Failure> {
        if self.client.settings().service.is_none() {
            return Ok(None);
        }
        let found = unless_refused(self.service_customers(&[customer.to_owned()]).await)?;
        Ok(found.and_then(|found| found.into_iter().next()))
    }

    /// The userids of the members who attend to an account.
    ///
    /// # Errors
    /// When the platform may say it in a moment.
    pub async fn servicers(&self, account: &str) -> Result<Vec<String>, Failure> {
        let answer = unless_refused(self.client.get("kf/servicer/list", &[("open_kfid", account)]).await)?;
        let answer = answer.unwrap_or_default();
        Ok(items(&answer, "servicer_list").iter().filter_map(|one| text(one, "userid")).collect())
    }
}
