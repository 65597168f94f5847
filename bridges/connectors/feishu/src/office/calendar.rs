//! The calendar of our bot, in which all meetings are: people have them as invitations.

use bridge_api::{Failure, FailureKind, Meeting};
use serde::Deserialize;
use serde_json::json;

use super::plain;
use crate::{
    Feishu,
    client::{Call, CallError, codes::named},
    failure::is_gone,
};

#[derive(Deserialize)]
struct Calendars {
    #[serde(default)]
    calendars: Vec<Owned>,
}

#[derive(Deserialize)]
struct Owned {
    calendar: Calendar,
}

#[derive(Deserialize)]
struct Calendar {
    calendar_id: String,
}

/// A meeting, and where it is put.
pub struct Place<'a> {
    pub feishu: &'a Feishu,
    pub meeting: &'a Meeting,
    /// The calendar of our bot.
    pub calendar: &'a str,
    /// What its row is called.
    pub name: &'a str,
}

impl Place<'_> {
    /// What came of a call.
    pub async fn heeded<T>(&self, outcome: Result<T, CallError>) -> Result<T, Failure> {
        match outcome {
            Ok(value) => Ok(value),
            Err(error) => Err(heeded(self.feishu, error).await.into()),
        }
    }

    /// What came of a call; nothing where what it is about is gone.
    pub async fn unless_gone<T>(&self, outcome: Result<T, CallError>) -> Result<Option<T>, Failure> {
        match outcome {
            Err(error) if is_gone(&error) => Ok(None),
            outcome => self.heeded(outcome).await.map(Some),
        }
    }
}

/// What our bot's calendar is called. Asked once.
pub async fn own(feishu: &Feishu) -> Result<String, Failure> {
    // Held while it is asked: many meetings at once ask for it once.
    let mut known = feishu.office.calendar.lock().await;
    if let Some(calendar) = &*known {
        return Ok(calendar.clone());
    }
    let call = Call::post(&["calendar", "v4", "calendars", "primary"], &json!({}));
    let found: Calendars = feishu.client.data(call).await?;
    let first = found.calendars.into_iter().next().ok_or_else(|| {
        Failure::new(FailureKind::Garbled("the platform names no calendar of our bot".to_owned()))
    })?;
    let calendar = plain(&first.calendar.calendar_id)?.to_owned();
    *known = Some(calendar.clone());
    Ok(calendar)
}

/// A call below the calendar's events.
pub fn events<'a>(calendar: &'a str, rest: &[&'a str]) -> Vec<&'a str> {
    [&["calendar", "v4", "calendars", calendar, "events"][..], rest].concat()
}

/// Forgets the calendar when the platform does not know it, so that it is asked for anew.
pub async fn heeded(feishu: &Feishu, error: CallError) -> CallError {
    if error.is_one_of(&named::NO_CALENDAR) {
        *feishu.office.calendar.lock().await = None;
    }
    error
}
