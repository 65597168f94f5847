//! People who changed, and people whom the app may see from now on: until then they had no name here. They are read in the background, as many as have a
//! bound; of the others it is read who they are when they speak. Whom it may see no longer keeps the name that they had: they are out
//! of its sight, and not out of the company.

use std::collections::VecDeque;

use bridge_api::{Arrival, Cursor, Directory as _, EventKey, Failure, Happened, Inbox, Person, PersonId};

use crate::{
    Feishu,
    abilities::id_of,
    limits::{PAGES_MAX, SCOPE_DEPARTMENTS_MAX, SCOPE_PEOPLE_MAX},
};

/// Reads somebody and tells what they are called.
///
/// # Errors
/// [`Failure`] of the directory or the inbox.
pub async fn person(feishu: &Feishu, id: &str, inbox: &dyn Inbox) -> Result<(), Failure> {
    let found = feishu.person(&id_of(PersonId::new(id))?).await?;
    tell(feishu, found.into_iter().collect(), inbox).await
}

/// Reads the people of a department and of those below it, and tells what they are called.
///
/// # Errors
/// [`Failure`] of the directory or the inbox: all of it is read once more.
pub async fn department(feishu: &Feishu, id: &str, inbox: &dyn Inbox) -> Result<(), Failure> {
    let mut waiting = VecDeque::from([id.to_owned()]);
    let (mut departments, mut people) = (0, 0);
    while let Some(department) = waiting.pop_front() {
        if departments == SCOPE_DEPARTMENTS_MAX || people >= SCOPE_PEOPLE_MAX {
            tracing::info!(departments, people, "more people came into sight than are read at once");
            break;
        }
        departments += 1;
        people += members(feishu, &department, SCOPE_PEOPLE_MAX - people, inbox).await?;
        below(feishu, &department, &mut waiting).await?;
    }
    Ok(())
}

/// Tells of the people of one department, about `people_max` of them; how many they were.
async fn members(
    feishu: &Feishu,
    department: &str,
    people_max: usize,
    inbox: &dyn Inbox,
) -> Result<usize, Failure> {
    let (mut told, mut from): (usize, Option<Cursor>) = (0, None);
    for _ in 0..PAGES_MAX {
        let page = feishu.people(department, from.as_ref()).await?;
        told += page.items.len();
        tell(feishu, page.items, inbox).await?;
        from = page.next;
        if from.is_none() || told >= people_max {
            break;
        }
    }
    Ok(told)
}

/// Puts the departments right below one behind those that wait, as long as there is place.
async fn below(feishu: &Feishu, department: &str, waiting: &mut VecDeque<String>) -> Result<(), Failure> {
    let mut from: Option<Cursor> = None;
    while waiting.len() < SCOPE_DEPARTMENTS_MAX {
        let page = feishu.departments(Some(department), from.as_ref()).await?;
        waiting.extend(page.items.into_iter().map(|one| one.id));
        from = page.next;
        if from.is_none() {
            break;
        }
    }
    Ok(())
}

async fn tell(feishu: &Feishu, people: Vec<Person>, inbox: &dyn Inbox) -> Result<(), Failure> {
    if people.is_empty() {
        return Ok(());
    }
    let (app, at_ms) = (feishu.ours().app_id, feishu.clock.now_ms());
    let seen = |person: Person| -> Result<Arrival, Failure> {
        let key = id_of(EventKey::new(format!("{app}:seen:{}:{at_ms}", person.id)))?;
        Ok(Arrival { key, conversation: None, at_ms, trace: None, what: Happened::PersonChanged(person) })
    };
    let arrivals = people.into_iter().map(seen).collect::<Result<Vec<_>, _>>()?;
    inbox.take(arrivals).await.map_err(|error| Failure::later(error.to_string()))
}
