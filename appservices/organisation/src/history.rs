//! `!org history`: what was known of somebody, from when on and by whom, for those who may change the organisation.

use kit::{BotError, Heard, texts::Lang};
use people::{Person, PersonId, Since, Status};
use store::Batch;

use crate::{Organisation, bot::broken};

impl Organisation {
    /// `!org history NUMBER`, or the name of somebody who works here.
    pub(crate) async fn history(&self, heard: &Heard, text: &str, batch: &mut Batch) -> Result<(), BotError> {
        if self.writer(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        let chart = self.0.people.chart();
        let ids: Vec<PersonId> = match chart.person(&PersonId(text.to_owned())) {
            // Who has left is called by their number.
            Some(person) => vec![person.id.clone()],
            None => chart.called(text).into_iter().map(|person| person.id.clone()).collect(),
        };
        let zone = chart.by_account(&heard.sender).and_then(|me| workdays::named_zone(&me.zone));
        let zone = zone.unwrap_or_else(workdays::default_zone);
        let mut lines = Vec::new();
        for id in ids {
            for since in self.0.people.history(&id).await.map_err(broken)? {
                let day = workdays::local(since.at_ms, &zone).strftime("%Y-%m-%d %H:%M").to_string();
                lines.push(self.line_of_change(lang, &day, &since));
            }
        }
        self.answer_lines(batch, heard, lang, text, lines);
        Ok(())
    }

    fn line_of_change(&self, lang: Lang, day: &str, since: &Since) -> String {
        let status = match since.person.status {
            Status::Active => "org.status.active",
            Status::Suspended => "org.status.suspended",
            Status::Left => "org.status.left",
        };
        let (status, version, what) =
            (self.say(lang, status, &[]), since.version.to_string(), known(&since.person));
        let values = [
            ("day", day),
            ("version", version.as_str()),
            ("by", since.by.as_str()),
            ("status", status.as_str()),
            ("what", what.as_str()),
        ];
        self.say(lang, "org.since", &values)
    }
}

/// What decides what somebody may do: where they work, whom they head, under whom, in which roles.
fn known(person: &Person) -> String {
    let mut parts = vec![person.name.clone()];
    parts.extend(person.departments.iter().map(|path| path.as_str().to_owned()));
    parts.extend(Some(person.title.clone()).filter(|title| !title.is_empty()));
    parts.extend(person.head_of.iter().map(|path| format!("★{}", path.as_str())));
    parts.extend(person.manager.iter().map(|manager| format!("↑{manager}")));
    parts.extend(person.roles.iter().map(|role| format!("#{role}")));
    parts.join(" · ")
}
