//! When people have no time, as DingTalk's calendar says: in the name of the operator, or of the first who is asked about.

use std::collections::BTreeMap;

use bridge_api::{Busy, CallError, Failure, Meaning, PersonId, Refusal};
use serde_json::{Value, json};

use super::{
    Entries,
    times::{read, written, zone},
};
use crate::{
    client::Call,
    lenient::{items, text},
    limits::{BUSY_PEOPLE_MAX, BUSY_TIMES_MAX},
};

type Times = Vec<(u64, u64, bool)>;

impl Entries {
    pub(super) async fn times_of(
        &self,
        people: &[PersonId],
        from_ms: u64,
        until_ms: u64,
    ) -> Result<Vec<Busy>, Failure> {
        let unions = self.unions_of(people.to_vec()).await?;
        let all: Vec<&String> = unions.values().collect();
        let mut known: BTreeMap<String, Times> = BTreeMap::new();
        let asking = match self.in_whose_name(None).await? {
            Some(operator) => Some(operator),
            None => all.first().map(|union| (*union).clone()),
        };
        if let Some(asking) = asking {
            for some in all.chunks(BUSY_PEOPLE_MAX) {
                known.extend(self.asked_for(&asking, some, from_ms, until_ms).await?);
            }
        }
        let busy = |person: &PersonId| {
            let times = unions.get(person).and_then(|union| known.get(union)).cloned();
            Busy { person: person.clone(), times }
        };
        Ok(people.iter().map(busy).collect())
    }

    async fn asked_for(
        &self,
        asking: &str,
        unions: &[&String],
        from_ms: u64,
        until_ms: u64,
    ) -> Result<BTreeMap<String, Times>, Failure> {
        let home = zone("");
        let (Some(from), Some(until)) = (written(from_ms, &home), written(until_ms, &home)) else {
            return Err(Failure::refused(Refusal::Impossible));
        };
        let body = json!({"userIds": unions, "startTime": from, "endTime": until});
        let call = Call::post("/v1.0/calendar/users/*/querySchedule", body).about([asking]);
        let answer = match self.client.call(&call).await.map_err(CallError::of_reading) {
            Ok(answer) => answer,
            // Somebody out of the app's sight spoils the question for all who were asked for with them.
            Err(error) if error.meaning == Meaning::Refused(Refusal::Unreachable) => {
                tracing::info!(%error, "DingTalk does not say when people have time");
                return Ok(BTreeMap::new());
            }
            Err(error) => return Err(error.into()),
        };
        let of_one = |one: &Value| {
            let is_said = text(one, "error").is_none();
            let items = items(one, "scheduleItems").iter().take(BUSY_TIMES_MAX);
            Some((text(one, "userId")?, items.filter_map(time).collect())).filter(|_| is_said)
        };
        Ok(items(&answer, "scheduleInformation").iter().filter_map(of_one).collect())
    }
}

fn time(item: &Value) -> Option<(u64, u64, bool)> {
    let is_tentative = match text(item, "status")?.as_str() {
        "BUSY" => false,
        "TENTATIVE" => true,
        _ => return None,
    };
    Some((read(item.get("start")?)?, read(item.get("end")?)?, is_tentative))
}
