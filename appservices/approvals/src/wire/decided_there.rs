//! What somebody decided on another platform, in the threads of rooms where the case is talked about.
//!
//! The account that speaks for them here says it. The bot does where they have an account of their own, which nobody else speaks for,
//! and where the room is encrypted. What they wrote with it is for those alone who have a part in the case. The bridge repeats it until
//! the room has it, once. It is a notice: it rings at nobody's, and the bot acts upon no notice.

use cases::Case;
use kit::{BotError, CallError, Letter, Related, Relation, To, notice, texts::Lang};
use office::{DecisionSaid, Press, Speaker, membership, say_decision};
use ruma::{OwnedEventId, OwnedRoomId, RoomId};
use store::Batch;

use super::{
    Approvals, LOCALPART, Scene,
    rooms::{place_of_case, root_of_case},
};
use crate::{
    OfficeError,
    instance::{Decided, Instance, Task},
    template::Announce,
};

/// A thread of a room in which a case is talked about.
struct Thread {
    room: OwnedRoomId,
    root: OwnedEventId,
    /// How the bot asks somebody into the room.
    door: To,
}

impl Approvals {
    /// Has the rooms hear what somebody decided by a press, if they did.
    pub(super) async fn say_decided_there(
        &self,
        batch: &mut Batch,
        case: &Case<Instance>,
        task: &Task,
        press: &Press,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let (Some(decided), false) = (&task.decided, case.data.is_secret) else { return Ok(()) };
        let has_account = match scene.chart.person(&decided.by) {
            Some(person) => self.has_account(person).await?,
            None => false,
        };
        for (number, thread) in self.threads_of(case, scene).await?.into_iter().enumerate() {
            let text = self.decided_in_words(case, decided, &thread, scene).await?;
            let key = format!("said/{}/{}/{number}", case.id, task.id);
            // What the bridge says is in the clear.
            let is_bots = has_account || self.is_encrypted(&thread.room).await?;
            match press.speaker.as_ref().filter(|_| !is_bots) {
                Some(speaker) => self.have_said(batch, &key, speaker, &thread, &text).await?,
                None => {
                    let letter = Letter::message(key, LOCALPART, To::Room(thread.room), notice(&text));
                    let relation = Relation::Thread(Related::Event(thread.root));
                    self.kit().outbox().put(batch, letter.relating(relation));
                }
            }
        }
        Ok(())
    }

    /// The threads about a case in rooms of several: that of its own room, and where it is announced. In a direct chat nobody else is
    /// asked in, because it would be none any more.
    async fn threads_of(&self, case: &Case<Instance>, scene: &Scene) -> Result<Vec<Thread>, OfficeError> {
        let mut threads = Vec::new();
        if case.data.room.is_some()
            && let Some((room, root)) = self.kit().sent(&root_of_case(&case.id)).await?
        {
            threads.push(Thread { room, root, door: To::Place(place_of_case(&case.id)) });
        }
        let home = case.data.home.as_ref().filter(|home| !home.is_direct);
        if let (Some(Announce::Room), Some(home)) = (scene.template.policy.announce, home) {
            let (room, root) = (home.room.clone(), home.event.clone());
            threads.push(Thread { door: To::Room(room.clone()), room, root });
        }
        Ok(threads)
    }

    /// Whether what is said in a room is encrypted. Where the bot is not any more it can ask nobody in, and nothing is said in the
    /// clear.
    async fn is_encrypted(&self, room: &RoomId) -> Result<bool, OfficeError> {
        self.kit().is_encrypted(LOCALPART, room).await.map_err(|error| match error {
            BotError::Store(error) => error.into(),
            error => OfficeError::Later(error.to_string()),
        })
    }

    /// Whether the account that speaks for somebody is in a room.
    async fn is_there(&self, room: &RoomId, speaker: &Speaker) -> Result<bool, OfficeError> {
        let Some(bot) = self.kit().intent(LOCALPART) else { return Ok(false) };
        match bot.state(room, "m.room.member", speaker.account.as_str()).await {
            Ok(member) => Ok(member.is_some_and(|member| member["membership"] == "join")),
            Err(CallError::Refused { .. }) => Ok(false),
            Err(error) => Err(OfficeError::Later(error.to_string())),
        }
    }

    async fn decided_in_words(
        &self,
        case: &Case<Instance>,
        decided: &Decided,
        thread: &Thread,
        scene: &Scene,
    ) -> Result<String, OfficeError> {
        let languages = match self.kit().language(Some(&thread.room), None).await? {
            Lang::Both => vec![Lang::Zh, Lang::En],
            one => vec![one],
        };
        let who = scene.world().name(&decided.by);
        let line = |lang| {
            let pen = self.pen(lang);
            let (via, result) = (pen.say(decided.via.key(), &[]), pen.say(&decided.result, &[]));
            let values = [("no", &*case.no), ("who", &*who), ("via", &*via), ("result", &*result)];
            pen.say("decided.there", &values)
        };
        Ok(languages.into_iter().map(line).collect::<Vec<_>>().join("\n"))
    }

    /// Has the account that speaks for somebody say it; it is asked into the room first, where it is not there.
    async fn have_said(
        &self,
        batch: &mut Batch,
        key: &str,
        speaker: &Speaker,
        thread: &Thread,
        text: &str,
    ) -> Result<(), OfficeError> {
        if !self.is_there(&thread.room, speaker).await? {
            let key = format!("{key}/in");
            let invitation = membership(key, LOCALPART, "", &speaker.account, "invite");
            self.kit().outbox().put(batch, Letter { to: thread.door.clone(), ..invitation });
        }
        let said = DecisionSaid { key, speaker, room: &thread.room, thread: &thread.root, text };
        Ok(say_decision(self.kit(), batch, LOCALPART, said).await?)
    }
}
