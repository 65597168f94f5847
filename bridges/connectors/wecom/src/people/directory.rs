//! Who works here, and in which department.

use async_trait::async_trait;
use bridge_api::{Cursor, Department, Directory, Download, Failure, MediaId, Page, Person, PersonId};
use serde_json::{Value, json};

use super::{People, Standing, page_of, unless_refused};
use crate::{
    ids,
    lenient::{items, text},
    limits::{LOOKED_UP_PAGE, PEOPLE_PAGE},
    sending,
};

#[async_trait]
impl Directory for People {
    async fn person(&self, person: &PersonId) -> Result<Option<Person>, Failure> {
        let Some(user) = ids::user(person) else { return Ok(None) };
        if ids::is_open(user)
            && let Some(customer) = self.service_customer(user).await?
        {
            return Ok(Some(customer));
        }
        match self.standing(user).await? {
            Standing::Here(person) => Ok(Some(person)),
            Standing::Left | Standing::Unseen => Ok(None),
        }
    }

    async fn has_left(&self, person: &PersonId) -> Result<Option<bool>, Failure> {
        // Customers are no members, and the platform tells of an encrypted id alone whether it can be turned into a plain one.
        let Some(user) = ids::user(person).filter(|user| !ids::is_open(user)) else { return Ok(None) };
        Ok(match self.standing(user).await? {
            Standing::Here(_) => Some(false),
            Standing::Left => Some(true),
            Standing::Unseen => None,
        })
    }

    async fn by_email(&self, email: &str) -> Result<Option<PersonId>, Failure> {
        // First the company's address, then a private one.
        for kind in [1, 2] {
            let body = json!({"email": email, "email_type": kind});
            let answer = unless_refused(self.client.post("user/get_userid_by_email", &body).await)?;
            if let Some(found) = answer.and_then(|answer| ids::person(&text(&answer, "userid")?)) {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    async fn departments(
        &self,
        parent: Option<&str>,
        from: Option<&Cursor>,
    ) -> Result<Page<Department>, Failure> {
        let parent = parent.unwrap_or("1");
        let answer = unless_refused(self.client.get("department/simplelist", &[("id", parent)]).await)?;
        let answer = answer.unwrap_or_default();
        let below = |row: &&Value| text(row, "parentid").as_deref() == Some(parent);
        let mut children: Vec<String> =
            items(&answer, "department_id").iter().filter(below).filter_map(|row| text(row, "id")).collect();
        children.sort();
        let (ids, next) = page_of(&children, from, LOOKED_UP_PAGE);
        let mut found = Vec::new();
        for id in ids {
            let answer = unless_refused(self.client.get("department/get", &[("id", &id)]).await)?;
            let name = answer.and_then(|answer| text(answer.get("department")?, "name")).unwrap_or_default();
            found.push(Department { id, name, parent: Some(parent.to_owned()) });
        }
        Ok(Page { items: found, next })
    }

    async fn people(&self, department: &str, from: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        let answer = self.client.get("user/simplelist", &[("department_id", department)]).await?;
        let (users, next) = page_of(items(&answer, "userlist"), from, PEOPLE_PAGE);
        Ok(Page { items: users.iter().filter_map(|user| self.person(user)).collect(), next })
    }

    async fn avatar(&self, avatar: &MediaId) -> Result<Download, Failure> {
        sending::fetched(&self.client, avatar.as_str()).await
    }
}
