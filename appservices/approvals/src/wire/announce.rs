//! Announcements: the room where a case was started hears what was asked for and what became of it, where the template
//! says so. Nothing of a form reaches a room of several otherwise.

use cases::Case;
use kit::{Letter, Related, Relation, To, message};
use store::Batch;

use super::{Approvals, LOCALPART, Scene};
use crate::{
    OfficeError,
    card::{form_lines, title, word_of},
    instance::{Instance, state},
    limits::CARD_LINES_MAX,
    template::Announce,
};

impl Approvals {
    /// Says in the room where a case was started how it stands now, if that is new.
    pub(super) async fn announce(
        &self,
        batch: &mut Batch,
        before: Option<&Case<Instance>>,
        after: &Case<Instance>,
        scene: &Scene,
    ) -> Result<(), OfficeError> {
        let home = after.data.home.as_ref().filter(|home| !home.is_direct);
        let home = home.filter(|_| !after.data.is_secret);
        let (Some(Announce::Room), Some(home)) = (scene.template.policy.announce, home) else {
            return Ok(());
        };
        let was = before.map_or(state::DRAFT, |before| before.state.as_str());
        let is_told = match after.state.as_str() {
            state::DRAFT => false,
            // What was never handed in is nothing to the room.
            state::RECALLED => was != state::DRAFT,
            now => now != was,
        };
        if !is_told {
            return Ok(());
        }
        let pen = self.pen(self.kit().language(Some(&home.room), None).await?);
        let world = scene.world();
        let state = pen.say(word_of(&after.state), &[]);
        let mut lines = vec![format!("[{state}] {}", title(after, &world, pen))];
        lines.extend(form_lines(after, &world, pen, CARD_LINES_MAX - 1));
        let key = format!("an/{}/{}", after.id, after.rev);
        let content = message(&lines.join("\n"), None);
        let letter = Letter::message(key, LOCALPART, To::Room(home.room.clone()), content);
        let relation = Relation::Thread(Related::Event(home.event.clone()));
        self.kit().outbox().put(batch, letter.relating(relation));
        Ok(())
    }
}
