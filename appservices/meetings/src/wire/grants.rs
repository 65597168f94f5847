//! `!meet share`: who may know how much of one's time.

use calendar::{Address, Attendee, CalendarError, Tier};
use cases::Refusal;
use jiff::civil::DateTime;
use kit::Heard;
use ruma::{OwnedServerName, UserId};
use store::Batch;

use super::Meetings;
use crate::{MeetingsError, card::Pen, desk::field_refused, line};

/// What is typed behind a name, in both languages, and what it grants. Nothing takes back what was granted.
const TIERS: [(&str, &str, &str, Option<Tier>); 4] = [
    ("标题", "titles", "mt.tier.titles", Some(Tier::Titles)),
    ("忙闲", "busy", "mt.tier.busy", Some(Tier::Busy)),
    ("不给", "none", "mt.tier.nothing", Some(Tier::Nothing)),
    ("默认", "default", "mt.tier.default", None),
];

impl Meetings {
    /// Alone: what was granted. With somebody or a server and a tier: grants it.
    pub(super) async fn share(
        &self,
        heard: &Heard,
        rest: &str,
        now: DateTime,
        batch: &mut Batch,
    ) -> Result<(), MeetingsError> {
        let is_ours = heard.sender.server_name() == self.kit().server_name();
        if !is_ours || self.has_left(&heard.sender) {
            return self.refuse(heard, &Refusal::new("E108").with("platform", "matrix"), batch).await;
        }
        if rest.is_empty() && heard.mentions.is_empty() {
            return self.show_grants(heard, batch).await;
        }
        let (named, word) = rest.rsplit_once(char::is_whitespace).unwrap_or(("", rest));
        let word = word.to_lowercase();
        let Some((.., key, tier)) = TIERS.into_iter().find(|(zh, en, ..)| word == *zh || word == *en) else {
            let refusal = field_refused("mt.form.tier", "mt.form.unknown", "titles | busy | none | default");
            return self.refuse(heard, &refusal, batch).await;
        };
        let to = match server_of(named.trim()) {
            Some(server) => server.to_string(),
            None => match self.resolve(heard, &line::read(named, now)).await? {
                Ok(found) => match found.as_slice() {
                    [Attendee { address: Address::Matrix(account), .. }] => account.to_string(),
                    _ => {
                        let refusal =
                            field_refused("mt.form.people", "mt.form.one", "@lisi | partner.example");
                        return self.refuse(heard, &refusal, batch).await;
                    }
                },
                Err(refusal) => return self.refuse(heard, &refusal, batch).await,
            },
        };
        match self.parts().calendars.grant(batch, &heard.sender.clone().into(), &to, tier).await {
            Ok(()) => {}
            Err(CalendarError::TooLarge(_)) => {
                let refusal = field_refused("mt.form.people", "mt.form.many", "!meet share @lisi default");
                return self.refuse(heard, &refusal, batch).await;
            }
            Err(error) => return Err(error.into()),
        }
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let (who, tier) = (self.granted_to(&to, pen), pen.say(key, &[]));
        self.reply_privately(batch, heard, &pen.say("mt.share", &[("who", &who), ("tier", &tier)])).await
    }

    async fn show_grants(&self, heard: &Heard, batch: &mut Batch) -> Result<(), MeetingsError> {
        let grants = self.parts().calendars.grants(&Address::Matrix(heard.sender.clone())).await?;
        let reader = self.reader(&heard.sender).await?;
        let pen = self.pen(&reader);
        let mut lines = vec![pen.say("mt.share_default", &[])];
        for (to, granted) in grants {
            let key =
                TIERS.into_iter().find(|(.., tier)| *tier == Some(granted)).map_or("", |(.., key, _)| key);
            let (who, tier) = (self.granted_to(&to, pen), pen.say(key, &[]));
            lines.push(pen.say("mt.share", &[("who", &who), ("tier", &tier)]));
        }
        self.reply_privately(batch, heard, &lines.join("\n")).await
    }

    /// How people call whom something was granted to.
    fn granted_to(&self, to: &str, pen: Pen<'_>) -> String {
        if to == "*" {
            return pen.say("mt.share_everybody", &[]);
        }
        let chart = self.chart();
        let person = UserId::parse(to).ok().and_then(|account| chart.by_account(&account).cloned());
        person.map_or_else(|| to.to_owned(), |person| person.name.clone())
    }
}

/// The server of a name that is one; a person's begins with `@`, and mail addresses have one inside.
fn server_of(text: &str) -> Option<OwnedServerName> {
    let looks_so = text.contains('.') && !text.contains('@');
    OwnedServerName::try_from(text).ok().filter(|_| looks_so)
}
