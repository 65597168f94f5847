//! With which keys the bots of partners sign their records.
//!
//! Those that are seen first stay. Another one counts when a record is signed by it and by one that is known; else nobody
//! takes it, and those who look after approvals hear of it: they may have the known ones forgotten.

use std::collections::BTreeMap;

use cases::{PublicKeys, Record, Refusal};
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
type Texts = BTreeMap<String, String>;

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
fn keys_among(known: &Texts, record: &Record, offered: &Texts) -> Result<Keys, Forgery> {
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
    let old = parsed(known);
    if !known.is_empty() && !new.is_empty() {
        let bytes = record.signed_bytes().map_err(|_| Forgery::Record)?;
        let mut verdicts = record.sig.iter().map(|(id, sig)| old.verifies(id, sig, &bytes));
        if !verdicts.any(|verdict| verdict == Some(true)) {
            return Err(Forgery::Key);
        }
    }
    Ok(Keys { all: old.and(parsed(&new)), new })
}

/// Whether a record is signed by a known key. Pure.
pub(super) fn is_signed(record: &Record, known: &Texts) -> Result<(), Forgery> {
    let keys = parsed(known);
    let bytes = record.signed_bytes().map_err(|_| Forgery::Record)?;
    let verdicts: Vec<_> = record.sig.iter().map(|(id, sig)| keys.verifies(id, sig, &bytes)).collect();
    match (verdicts.contains(&Some(false)), verdicts.contains(&Some(true))) {
        (true, _) => Err(Forgery::Signature),
        (false, true) => Ok(()),
        (false, false) => Err(Forgery::Key),
    }
}

impl Approvals {
    /// The keys that are known of the bot of a partner.
    pub(super) async fn known_keys(&self, server: &ServerName) -> Result<Texts, OfficeError> {
        let scan = Scan::prefix(server).limit(PARTNER_KEYS_MAX);
        let rows = self.kit().store().scan(&PARTNER_KEY, scan).await?;
        Ok(rows.into_iter().map(|((_, id), key)| (id, key)).collect())
    }

    /// The keys by which a record of a partner's bot is judged, which comes with some.
    pub(super) async fn keys_for(
        &self,
        server: &ServerName,
        record: &Record,
        offered: &Texts,
    ) -> Result<Result<Keys, Forgery>, OfficeError> {
        Ok(keys_among(&self.known_keys(server).await?, record, offered))
    }

    /// Keys are known from now on.
    pub(super) fn remember_keys(&self, batch: &mut Batch, server: &ServerName, new: &Texts) {
        for (id, key) in new {
            let row = (server.to_owned(), id.clone());
            batch.expect_absent(&PARTNER_KEY, &row).put(&PARTNER_KEY, &row, key);
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
    use std::sync::Arc;

    use cases::{Entry, Signer, Via};
    use ruma::signatures::Ed25519KeyPair;

    use super::*;

    fn signer(version: &str) -> Signer {
        let document = Ed25519KeyPair::generate().to_vec();
        Signer::new(Arc::new(Ed25519KeyPair::from_der(&document, version.to_owned()).unwrap()))
    }

    fn record(signers: &[&Signer]) -> Record {
        let entry = Entry {
            action: "approve".into(),
            actor: "@pan:partner".into(),
            on_behalf_of: None,
            via: Via::Matrix,
            source: None,
            link: None,
            node: None,
            task: None,
            from: "asked".into(),
            to: "approved".into(),
            form_sha256: None,
            reason_sha256: None,
            template: "request".into(),
            at_ms: 1,
        };
        let mut record = Record::signed(entry, "01", "PR-1", 1, "sha256:00", signers[0]).unwrap();
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
            let found = keys_among(&known, &record(signers), &offered).map(|keys| keys.new.len());
            assert_eq!(found, expected, "{place}");
        }
        assert_eq!(
            keys_among(&Texts::new(), &record(&[&new]), &texts(&[&new])).map(|keys| keys.new.len()),
            Ok(1)
        );
        assert_eq!(is_signed(&record(&[&new]), &known), Err(Forgery::Key));
        assert_eq!(is_signed(&record(&[&false_old]), &known), Err(Forgery::Signature));
        assert_eq!(is_signed(&record(&[&old]), &known), Ok(()));
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
            let found = keys_among(&texts(&many[..count]), &both, &texts(&many[PARTNER_KEYS_MAX..]));
            assert_eq!(found.map(|keys| keys.new.len()), expected, "{count}");
        }
    }
}
