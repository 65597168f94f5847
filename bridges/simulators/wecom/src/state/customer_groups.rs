//! Groups with customers in them. Only of these the platform tells apps when they change.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use super::State;
use super::people::folded;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// A group with customers in it.
#[derive(Clone, Debug, Default)]
pub(crate) struct CustomerGroup {
    pub(crate) name: String,
    /// A member, by folded id.
    pub(crate) owner: String,
    pub(crate) made_s: u64,
    /// Members by folded id and customers by theirs, and since when.
    pub(crate) inside: BTreeMap<String, u64>,
    /// Grows with each change of who is inside.
    pub(crate) version: u64,
}

impl State {
    /// Makes a group; answers its id.
    pub(crate) fn add_customer_group(&mut self, name: String, inside: &[String]) -> Result<String, Refusal> {
        let owner = inside.iter().find(|one| self.person(one).is_ok()).cloned();
        let owner = folded(&owner.ok_or_else(|| Refusal::control("the group has no member"))?);
        let made_s = self.now_s();
        let mut group = CustomerGroup { name, owner, made_s, ..CustomerGroup::default() };
        for one in inside {
            group.inside.insert(self.member_of_customers(one)?, made_s);
        }
        if self.customer_groups.len() >= RECORDS_MAX {
            return Err(Refusal::control("there are too many groups"));
        }
        let id = self.stage.chance.id("wr", 30);
        self.customer_groups.insert(id.clone(), group);
        self.tell_of_customer_group(&id, json!({ "ChangeType": "create" }));
        Ok(id)
    }

    /// A member's folded id or a customer's id.
    fn member_of_customers(&self, id: &str) -> Result<String, Refusal> {
        if self.person(id).is_ok() {
            return Ok(folded(id));
        }
        let known = self.contacts.contains_key(id).then(|| id.to_owned());
        known.ok_or_else(|| Refusal::control("there is no such member or customer"))
    }

    /// Changes a group: one event for each kind of change.
    pub(crate) fn change_customer_group(
        &mut self,
        id: &str,
        name: Option<String>,
        add: &[String],
        remove: &[String],
    ) -> Result<(), Refusal> {
        let added = add.iter().map(|one| self.member_of_customers(one)).collect::<Result<Vec<_>, _>>()?;
        let removed =
            remove.iter().map(|one| self.member_of_customers(one)).collect::<Result<Vec<_>, _>>()?;
        let now = self.now_s();
        let group = self.customer_groups.get_mut(id);
        let group = group.ok_or_else(|| Refusal::control("there is no such group"))?;
        let renamed = name.is_some();
        group.name = name.unwrap_or_else(|| group.name.clone());
        group.inside.extend(added.iter().map(|one| (one.clone(), now)));
        group.inside.retain(|one, _| !removed.contains(one));
        group.version += u64::from(!added.is_empty() || !removed.is_empty());
        let update = |detail: &str| json!({ "ChangeType": "update", "UpdateDetail": detail });
        if renamed {
            self.tell_of_customer_group(id, update("change_name"));
        }
        for (detail, scene, who) in [("add_member", "JoinScene", added), ("del_member", "QuitScene", removed)]
        {
            if !who.is_empty() {
                let mut fields = update(detail);
                fields[scene] = 1.into();
                fields["MemChangeCnt"] = who.len().into();
                fields["MemChangeList"] = json!({ "Item": who });
                self.tell_of_customer_group(id, fields);
            }
        }
        Ok(())
    }

    /// A group ends.
    pub(crate) fn dismiss_customer_group(&mut self, id: &str) -> Result<(), Refusal> {
        self.customer_groups.remove(id).ok_or_else(|| Refusal::control("there is no such group"))?;
        self.tell_of_customer_group(id, json!({ "ChangeType": "dismiss" }));
        Ok(())
    }

    fn tell_of_customer_group(&mut self, id: &str, mut fields: Value) {
        fields["ChatId"] = id.into();
        for agent in self.apps_of_customers() {
            self.emit(agent, "sys", "change_external_chat", &fields);
        }
    }
}
