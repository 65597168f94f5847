//! Calendars without a homeserver around them, for the suite with other people's programs: opens the doors on a port of this
//! machine, says where in one line of JSON, and then does what each line of its input asks for.

#![expect(clippy::print_stdout, reason = "its output is what the suite reads")]

use std::{error::Error, sync::Arc};

use async_trait::async_trait;
use base::{Clock, Rng};
use calendar::{
    Address, Calendars, CalendarsParts, Change, Doors, Event, FreeBusy as _, RecurrenceId, Refused,
    Scheduling, Source, Span, Zone,
    ics::{self, Item, Method},
    slots::{self, SlotSearch},
};
use outbound::{Outbound, OutboundSettings, parse_range};
use ruma::{OwnedUserId, ServerName};
use serde::Deserialize;
use serde_json::{Value, json};
use store::{Batch, Identity, MemoryKv, Store, StoreError};

type Outcome<T> = Result<T, Box<dyn Error + Send + Sync>>;

/// What can be asked for.
#[derive(Deserialize)]
#[serde(tag = "ask", rename_all = "snake_case")]
enum Ask {
    /// A password for somebody's calendar programs.
    Password { user: OwnedUserId },
    /// A private address.
    Feed { user: OwnedUserId },
    /// A calendar elsewhere.
    Source { user: OwnedUserId, source: Source },
    /// Fetches the feeds that are due.
    Fetch,
    /// An event in somebody's calendar.
    Put { user: OwnedUserId, event: Box<Event> },
    /// Somebody's events.
    Events { user: OwnedUserId, within: Span },
    /// A file with an event, or with one instance of it.
    Write {
        method: Option<Method>,
        event: Box<Event>,
        #[serde(default)]
        instance: Option<RecurrenceId>,
    },
    /// What is in a file.
    Read { text: String },
    /// When people are busy.
    Busy { asker: OwnedUserId, people: Vec<Address>, within: Span },
    /// When people could meet, and how long it took to find out.
    Slots { asker: OwnedUserId, people: Vec<Address>, within: Span, length_ms: u64 },
}

/// Nobody to tell.
struct Alone;

#[async_trait]
impl Scheduling for Alone {
    async fn organized(&self, _uid: &str) -> Result<Option<(OwnedUserId, Event)>, StoreError> {
        Ok(None)
    }

    async fn changed(&self, _change: &Change, _batch: &mut Batch) -> Result<(), Refused> {
        Ok(())
    }
}

#[tokio::main]
async fn main() -> Outcome<()> {
    let server_name = ServerName::parse("corp.example")?;
    let clock = Clock::system();
    let identity = Identity::new(&server_name, &clock);
    let settings = OutboundSettings {
        allowed_ranges: vec![parse_range("127.0.0.0/8").ok_or("this is a range")?],
        ..OutboundSettings::default()
    };
    let calendars = Calendars::new(CalendarsParts {
        store: Store::open(Arc::new(MemoryKv::new()), calendar::tables(), identity, Vec::new()).await?,
        clock,
        rng: Rng::system(),
        server_name,
        outbound: Outbound::new(settings)?,
        zone: Zone::find("Asia/Shanghai").ok_or("the zone is not known")?,
        allows_plain_sources: true,
        home: None,
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
    println!("{}", json!({ "url": format!("http://{}", listener.local_addr()?) }));
    let router = Doors::new(calendars.clone(), Arc::new(Alone)).router();
    tokio::spawn(async move { axum::serve(listener, router).await });
    while let Some(line) = tokio::task::spawn_blocking(next_line).await?? {
        let answer = match answer(&calendars, &line).await {
            Ok(answer) => json!({ "ok": answer }),
            Err(error) => json!({ "error": error.to_string() }),
        };
        println!("{answer}");
    }
    Ok(())
}

/// The next line of the input; none at its end.
fn next_line() -> std::io::Result<Option<String>> {
    std::io::stdin().lines().next().transpose()
}

async fn answer(calendars: &Calendars, line: &str) -> Outcome<Value> {
    let mut batch = Batch::new();
    let answer = match serde_json::from_str(line)? {
        Ask::Password { user } => json!(calendars.new_password(&mut batch, &user.into(), "suite").await?),
        Ask::Feed { user } => json!(calendars.new_feed(&mut batch, &user.into()).await?),
        Ask::Source { user, source } => json!(calendars.add_source(&mut batch, &user.into(), source).await?),
        Ask::Fetch => {
            calendars.fetch_due(&()).await?;
            Value::Null
        }
        Ask::Put { user, event } => {
            calendars.put(&mut batch, &user.into(), &event).await?;
            Value::Null
        }
        Ask::Events { user, within } => json!(calendars.events(&user.into(), within).await?),
        Ask::Write { method, event, instance } => {
            let item = match instance {
                Some(id) => event.instance(id),
                None => Item::from(*event),
            };
            json!(ics::write_item(method, &item))
        }
        Ask::Read { text } => {
            let zone = Zone::find("Asia/Shanghai").ok_or("the zone is not known")?;
            let read = ics::read(text.as_bytes(), &zone)?;
            json!({ "method": read.method, "items": read.items })
        }
        Ask::Busy { asker, people, within } => json!(calendars.schedules(&asker, &people, within).await?),
        Ask::Slots { asker, people, within, length_ms } => {
            let started = tokio::time::Instant::now();
            let required = calendars.schedules(&asker, &people, within).await?;
            let found =
                slots::search(&SlotSearch { length_ms, open: &[within], required: &required, optional: &[] });
            let unknown: Vec<_> = slots::unknown(&required).collect();
            json!({ "slots": found, "unknown": unknown, "took_ms": started.elapsed().as_millis() })
        }
    };
    if !batch.is_empty() {
        calendars.store().commit(batch).await?;
    }
    Ok(answer)
}
