//! The meetings bot on a stage, for the suite with other people's calendars: one person talks to it line by line, and hears what it
//! says. Each line of the input is what they type, each line of the output a JSON list of what the bot said to it.

#![expect(clippy::print_stdout, reason = "its output is what the suite reads")]
#![expect(clippy::expect_used, reason = "a broken expectation has to stop the suite where it happens")]

use std::sync::Arc;

use calendar::{Calendars, CalendarsParts, Zone};
use cases::Refusal;
use kit::{
    Bot, Kit,
    double::{Play, Stage},
};
use meetings::{Conferencing, Homeserver, LOCALPART, Meetings, MeetingsParts, Settings, TodoLine, Todos};
use outbound::{Outbound, OutboundSettings, parse_range};
use people::{People, PeopleParts};
use serde_json::{Value, json};
use store::Batch;
use workdays::Workdays;

const PERSON: &str = "@alice:test";

/// What a poll is called by clients that know none.
const TEXT: &str = "org.matrix.msc1767.text";

/// Nobody makes tasks.
struct Nobody;

impl Todos for Nobody {
    fn propose(&self, _: &Kit, _: &mut Batch, _: &TodoLine<'_>) -> Result<(), Refusal> {
        Ok(())
    }
}

fn opened<T>(opening: impl Future<Output = T>) -> T {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(opening))
}

/// Calendars whose servers are all on this machine.
fn calendars(kit: &Kit) -> Calendars {
    let allowed_ranges = vec![parse_range("127.0.0.0/8").expect("a range")];
    let settings = OutboundSettings { allowed_ranges, ..OutboundSettings::default() };
    Calendars::new(CalendarsParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: kit.server_name().to_owned(),
        home: Some(Arc::new(Homeserver::new(kit.clone()))),
        outbound: Outbound::new(settings).expect("a client"),
        zone: Zone::find("Asia/Shanghai").expect("a zone"),
        allows_plain_sources: true,
    })
}

fn meetings(kit: &Kit) -> Meetings {
    let people = People::open(PeopleParts {
        store: kit.store().clone(),
        clock: kit.clock().clone(),
        rng: kit.rng().clone(),
        server_name: kit.server_name().to_owned(),
    });
    let calendars = calendars(kit);
    Meetings::new(
        kit.clone(),
        MeetingsParts {
            people: opened(people).expect("people"),
            workdays: opened(Workdays::open(kit.store().clone())).expect("working days"),
            free_busy: Arc::new(calendars.clone()),
            calendars,
            todos: Arc::new(Nobody),
            post: None,
            ledger: None,
            settings: Settings { conference: Conferencing::None, ..Settings::default() },
        },
    )
}

#[tokio::main]
async fn main() {
    let mut stage = Stage::new(Play {
        localparts: vec![LOCALPART],
        tables: [
            meetings::tables(),
            cases::tables(),
            people::tables(),
            calendar::tables(),
            workdays::tables(),
        ]
        .concat(),
        texts: vec![meetings::TEXTS, office::TEXTS],
        bots: |kit| vec![Arc::new(meetings(kit)) as Arc<dyn Bot>],
    })
    .await;
    let room = stage.room_with(PERSON, LOCALPART, true);
    stage.settle().await;
    while let Some(line) = tokio::task::spawn_blocking(next_line).await.expect("a task").expect("input") {
        let before = stage.events_of_bots(&room).len();
        stage.says(PERSON, &room, &line);
        stage.settle().await;
        // What goes on beside the bot: calendars elsewhere are looked at.
        let bot = meetings(stage.kit());
        calendars(stage.kit()).fetch_due(&bot).await.expect("the store");
        stage.settle().await;
        let said: Vec<Value> =
            stage.events_of_bots(&room).into_iter().skip(before).filter_map(words).collect();
        println!("{}", json!(said));
    }
}

/// What people read of an event.
fn words(event: Value) -> Option<Value> {
    let content = &event["content"];
    [&content["body"], &content[TEXT]].into_iter().find(|text| text.is_string()).cloned()
}

/// The next line of the input; none at its end.
fn next_line() -> std::io::Result<Option<String>> {
    std::io::stdin().lines().next().transpose()
}
