//! Polls of slots: opened for everybody, closed, and put to the organiser.

use cases::Case;
use kit::{Letter, Related, Relation, To, message};
use ruma::OwnedUserId;
use store::Batch;

use super::{LOCALPART, Meetings, Scene, deliver::home_of, scene::Reader};
use crate::{
    MeetingsError,
    card::PICKS,
    desk::World,
    limits::NAMES_ON_CARD_MAX,
    meeting::{Meeting, state},
    poll,
};

impl Meetings {
    /// Who is to vote: everybody in the room by one poll, the others in their direct chats.
    pub(crate) async fn open_poll(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
    ) -> Result<(), MeetingsError> {
        let home = &case.data.home;
        let in_room = match (home.room.as_ref().filter(|_| !home.is_direct), self.kit().intent(LOCALPART)) {
            (Some(room), Some(intent)) => intent.joined_members(room).await?,
            _ => Vec::new(),
        };
        if !in_room.is_empty() {
            let reader = self.reader_of_home(&case.data).await?;
            self.put_poll(batch, case, &reader, None);
        }
        let is_asked_alone = |user: &OwnedUserId| !in_room.contains(user) && !self.is_beyond(user);
        for user in case.data.accounts().into_iter().filter(is_asked_alone) {
            let reader = self.reader(&user).await?;
            self.put_poll(batch, case, &reader, Some(user));
        }
        Ok(())
    }

    fn put_poll(&self, batch: &mut Batch, case: &Case<Meeting>, reader: &Reader, user: Option<OwnedUserId>) {
        let Some(finding) = &case.data.finding else { return };
        let pen = self.pen(reader);
        let event = &case.data.event;
        let length = jiff::Span::new().minutes(i64::from(finding.length_minutes));
        let answers: Vec<String> = finding
            .slots
            .iter()
            .map(|slot| {
                let end = slot.start.checked_add(length).unwrap_or(slot.start);
                pen.span_in_both(&event.zone, slot.start, end, false)
            })
            .collect();
        let question = pen.say("mt.poll", &[("no", &case.no), ("title", &event.title)]);
        let (key, to) = match user {
            None => (format!("m/{}/poll", case.id), home_of(&case.data)),
            Some(user) => (format!("m/{}/poll/{user}", case.id), To::Direct(user)),
        };
        let letter = Letter::message(key, LOCALPART, to, poll::start(&question, &answers));
        self.kit().outbox().put(batch, Letter { kind: poll::START.to_owned(), ..letter });
    }

    /// The polls end, and the organiser is asked to pick.
    pub(crate) async fn close_poll(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        scene: &Scene,
    ) -> Result<(), MeetingsError> {
        let home = home_of(&case.data);
        let mut polls = vec![(format!("m/{}/poll", case.id), home)];
        polls.extend(
            case.data
                .accounts()
                .into_iter()
                .map(|user| (format!("m/{}/poll/{user}", case.id), To::Direct(user))),
        );
        for (key, to) in polls {
            // There was one poll for the room, or one for each person, or both.
            if self.kit().sent(&key).await?.is_some() {
                let reader = self.reader_of_home(&case.data).await?;
                let text = self.pen(&reader).say("mt.poll_over", &[("no", &case.no)]);
                let letter = Letter::message(format!("mpe/{key}"), LOCALPART, to, poll::end(&text));
                let letter = letter.relating(Relation::Refers(Related::Letter(key)));
                self.kit().outbox().put(batch, Letter { kind: poll::END.to_owned(), ..letter });
            }
        }
        if case.state != state::FINDING {
            return Ok(());
        }
        self.ask_to_pick(batch, case, &scene.world()).await
    }

    async fn ask_to_pick(
        &self,
        batch: &mut Batch,
        case: &Case<Meeting>,
        world: &World<'_>,
    ) -> Result<(), MeetingsError> {
        let (Some(finding), Some(organizer)) = (&case.data.finding, case.data.organizer()) else {
            return Ok(());
        };
        let reader = self.reader_of_home(&case.data).await?;
        let pen = self.pen(&reader);
        let length = jiff::Span::new().minutes(i64::from(finding.length_minutes));
        let mut lines = vec![pen.say("mt.choose", &[("no", &case.no), ("who", &world.name(organizer))])];
        for ((place, slot), sign) in finding.slots.iter().enumerate().zip(PICKS) {
            let voters = finding.votes.iter().filter(|(_, slots)| slots.contains(&place));
            let names: Vec<String> =
                voters.clone().take(NAMES_ON_CARD_MAX).map(|(user, _)| world.name(user)).collect();
            let end = slot.start.checked_add(length).unwrap_or(slot.start);
            let when = pen.span_in_both(&case.data.event.zone, slot.start, end, false);
            let votes = voters.count().to_string();
            let values =
                [("sign", sign), ("when", &*when), ("votes", &*votes), ("names", &*names.join("、"))];
            lines.push(pen.say("mt.choice", &values));
        }
        let key = format!("m/{}/choice", case.id);
        let to = home_of(&case.data);
        let content = message(&lines.join("\n"), &[organizer.to_owned()]);
        self.kit().outbox().put(batch, Letter::message(&key, LOCALPART, to.clone(), content));
        let signs: Vec<&str> = PICKS.into_iter().take(finding.slots.len()).collect();
        self.seed(batch, &key, &to, &signs);
        Ok(())
    }
}
