use super::{exported, signer};
use crate::*;

/// What is done, at which record it is to be found, and how.
type Tampering = (&'static str, u64, fn(&mut Exported));

fn holds(case: &Exported, keys: &PublicKeys) -> Result<Verified, Broken> {
    verify(&case.no, &hash_of(case.origin.as_bytes()), &case.records, keys)
}

#[test]
fn a_chain_holds_until_anything_in_it_is_changed() {
    let signer = signer();
    let keys = signer.public();
    let good = exported("AP-1", 4, &signer);
    let verified = holds(&good, &keys).unwrap();
    assert_eq!((verified.records, verified.signers.len()), (4, 1));

    let change: [Tampering; 8] = [
        ("another actor", 3, |case| case.records[2].actor = "@eve:corp.example".into()),
        ("another time", 1, |case| case.records[0].at += 1),
        ("another link", 2, |case| case.records[1].prev = hash_of(b"x")),
        ("one gone in the middle", 2, |case| drop(case.records.remove(1))),
        ("two changed places", 2, |case| case.records.swap(1, 2)),
        ("one twice", 3, |case| case.records.insert(2, case.records[1].clone())),
        ("another template", 1, |case| case.origin.push(' ')),
        ("no signature", 4, |case| case.records[3].sig.clear()),
    ];
    for (what, seq, change) in change {
        let mut case = good.clone();
        change(&mut case);
        assert_eq!(holds(&case, &keys).unwrap_err().seq, seq, "{what}");
    }
}

#[test]
fn a_stranger_cannot_write_a_chain() {
    let forged = exported("AP-1", 2, &signer());
    let broken = holds(&forged, &signer().public()).unwrap_err();
    assert!(matches!(broken.fault, Fault::Signature(_)), "{broken}");
    assert_eq!(holds(&forged, &PublicKeys::default()).unwrap_err().fault, Fault::Unsigned);
}

fn export(cases: u64, signer: &Signer) -> String {
    let mut export = Export::begin(&signer.public(), &[], cases).unwrap();
    for n in 0..cases {
        export.case(&exported(&format!("AP-{n}"), 3, signer)).unwrap();
    }
    export.finish(signer).unwrap()
}

#[test]
fn an_export_verifies_without_a_server() {
    let signer = signer();
    let text = export(5, &signer);
    let report = verify_export(text.as_bytes(), &PublicKeys::default()).unwrap();
    assert_eq!((report.cases, report.records), (5, 15));
    assert_eq!(report.signers, signer.public().texts());
    assert!(verify_export(text.as_bytes(), &signer.public()).is_ok());
    assert!(
        verify_export(text.as_bytes(), &super::signer().public()).is_err(),
        "the key is not a trusted one"
    );
}

#[test]
fn every_flipped_byte_of_an_export_is_found() {
    let text = export(2, &signer());
    for place in 0..text.len() {
        let mut bytes = text.clone().into_bytes();
        bytes[place] ^= 1;
        assert!(verify_export(bytes.as_slice(), &PublicKeys::default()).is_err(), "byte {place}");
    }
}

#[test]
fn the_first_broken_link_is_named() {
    let signer = signer();
    let text = export(1_000, &signer);
    let line = text.lines().position(|line| line.contains("\"AP-700\"")).unwrap();
    let lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let mut changed = lines.clone();
    changed[line] = changed[line].replacen("\"at\":2,", "\"at\":9,", 1);
    let error = verify_export((changed.join("\n") + "\n").as_bytes(), &PublicKeys::default()).unwrap_err();
    assert!(
        matches!(&error, ExportFault::Chain { broken, .. } if broken.no == "AP-700" && broken.seq == 2),
        "{error}"
    );
    for gone in [line, lines.len() - 1] {
        let mut shorter = lines.clone();
        shorter.remove(gone);
        assert!(verify_export((shorter.join("\n") + "\n").as_bytes(), &PublicKeys::default()).is_err());
    }
}

#[test]
fn a_changed_text_is_found_at_the_record_that_stands_for_it() {
    let signer = signer();
    let mut case = exported("AP-1", 2, &signer);
    case.texts.insert(hash_of(b"form"), "another form".into());
    let mut export = Export::begin(&signer.public(), &[], 1).unwrap();
    export.case(&case).unwrap();
    let text = export.finish(&signer).unwrap();
    let error = verify_export(text.as_bytes(), &PublicKeys::default()).unwrap_err();
    assert!(
        matches!(&error, ExportFault::Chain { broken, .. } if broken.seq == 1 && broken.fault == Fault::Text),
        "{error}"
    );
}

#[test]
fn a_flipped_byte_among_a_thousand_instances_is_found() {
    let signer = signer();
    let text = export(1_000, &signer);
    let report = verify_export(text.as_bytes(), &signer.public()).unwrap();
    assert_eq!((report.cases, report.records), (1_000, 3_000));
    // Near the beginning, in the middle, and in the last line.
    for part in [3, text.len() / 2, text.len() - 40] {
        let mut bytes = text.clone().into_bytes();
        bytes[part] ^= 1;
        assert!(verify_export(bytes.as_slice(), &signer.public()).is_err(), "byte {part}");
    }
}
