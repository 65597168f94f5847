//! The ways to a person, in their order: their own chat, a card on another platform, a letter.

use mail::Address;
use people::Person;

use crate::{
    LOCALPART, OfficeError,
    instance::{Instance, Instead},
    limits::ACCOUNTS_KNOWN_MAX,
    wire::Approvals,
};

/// What there is beside the chats of this server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Ways<'a> {
    /// The platforms that are bridged and show cards.
    pub cards: &'a [&'static str],
    /// Letters can be sent.
    pub mail: bool,
}

/// The first way to a person beside their chat.
pub(super) fn beside_chat(person: &Person, ways: Ways<'_>) -> Instead {
    let mut elsewhere = person.elsewhere.iter();
    let has_card = elsewhere.any(|(network, _)| ways.cards.contains(&network.as_str()));
    // Bridges know a person by the account that the organisation keeps for them.
    if has_card && person.account.is_some() {
        return Instead::Card;
    }
    match Address::parse(&person.email) {
        Some(_) if ways.mail => Instead::Mail,
        Some(_) | None => Instead::Nothing,
    }
}

impl Approvals {
    /// The ways to who is asked in a case. What is secret is read in encrypted chats alone.
    pub(super) fn ways(&self, case: &Instance) -> Ways<'_> {
        match case.is_secret {
            true => Ways { cards: &[], mail: false },
            false => Ways { cards: self.platforms_with_cards(), mail: self.writes_letters() },
        }
    }

    /// Whether somebody has an account: the organisation keeps a name for everybody, also for who was never here.
    pub(crate) async fn has_account(&self, person: &Person) -> Result<bool, OfficeError> {
        let Some(account) = &person.account else { return Ok(false) };
        if account.server_name() != self.kit().server_name() || self.known_accounts().lock().contains(account)
        {
            return Ok(true);
        }
        let Some(intent) = self.kit().intent(LOCALPART) else { return Ok(true) };
        match intent.has_profile(account).await {
            Ok(true) => {
                let mut known = self.known_accounts().lock();
                if known.len() >= ACCOUNTS_KNOWN_MAX {
                    known.clear();
                }
                known.insert(account.clone());
                Ok(true)
            }
            Ok(false) => Ok(false),
            // What one may not look at is there.
            Err(kit::CallError::Refused { .. }) => Ok(true),
            Err(error) => Err(OfficeError::Later(error.to_string())),
        }
    }

    /// Whether somebody has an account and lets the bot talk to them.
    pub(super) async fn has_chat(&self, person: &Person) -> Result<bool, OfficeError> {
        let is_refused = match &person.account {
            Some(account) => self.kit().is_refused(LOCALPART, account).await?,
            None => true,
        };
        Ok(!is_refused && self.has_account(person).await?)
    }
}

#[cfg(test)]
mod tests {
    use people::DepartmentPath;

    use super::*;

    #[test]
    fn the_ways_to_a_person_have_an_order() {
        let person = |is_elsewhere: bool, email: &str| {
            let mut person = Person::new("2", "李四", DepartmentPath::parse("总部").unwrap());
            person.account = Some("@lisi:test".try_into().unwrap());
            person.elsewhere.extend(is_elsewhere.then(|| ("feishu".to_owned(), "ou_1".to_owned())));
            person.email = email.to_owned();
            person
        };
        // (bound elsewhere, address, the platforms that show cards, whether letters can be sent, the way)
        for (is_elsewhere, email, cards, mail, way) in [
            (true, "li@corp.example", &["dingtalk", "feishu"][..], true, Instead::Card),
            (true, "", &["feishu"], false, Instead::Card),
            (true, "li@corp.example", &["dingtalk", "wecom"], true, Instead::Mail),
            (true, "li@corp.example", &[], true, Instead::Mail),
            (false, "li@corp.example", &["feishu"], true, Instead::Mail),
            (false, "li@corp.example", &["feishu"], false, Instead::Nothing),
            (false, "li at corp", &["feishu"], true, Instead::Nothing),
            (false, "", &["feishu"], true, Instead::Nothing),
            (true, "", &["dingtalk"], true, Instead::Nothing),
        ] {
            let found = beside_chat(&person(is_elsewhere, email), Ways { cards, mail });
            assert_eq!(found, way, "{is_elsewhere} {email:?} {cards:?} {mail}");
        }
        let nobody = Person { account: None, ..person(true, "li@corp.example") };
        assert_eq!(beside_chat(&nobody, Ways { cards: &["feishu"], mail: true }), Instead::Mail);
    }
}
