//! Where everything is: the addresses of principals, calendars and objects.

use outbound::Url;

/// Where all of the calendar's addresses begin.
pub const ROOT: &str = "/_lianqiao/calendar/";

/// Where calendar programs look first (RFC 6764).
pub const WELL_KNOWN_PATH: &str = "/.well-known/caldav";

/// Both, as whoever serves other things on the same port needs to know them.
pub const PATHS: &[&str] = &[ROOT, WELL_KNOWN_PATH];

/// The one calendar that everybody has.
pub(super) const CALENDAR: &str = "default";

/// A resource.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// The root.
    Root,
    /// A person: the localpart of their account.
    Principal(String),
    /// The home of somebody's calendars.
    Home(String),
    /// Somebody's calendar.
    Calendar(String),
    /// An object in somebody's calendar.
    Object(String, String),
}

/// The path of a private address.
pub(crate) fn feed_path(secret: &str) -> String {
    format!("{ROOT}feeds/{secret}.ics")
}

impl Place {
    /// The place of a path, or of a whole address, as it stands in requests.
    pub fn of(address: &str) -> Option<Self> {
        let base = Url::parse("http://calendar.invalid/").ok()?;
        let url = base.join(address).ok()?;
        let rest = url.path().strip_prefix(ROOT)?;
        let segments: Option<Vec<String>> = rest.split('/').map(decoded).collect();
        let mut segments = segments?;
        if segments.last().is_some_and(String::is_empty) {
            segments.pop();
        }
        match segments.as_slice() {
            [] => Some(Self::Root),
            [kind, user] if kind == "principals" => Some(Self::Principal(user.clone())),
            [kind, user] if kind == "users" => Some(Self::Home(user.clone())),
            [kind, user, calendar] if kind == "users" && calendar == CALENDAR => {
                Some(Self::Calendar(user.clone()))
            }
            [kind, user, calendar, name] if kind == "users" && calendar == CALENDAR => {
                Some(Self::Object(user.clone(), name.clone()))
            }
            _ => None,
        }
    }

    /// Whose it is; nobody's for the root.
    pub fn user(&self) -> Option<&str> {
        match self {
            Self::Root => None,
            Self::Principal(user) | Self::Home(user) | Self::Calendar(user) | Self::Object(user, _) => {
                Some(user)
            }
        }
    }

    /// Its path.
    pub fn href(&self) -> String {
        match self {
            Self::Root => ROOT.to_owned(),
            Self::Principal(user) => format!("{ROOT}principals/{}/", encoded(user)),
            Self::Home(user) => format!("{ROOT}users/{}/", encoded(user)),
            Self::Calendar(user) => format!("{ROOT}users/{}/{CALENDAR}/", encoded(user)),
            Self::Object(user, name) => format!("{ROOT}users/{}/{CALENDAR}/{}", encoded(user), encoded(name)),
        }
    }
}

/// One segment of a path.
fn encoded(segment: &str) -> String {
    let Ok(mut url) = Url::parse("http://calendar.invalid/") else { return String::new() };
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.clear().push(segment);
    }
    url.path().trim_start_matches('/').to_owned()
}

/// A segment back. The decoding of forms is that of paths, but for the plus.
fn decoded(segment: &str) -> Option<String> {
    let query = format!(
        "http://calendar.invalid/?s={}",
        segment.replace('+', "%2B").replace('&', "%26").replace('#', "%23")
    );
    let url = Url::parse(&query).ok()?;
    let value = url.query_pairs().next().map(|(_, value)| value.into_owned())?;
    (!value.chars().any(char::is_control)).then_some(value)
}
