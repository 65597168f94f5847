//! People as the platform's address book writes them.

use bridge_api::{MediaId, Person, PersonId};
use serde_json::Value;

use crate::ids::OpenId;

/// Departments of one person that are kept.
const DEPARTMENTS_MAX: usize = 50;

/// A user of the address book; nothing without an open id. What the app may not see is missing.
pub fn of_contacts(user: &Value) -> Option<Person> {
    let text = |key: &str| user.get(key).and_then(Value::as_str).filter(|text| !text.is_empty());
    let id = OpenId::parse(text("open_id")?)?;
    let mut person = Person::named(PersonId::new(id.as_str()).ok()?, text("name").unwrap_or_default());
    let avatar = user.get("avatar");
    let sized = |size: &str| avatar.and_then(|avatar| avatar.get(size)).and_then(Value::as_str);
    let address = sized("avatar_240").or_else(|| sized("avatar_72")).or_else(|| sized("avatar_origin"));
    person.avatar = address.and_then(picture);
    person.email = text("enterprise_email").or_else(|| text("email")).map(str::to_owned);
    let departments = user.get("department_ids").and_then(Value::as_array).into_iter().flatten();
    person.departments =
        departments.filter_map(Value::as_str).take(DEPARTMENTS_MAX).map(str::to_owned).collect();
    Some(person)
}

/// Whether the address book says that somebody is of the company no more; nothing where the app has no right to know.
pub fn has_left(user: &Value) -> Option<bool> {
    let status = user.get("status").filter(|status| status.is_object())?;
    let is = |mark: &str| status.get(mark).and_then(Value::as_bool) == Some(true);
    Some(is("is_resigned") || is("is_exited"))
}

/// The picture of a person or a conversation. The platform names it by its address.
pub fn picture(address: &str) -> Option<MediaId> {
    if address.is_empty() { None } else { MediaId::new(address).ok() }
}
