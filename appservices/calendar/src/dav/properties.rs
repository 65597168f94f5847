//! What the resources of the CalDAV door say about themselves.

use super::{
    Caller, Doors,
    answer::{Entry, Name, Refusal},
    paths::Place,
    xml::{CALDAV, CALENDAR_SERVER, DAV, Element, escaped},
};
use crate::{
    Address, ics,
    limits::{INSTANCES_MAX, OBJECT_BYTES_MAX},
    service::{Object, Version},
};

/// Which properties somebody wants.
#[derive(Clone, Debug)]
pub(super) enum Wanted {
    /// These.
    Named(Vec<Name>),
    /// All that are worth it.
    All,
    /// What there is, by name.
    Names,
}

impl Wanted {
    /// What a `prop` element lists.
    pub fn named(prop: &Element) -> Self {
        Self::Named(prop.children.iter().map(|child| name(&child.namespace, &child.name)).collect())
    }
}

fn name(namespace: &str, name: &str) -> Name {
    Name { namespace: namespace.to_owned(), name: name.to_owned() }
}

/// The properties that are told to whoever asks for all.
const GENERAL: &[(&str, &str)] = &[
    (DAV, "resourcetype"),
    (DAV, "displayname"),
    (DAV, "current-user-principal"),
    (DAV, "owner"),
    (DAV, "getetag"),
    (DAV, "getcontenttype"),
    (DAV, "sync-token"),
    (CALENDAR_SERVER, "getctag"),
    (CALDAV, "supported-calendar-component-set"),
];

/// The version of an object, as it stands in headers and properties.
pub(super) fn etag(version: Version) -> String {
    format!("\"{}\"", version.0.get())
}

/// The token of a state of a calendar.
pub(super) fn sync_token(change: u64) -> String {
    format!("urn:x-lianqiao:sync:{change}")
}

/// The state of a token.
pub(super) fn change_of_token(token: &str) -> Option<u64> {
    token.trim().strip_prefix("urn:x-lianqiao:sync:")?.parse().ok()
}

/// The file of an object: as its owner's program wrote it, while nothing else changed it.
pub(super) fn file(object: &Object) -> String {
    object.row.text.clone().unwrap_or_else(|| ics::write_item(None, &object.row.item))
}

impl Doors {
    /// What a place says, except for objects.
    pub(super) async fn entry(
        &self,
        caller: &Caller,
        place: &Place,
        wanted: &Wanted,
    ) -> Result<Entry, Refusal> {
        let change = match place {
            Place::Calendar(_) => self.calendars().newest(&caller.owner).await?,
            Place::Root | Place::Principal(_) | Place::Home(_) | Place::Object(..) => 0,
        };
        Ok(filled(place.href(), wanted, |name| collection(caller, place, name, change)))
    }

    /// What an object says; `data` is its file where that is wanted in another form than it is kept.
    pub(super) fn object_entry(
        &self,
        caller: &Caller,
        object: &Object,
        wanted: &Wanted,
        data: Option<&str>,
    ) -> Entry {
        let place = Place::Object(caller.user.localpart().to_owned(), object.name.clone());
        filled(place.href(), wanted, |name| match (name.namespace.as_str(), name.name.as_str()) {
            (DAV, "resourcetype") => Some(String::new()),
            (DAV, "getetag") => Some(escaped(&etag(object.version))),
            (DAV, "getcontenttype") => Some("text/calendar; charset=utf-8; component=VEVENT".to_owned()),
            (DAV, "getcontentlength") => Some(file(object).len().to_string()),
            (DAV, "displayname") => Some(escaped(&object.row.event().title)),
            (CALDAV, "calendar-data") => Some(escaped(&data.map_or_else(|| file(object), str::to_owned))),
            _ => common(caller, name),
        })
    }
}

fn filled(href: String, wanted: &Wanted, say: impl Fn(&Name) -> Option<String>) -> Entry {
    let mut entry = Entry { href, ..Entry::default() };
    match wanted {
        Wanted::Named(names) => {
            for name in names {
                match say(name) {
                    Some(value) => entry.found.push((name.clone(), value)),
                    None => entry.missing.push(name.clone()),
                }
            }
        }
        Wanted::All | Wanted::Names => {
            for (namespace, local) in GENERAL {
                let name = name(namespace, local);
                if let Some(value) = say(&name) {
                    let value = if matches!(wanted, Wanted::Names) { String::new() } else { value };
                    entry.found.push((name, value));
                }
            }
        }
    }
    entry
}

fn href(place: &Place) -> String {
    format!("<D:href>{}</D:href>", escaped(&place.href()))
}

/// What everything says.
fn common(caller: &Caller, name: &Name) -> Option<String> {
    let principal = href(&Place::Principal(caller.user.localpart().to_owned()));
    match (name.namespace.as_str(), name.name.as_str()) {
        (DAV, "current-user-principal" | "owner") => Some(principal),
        (DAV, "principal-collection-set") => Some(href(&Place::Root)),
        (DAV, "current-user-privilege-set") => Some(
            ["read", "write", "write-content", "bind", "unbind", "read-current-user-privilege-set"]
                .iter()
                .map(|privilege| format!("<D:privilege><D:{privilege}/></D:privilege>"))
                .collect(),
        ),
        _ => None,
    }
}

fn collection(caller: &Caller, place: &Place, name: &Name, change: u64) -> Option<String> {
    let found = match place {
        Place::Root | Place::Home(_) => match (name.namespace.as_str(), name.name.as_str()) {
            (DAV, "resourcetype") => Some("<D:collection/>".to_owned()),
            (DAV, "displayname") => Some(escaped(caller.user.localpart())),
            _ => None,
        },
        Place::Principal(_) => principal(caller, name),
        Place::Calendar(_) => calendar(caller, name, change),
        Place::Object(..) => None,
    };
    found.or_else(|| common(caller, name))
}

fn principal(caller: &Caller, name: &Name) -> Option<String> {
    let user = caller.user.localpart().to_owned();
    match (name.namespace.as_str(), name.name.as_str()) {
        (DAV, "resourcetype") => Some("<D:principal/>".to_owned()),
        (DAV, "displayname") => Some(escaped(&user)),
        (DAV, "principal-URL") => Some(href(&Place::Principal(user))),
        (CALDAV, "calendar-home-set") => Some(href(&Place::Home(user))),
        (CALDAV, "calendar-user-address-set") => {
            let address = Address::from(caller.user.clone());
            Some(format!("<D:href>{}</D:href>", escaped(&address.to_string())))
        }
        (CALDAV, "calendar-user-type") => Some("INDIVIDUAL".to_owned()),
        _ => None,
    }
}

fn calendar(caller: &Caller, name: &Name, change: u64) -> Option<String> {
    match (name.namespace.as_str(), name.name.as_str()) {
        (DAV, "resourcetype") => Some("<D:collection/><C:calendar/>".to_owned()),
        (DAV, "displayname") => Some(escaped(caller.user.localpart())),
        (DAV, "sync-token") => Some(escaped(&sync_token(change))),
        (CALENDAR_SERVER, "getctag") => Some(change.to_string()),
        (DAV, "supported-report-set") => Some(
            ["C:calendar-query", "C:calendar-multiget", "C:free-busy-query", "D:sync-collection"]
                .iter()
                .map(|report| {
                    format!("<D:supported-report><D:report><{report}/></D:report></D:supported-report>")
                })
                .collect(),
        ),
        (CALDAV, "supported-calendar-component-set") => Some("<C:comp name=\"VEVENT\"/>".to_owned()),
        (CALDAV, "supported-calendar-data") => {
            Some("<C:calendar-data content-type=\"text/calendar\" version=\"2.0\"/>".to_owned())
        }
        (CALDAV, "max-resource-size") => Some(OBJECT_BYTES_MAX.to_string()),
        (CALDAV, "max-instances") => Some(INSTANCES_MAX.to_string()),
        (CALDAV, "schedule-calendar-transp") => Some("<C:opaque/>".to_owned()),
        _ => None,
    }
}
