//! People and departments of the company, as far as the app may see them.

use async_trait::async_trait;
use bridge_api::{
    Cursor, Department, Directory, Download, Failure, MediaId, Page, Person, PersonId, Refusal,
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    chats::{Listed, paged},
    files, id_of,
};
use crate::{
    Feishu,
    client::Call,
    ids::{DepartmentId, OpenId},
    limits::CONTACTS_PAGE_MAX,
    person,
};

/// The department above all others.
const ROOT: &str = "0";
/// Codes of somebody or something that the app may not see, or that does not exist.
const UNSEEN: [i64; 6] = [41_050, 41_012, 40_004, 40_008, 99_992_351, 99_992_361];

#[derive(Deserialize)]
struct Found {
    user: Option<Value>,
}

#[derive(Deserialize)]
struct Matches {
    #[serde(default)]
    user_list: Vec<Match>,
}

#[derive(Deserialize)]
struct Match {
    #[serde(default)]
    user_id: Option<OpenId>,
}

#[derive(Deserialize)]
struct Below {
    open_department_id: Option<DepartmentId>,
    #[serde(default)]
    name: String,
    #[serde(default)]
    parent_department_id: String,
    #[serde(default)]
    status: Option<Value>,
}

/// Somebody as the address book has them; nothing where the app may not see them, or nobody is called so.
///
/// # Errors
/// [`Failure`] when the address book does not answer, or the app lacks the right to it.
pub async fn user(feishu: &Feishu, id: &OpenId) -> Result<Option<Value>, Failure> {
    let call = Call::get(&["contact", "v3", "users", id.as_str()])
        .with("user_id_type", "open_id")
        .with("department_id_type", "open_department_id");
    match feishu.client.data::<Found>(call).await {
        Err(error) if error.is_one_of(&UNSEEN) => Ok(None),
        outcome => Ok(outcome?.user),
    }
}

#[async_trait]
impl Directory for Feishu {
    async fn person(&self, id: &PersonId) -> Result<Option<Person>, Failure> {
        let Some(id) = OpenId::parse(id.as_str()) else { return Ok(None) };
        Ok(user(self, &id).await?.as_ref().and_then(person::of_contacts))
    }

    async fn by_email(&self, email: &str) -> Result<Option<PersonId>, Failure> {
        let body = json!({ "emails": [email], "include_resigned": false });
        let call =
            Call::post(&["contact", "v3", "users", "batch_get_id"], &body).with("user_id_type", "open_id");
        let matches: Matches = self.client.data(call).await?;
        let found = matches.user_list.into_iter().find_map(|found| found.user_id);
        found.map(|id| id_of(PersonId::new(id.as_str()))).transpose()
    }

    async fn departments(
        &self,
        parent: Option<&str>,
        from: Option<&Cursor>,
    ) -> Result<Page<Department>, Failure> {
        let parent =
            DepartmentId::parse(parent.unwrap_or(ROOT)).ok_or_else(|| Failure::refused(Refusal::Gone))?;
        let call = Call::get(&["contact", "v3", "departments", parent.as_str(), "children"])
            .with("department_id_type", "open_department_id")
            .with("user_id_type", "open_id")
            .with("fetch_child", "false");
        let listed: Listed<Below> = self.client.data(paged(call, CONTACTS_PAGE_MAX, from)).await?;
        let next = listed.next();
        let deleted =
            |status: &Option<Value>| status.as_ref().and_then(|status| status.get("is_deleted")?.as_bool());
        let living = listed.items.into_iter().filter(|found| deleted(&found.status) != Some(true));
        let department = |found: Below| {
            let parent =
                Some(found.parent_department_id).filter(|parent| !parent.is_empty() && parent != ROOT);
            Some(Department { id: found.open_department_id?.as_str().to_owned(), name: found.name, parent })
        };
        Ok(Page { items: living.filter_map(department).collect(), next })
    }

    async fn people(&self, department: &str, from: Option<&Cursor>) -> Result<Page<Person>, Failure> {
        let id = DepartmentId::parse(department).ok_or_else(|| Failure::refused(Refusal::Gone))?;
        let call = Call::get(&["contact", "v3", "users", "find_by_department"])
            .with("department_id", id.as_str())
            .with("department_id_type", "open_department_id")
            .with("user_id_type", "open_id");
        let listed: Listed<Value> = self.client.data(paged(call, CONTACTS_PAGE_MAX, from)).await?;
        let next = listed.next();
        Ok(Page { items: listed.items.iter().filter_map(person::of_contacts).collect(), next })
    }

    async fn avatar(&self, avatar: &MediaId) -> Result<Download, Failure> {
        files::picture(self, avatar.as_str()).await
    }
}
