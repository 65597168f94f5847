//! Invitations by mail.

use super::{NOW_MS, alice, hour, shanghai};
use crate::{
    Address, Party,
    ics::{Method, read},
    imip::written,
    tables::PostRow,
};

#[test]
fn an_invitation_by_mail_is_answered_to_the_mailbox_that_it_comes_from() {
    let mut event = hour("m1", "2026-11-05T10:00:00", shanghai());
    event.title = "评审\r\nBcc: eve@partner.example".to_owned();
    event.location = Some("会议室3".to_owned());
    event.organizer = Some(Party { address: alice(), name: "Alice".to_owned() });
    let row = PostRow {
        to: "bob@partner.example".to_owned(),
        method: Method::Request,
        item: event.into(),
        tries: 0,
        next_ms: NOW_MS,
    };
    let (letter, part) = written(&row, "meet@corp.example");
    assert!(!letter.subject.contains(['\r', '\n']), "{}", letter.subject);
    for word in ["评审", "2026-11-05 10:00", "Asia/Shanghai", "会议室3"] {
        assert!(letter.text.contains(word), "{word}: {}", letter.text);
    }
    assert_eq!(part.method, "REQUEST");
    let read = read(part.text.as_bytes(), &shanghai()).unwrap();
    assert_eq!(read.method, Some(Method::Request));
    let organizer = read.items[0].event.organizer.clone().unwrap();
    assert_eq!((organizer.address, organizer.name.as_str()), (Address::email("meet@corp.example"), "Alice"));
}
