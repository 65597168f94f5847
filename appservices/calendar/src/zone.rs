//! Time zones: by their names in the IANA database, or as Windows and old clients call them.

use std::str::FromStr as _;

use calcard::common::timezone::Tz;
use jiff::{Timestamp, civil::DateTime, tz::TimeZone};
use serde::{Deserialize, Serialize};

use crate::CalendarError;

/// A zone of the IANA database.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Zone(TimeZone);

/// A local time in a zone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// When it is, in milliseconds since 1970.
    pub at_ms: u64,
    /// What the clocks show then.
    pub local: DateTime,
    /// Whether the wanted local time does not exist on that day, because the clocks are set forward over it.
    pub was_moved: bool,
}

impl Zone {
    /// Coordinated universal time.
    #[must_use]
    pub const fn utc() -> Self {
        Self(TimeZone::UTC)
    }

    /// The zone that somebody means: a name of the IANA database, or one of the names that Windows, Outlook and
    /// Exchange use, by their table.
    #[must_use]
    pub fn find(name: &str) -> Option<Self> {
        let name = name.trim();
        let by_table = || Tz::from_str(name).ok().and_then(Self::of_tz);
        Self::of_iana(name).or_else(by_table).or_else(|| Self::behind_registry(name))
    }

    /// The zone of a name like `/example.org/Europe/Paris`, with a registry before it.
    fn behind_registry(name: &str) -> Option<Self> {
        let rest = name.strip_prefix('/')?;
        rest.match_indices('/').find_map(|(place, _)| Self::of_iana(rest.get(place + 1..)?))
    }

    /// The zone that the library read.
    pub(crate) fn of_tz(zone: Tz) -> Option<Self> {
        match zone {
            Tz::Tz(zone) => Self::of_iana(zone.name()),
            Tz::Fixed(_) | Tz::Floating => None,
        }
    }

    fn of_iana(name: &str) -> Option<Self> {
        TimeZone::get(name).ok().filter(|zone| zone.iana_name().is_some()).map(Self)
    }

    /// Its name in the IANA database.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.iana_name().unwrap_or("UTC")
    }

    /// When the clocks of this zone show `local`. A time that they skip moves forward by what is skipped; of a time that
    /// they show twice it is the first.
    #[must_use]
    pub fn at(&self, local: DateTime) -> Moment {
        let Ok(zoned) = self.0.to_ambiguous_zoned(local).compatible() else {
            // Only at the very ends of time.
            let at_ms = if local.year() < 1970 { 0 } else { u64::MAX / 2 };
            return Moment { at_ms, local, was_moved: false };
        };
        let shown = zoned.datetime();
        let at_ms = u64::try_from(zoned.timestamp().as_millisecond()).unwrap_or_default();
        Moment { at_ms, local: shown, was_moved: shown != local }
    }

    /// What the clocks of this zone show at a time in milliseconds since 1970.
    #[must_use]
    pub fn local(&self, at_ms: u64) -> DateTime {
        self.0.to_datetime(timestamp(at_ms))
    }
}

/// A time in milliseconds since 1970; what is beyond the ends of time is the end.
pub(crate) fn timestamp(at_ms: u64) -> Timestamp {
    i64::try_from(at_ms).ok().and_then(|ms| Timestamp::from_millisecond(ms).ok()).unwrap_or(Timestamp::MAX)
}

impl TryFrom<String> for Zone {
    type Error = CalendarError;

    fn try_from(name: String) -> Result<Self, CalendarError> {
        Self::find(&name).ok_or(CalendarError::Zone(name))
    }
}

impl From<Zone> for String {
    fn from(zone: Zone) -> Self {
        zone.as_str().to_owned()
    }
}
