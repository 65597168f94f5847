//! PROPFIND: what there is, and what it says about itself (RFC 4918, 9.1).

use axum::response::Response;
use http::StatusCode;

use super::{
    Asked, Caller, Doors,
    answer::{Entry, Refusal, multi_status},
    paths::Place,
    properties::Wanted,
    xml::{self, DAV},
};
use crate::Span;

/// All of time.
pub(super) const ALWAYS: Span = Span { from_ms: 0, until_ms: u64::MAX };

pub(super) async fn answer(doors: &Doors, caller: &Caller, asked: &Asked) -> Result<Response, Refusal> {
    let wanted = wanted(&asked.body)?;
    let with_members = asked.headers.get("depth").is_some_and(|depth| depth.as_bytes() != b"0");
    let user = caller.user.localpart().to_owned();
    if let Place::Object(_, name) = &asked.place {
        let object = doors.calendars().object(&caller.owner, name).await?;
        let object = object.ok_or_else(|| Refusal::plain(StatusCode::NOT_FOUND, "There is no such event"))?;
        return Ok(multi_status(&[doors.object_entry(caller, &object, &wanted, None)], ""));
    }
    let mut entries: Vec<Entry> = vec![doors.entry(caller, &asked.place, &wanted).await?];
    if with_members {
        match &asked.place {
            Place::Root => entries.push(doors.entry(caller, &Place::Principal(user), &wanted).await?),
            Place::Home(_) => entries.push(doors.entry(caller, &Place::Calendar(user), &wanted).await?),
            Place::Calendar(_) => {
                let objects = doors.calendars().objects_within(&caller.owner, ALWAYS).await?;
                entries
                    .extend(objects.iter().map(|object| doors.object_entry(caller, object, &wanted, None)));
            }
            Place::Principal(_) | Place::Object(..) => {}
        }
    }
    Ok(multi_status(&entries, ""))
}

fn wanted(body: &[u8]) -> Result<Wanted, Refusal> {
    if body.is_empty() {
        return Ok(Wanted::All);
    }
    let unreadable = |text: String| Refusal::plain(StatusCode::BAD_REQUEST, text);
    let document = xml::read(body).map_err(|error| unreadable(error.to_string()))?;
    if !document.is(DAV, "propfind") {
        return Err(unreadable("The request must be a propfind of WebDAV".to_owned()));
    }
    Ok(match (document.child(DAV, "prop"), document.child(DAV, "propname")) {
        (Some(prop), _) => Wanted::named(prop),
        (None, Some(_)) => Wanted::Names,
        (None, None) => Wanted::All,
    })
}

/// PROPPATCH: names and colours of calendars are the program's own affair; each property is refused by name.
pub(super) fn refuse_changes(asked: &Asked) -> Result<Response, Refusal> {
    let document = xml::read(&asked.body);
    let document = document.map_err(|error| Refusal::plain(StatusCode::BAD_REQUEST, error.to_string()))?;
    let props = document.children.iter().filter_map(|change| change.child(DAV, "prop"));
    let missing = props.flat_map(|prop| match Wanted::named(prop) {
        Wanted::Named(names) => names,
        Wanted::All | Wanted::Names => Vec::new(),
    });
    let entry = Entry {
        href: asked.place.href(),
        missing: missing.collect(),
        missing_status: StatusCode::FORBIDDEN,
        ..Entry::default()
    };
    Ok(multi_status(&[entry], ""))
}
