//! What bridges inside the server have of its house: the staff list that the bots keep, and the way to mailboxes.

use std::{collections::BTreeSet, sync::Arc};

use accounts::Accounts;
use async_trait::async_trait;
use bridge_api::Network;
use bridge_core::{BridgePorts, Elsewhere, MailWords, Post, Posted, Staff};
use kit::{Kit, Letter, To};
use mail::{Address, Mailer, letters};
use people::{DepartmentPath, People, Person};
use ruma::{OwnedUserId, RoomId, UserId};
use serde_json::json;
use store::Batch;

use crate::{RunningServer, StartError, settings};

/// The ports of a server that runs; what is not configured is not there.
pub(crate) fn ports(running: &RunningServer) -> Result<BridgePorts, StartError> {
    let mailer = settings::mail(&running.config).map(|mail| Mailer::new(mail, running.app.rng.clone()));
    let mailer =
        mailer.transpose().map_err(|error| StartError::Setting { key: "mail", reason: error.to_string() })?;
    let accounts = running.app.accounts.clone();
    let post = mailer.map(|mailer| Arc::new(Mailboxes { mailer, accounts }) as Arc<dyn Post>);
    let bots = running.bots.as_ref();
    let staff = bots.and_then(|bots| Some(StaffList { people: bots.people.clone()?, kit: bots.kit.clone() }));
    Ok(BridgePorts { staff: staff.map(|staff| Arc::new(staff) as Arc<dyn Staff>), post })
}

/// Letters to addresses that people proved to be theirs.
struct Mailboxes {
    mailer: Mailer,
    accounts: Accounts,
}

#[async_trait]
impl Post for Mailboxes {
    async fn post(&self, to: &UserId, words: &MailWords) -> Result<Posted, String> {
        let addresses = self.accounts.addresses(to).await.map_err(|error| error.to_string())?;
        let Some(address) = addresses.iter().find_map(|own| Address::parse(&own.address)) else {
            return Ok(Posted::NoAddress);
        };
        let letter = letters::notice(&words.subject, &words.text);
        match self.mailer.send(&address, &letter).await {
            Ok(()) => Ok(Posted::Sent),
            Err(error) => Err(error.to_string()),
        }
    }
}

/// The organisation of the bots.
struct StaffList {
    people: People,
    kit: Kit,
}

#[async_trait]
impl Staff for StaffList {
    fn elsewhere(&self, account: &UserId, network: Network) -> Elsewhere {
        let chart = self.people.chart();
        let Some(person) = chart.by_account(account).filter(|person| person.is_active()) else {
            return Elsewhere::default();
        };
        let ids = person.elsewhere.iter().filter(|(platform, _)| platform == network.key());
        let email = Some(person.email.clone()).filter(|email| !email.is_empty());
        Elsewhere { ids: ids.map(|(_, id)| id.clone()).collect(), email }
    }

    fn account(&self, network: Network, id: &str) -> Option<OwnedUserId> {
        let chart = self.people.chart();
        chart.known_elsewhere(network.key(), id).and_then(|person| person.account.clone())
    }

    fn names(&self) -> Vec<String> {
        let chart = self.people.chart();
        let working = chart.people().filter(|person| person.is_active());
        working.map(|person| person.name.clone()).collect()
    }

    async fn house(&self, accounts: &[OwnedUserId], room: &RoomId) -> Result<bool, String> {
        let chart = self.people.chart();
        let people: Vec<&Person> = accounts.iter().filter_map(|account| chart.by_account(account)).collect();
        let Some(department) = common(&people) else { return Ok(false) };
        let space = organisation::space_of(&department);
        let bot = organisation::LOCALPART;
        if !self.kit.has_place(bot, &space).await.map_err(|error| error.to_string())? {
            return Ok(false);
        }
        let content = json!({ "via": [self.kit.server_name()], "suggested": true });
        let letter = Letter {
            kind: "m.space.child".to_owned(),
            state_key: Some(room.to_string()),
            ..Letter::message(format!("bridged/{room}"), bot, To::Place(space), content)
        };
        let mut batch = Batch::new();
        self.kit.outbox().put(&mut batch, letter);
        self.kit.store().commit(batch).await.map(|_| true).map_err(|error| error.to_string())
    }
}

/// The lowest department that all of at least two people are in.
fn common(people: &[&Person]) -> Option<DepartmentPath> {
    let (first, rest) = people.split_first().filter(|(_, rest)| !rest.is_empty())?;
    let above = |person: &Person| -> BTreeSet<DepartmentPath> {
        let mut all = BTreeSet::new();
        for department in &person.departments {
            let mut next = Some(department.clone());
            while let Some(path) = next {
                next = path.parent();
                all.insert(path);
            }
        }
        all
    };
    let shared = above(first)
        .into_iter()
        .filter(|path| rest.iter().all(|person| person.departments.iter().any(|own| own.is_within(path))));
    shared.max_by_key(|path| path.as_str().split('/').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bots_leave_out_as_much_of_a_series_as_the_bridges_think() {
        // With another bound a series with many exceptions would be made anew with each further one.
        assert_eq!(::meetings::limits::ENTRY_EXCEPTIONS_MAX, bridge_api::limits::ENTRY_EXCEPTIONS_MAX);
    }

    #[test]
    fn a_group_belongs_to_the_lowest_department_of_all_its_people() {
        let person = |id: &str, path: &str| Person::new(id, id, DepartmentPath::parse(path).unwrap());
        let east = person("1", "总部/销售部/华东区");
        let north = person("2", "总部/销售部/华北区");
        let money = person("3", "总部/财务部");
        let shown = |people: &[&Person]| common(people).map(|path| path.as_str().to_owned());
        assert_eq!(shown(&[&east, &north]).as_deref(), Some("总部/销售部"));
        assert_eq!(shown(&[&east, &north, &money]).as_deref(), Some("总部"));
        assert_eq!(shown(&[&east, &east]).as_deref(), Some("总部/销售部/华东区"));
        assert_eq!(shown(&[&east]), None, "one person is no group");
        assert_eq!(shown(&[]), None);
    }
}
