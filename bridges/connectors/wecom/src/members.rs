//! Members of the company whose place in it changed: who they are now is looked up, because a callback tells no more than their ids.

use bridge_api::{Arrival, EventKey, Failure, Happened};
use tokio::time::timeout;

use crate::{ids, incoming::Incoming, limits::LOOKED_UP_WITHIN, people::Standing};

impl Incoming {
    /// Somebody's place in the company changed. The callback tells no more than who it is about, and it may be late: who is there again
    /// has not left. An id that somebody had before is nobody's.
    pub(super) async fn person_changed(
        &self,
        user: &str,
        former: Option<&str>,
        has_left: bool,
        key: EventKey,
        at_ms: u64,
    ) -> Result<Vec<Arrival>, Failure> {
        let mut arrivals = Vec::new();
        if let Some(former) = former.and_then(ids::person)
            && matches!(self.standing(former.as_str()).await?, Standing::Left)
        {
            let (key, what) = (EventKey::new(format!("{key}:former")).ok(), Happened::PersonGone(former));
            arrivals.extend(key.map(|key| Arrival { key, conversation: None, at_ms, trace: None, what }));
        }
        let Some(id) = ids::person(user) else { return Ok(arrivals) };
        let what = match self.standing(user).await? {
            Standing::Here(person) => Some(Happened::PersonChanged(person)),
            Standing::Left => Some(Happened::PersonGone(id)),
            Standing::Unseen => has_left.then_some(Happened::PersonGone(id)),
        };
        arrivals.extend(what.map(|what| Arrival { key, conversation: None, at_ms, trace: None, what }));
        Ok(arrivals)
    }

    async fn standing(&self, user: &str) -> Result<Standing, Failure> {
        let told = timeout(LOOKED_UP_WITHIN, self.people.standing(user)).await;
        told.map_err(|_| Failure::later("nobody said in time who somebody is"))?
    }
}
