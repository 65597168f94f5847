//! Tests of the rules, and of the doors as programs speak to them.

mod doors;
mod files;
mod free_busy;
mod mail;
mod mailbox;
mod messages;
mod partners;
mod policies;
mod series;
mod sources;

use base::{Clock, Rng};
use jiff::civil::DateTime;
use outbound::{Outbound, OutboundSettings, parse_range};
use ruma::{OwnedUserId, UserId, server_name};
use std::sync::Arc;
use store::{Batch, Identity, MemoryKv, Store};

use crate::{Address, Calendars, CalendarsParts, Event, Zone};

/// 2026-11-05 02:00 UTC, ten in the morning in Shanghai.
const NOW_MS: u64 = 1_793_844_000_000;

fn at(text: &str) -> DateTime {
    text.parse().unwrap()
}

fn zone(name: &str) -> Zone {
    Zone::find(name).unwrap()
}

fn shanghai() -> Zone {
    zone("Asia/Shanghai")
}

/// An event of an hour.
fn hour(uid: &str, start: &str, zone: Zone) -> Event {
    let start = at(start);
    let end = start.checked_add(jiff::Span::new().hours(1)).unwrap();
    Event::new(uid, format!("Title of {uid}"), start, end, zone)
}

fn alice() -> Address {
    Address::Matrix(alice_id())
}

fn alice_id() -> OwnedUserId {
    UserId::parse("@alice:corp.example").unwrap()
}

fn bob() -> Address {
    Address::Matrix(UserId::parse("@bob:corp.example").unwrap())
}

/// Calendars over a store in memory, whose client may speak to this machine.
async fn calendars() -> (Calendars, Clock) {
    calendars_at(None).await
}

/// The same with a homeserver.
async fn calendars_at(home: Option<Arc<dyn crate::Home>>) -> (Calendars, Clock) {
    let clock = Clock::fake(NOW_MS);
    let server_name = server_name!("corp.example").to_owned();
    let identity = Identity::new(&server_name, &clock);
    let store = Store::open(Arc::new(MemoryKv::new()), crate::tables(), identity, Vec::new()).await.unwrap();
    let settings = OutboundSettings {
        allowed_ranges: vec![parse_range("127.0.0.0/8").unwrap()],
        ..OutboundSettings::default()
    };
    let calendars = Calendars::new(CalendarsParts {
        store,
        clock: clock.clone(),
        rng: Rng::seeded(7),
        server_name,
        home,
        outbound: Outbound::new(settings).unwrap(),
        zone: shanghai(),
        allows_plain_sources: true,
    });
    (calendars, clock)
}

async fn put(calendars: &Calendars, owner: &Address, event: &Event) {
    let mut batch = Batch::new();
    calendars.put(&mut batch, owner, event).await.unwrap();
    calendars.store().commit(batch).await.unwrap();
}
