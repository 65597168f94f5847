//! What people can do with an approval, and what comes of it. Pure: nothing here reads a store, the wire or the clock.

mod about;
mod back;
mod clock;
mod guard;
mod partner;
mod pass_on;
mod reached;
mod room;
mod start;
mod vote;

use cases::{Case, Decision, Refusal};
use people::PersonId;
use ruma::OwnedServerName;

pub(crate) use self::back::STARTER;
pub use self::clock::Alarm;
use crate::{
    desk::{Actor, Desk, Effect, World},
    instance::{Instance, Instead},
    template::{File, Form},
};

/// Something that somebody does, or a timer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Begins: the case exists, and is a draft.
    Start,
    /// Replaces these fields of the form, while it is a draft or returned.
    Fill(Form),
    /// Replaces all that is typed of the form; files stay.
    Rewrite(Form),
    /// Adds a file.
    Attach(File),
    /// Adds a file to what is handed in.
    Enclose(File),
    /// Hands it in, for the first time or again.
    Submit,
    /// Agrees. The code is what [`Refusal`] E112 asked for; `chance` makes a new one.
    Approve {
        /// Which task; the actor's own open one if it is not said.
        task: Option<String>,
        /// What they say with it.
        comment: Option<String>,
        /// The code that was asked for.
        code: Option<String>,
        /// Chance for a code.
        chance: u64,
    },
    /// Does not agree.
    Reject {
        /// Which task.
        task: Option<String>,
        /// Why; asked for if it is missing and needed.
        reason: Option<String>,
    },
    /// Has somebody else decide.
    Transfer {
        /// To whom.
        to: PersonId,
        /// Why.
        reason: Option<String>,
    },
    /// Has others decide, too.
    AddSign {
        /// Who.
        people: Vec<PersonId>,
        /// When they are asked.
        place: Place,
    },
    /// Takes back one who was added.
    RemoveSign {
        /// Who.
        person: PersonId,
    },
    /// Sends it back.
    Return {
        /// To which node; to the starter if it is not said.
        node: Option<String>,
        /// Why.
        reason: String,
    },
    /// The starter takes it back.
    Recall,
    /// Reminds who has it.
    Urge,
    /// Has others read along.
    Copy {
        /// Who.
        people: Vec<PersonId>,
    },
    /// Says something about it.
    Comment {
        /// What.
        text: String,
    },
    /// Says something that those who decide hear, and nobody else.
    Confide {
        /// What.
        text: String,
    },
    /// An administrator gives somebody's task to somebody else.
    Reassign {
        /// Whose.
        from: PersonId,
        /// To whom.
        to: PersonId,
        /// Why.
        reason: String,
    },
    /// An administrator ends it.
    Terminate {
        /// Why.
        reason: String,
    },
    /// The other approval, which undoes this one, was begun.
    UndoBegun {
        /// The id of the other.
        by: String,
        /// Why.
        reason: String,
    },
    /// The approval that was to undo this one came to nothing.
    UndoFailed,
    /// The approval that undoes this one was approved.
    Undone,
    /// Somebody left while it waits for them.
    Left {
        /// Who.
        person: PersonId,
    },
    /// Somebody who is asked hears of it in another way than by their chat.
    Reached {
        /// In which task.
        task: String,
        /// Who.
        person: PersonId,
        /// In which way.
        instead: Instead,
    },
    /// The bot of a partner came into the room of the case.
    PartnerCame {
        /// The partner's server.
        server: OwnedServerName,
    },
    /// The bot of a partner says that it asks somebody.
    PartnerAsks {
        /// For which task.
        task: String,
    },
    /// The bot of a partner says that nobody there is able to.
    PartnerHasNobody {
        /// For which task.
        task: String,
    },
    /// Somebody of a partner has decided; their event was looked at.
    PartnerDecides {
        /// Which task.
        task: String,
        /// Whether they agree.
        agrees: bool,
        /// Why.
        reason: Option<String>,
    },
    /// The reaction that began a rejection or an approval was taken back.
    TakenBack,
    /// A timer is due.
    Alarm(Alarm),
}

/// When people who are added are asked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Before me; then I decide.
    Before,
    /// Together with me.
    Parallel,
    /// After me; with that I agree.
    After,
}

/// What comes of an action.
///
/// # Errors
/// [`Refusal`] with the code of the text that says why.
pub fn decide(
    case: &Case<Instance>,
    action: &Action,
    actor: &Actor,
    world: World<'_>,
) -> Result<Decision<Instance, Effect>, Refusal> {
    let mut desk = Desk::new(world, actor, case);
    match action {
        Action::Start => desk.start(),
        Action::Fill(form) => desk.fill(form)?,
        Action::Rewrite(form) => desk.rewrite(form)?,
        Action::Attach(file) => desk.attach(file)?,
        Action::Enclose(file) => desk.enclose(file)?,
        Action::Submit => desk.submit()?,
        Action::Approve { task, comment, code, chance } => {
            desk.approve(task.as_deref(), comment.as_deref(), code.as_deref(), *chance)?;
        }
        Action::Reject { task, reason } => desk.reject(task.as_deref(), reason.as_deref())?,
        Action::Transfer { to, reason } => desk.transfer(to, reason.as_deref())?,
        Action::AddSign { people, place } => desk.add_sign(people, *place)?,
        Action::RemoveSign { person } => desk.remove_sign(person)?,
        Action::Return { node, reason } => desk.send_back(node.as_deref(), reason)?,
        Action::Recall => desk.recall()?,
        Action::Urge => desk.urge()?,
        Action::Copy { people } => desk.copy(people)?,
        Action::Comment { text } => desk.comment(text)?,
        Action::Confide { text } => desk.confide(text)?,
        Action::Reassign { from, to, reason } => desk.reassign(from, to, reason)?,
        Action::Terminate { reason } => desk.terminate(reason)?,
        Action::UndoBegun { by, reason } => desk.undo_begun(by, reason)?,
        Action::UndoFailed => desk.undo_failed(),
        Action::Undone => desk.undone(),
        Action::Left { person } => desk.left(person),
        Action::Reached { task, person, instead } => desk.reached(task, person, *instead),
        Action::PartnerCame { server } => desk.partner_came(server),
        Action::PartnerAsks { task } => desk.partner_asks(task)?,
        Action::PartnerHasNobody { task } => desk.partner_has_nobody(task)?,
        Action::PartnerDecides { task, agrees, reason } => {
            desk.partner_decides(task, *agrees, reason.as_deref())?;
        }
        Action::TakenBack => desk.taken_back(),
        Action::Alarm(alarm) => desk.alarm(alarm)?,
    }
    Ok(desk.finish())
}
