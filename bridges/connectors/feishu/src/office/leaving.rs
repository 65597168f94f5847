//! Who is said to have left the company is read again before it is told: the event may be late, and the person there again.

use bridge_api::{Arrival, EventKey, Failure, Happened, Inbox, PersonId};

use super::looks::Leaving;
use crate::{
    Feishu,
    abilities::{id_of, user},
    ids::OpenId,
    limits::LEAVING_ASKED_FOR_MS,
    person::{has_left, of_contacts},
};

/// Reads a person again and tells what they are: gone, or there with the profile that they have now. The directory decides. What the
/// event said stands where the directory says nothing of it: where it shows nobody, or the app lacks the right to see who left
/// (`contact:user.employee:readonly`), or it did not answer for [`LEAVING_ASKED_FOR_MS`].
///
/// # Errors
/// [`Failure`] that passes: it is read once more later.
pub async fn look(feishu: &Feishu, leaving: &Leaving, inbox: &dyn Inbox) -> Result<(), Failure> {
    let Some(id) = OpenId::parse(&leaving.person) else { return Ok(()) };
    let given_up_ms = leaving.at_ms.saturating_add(LEAVING_ASKED_FOR_MS);
    let found = match user(feishu, &id).await {
        Err(failure) if failure.passes() && feishu.clock.now_ms() < given_up_ms => return Err(failure),
        Err(failure) => {
            tracing::warn!(%failure, "the directory does not say whether somebody left the company, so the event is believed");
            None
        }
        Ok(found) => found,
    };
    let still_there = found.filter(|record| has_left(record) == Some(false)).as_ref().and_then(of_contacts);
    let what = match still_there {
        Some(person) => Happened::PersonChanged(person),
        None => Happened::PersonGone(id_of(PersonId::new(id.as_str()))?),
    };
    let key = id_of(EventKey::new(format!("{}:event:{}", feishu.ours().app_id, leaving.event)))?;
    let trace = Some(leaving.event.clone());
    let arrival = Arrival { key, conversation: None, at_ms: leaving.at_ms, trace, what };
    inbox.take(vec![arrival]).await.map_err(|error| Failure::later(error.to_string()))
}
