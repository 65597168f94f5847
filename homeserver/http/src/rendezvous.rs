//! Mailboxes in which two devices of one person meet before one of them is logged in (MSC4108, MSC4388).
//!
//! A mailbox holds a few kilobytes that only the two devices can read, for a few minutes. Memory only:
//! a restart ends a log-in by QR code, which is then begun anew. Never looks into what it holds.

use std::collections::{HashMap, VecDeque};

use base::{Clock, Rng};
use bytes::Bytes;
use parking_lot::Mutex;

use crate::limits::{RENDEZVOUS_BYTES_MAX, RENDEZVOUS_LIFE_MS, RENDEZVOUS_MAX};

/// Characters of an id and of a mark; whoever knows the id may read and write.
const ID_CHARACTERS: usize = 24;

/// Which of the two protocols a mailbox was made by; neither sees those of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protocol {
    /// The 2024 form of MSC4108: entity tags.
    Msc4108,
    /// MSC4388: sequence tokens.
    Msc4388,
}

/// What a mailbox holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mailbox {
    /// Its id.
    pub id: String,
    /// The payload.
    pub data: Bytes,
    /// Another one after every write, also of the same payload.
    pub mark: String,
    /// When it was written last, in ms since the epoch.
    pub written_at_ms: u64,
    /// When it ends, in ms since the epoch.
    pub ends_at_ms: u64,
    protocol: Protocol,
}

/// Why a mailbox was not made or not written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RendezvousError {
    /// There are as many as allowed; the next one ends in so many ms.
    Full {
        /// The time to wait, in ms.
        retry_after_ms: u64,
    },
    /// The payload is larger than [`RENDEZVOUS_BYTES_MAX`].
    TooLarge,
    /// No such mailbox, or its time is over.
    NotFound,
    /// Somebody wrote since; this is what it holds now.
    Overtaken(Box<Mailbox>),
}

/// All mailboxes.
pub struct Rendezvous {
    clock: Clock,
    rng: Rng,
    boxes: Mutex<Boxes>,
}

#[derive(Default)]
struct Boxes {
    by_id: HashMap<String, Mailbox>,
    /// Ids in the order of their ends; all live equally long.
    by_end: VecDeque<(u64, String)>,
}

impl Boxes {
    fn forget_ended(&mut self, now_ms: u64) {
        while let Some((ends_at_ms, id)) = self.by_end.front() {
            if *ends_at_ms > now_ms {
                break;
            }
            self.by_id.remove(id);
            self.by_end.pop_front();
        }
    }

    fn find(&mut self, protocol: Protocol, id: &str) -> Result<&mut Mailbox, RendezvousError> {
        let found = self.by_id.get_mut(id).filter(|found| found.protocol == protocol);
        found.ok_or(RendezvousError::NotFound)
    }
}

impl Rendezvous {
    /// No mailboxes yet.
    pub fn new(clock: Clock, rng: Rng) -> Self {
        Self { clock, rng, boxes: Mutex::default() }
    }

    /// Makes a mailbox.
    ///
    /// # Errors
    /// [`RendezvousError::Full`], [`RendezvousError::TooLarge`].
    pub fn create(&self, protocol: Protocol, data: Bytes) -> Result<Mailbox, RendezvousError> {
        check(&data)?;
        let now_ms = self.clock.now_ms();
        let mut boxes = self.boxes.lock();
        boxes.forget_ended(now_ms);
        if boxes.by_end.len() >= RENDEZVOUS_MAX {
            let next_end_ms = boxes.by_end.front().map_or(now_ms, |(ends_at_ms, _)| *ends_at_ms);
            return Err(RendezvousError::Full { retry_after_ms: next_end_ms.saturating_sub(now_ms).max(1) });
        }
        let made = Mailbox {
            id: self.rng.string(ID_CHARACTERS),
            data,
            mark: self.rng.string(ID_CHARACTERS),
            written_at_ms: now_ms,
            ends_at_ms: now_ms.saturating_add(RENDEZVOUS_LIFE_MS),
            protocol,
        };
        boxes.by_end.push_back((made.ends_at_ms, made.id.clone()));
        boxes.by_id.insert(made.id.clone(), made.clone());
        Ok(made)
    }

    /// What a mailbox holds.
    ///
    /// # Errors
    /// [`RendezvousError::NotFound`].
    pub fn read(&self, protocol: Protocol, id: &str) -> Result<Mailbox, RendezvousError> {
        let mut boxes = self.boxes.lock();
        boxes.forget_ended(self.clock.now_ms());
        boxes.find(protocol, id).cloned()
    }

    /// Writes, if the mailbox still holds what the writer read.
    ///
    /// # Errors
    /// All but [`RendezvousError::Full`].
    pub fn write(
        &self,
        protocol: Protocol,
        id: &str,
        mark: &str,
        data: Bytes,
    ) -> Result<Mailbox, RendezvousError> {
        check(&data)?;
        let now_ms = self.clock.now_ms();
        let mut boxes = self.boxes.lock();
        boxes.forget_ended(now_ms);
        let found = boxes.find(protocol, id)?;
        if found.mark != mark {
            return Err(RendezvousError::Overtaken(Box::new(found.clone())));
        }
        found.data = data;
        found.mark = self.rng.string(ID_CHARACTERS);
        found.written_at_ms = now_ms;
        Ok(found.clone())
    }

    /// Ends a mailbox. Its place stays taken until its time would have been over, so that making and
    /// ending many costs no more memory than making them.
    ///
    /// # Errors
    /// [`RendezvousError::NotFound`].
    pub fn delete(&self, protocol: Protocol, id: &str) -> Result<(), RendezvousError> {
        let mut boxes = self.boxes.lock();
        boxes.forget_ended(self.clock.now_ms());
        boxes.find(protocol, id)?;
        boxes.by_id.remove(id);
        Ok(())
    }
}

fn check(data: &Bytes) -> Result<(), RendezvousError> {
    if data.len() > RENDEZVOUS_BYTES_MAX { Err(RendezvousError::TooLarge) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: Protocol = Protocol::Msc4108;

    fn mailboxes() -> (Rendezvous, Clock) {
        let clock = Clock::fake(1_000);
        (Rendezvous::new(clock.clone(), Rng::seeded(1)), clock)
    }

    #[test]
    fn only_who_read_last_writes_and_every_write_has_its_mark() {
        let (rendezvous, _) = mailboxes();
        let made = rendezvous.create(OLD, "one".into()).unwrap();
        let written = rendezvous.write(OLD, &made.id, &made.mark, "one".into()).unwrap();
        assert_ne!(written.mark, made.mark);
        let late = rendezvous.write(OLD, &made.id, &made.mark, "two".into());
        assert_eq!(late, Err(RendezvousError::Overtaken(Box::new(written.clone()))));
        assert_eq!(rendezvous.read(OLD, &made.id), Ok(written));
        assert_eq!(rendezvous.read(Protocol::Msc4388, &made.id), Err(RendezvousError::NotFound));
    }

    #[test]
    fn a_mailbox_ends_and_their_number_is_bounded() {
        let (rendezvous, clock) = mailboxes();
        let first = rendezvous.create(OLD, Bytes::new()).unwrap();
        clock.advance(10);
        for _ in 1..RENDEZVOUS_MAX {
            let made = rendezvous.create(OLD, Bytes::new()).unwrap();
            rendezvous.delete(OLD, &made.id).unwrap();
        }
        let full = rendezvous.create(OLD, Bytes::new());
        assert_eq!(full, Err(RendezvousError::Full { retry_after_ms: RENDEZVOUS_LIFE_MS - 10 }));
        clock.advance(RENDEZVOUS_LIFE_MS - 10);
        assert_eq!(rendezvous.read(OLD, &first.id), Err(RendezvousError::NotFound));
        assert!(rendezvous.create(OLD, Bytes::new()).is_ok());
        let large = Bytes::from(vec![0; RENDEZVOUS_BYTES_MAX + 1]);
        assert_eq!(rendezvous.create(OLD, large), Err(RendezvousError::TooLarge));
    }
}
