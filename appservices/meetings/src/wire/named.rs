//! Who and what a line names: people of the staff list, accounts, mailboxes, resources.

use std::collections::BTreeSet;

use calendar::{Address, Attendee, Role};
use cases::Refusal;
use kit::Heard;
use ruma::{OwnedUserId, UserId};

use super::{LOCALPART, Meetings};
use crate::{
    MeetingsError,
    desk::field_refused,
    limits::NAME_CHARACTERS_MAX,
    line::{Line, Named},
    meeting::asked,
};

/// People and resources of a line, or why they cannot be asked.
pub(crate) type Resolved = Result<Vec<Attendee>, Refusal>;

impl Meetings {
    /// Who and what a line names. Everybody stands there once; the organiser is left out.
    pub(crate) async fn resolve(&self, heard: &Heard, line: &Line) -> Result<Resolved, MeetingsError> {
        let mut found: Vec<Attendee> = Vec::new();
        for named in &line.people {
            match self.person(named).await? {
                Ok(attendee) => found.push(attendee),
                Err(refusal) => return Ok(Err(refusal)),
            }
        }
        for user in heard.mentions.iter().filter(|user| !self.kit().is_ours(user)) {
            found.push(self.asked_account(user.clone(), Role::Required).await?);
        }
        let known = &self.parts().settings.resources;
        for wanted in &line.resources {
            let Some(name) = known.iter().find(|name| name.to_lowercase() == wanted.to_lowercase()) else {
                let example = if known.is_empty() { "-".to_owned() } else { known.join("、") };
                return Ok(Err(field_refused("mt.form.resource", "mt.form.unknown", example)));
            };
            found.push(asked(Address::Resource(name.clone()), name.clone(), Role::Required));
        }
        let mut seen = BTreeSet::from([Address::Matrix(heard.sender.clone())]);
        found.retain(|attendee| seen.insert(attendee.address.clone()));
        Ok(Ok(found))
    }

    async fn person(&self, named: &Named) -> Result<Result<Attendee, Refusal>, MeetingsError> {
        let role = if named.is_optional { Role::Optional } else { Role::Required };
        let chart = self.chart();
        let nobody = || field_refused("mt.form.people", "mt.form.nobody", named.text.clone());
        let Some(name) = named.text.strip_prefix('@') else {
            let mailbox = named.text.to_lowercase();
            let colleague =
                chart.people().find(|person| person.is_active() && person.email.to_lowercase() == mailbox);
            let account = colleague.and_then(|person| person.account.clone());
            return Ok(Ok(match account {
                Some(account) => self.asked_account(account, role).await?,
                None => asked(Address::email(&mailbox), String::new(), role),
            }));
        };
        let called = chart.called(&named.text);
        let accounts: Vec<_> = called.iter().filter_map(|person| person.account.clone()).collect();
        Ok(match (called.len(), accounts.as_slice()) {
            (1, [account]) => Ok(self.asked_account(account.clone(), role).await?),
            (2.., _) => {
                let names: Vec<&str> = accounts.iter().map(|account| account.as_str()).collect();
                Err(field_refused("mt.form.people", "mt.form.several", names.join(" ")))
            }
            (1, _) => Err(nobody()),
            _ if name.contains(':') => match UserId::parse(&named.text) {
                Ok(account) => Ok(self.asked_account(account, role).await?),
                Err(_) => Err(nobody()),
            },
            // Somebody who is not on the staff list, but here.
            _ => match self.account_here(name).await? {
                Some(account) => Ok(self.asked_account(account, role).await?),
                None => Err(nobody()),
            },
        })
    }

    async fn account_here(&self, name: &str) -> Result<Option<OwnedUserId>, MeetingsError> {
        let Ok(account) = UserId::parse(format!("@{name}:{}", self.kit().server_name())) else {
            return Ok(None);
        };
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(None) };
        Ok(intent.display_name(&account).await?.map(|_| account))
    }

    /// Somebody with an account, by the name that the staff list has, else by the one that they show here.
    async fn asked_account(&self, account: OwnedUserId, role: Role) -> Result<Attendee, MeetingsError> {
        let known = self.chart().by_account(&account).map(|person| person.name.clone());
        let is_here = account.server_name() == self.kit().server_name();
        let name = match (known, self.kit().intent(LOCALPART).filter(|_| is_here)) {
            (Some(name), _) => Some(name),
            (None, Some(intent)) => {
                let shown = intent.display_name(&account).await?.unwrap_or_default();
                // Whoever it is chose it: it stays in its line of the card, and leaves room for others.
                Some(shown.chars().filter(|sign| !sign.is_control()).take(NAME_CHARACTERS_MAX).collect())
            }
            (None, None) => None,
        };
        Ok(asked(account.into(), name.unwrap_or_default(), role))
    }

    /// Names of mentioned people stand in the text as clients show them, and are no part of a title.
    pub(crate) async fn without_mentions(&self, heard: &Heard, text: &str) -> Result<String, MeetingsError> {
        let chart = self.chart();
        let mut text = text.to_owned();
        for user in &heard.mentions {
            let mut names = vec![user.to_string()];
            names.extend(chart.by_account(user).map(|person| person.name.clone()));
            if let Some(intent) = self.kit().intent(LOCALPART) {
                names.extend(intent.display_name(user).await?);
            }
            for name in names.into_iter().filter(|name| !name.is_empty()) {
                // `@name` is read as a person by itself.
                let marked = format!("@{name}");
                text = text.replace(&marked, " ").replace(&name, " ");
            }
        }
        Ok(text)
    }
}
