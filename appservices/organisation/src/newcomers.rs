//! `!org link`: links of first logins in the direct chat of who may change the organisation, and their end when somebody leaves
//! before they came in.

use kit::{Attachment, BotError, CallError, Heard, Letter, To, notice, texts::Lang};
use people::Person;
use serde_json::json;
use store::{Batch, Scan};

use crate::{
    GivenLink, LOCALPART, Organisation,
    limits::{LINES_MAX, LINKS_INTERVAL_MS, LINKS_OF_COMMAND_MAX, LINKS_READ_MAX},
    links,
    tables::LINK,
};

/// The key of the timer.
pub(crate) const TIMER: &str = "links";

/// The words for everybody who has not come in.
const NEW: [&str; 3] = ["new", "--new", "新员工"];

impl Organisation {
    /// `!org link NAME`, or `!org link new`.
    pub(crate) async fn let_in(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        if self.writer(heard, batch).await?.is_none() {
            return Ok(());
        }
        let lang = self.language(&heard.sender).await?;
        match NEW.contains(&arguments) {
            true => self.link_all(heard, lang, batch).await,
            false => self.link_one(heard, arguments, lang, batch).await,
        }
    }

    async fn link_one(
        &self,
        heard: &Heard,
        text: &str,
        lang: Lang,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        let chart = self.0.people.chart();
        let mentioned = heard.mentions.iter().filter_map(|account| chart.by_account(account));
        let mut meant: Vec<&Person> = mentioned.collect();
        if meant.is_empty() {
            meant = chart.called(text);
        }
        let said = match meant.as_slice() {
            [person] => match self.0.links.give(person, heard.sender.as_str(), batch).await {
                Ok(Some(given)) => self.said_of_link(lang, &given),
                Ok(None) => self.say(lang, "org.link_without", &[("name", &person.name)]),
                Err(error) => self.refused_link(lang, error)?,
            },
            [] => self.say(lang, "org.nobody", &[("text", text)]),
            several => {
                let count = several.len().to_string();
                self.say(lang, "org.link_several", &[("text", text), ("count", &count)])
            }
        };
        self.answer(batch, heard, "r", &said);
        Ok(())
    }

    async fn link_all(&self, heard: &Heard, lang: Lang, batch: &mut Batch) -> Result<(), BotError> {
        let given = self.0.links.give_new(None, LINKS_OF_COMMAND_MAX, heard.sender.as_str(), batch).await;
        let (links, more) = match given {
            Ok(given) => given,
            Err(error) => {
                let said = self.refused_link(lang, error)?;
                self.answer(batch, heard, "r", &said);
                return Ok(());
            }
        };
        let (given, refused): (Vec<GivenLink>, Vec<GivenLink>) =
            links.into_iter().partition(|link| link.outcome.is_ok());
        let mut lines: Vec<String> =
            refused.iter().take(LINES_MAX).map(|link| self.said_of_link(lang, link)).collect();
        if given.is_empty() && lines.is_empty() {
            lines.push(self.say(lang, "org.links_none", &[]));
        }
        if given.is_empty() {
            lines.extend(more.map(|_| self.say(lang, "org.links_more", &[])));
            self.answer(batch, heard, "r", &lines.join("\n"));
            return Ok(());
        }
        let mailed = given.iter().filter(|link| matches!(&link.outcome, Ok((_, Some(_))))).count();
        let (count, mailed) = (given.len().to_string(), mailed.to_string());
        lines.push(self.say(lang, "org.links_given", &[("count", &count), ("mailed", &mailed)]));
        if more.is_some() {
            lines.push(self.say(lang, "org.links_more", &[]));
        }
        self.answer(batch, heard, "r", &lines.join("\n"));
        let mut content = notice(&self.say(lang, "org.links", &[]));
        content["msgtype"] = json!("m.file");
        let to = To::Direct(heard.sender.clone());
        let letter = Letter::message(format!("links/{}", heard.event_id), LOCALPART, to, content);
        let attachment = Attachment {
            name: "links.csv".to_owned(),
            mimetype: "text/csv".to_owned(),
            bytes: links::file(&given).into_bytes(),
        };
        self.0.kit.outbox().put(batch, Letter { attachment: Some(attachment), ..letter });
        Ok(())
    }

    fn said_of_link(&self, lang: Lang, given: &GivenLink) -> String {
        let of_whom = [("name", given.name.as_str()), ("account", given.account.as_str())];
        match &given.outcome {
            Ok((link, address)) => {
                let said = self.say(lang, "org.link", &[of_whom[0], of_whom[1], ("link", link.as_str())]);
                match address {
                    Some(address) => {
                        format!("{said}\n{}", self.say(lang, "org.link_mailed", &[("address", address)]))
                    }
                    None => said,
                }
            }
            Err(reason) => {
                let key = match reason.as_str() {
                    "past" => "org.link_past",
                    "open" => "org.link_open",
                    "locked" => "org.link_locked",
                    "closed" => "org.link_closed",
                    "elsewhere" => "org.link_elsewhere",
                    "later" => "org.link_later",
                    _ => "org.link_name",
                };
                self.say(lang, key, &of_whom)
            }
        }
    }

    /// What is said when the homeserver refuses; asked again later when it cannot be asked now.
    fn refused_link(&self, lang: Lang, error: CallError) -> Result<String, BotError> {
        match error {
            CallError::Refused { message, .. } => {
                Ok(self.say(lang, "org.link_refused", &[("reason", &message)]))
            }
            error @ (CallError::Limited(_) | CallError::Unreachable(_)) => {
                Err(BotError::Later(error.to_string()))
            }
        }
    }

    /// Has the next look at links come.
    pub(crate) fn look_at_links(&self, batch: &mut Batch) {
        let at_ms = self.0.kit.clock().now_ms().saturating_add(LINKS_INTERVAL_MS);
        self.0.kit.timers().set(batch, LOCALPART, TIMER, at_ms, json!({}));
    }

    /// Voids the links of people who left or were suspended before they came in.
    pub(crate) async fn keep_links(&self, batch: &mut Batch) -> Result<(), BotError> {
        let chart = self.0.people.chart();
        let now_ms = self.0.kit.clock().now_ms();
        let Some(intent) = self.0.kit.intent(LOCALPART) else { return Ok(()) };
        let mut scan = Scan::all().limit(LINKS_READ_MAX);
        loop {
            let rows = self.0.kit.store().scan(&LINK, scan).await?;
            let Some((last, _)) = rows.last() else { break };
            scan = Scan::all().after(last).limit(LINKS_READ_MAX);
            for (account, expires_ms) in &rows {
                let is_here = chart.by_account(account).is_some();
                if !is_here && *expires_ms > now_ms {
                    match intent.end_first_login(account).await {
                        Ok(()) => {}
                        // The registration does not allow it: then no link of ours works either.
                        Err(CallError::Refused { .. }) => {}
                        Err(error) => return Err(BotError::Later(error.to_string())),
                    }
                }
                if !is_here || *expires_ms <= now_ms {
                    batch.expect_eq(&LINK, account, expires_ms);
                    batch.delete(&LINK, account);
                }
            }
        }
        self.look_at_links(batch);
        Ok(())
    }
}
