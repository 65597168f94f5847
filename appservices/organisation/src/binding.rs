//! An account becomes a person's: asked for from the account, confirmed by somebody who may change the organisation.

use kit::{BotError, Heard, Letter, Related, Relation, To, message};
use people::{PersonId, import::WRITERS};
use ruma::UserId;
use serde_json::json;
use store::Batch;

use crate::{Organisation, bot::LOCALPART};

/// Begins the keys of cards. What follows is separated by spaces, which no account has; the number is the last.
const CARD: &str = "bind ";

/// The account and the employee number of a card's key.
pub(crate) fn of_key(key: &str) -> Option<(&str, &str)> {
    let mut parts = key.strip_prefix(CARD)?.splitn(4, ' ');
    let (account, _writer, _event) = (parts.next()?, parts.next()?, parts.next()?);
    Some((account, parts.next()?))
}

impl Organisation {
    /// `!bind matrix NUMBER`, from an account of this server that is nobody's.
    pub(crate) async fn bind(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        let lang = self.language(&heard.sender).await?;
        let chart = self.0.people.chart();
        let mut words = arguments.split_whitespace();
        let person = match (words.next(), words.next(), words.next()) {
            (Some(network), Some(number), None) if network.eq_ignore_ascii_case("matrix") => {
                chart.active(&PersonId(number.to_owned()))
            }
            _ => {
                self.answer(batch, heard, "r", &self.say(lang, "org.bind_how", &[]));
                return Ok(());
            }
        };
        let is_free = chart.by_account(&heard.sender).is_none();
        let is_here = heard.sender.server_name() == self.0.kit.server_name();
        // Which numbers there are is nobody's business who is nobody here: all of them read the same answer.
        let Some(person) = person.filter(|person| is_free && is_here && person.account.is_none()) else {
            self.answer(batch, heard, "r", &self.say(lang, "org.bind_taken", &[]));
            return Ok(());
        };
        for writer in chart.in_role(WRITERS).iter().filter_map(|id| chart.active(id)?.account.as_ref()) {
            let lang = self.language(writer).await?;
            let values = [("account", heard.sender.as_str()), ("name", &person.name), ("id", &person.id.0)];
            let text = self.say(lang, "org.bind_card", &values);
            let key = format!("{CARD}{} {writer} {} {}", heard.sender, heard.event_id, person.id);
            let to = To::Direct(writer.clone());
            let content = message(&text, std::slice::from_ref(writer));
            self.0.kit.outbox().put(batch, Letter::message(&key, LOCALPART, to.clone(), content));
            for (place, reaction) in ["✅", "❌"].into_iter().enumerate() {
                let relation = Relation::Reacts(Related::Letter(key.clone()), reaction.to_owned());
                let seed = Letter::message(format!("seed {place} {key}"), LOCALPART, to.clone(), json!({}));
                self.0.kit.outbox().put(batch, seed.relating(relation));
            }
        }
        self.answer(batch, heard, "r", &self.say(lang, "org.bind_asked", &[("name", &person.name)]));
        Ok(())
    }

    /// Somebody taps on the card of a binding.
    pub(crate) async fn binds(
        &self,
        heard: &Heard,
        reaction: &str,
        account: &str,
        id: &str,
        batch: &mut Batch,
    ) -> Result<(), BotError> {
        let Ok(account) = UserId::parse(account) else { return Ok(()) };
        let Some(writer) = self.writer(heard, batch).await? else { return Ok(()) };
        let chart = self.0.people.chart();
        let name = chart.person(&PersonId(id.to_owned())).map_or(id, |person| &person.name).to_owned();
        let key = match reaction {
            "✅" if self.bind_person(id, &account, heard.sender.as_str()).await? => "org.bound",
            "✅" => "org.bind_taken",
            "❌" => "org.bind_refused",
            _ => return Ok(()),
        };
        let values = [("account", account.as_str()), ("name", name.as_str()), ("who", writer.name.as_str())];
        let lang = self.language(&heard.sender).await?;
        self.answer(batch, heard, "r", &self.say(lang, key, &values));
        let theirs = self.language(&account).await?;
        let told = message(&self.say(theirs, key, &values), &[]);
        let letter =
            Letter::message(format!("told/{}", heard.event_id), LOCALPART, To::Direct(account), told);
        self.0.kit.outbox().put(batch, letter);
        Ok(())
    }
}
