use std::sync::Arc;

use base::Clock;
use ruma::{owned_server_name, signatures::Ed25519KeyPair};
use store::{Identity, MemoryKv, Store};

use super::{entry, exported};
use crate::*;

/// When the first key ended.
const END_MS: u64 = 10;

fn named(version: &str) -> Signer {
    let document = Ed25519KeyPair::generate();
    Signer::new(Arc::new(Ed25519KeyPair::from_der(&document, version.into()).unwrap()))
}

/// A chain whose records are signed by these keys at these moments.
fn chain(signed: &[(&Signer, u64)]) -> Exported {
    let mut case = exported("AP-1", 0, signed[0].0);
    let mut prev = hash_of(case.origin.as_bytes());
    for (seq, (signer, at_ms)) in (1..).zip(signed) {
        let record = Record::signed(entry("approve", *at_ms), "01JC", "AP-1", seq, &prev, signer).unwrap();
        prev = record.hash().unwrap();
        case.records.push(record);
    }
    case
}

fn verdict(case: &Exported, keys: &PublicKeys) -> Result<Verified, Broken> {
    verify(&case.no, &hash_of(case.origin.as_bytes()), &case.records, keys)
}

#[test]
fn a_chain_across_a_handover_holds_and_what_an_old_key_signs_later_is_refused() {
    let (old, new) = (named("ent_1"), named("ent_2"));
    let handed = [Handover::signed(&old, &new, END_MS).unwrap()];
    let good = chain(&[(&old, 1), (&old, END_MS), (&new, END_MS + 1)]);
    // Whichever of them is known.
    for known in [&old, &new] {
        let keys = known.public().led_on(&handed);
        assert_eq!(verdict(&good, &keys).unwrap().signers.len(), 2);
        let late = chain(&[(&old, 1), (&new, END_MS + 1), (&old, END_MS + 1)]);
        let broken = verdict(&late, &keys).unwrap_err();
        assert_eq!((broken.seq, broken.fault), (3, Fault::Ended(old.id())));
    }
    assert_eq!(
        verdict(&good, &old.public()).unwrap_err().seq,
        3,
        "without the handover the new key is nobody's"
    );
}

#[test]
fn only_what_both_keys_say_leads_on_and_once() {
    let (old, new, evil) = (named("ent_1"), named("ent_2"), named("ent_3"));
    let good = Handover::signed(&old, &new, END_MS).unwrap();
    let known = old.public();
    let leads = |handover: &Handover, from: &PublicKeys| from.clone().led_on(std::slice::from_ref(handover));
    assert_eq!(leads(&good, &known).texts().len(), 2);
    assert_eq!(leads(&good, &evil.public()), evil.public(), "nobody known is in it");
    let mut later = good.clone();
    later.at += 1;
    let mut unsigned = good.clone();
    unsigned.sig.remove(&new.id());
    let impostor = Handover::signed(&named("ent_1"), &new, END_MS).unwrap();
    for forged in [later, unsigned, impostor] {
        assert_eq!(leads(&forged, &known), known);
    }
    // Whoever stole the old key after its end names another one in vain.
    let stolen = Handover::signed(&old, &evil, END_MS - 5).unwrap();
    let keys = known.led_on(&[good]);
    assert_eq!(leads(&stolen, &keys), keys);
}

#[test]
fn an_export_across_a_handover_verifies_by_either_key() {
    let (old, new) = (named("ent_1"), named("ent_2"));
    let handed = [Handover::signed(&old, &new, END_MS).unwrap()];
    let keys = new.public().led_on(&handed);
    let written = |signer: &Signer| {
        let mut export = Export::begin(&keys, &handed, 1).unwrap();
        export.case(&chain(&[(&old, 1), (&new, END_MS + 1)])).unwrap();
        export.finish(signer).unwrap()
    };
    let text = written(&new);
    for trusted in [PublicKeys::default(), old.public(), new.public()] {
        let report = verify_export(text.as_bytes(), &trusted).unwrap();
        assert_eq!(report.signers, keys.texts());
    }
    assert!(verify_export(text.as_bytes(), &named("ent_2").public()).is_err());
    for trusted in [PublicKeys::default(), old.public(), new.public()] {
        assert!(
            verify_export(written(&old).as_bytes(), &trusted).is_err(),
            "the old key ends no export any more"
        );
    }
}

#[tokio::test]
async fn a_store_signs_with_its_new_key_and_verifies_by_all() {
    let clock = Clock::fake(1_793_836_800_000);
    let name = owned_server_name!("corp.example");
    let engine = Arc::new(MemoryKv::new());
    let store = Store::open(engine, tables(), Identity::new(&name, &clock), Vec::new()).await.unwrap();
    let first = Signer::of_store(&store).await.unwrap();
    for (count, at_ms) in [(1, 20), (2, 15)] {
        let before = Signer::of_store(&store).await.unwrap();
        let handover = rotate(&store, at_ms).await.unwrap();
        let after = Signer::of_store(&store).await.unwrap();
        assert_eq!((&handover.from, &handover.to), (&before.id(), &after.id()));
        assert_eq!(after.handovers().len(), count);
        assert_eq!(handover.at, 20, "no key ends before it began");
        assert_eq!(after.all().texts().len(), count + 1);
        assert_eq!(after.all().ends().get(&before.id()), Some(&20));
    }
    let last = Signer::of_store(&store).await.unwrap();
    assert_eq!((first.id(), last.id()), ("ed25519:ent_1".to_owned(), "ed25519:ent_3".to_owned()));
    assert_eq!(first.public().led_on(last.handovers()), last.all(), "from the first to the last");
}
