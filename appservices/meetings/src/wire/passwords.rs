//! `!meet caldav`: passwords for calendar programs, made, listed and taken back by whose calendar it is.

use calendar::{Address, CalendarError, Password};
use cases::Refusal;
use kit::Heard;
use store::Batch;

use super::Meetings;
use crate::{MeetingsError, desk::field_refused};

/// What a program is called that nobody named.
const UNNAMED: &str = "calendar";

impl Meetings {
    /// With a name: a password for a calendar program, shown once. `list` shows which there are, `drop N` takes one back.
    pub(super) async fn calendar_passwords(
        &self,
        heard: &Heard,
        rest: &str,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let (word, told) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
        match word.to_lowercase().as_str() {
            "列表" | "list" => self.list_passwords(heard, batch).await,
            "移除" | "drop" => self.drop_password(heard, told, batch).await,
            _ => self.new_password(heard, rest, batch).await,
        }
    }

    async fn new_password(&self, heard: &Heard, name: &str, batch: &mut Batch) -> Result<(), MeetingsError> {
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let Some(base) = &self.parts().settings.public_url else {
            self.answer(batch, heard, &pen.say("mt.ics_off", &[]));
            return Ok(());
        };
        if self.has_left(&heard.sender) {
            return self.refuse(heard, &Refusal::new("E108").with("platform", "matrix"), batch).await;
        }
        let owner = Address::Matrix(heard.sender.clone());
        let name = if name.is_empty() { UNNAMED } else { name };
        let password = match self.parts().calendars.new_password(batch, &owner, name).await {
            Ok(password) => password,
            Err(CalendarError::TooLarge(_)) => {
                let refusal = field_refused("mt.form.passwords", "mt.form.many", "!meet caldav drop 1");
                return self.refuse(heard, &refusal, batch).await;
            }
            Err(error) => return Err(error.into()),
        };
        let values = [("url", &**base), ("user", heard.sender.as_str()), ("password", &password)];
        self.reply_privately(batch, heard, &pen.say("mt.caldav", &values)).await
    }

    /// The passwords of somebody, the oldest first.
    async fn passwords_of(&self, heard: &Heard) -> Result<Vec<Password>, MeetingsError> {
        let mut known = self.parts().calendars.passwords(&Address::Matrix(heard.sender.clone())).await?;
        known.sort_by(|one, other| (one.made_ms, &one.id).cmp(&(other.made_ms, &other.id)));
        Ok(known)
    }

    async fn list_passwords(&self, heard: &Heard, batch: &mut Batch) -> Result<(), MeetingsError> {
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let known = self.passwords_of(heard).await?;
        let lines: Vec<String> = (1..)
            .zip(&known)
            .map(|(number, password): (usize, &Password)| {
                let day = reader.zone.local(password.made_ms).strftime("%Y-%m-%d");
                format!("{number}. {} · {day}", password.name)
            })
            .collect();
        let text = if lines.is_empty() { pen.say("mt.caldav_none", &[]) } else { lines.join("\n") };
        self.reply_privately(batch, heard, &text).await
    }

    async fn drop_password(&self, heard: &Heard, told: &str, batch: &mut Batch) -> Result<(), MeetingsError> {
        let known = self.passwords_of(heard).await?;
        let place = told.trim().parse::<usize>().ok().and_then(|number| number.checked_sub(1));
        let Some(password) = place.and_then(|place| known.get(place)) else {
            let refusal = field_refused("mt.form.number", "mt.form.unknown", "!meet caldav list");
            return self.refuse(heard, &refusal, batch).await;
        };
        let owner = Address::Matrix(heard.sender.clone());
        self.parts().calendars.drop_password(batch, &owner, &password.id).await?;
        let reader = self.reader(&heard.sender).await?;
        let text = self.pen(&reader).say("mt.caldav_dropped", &[("name", &password.name)]);
        self.reply_privately(batch, heard, &text).await
    }
}
