//! With which keys the bots of partners sign their records.
//!
//! Those that are seen first stay. Another one counts when a known one handed over to it (`handing`), or when a record is signed by
//! it and by one that is known; else nobody takes it, and those who look after approvals hear of it: they may have the known ones
//! forgotten.

use std::collections::BTreeMap;

use cases::{Fault, PublicKeys, Record, Refusal};
use kit::Heard;
use ruma::ServerName;
use store::{Batch, Scan};

use super::{judge::Forgery, telling::told_of_key};
use crate::{
    OfficeError,
    limits::PARTNER_KEYS_MAX,
    tables::{PARTNER_KEY, TOLD},
    wire::Approvals,
};

/// Public halves by the id of their key, base64.
pub(super) type Texts = BTreeMap<String, String>;

/// Until when keys signed, in ms since 1970, by their ids.
type Ends = BTreeMap<String, u64>;

/// The keys by which a record is judged.
pub(super) struct Keys {
    /// All of them.
    pub all: PublicKeys,
    /// Those that are not known yet: they are remembered when the record is believed.
    pub new: Texts,
}

/// Reads keys; none where one of them cannot be read.
pub(super) fn parsed(keys: &Texts) -> PublicKeys {
    PublicKeys::parse(keys.iter().map(|(id, key)| (id.as_str(), key.as_str()))).unwrap_or_default()
}

/// The keys for a record that comes with some. Pure.
fn keys_among((known, ends): (&Texts, &Ends), record: &Record, offered: &Texts) -> Result<Keys, Forgery> {
    let mut new = Texts::new();
    for id in record.sig.keys().take(PARTNER_KEYS_MAX) {
        match (known.get(id), offered.get(id)) {
            (Some(known), Some(offered)) if known != offered => return Err(Forgery::Key),
            (None, Some(offered)) => drop(new.insert(id.clone(), offered.clone())),
            (Some(_), _) | (None, None) => {}
        }
    }
    if known.len() + new.len() > PARTNER_KEYS_MAX {
        // No more are read back: one beyond that would count as new for ever.
        return Err(Forgery::Key);
    }
    let old = parsed(known).ending(ends);
    if !known.is_empty() && !new.is_empty() && old.signed(record).is_err() {
        return Err(Forgery::Key);
    }
    Ok(Keys { all: old.and(parsed(&new)), new })
}

/// Whether a record is signed by a known key. Pure.
pub(super) fn is_signed(record: &Record, known: &PublicKeys) -> Result<(), Forgery> {
    match known.signed(record) {
        Ok(_) => Ok(()),
        Err(Fault::Form(_)) => Err(Forgery::Record),
        Err(Fault::Signature(_)) => Err(Forgery::Signature),
        Err(_) => Err(Forgery::Key),
    }
}

impl Approvals {
    /// The keys that are known of the bot of a partner.
    pub(super) async fn known_keys(&self, server: &ServerName) -> Result<Texts, OfficeError> {
        Ok(self.keys_and_ends(server).await?.0)
    }

    async fn keys_and_ends(&self, server: &ServerName) -> Result<(Texts, Ends), OfficeError> {
        let scan = Scan::prefix(server).limit(PARTNER_KEYS_MAX);
        let (mut keys, mut ends) = (Texts::new(), Ends::new());
        for ((_, id), text) in self.kit().store().scan(&PARTNER_KEY, scan).await? {
            let (key, end) = text.split_once(' ').unwrap_or((&text, ""));
            ends.extend(end.parse::<u64>().ok().map(|until_ms| (id.clone(), until_ms)));
            keys.insert(id, key.to_owned());
        }
        Ok((keys, ends))
    }

    /// The same with their ends, to verify by.
    pub(super) async fn public_keys_of(&self, server: &ServerName) -> Result<PublicKeys, OfficeError> {
        let (keys, ends) = self.keys_and_ends(server).await?;
        Ok(parsed(&keys).ending(&ends))
    }

    /// The keys by which a record of a partner's bot is judged, which comes with some.
    pub(super) async fn keys_for(
        &self,
        server: &ServerName,
        record: &Record,
        offered: &Texts,
    ) -> Result<Result<Keys, Forgery>, OfficeError> {
        let (known, ends) = self.keys_and_ends(server).await?;
        Ok(keys_among((&known, &ends), record, offered))
    }

    /// Keys are known from now on.
    pub(super) fn remember_keys(&self, batch: &mut Batch, server: &ServerName, new: &Texts) {
        for (id, key) in new {
            let row = (server.to_owned(), id.clone());
            batch.expect_absent(&PARTNER_KEY, &row).put(&PARTNER_KEY, &row, key);
        }
    }

    /// Keys are known from now on, and until when they signed, as far as they have an end.
    pub(super) fn remember_handed(&self, batch: &mut Batch, server: &ServerName, keys: &PublicKeys) {
        let ends = keys.ends();
        for (id, key) in keys.texts() {
            let end = ends.get(&id).map(|until_ms| format!(" {until_ms}")).unwrap_or_default();
            batch.put(&PARTNER_KEY, &(server.to_owned(), id), &format!("{key}{end}"));
        }
    }

    /// A request names the keys that sign the records of its case: the first ones of a partner are remembered.
    pub(super) async fn learn_first_keys(
        &self,
        heard: &Heard,
        offered: &Texts,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let server = heard.sender.server_name();
        let known = self.known_keys(server).await?;
        if known.is_empty() && !parsed(offered).is_empty() && offered.len() <= PARTNER_KEYS_MAX {
            self.remember_keys(batch, server, offered);
        } else if !known.is_empty() && offered.iter().any(|(id, key)| known.get(id) != Some(key)) {
            self.warn_of_key(heard, batch).await?;
        }
        Ok(())
    }

    /// Those who look after approvals have the known keys of a partner forgotten; the next ones that are seen stay.
    pub(in crate::wire) async fn trust_anew(
        &self,
        heard: &Heard,
        server: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if !self.looks_after(heard, batch).await? {
            return Ok(());
        }
        let partner = ServerName::parse(server).ok().filter(|server| self.kit().is_partner(server));
        let Some(partner) = partner else {
            return self.refuse(heard, &Refusal::new("E107").with("no", server), batch).await;
        };
        for row in self.kit().store().scan_keys(&PARTNER_KEY, Scan::prefix(&*partner)).await? {
            batch.delete(&PARTNER_KEY, &row);
        }
        batch.delete(&TOLD, &told_of_key(partner.as_str()));
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        self.answer(batch, heard, &pen.say("partner.trusted", &[("server", server)]));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use cases::Signer;

    use super::*;
    use crate::tests::partner::{entry, new_signer as signer};

    fn record(signers: &[&Signer]) -> Record {
        let mut record = Record::signed(entry(), "01", "PR-1", 1, "sha256:00", signers[0]).unwrap();
        let bytes = record.signed_bytes().unwrap();
        record.sig.extend(signers[1..].iter().map(|signer| signer.sign(&bytes)));
        record
    }

    #[test]
    fn a_new_key_counts_only_beside_a_known_one() {
        let (old, new, false_old) = (signer("ent_1"), signer("ent_2"), signer("ent_1"));
        let texts = |signers: &[&Signer]| {
            signers.iter().flat_map(|signer| signer.public().texts()).collect::<Texts>()
        };
        let known = texts(&[&old]);
        // (who signs, which keys come along, what is new, or why it is not taken)
        let cases: [(&[&Signer], Texts, Result<usize, Forgery>); 6] = [
            (&[&old], texts(&[&old]), Ok(0)),
            (&[&old], Texts::new(), Ok(0)),
            (&[&new], texts(&[&new]), Err(Forgery::Key)),
            (&[&false_old], texts(&[&false_old]), Err(Forgery::Key)),
            (&[&old, &new], texts(&[&new]), Ok(1)),
            (&[&false_old, &new], texts(&[&new]), Err(Forgery::Key)),
        ];
        for (place, (signers, offered, expected)) in cases.into_iter().enumerate() {
            let found =
                keys_among((&known, &Ends::new()), &record(signers), &offered).map(|keys| keys.new.len());
            assert_eq!(found, expected, "{place}");
        }
        assert_eq!(
            keys_among((&Texts::new(), &Ends::new()), &record(&[&new]), &texts(&[&new]))
                .map(|keys| keys.new.len()),
            Ok(1)
        );
        assert_eq!(is_signed(&record(&[&new]), &parsed(&known)), Err(Forgery::Key));
        assert_eq!(is_signed(&record(&[&false_old]), &parsed(&known)), Err(Forgery::Signature));
        assert_eq!(is_signed(&record(&[&old]), &parsed(&known)), Ok(()));
    }

    #[test]
    fn no_more_keys_are_taken_than_are_read_back() {
        let many: Vec<Signer> =
            (0..=PARTNER_KEYS_MAX).map(|place| signer(&format!("many_{place}"))).collect();
        let texts =
            |signers: &[Signer]| signers.iter().flat_map(|signer| signer.public().texts()).collect::<Texts>();
        let both = record(&[&many[0], &many[PARTNER_KEYS_MAX]]);
        // (how many are known, what is new, or why it is not taken)
        for (count, expected) in [(PARTNER_KEYS_MAX - 1, Ok(1)), (PARTNER_KEYS_MAX, Err(Forgery::Key))] {
            let found =
                keys_among((&texts(&many[..count]), &Ends::new()), &both, &texts(&many[PARTNER_KEYS_MAX..]));
            assert_eq!(found.map(|keys| keys.new.len()), expected, "{count}");
        }
    }
}
