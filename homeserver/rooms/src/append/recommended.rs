//! Events of local users in rooms that use a policy server: built first, shown to it, and taken in with its signature.
//!
//! The lock is free while the policy server thinks. When nothing else came meanwhile, the event goes onto the head it
//! was built on; otherwise it is one more end of the graph, judged like an event of another server.

use model::{Pdu, RoomNum};
use rules::policy_server::PolicyServer;
use store::StoreError;

use super::foreign::{Taking, Verdict};
use super::{Appended, Draft, ForeignEvent, NewEvent};
use crate::limits::APPEND_ATTEMPTS_MAX;
use crate::{Rooms, RoomsError};

impl Rooms {
    /// As [`Rooms::append`], for an event that needs the word of a policy server.
    pub(super) async fn append_recommended(
        &self,
        room: RoomNum,
        new: &NewEvent,
        policy_server: &PolicyServer,
    ) -> Result<Appended, RoomsError> {
        for _ in 0..APPEND_ATTEMPTS_MAX {
            if let Some(first) = self.first_time(new).await? {
                return Ok(first);
            }
            let pdu = {
                let mut writer = self.lock_durable(room).await?;
                Draft::open(self, room, &mut writer).await?.build_unsent(new).await?
            };
            let pdu = self.recommended_by(policy_server, room, pdu).await?;
            if let Some(appended) = self.append_built(room, new, &pdu).await? {
                return Ok(appended);
            }
            // Two requests of one millisecond that say the same, built on one head, are one event: if the other one was not
            // this request that came twice, this one says it once more, on what is there now.
        }
        Err(RoomsError::Contended)
    }

    /// Takes in an event that was built and recommended. None when it is there already.
    async fn append_built(
        &self,
        room: RoomNum,
        new: &NewEvent,
        pdu: &Pdu,
    ) -> Result<Option<Appended>, RoomsError> {
        for _ in 0..APPEND_ATTEMPTS_MAX {
            match self.try_append_built(room, new, pdu).await {
                // Another writer was faster, perhaps the same request that came twice.
                Err(RoomsError::Store(StoreError::Conflict)) => {
                    if let Some(first) = self.first_time(new).await? {
                        return Ok(Some(first));
                    }
                }
                outcome => return outcome,
            }
        }
        Err(RoomsError::Contended)
    }

    async fn first_time(&self, new: &NewEvent) -> Result<Option<Appended>, RoomsError> {
        match &new.transaction {
            Some(transaction) => self.first_of_transaction(&new.sender, transaction).await,
            None => Ok(None),
        }
    }

    async fn try_append_built(
        &self,
        room: RoomNum,
        new: &NewEvent,
        pdu: &Pdu,
    ) -> Result<Option<Appended>, RoomsError> {
        let mut writer = self.lock_durable(room).await?;
        let mut draft = Draft::open(self, room, &mut writer).await?;
        if draft.is_on_tip(pdu) {
            draft.push_built(new, pdu.clone()).await?;
            let finished = draft.finish().await?;
            let epoch = writer.advance(finished.tip);
            let commit = self.parts.store.commit(finished.batch).await;
            match commit {
                Ok(_) => writer.arrived(),
                Err(_) => writer.forget(epoch),
            }
            return finished.events.only(&commit?).map(Some);
        }
        drop(draft);
        let foreign = ForeignEvent::new(pdu.clone());
        match self.try_take(room, &mut writer, &foreign, Taking::Own(new)).await? {
            Verdict::Accepted { event, position } => {
                Ok(Some(Appended { event_id: pdu.event_id().to_owned(), event, position }))
            }
            Verdict::Rejected(refusal) => Err(RoomsError::Forbidden(refusal)),
            Verdict::Known => Ok(None),
            Verdict::Kept | Verdict::SoftFailed => {
                Err(RoomsError::forbidden("the room does not allow this event now"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};

    use async_trait::async_trait;
    use model::RoomVersion;
    use ruma::UserId;
    use ruma::serde::Base64;
    use ruma::signatures::Ed25519KeyPair;
    use tokio::sync::Barrier;

    use super::*;
    use crate::append::TransactionKey;
    use crate::json::canonical_object;
    use crate::policy_server::{NotRecommended, PolicyServers};
    use crate::test_support::{SERVER, is_forbidden, message, public_room, rooms, user, versions};

    /// Signs what does not say "spam"; answers when as many have asked as it waits for.
    struct Policy {
        key: Ed25519KeyPair,
        asked: AtomicUsize,
        together: Barrier,
        /// After so many that were asked about it waits for nobody.
        wait_for_others: AtomicUsize,
    }

    #[async_trait]
    impl PolicyServers for Policy {
        async fn ask(
            &self,
            server: &PolicyServer,
            _: RoomNum,
            version: &'static RoomVersion,
            pdu: &Pdu,
        ) -> Result<String, NotRecommended> {
            if self.asked.fetch_add(1, Ordering::SeqCst) < self.wait_for_others.load(Ordering::SeqCst) {
                self.together.wait().await;
            }
            if pdu.content_str().contains("spam") {
                let (errcode, message) = ("M_FORBIDDEN".to_owned(), "no spam".to_owned());
                return Err(NotRecommended::Refused { errcode, message });
            }
            let object = rules::canonical::parse_object(pdu.json()).unwrap();
            Ok(rules::policy_server::signature_on(&object, version, &self.key, server.name()).unwrap())
        }
    }

    /// A room of this version that asks; everybody waits until `together` have asked.
    async fn protected(
        rooms: &Rooms,
        version: &ruma::RoomVersionId,
        together: usize,
    ) -> (RoomNum, Arc<Policy>) {
        let alice = user("alice");
        let room = public_room(rooms, version, &alice, &[&user("bob")]).await.room;
        let document = Ed25519KeyPair::generate();
        let key = Ed25519KeyPair::from_der(&document, "policy_server".to_owned()).unwrap();
        let public = Base64::<ruma::serde::base64::Standard, _>::new(key.public_key().to_vec()).encode();
        let content = format!(r#"{{"via":"{SERVER}","public_keys":{{"ed25519":"{public}"}}}}"#);
        let named = NewEvent::state(alice, "m.room.policy", "", canonical_object(&content).unwrap());
        rooms.append(room, named).await.unwrap();
        let policy = Arc::new(Policy {
            key,
            asked: AtomicUsize::new(0),
            together: Barrier::new(together),
            wait_for_others: AtomicUsize::new(usize::MAX),
        });
        rooms.plug_policy_servers(policy.clone());
        (room, policy)
    }

    #[tokio::test]
    async fn an_event_enters_with_the_signature_and_a_refused_one_leaves_nothing() {
        for version in versions() {
            let rooms = rooms().await;
            let (room, policy) = protected(&rooms, &version, 1).await;
            let sent = rooms.append(room, message(&user("bob"), "hello")).await.unwrap();
            let named = rooms.policy_server(room).await.unwrap().unwrap();
            let pdu = rooms.pdu(rooms.store(), sent.event).await.unwrap();
            assert!(named.has_signed(&pdu, rooms.room_version(rooms.store(), room).await.unwrap()));
            let before = rooms.latest_position(room).await.unwrap();
            let refused = rooms.append(room, message(&user("bob"), "spam")).await;
            assert!(matches!(refused, Err(RoomsError::NotRecommended(_))), "{refused:?}");
            assert_eq!(rooms.latest_position(room).await.unwrap(), before, "version {version}");
            // What the room forbids is nobody's to ask about.
            let asked = policy.asked.load(Ordering::SeqCst);
            assert!(is_forbidden(&rooms.append(room, message(&user("nobody"), "hello")).await));
            assert_eq!(policy.asked.load(Ordering::SeqCst), asked);
        }
    }

    fn requested(sender: &UserId, transaction_id: &str, body: &str) -> NewEvent {
        let transaction = TransactionKey {
            scope: "DEVICE".to_owned(),
            endpoint: "send".to_owned(),
            transaction_id: transaction_id.to_owned(),
        };
        NewEvent { transaction: Some(transaction), ..message(sender, body) }
    }

    #[tokio::test]
    async fn two_who_say_the_same_at_the_same_time_are_two_unless_they_are_one_request() {
        let rooms = rooms().await;
        let (room, policy) = protected(&rooms, &ruma::RoomVersionId::V12, 2).await;
        let bob = user("bob");
        policy.wait_for_others.store(2, Ordering::SeqCst);
        let request = async |id| rooms.append(room, requested(&bob, id, "the same words")).await;
        let (first, again) = tokio::join!(request("1"), request("1"));
        assert_eq!(first.unwrap(), again.unwrap());
        // Built on one head in one millisecond, both are the same event; whoever is slower says it once more.
        policy.wait_for_others.store(4, Ordering::SeqCst);
        let (one, other) = tokio::join!(request("2"), request("3"));
        assert_ne!(one.unwrap().event_id, other.unwrap().event_id);
        assert_eq!(policy.asked.load(Ordering::SeqCst), 5);
    }

    #[tokio::test]
    async fn events_that_are_looked_at_at_the_same_time_stand_beside_each_other() {
        let rooms = rooms().await;
        let (room, _) = protected(&rooms, &ruma::RoomVersionId::V12, 2).await;
        let (alice, bob) = (user("alice"), user("bob"));
        // Both are built on one head and shown before either is in.
        let (first, second) = tokio::join!(
            rooms.append(room, message(&alice, "one")),
            rooms.append(room, message(&bob, "two"))
        );
        let (first, second) = (first.unwrap(), second.unwrap());
        let parents = async |event| rooms.pdu(rooms.store(), event).await.unwrap().prev_events().to_vec();
        assert_eq!(parents(first.event).await, parents(second.event).await);
        let (a, b) = tokio::join!(
            rooms.append(room, requested(&bob, "1", "a")),
            rooms.append(room, requested(&bob, "1", "b"))
        );
        assert_eq!(a.unwrap(), b.unwrap(), "one request, one event");
        // A right that is lost meanwhile is lost.
        let kick = NewEvent::state(
            alice.clone(),
            "m.room.member",
            bob.as_str(),
            canonical_object(r#"{"membership":"leave"}"#).unwrap(),
        );
        let (kicked, said) =
            tokio::join!(rooms.append(room, kick), rooms.append(room, message(&bob, "late")));
        kicked.unwrap();
        assert!(said.is_ok() || is_forbidden(&said), "{said:?}");
        let member = rooms.member(rooms.store(), room, &bob).await.unwrap().unwrap();
        assert_eq!(member.membership, crate::Membership::Leave);
    }
}
