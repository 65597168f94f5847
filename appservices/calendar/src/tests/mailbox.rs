//! The mailbox of answers, over a server at the wire.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use base::Shutdown;
use mail::MailSecurity;
use parking_lot::Mutex;
use ruma::OwnedUserId;
use store::{Batch, StoreError};
use tokio::{
    io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
    sync::{mpsc, watch},
};

use super::{alice, alice_id, calendars, hour, shanghai};
use crate::{
    Address, Attendee, Calendars, Change, Event, Mailbox, MailboxSettings, Partstat, Party, Refused, Returns,
    Role, Scheduling, What,
    ics::{self, Method},
    itip::Verdict,
    limits::MAIL_BYTES_MAX,
    mailbox::{Letter, read},
};

const GUEST: &str = "bob@partner.example";

/// A meeting of Alice's, to which a mailbox is asked.
fn meeting() -> Event {
    let mut event = hour("m1", "2026-11-06T10:00:00", shanghai());
    event.organizer = Some(Party { address: alice(), name: String::new() });
    event.attendees = vec![guest(Partstat::NeedsAction)];
    event
}

fn guest(partstat: Partstat) -> Attendee {
    Attendee {
        address: Address::email(GUEST),
        name: String::new(),
        role: Role::Required,
        partstat,
        answered_sequence: 0,
        answered_ms: 0,
    }
}

/// The guest's answer as a calendar.
fn answer(uid: &str, partstat: Partstat) -> String {
    let mut event = Event { uid: uid.to_owned(), attendees: vec![guest(partstat)], ..meeting() };
    event.stamp_ms = super::NOW_MS;
    ics::write(Some(Method::Reply), &[event])
}

fn letter(id: &str, headers: &str, calendar: &str) -> Vec<u8> {
    let head = format!("Message-ID: <{id}@partner.example>\r\n{headers}MIME-Version: 1.0\r\n");
    let kind = "Content-Type: text/calendar; charset=utf-8; method=REPLY\r\n";
    format!("{head}{kind}\r\n{calendar}").into_bytes()
}

fn from_guest(id: &str, calendar: &str) -> Vec<u8> {
    letter(id, &format!("From: Bob <{GUEST}>\r\n"), calendar)
}

#[test]
fn a_letter_counts_by_one_sender_and_its_own_calendars() {
    let calendar = answer("m1", Partstat::Accepted);
    let Letter { from, calendars, .. } = read(&from_guest("1", &calendar), None).unwrap().unwrap();
    assert_eq!((from, calendars.len()), (Address::email(GUEST), 1));
    for headers in [
        "",
        "From: a@x.example, b@x.example\r\n",
        "From: a@x.example\r\nFrom: b@x.example\r\n",
        "From: nobody\r\n",
        "From: bob@partner.example?@evil.example\r\n",
        "From: \"bob@partner.example?\"@evil.example\r\n",
        "From: bob@partner.example@evil.example\r\n",
        "From: \"bob@partner.example\\\\\"@evil.example\r\n",
    ] {
        assert!(read(&letter("1", headers, &calendar), None).is_err(), "{headers}");
    }
    let plain = b"From: bob@partner.example\r\nContent-Type: text/plain\r\n\r\nI am away";
    assert_eq!(read(plain, None).unwrap(), None);
    assert_eq!(read(b"", None).unwrap(), None);
    let parts = format!(
        "From: {GUEST}\r\nContent-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\nContent-Type: text/calendar\r\n\r\n{calendar}\r\n\
         --x\r\nContent-Type: application/ics\r\n\r\n{calendar}\r\n--x\r\nContent-Type: message/rfc822\r\n\r\nFrom: eve@x.example\r\n\
         Content-Type: text/calendar\r\n\r\nsomebody else's\r\n--x--\r\n"
    );
    let Letter { calendars, .. } = read(parts.as_bytes(), None).unwrap().unwrap();
    assert!(calendars.iter().all(|text| text.contains("VCALENDAR")), "{calendars:?}");
}

#[test]
fn who_is_vouched_for_is_said_by_our_own_mail_server_alone() {
    let calendar = answer("m1", Partstat::Accepted);
    let counts = |headers: &str| {
        let headers = format!("{headers}From: {GUEST}\r\n");
        read(&letter("1", &headers, &calendar), Some("mx.corp.example")).is_ok()
    };
    let verdict = |text: &str| format!("Authentication-Results: {text}\r\n");
    assert!(counts(&verdict(
        "mx.corp.example; spf=pass smtp.mailfrom=x; dmarc=pass header.from=partner.example"
    )));
    assert!(counts(&verdict("MX.corp.example 1; dmarc=pass (p=reject)")));
    for text in [
        "",
        "mx.corp.example; spf=pass; dmarc=fail",
        "mx.corp.example; spf=pass (dmarc=pass; dmarc=pass)",
        "mx.evil.example; dmarc=pass",
        "mx.corp.example (; dmarc=pass",
        "mx.corp.example; x=dmarc=pass",
        "mx.corp.example; spf=pass smtp.mailfrom=\"x; dmarc=pass y\"@evil.example; dmarc=fail",
        "mx.corp.example; spf=fail reason=\"a\\\"; dmarc=pass b\"; dmarc=fail",
        "mx.corp.example; spf=fail (a\\); dmarc=pass (b); dmarc=fail",
        "mx.corp.example; spf=fail \"(\"; (dmarc=fail; dmarc=pass",
    ] {
        assert!(!counts(&verdict(text)), "{text}");
    }
    assert!(!counts(""));
    let two = [verdict("mx.corp.example; dmarc=fail"), verdict("mx.corp.example; dmarc=pass")].concat();
    assert!(!counts(&two), "what the sender wrote below counts for nothing");
}

#[test]
fn hostile_letters_end_in_an_error_or_in_nothing() {
    let nested = "Content-Type: multipart/mixed; boundary=x\r\n\r\n--x\r\n".repeat(5_000);
    let folded = format!("From: {GUEST}\r\nContent-Type: text/calendar;\r\n {}", "x=\"".repeat(50_000));
    let encoded = format!(
        "From: {GUEST}\r\nContent-Type: text/calendar\r\nContent-Transfer-Encoding: base64\r\n\r\n{}",
        "=A\u{0}".repeat(9_000)
    );
    for bytes in [nested.as_bytes(), folded.as_bytes(), encoded.as_bytes(), &[0xff; 4096], b"From: \r\n\r\n"]
    {
        let read = read(bytes, None);
        assert!(
            read.is_err() || read.is_ok_and(|letter| letter.is_none_or(|letter| letter.calendars.len() <= 4))
        );
    }
}

/// The meetings bot of these tests: one meeting, and a line of what it was told.
struct Desk {
    told: mpsc::UnboundedSender<Change>,
}

#[async_trait]
impl Scheduling for Desk {
    async fn organized(&self, uid: &str) -> Result<Option<(OwnedUserId, Event)>, StoreError> {
        Ok((uid == "m1").then(|| (alice_id(), meeting())))
    }

    async fn changed(&self, change: &Change, batch: &mut Batch) -> Result<(), Refused> {
        let (told, change) = (self.told.clone(), change.clone());
        batch.on_visible(move |_| drop(told.send(change)));
        Ok(())
    }
}

/// A line of the names of letters that came back.
struct Back {
    told: mpsc::UnboundedSender<String>,
    /// What it says once it has put something into the batch.
    says: fn() -> Result<(), Refused>,
}

#[async_trait]
impl Returns for Back {
    async fn returned(&self, name: &str, batch: &mut Batch) -> Result<(), Refused> {
        let (told, name) = (self.told.clone(), name.to_owned());
        batch.on_visible(move |_| drop(told.send(name)));
        (self.says)()
    }
}

/// A mail server with one folder.
#[derive(Clone)]
struct Server {
    folder: Arc<Mutex<(u32, Vec<Vec<u8>>)>>,
    news: watch::Sender<()>,
    /// Closes connections.
    hang_up: watch::Sender<()>,
    bodies: Arc<AtomicUsize>,
    port: u16,
}

impl Server {
    async fn start(letters: Vec<Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let server = Self {
            folder: Arc::new(Mutex::new((7, letters))),
            news: watch::Sender::new(()),
            hang_up: watch::Sender::new(()),
            bodies: Arc::default(),
            port: listener.local_addr().unwrap().port(),
        };
        let serving = server.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (server, mut hang_up) = (serving.clone(), serving.hang_up.subscribe());
                tokio::spawn(async move {
                    tokio::select! {
                        () = server.talks(stream) => {}
                        _ = hang_up.changed() => {}
                    }
                });
            }
        });
        server
    }

    /// Another letter is there.
    fn gets(&self, letter: Vec<u8>) {
        self.folder.lock().1.push(letter);
        self.news.send_replace(());
    }

    async fn talks(&self, mut stream: TcpStream) {
        let (reader, mut writer) = stream.split();
        let mut lines = BufReader::new(reader).lines();
        // How many letters this client knows of.
        let mut told = 0;
        writer.write_all(b"* OK hello\r\n").await.unwrap();
        while let Ok(Some(line)) = lines.next_line().await {
            let (tag, command) = line.split_once(' ').unwrap_or((&line, ""));
            let done = format!("{tag} OK done\r\n");
            let answer = match command.split(' ').collect::<Vec<_>>().as_slice() {
                ["LOGIN", _, "\"right\""] => done,
                ["LOGIN", ..] => format!("{tag} NO wrong\r\n"),
                ["CAPABILITY"] => format!("* CAPABILITY IMAP4rev1 IDLE\r\n{done}"),
                ["EXAMINE", _] => {
                    let (validity, letters) = &*self.folder.lock();
                    told = letters.len();
                    format!("* {} EXISTS\r\n* OK [UIDVALIDITY {validity}] ok\r\n{done}", letters.len())
                }
                ["UID", "SEARCH", "UID", range] => {
                    let first: usize = range.split(':').next().unwrap().parse().unwrap();
                    let last = self.folder.lock().1.len();
                    let uids: String = (first.min(last).max(1)..=last).map(|uid| format!(" {uid}")).collect();
                    format!("* SEARCH{uids}\r\n{done}")
                }
                ["UID", "FETCH", uid, ..] => {
                    let place: usize = uid.parse().unwrap();
                    let letter = self.folder.lock().1[place - 1].clone();
                    if command.contains("RFC822.SIZE") {
                        format!("* {uid} FETCH (UID {uid} RFC822.SIZE {})\r\n{done}", letter.len())
                    } else {
                        self.bodies.fetch_add(1, Ordering::Relaxed);
                        let head = format!("* {uid} FETCH (UID {uid} BODY[] {{{}}}\r\n", letter.len());
                        writer.write_all(&[head.as_bytes(), &letter, b")\r\n"].concat()).await.unwrap();
                        done
                    }
                }
                ["IDLE"] => {
                    let mut news = self.news.subscribe();
                    writer.write_all(b"+ idling\r\n").await.unwrap();
                    let done_line = loop {
                        let exist = self.folder.lock().1.len();
                        if exist > told {
                            told = exist;
                            writer.write_all(format!("* {exist} EXISTS\r\n").as_bytes()).await.unwrap();
                        }
                        tokio::select! {
                            line = lines.next_line() => break line,
                            _ = news.changed() => {}
                        }
                    };
                    assert_eq!(done_line.unwrap().as_deref(), Some("DONE"));
                    done
                }
                _ => format!("{tag} BAD what\r\n"),
            };
            if writer.write_all(answer.as_bytes()).await.is_err() {
                return;
            }
        }
    }
}

/// Somebody who reads a mailbox.
struct Reader {
    told: mpsc::UnboundedReceiver<Change>,
    back: mpsc::UnboundedReceiver<String>,
    shutdown: Shutdown,
}

impl Reader {
    fn of(server: &Server, calendars: &Calendars) -> Self {
        Self::telling(server, calendars, || Ok(()))
    }

    /// The same, where this is said of letters that came back.
    fn telling(server: &Server, calendars: &Calendars, says: fn() -> Result<(), Refused>) -> Self {
        let settings = MailboxSettings {
            host: "127.0.0.1".to_owned(),
            port: server.port,
            security: MailSecurity::None,
            user: "meet".to_owned(),
            password: "right".to_owned(),
            folder: "INBOX".to_owned(),
            vouched_by: None,
        };
        let (sender, told) = mpsc::unbounded_channel();
        let shutdown = Shutdown::new();
        let mailbox = Mailbox::new(calendars.clone(), Arc::new(Desk { told: sender }), settings);
        let (sender, back) = mpsc::unbounded_channel();
        tokio::spawn(mailbox.telling(Arc::new(Back { told: sender, says })).read(shutdown.clone()));
        Self { told, back, shutdown }
    }

    /// What was answered next.
    async fn hears(&mut self) -> Partstat {
        let told = tokio::time::timeout(Duration::from_secs(60), self.told.recv()).await;
        match told.expect("an answer").expect("a reader").what {
            What::Message { verdict: Verdict::Answered { partstat, attendee, .. }, uid } => {
                assert_eq!((attendee, uid.as_str()), (Address::email(GUEST), "m1"));
                partstat
            }
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn answers_are_told_once_as_they_come() {
    let (calendars, _) = calendars().await;
    let first = from_guest("1", &answer("m1", Partstat::Tentative));
    let huge = from_guest("2", &"x".repeat(MAIL_BYTES_MAX as usize + 1));
    let elsewhere = from_guest("3", &answer("unknown", Partstat::Accepted));
    let server = Server::start(vec![first.clone(), huge, elsewhere, b"garbage".to_vec()]).await;
    let mut reader = Reader::of(&server, &calendars);
    assert_eq!(reader.hears().await, Partstat::Tentative);
    server.gets(from_guest("4", &answer("m1", Partstat::Accepted)));
    assert_eq!(reader.hears().await, Partstat::Accepted);
    // The same letter in another copy, and then one that is new.
    server.gets(first);
    server.gets(from_guest("5", &answer("m1", Partstat::Declined)));
    assert_eq!(reader.hears().await, Partstat::Declined);
    assert_eq!(server.bodies.load(Ordering::Relaxed), 6, "the huge one was not even fetched");
    assert!(reader.told.is_empty());
}

const REPORT: &[u8] = b"Content-Type: multipart/report; boundary=b\r\n\r\n--b\r\nContent-Type: message/delivery-status\r\n\r\n\
        Action: failed\r\n\r\n--b\r\nContent-Type: message/rfc822\r\n\r\nMessage-ID: <abc@corp.example>\r\n\r\nhi\r\n--b--\r\n";

#[tokio::test]
async fn of_a_letter_that_came_back_and_nobody_wants_to_hear_of_nothing_is_kept_but_that_it_was_read() {
    let (calendars, _) = calendars().await;
    let server = Server::start(vec![REPORT.to_vec()]).await;
    let mut reader = Reader::telling(&server, &calendars, || Err(Refused::ByRule("full".to_owned())));
    server.gets(from_guest("2", &answer("m1", Partstat::Accepted)));
    assert_eq!(reader.hears().await, Partstat::Accepted);
    assert!(reader.back.is_empty(), "what was put in before the refusal is not committed");
}

#[tokio::test]
async fn a_letter_that_came_back_is_told_of_by_its_name() {
    let (calendars, _) = calendars().await;
    let server = Server::start(vec![REPORT.to_vec()]).await;
    let mut reader = Reader::of(&server, &calendars);
    server.gets(from_guest("2", &answer("m1", Partstat::Accepted)));
    assert_eq!(reader.hears().await, Partstat::Accepted);
    assert_eq!(reader.back.try_recv().as_deref(), Ok("abc"));
    assert!(reader.back.is_empty());
}

#[tokio::test]
async fn a_connection_that_ends_and_a_folder_that_was_rebuilt_double_nothing() {
    let (calendars, _) = calendars().await;
    let server = Server::start(vec![from_guest("1", &answer("m1", Partstat::Accepted))]).await;
    let mut reader = Reader::of(&server, &calendars);
    assert_eq!(reader.hears().await, Partstat::Accepted);
    server.folder.lock().0 = 8;
    server.hang_up.send_replace(());
    server.gets(from_guest("2", &answer("m1", Partstat::Declined)));
    assert_eq!(reader.hears().await, Partstat::Declined, "the first was read again and counted no more");
    reader.shutdown.trigger();
    let mut restarted = Reader::of(&server, &calendars);
    server.gets(from_guest("3", &answer("m1", Partstat::Tentative)));
    assert_eq!(restarted.hears().await, Partstat::Tentative);
    assert!(reader.told.is_empty() && restarted.told.is_empty());
}
