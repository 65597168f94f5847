//! Commands: from a line to an action.

use cases::{Case, Refusal};
use kit::{Heard, Verb, first_word};
use people::PersonId;
use store::Batch;

use super::{
    Approvals, KIND, LOCALPART,
    arguments::{action_of, is_number_of_others, number_of, request_number_of},
    published::ADMINISTRATION,
    way_back::return_of,
};
use crate::{
    OfficeError,
    card::Card,
    flow::ADMINISTRATORS,
    instance::{Instance, state},
    limits::LIST_LINES_MAX,
    tables::{EXPECTED, HOME},
};

/// The commands of the bot.
pub(crate) const VERBS: &[Verb] = &[
    Verb { id: "leave", names: &["请假", "leave"], help: "help.start" },
    Verb { id: "expense", names: &["报销", "expense"], help: "help.start" },
    Verb { id: "approval", names: &["审批", "approval", "approvals"], help: "help.approval" },
    Verb { id: "approve", names: &["同意", "通过", "approve"], help: "help.approve" },
    Verb { id: "reject", names: &["拒绝", "驳回", "reject"], help: "help.reject" },
    Verb { id: "transfer", names: &["转交", "transfer"], help: "help.transfer" },
    Verb { id: "add_sign", names: &["加签", "addsign"], help: "help.add_sign" },
    Verb { id: "remove_sign", names: &["减签", "removesign"], help: "help.remove_sign" },
    Verb { id: "return", names: &["退回", "return"], help: "help.return" },
    Verb { id: "recall", names: &["撤回", "recall"], help: "help.recall" },
    Verb { id: "urge", names: &["催办", "urge"], help: "help.urge" },
    Verb { id: "cc", names: &["抄送", "cc"], help: "help.cc" },
    Verb { id: "comment", names: &["评论", "comment"], help: "help.comment" },
    Verb { id: "delegate", names: &["委托", "delegate"], help: "help.delegate" },
    Verb { id: "submit", names: &["提交", "submit"], help: "help.submit" },
    Verb { id: "form", names: &["表单", "form"], help: "help.form" },
    Verb { id: "why", names: &["为什么", "why"], help: "help.why" },
    Verb { id: "verify", names: &["校验", "verify"], help: "help.verify" },
    Verb { id: "contract", names: &["合同", "contract"], help: "help.start" },
    Verb { id: "external-contact", names: &["外部联系人", "external-contact"], help: "help.start" },
    Verb { id: "perm-change", names: &["权限变更", "perm-change"], help: "help.start" },
    Verb { id: "reassign", names: &["改派", "reassign"], help: "help.reassign" },
    Verb { id: "terminate", names: &["终止", "terminate"], help: "help.terminate" },
    Verb { id: "revert", names: &["撤销", "revert"], help: "help.revert" },
];

/// What numbers of approvals begin with.
pub(crate) const NUMBER_PREFIX: &str = "AP";

/// What stands in front of a template that is published although nobody could be asked at some of its nodes.
const FORCE: &str = "--force";

/// The verbs that tell of a case and do nothing to it.
const READING: [&str; 5] = ["why", "verify", "show", "files", "export"];

/// The lists of everything that somebody has a part in.
const ALL: [&str; 4] = ["todo", "mine", "done", "copied"];

/// What a room of several is good for: everything else is for the direct chat.
const IN_ROOMS: [&str; 6] = ["leave", "expense", "approval", "approve", "reject", "verify"];

/// What only those who look after approvals can do.
const FOR_ADMINISTRATORS: [&str; 2] = ["reassign", "terminate"];

/// What those begin with who have something to decide.
const FOR_DECIDERS: [&str; 7] =
    ["approval", "approve", "reject", "transfer", "add_sign", "return", "comment"];

impl Approvals {
    /// The commands that help somebody, where they ask, the most useful ones first.
    pub(crate) async fn verbs_of(&self, heard: &Heard) -> Result<Vec<Verb>, OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(me) = chart.by_account(&heard.sender) else { return Ok(Vec::new()) };
        if !heard.is_direct {
            return Ok(VERBS.iter().filter(|verb| IN_ROOMS.contains(&verb.id)).copied().collect());
        }
        let is_administrator = chart.in_role(ADMINISTRATORS).contains(&me.id);
        let decides = !house.cases.listed(KIND, "todo", &me.id.0).await?.is_empty();
        let mut verbs = VERBS.to_vec();
        verbs.retain(|verb| is_administrator || !FOR_ADMINISTRATORS.contains(&verb.id));
        verbs.sort_by_key(|verb| !(decides && FOR_DECIDERS.contains(&verb.id)));
        Ok(verbs)
    }

    pub(crate) async fn command(
        &self,
        heard: &Heard,
        verb: &str,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        match verb {
            "leave" | "expense" | "contract" | "external-contact" | "perm-change" => {
                self.start(heard, verb, arguments, None, batch).await.map(drop)
            }
            "form" => Box::pin(self.form(heard, arguments, batch)).await,
            "approval" => self.approval(heard, arguments, batch).await,
            "delegate" => self.delegate(heard, arguments, batch).await,
            _ => Box::pin(self.on_case(heard, verb, arguments, batch)).await,
        }
    }

    async fn approval(&self, heard: &Heard, arguments: &str, batch: &mut Batch) -> Result<(), OfficeError> {
        let (word, rest) = first_word(arguments);
        match word.as_str() {
            "mine" | "我的" => self.list(heard, (&word, &["mine"]), rest, batch).await,
            "todo" | "待办" => self.list(heard, (&word, &["todo"]), rest, batch).await,
            "done" | "已办" => self.list(heard, (&word, &["done"]), rest, batch).await,
            "" | "list" | "列表" => self.list(heard, ("list", &ALL), rest, batch).await,
            "show" | "files" | "export" | "查看" | "附件" | "导出" => {
                let verb = match word.as_str() {
                    "show" | "查看" => "show",
                    "files" | "附件" => "files",
                    _ => "export",
                };
                Box::pin(self.on_case(heard, verb, rest, batch)).await
            }
            "trust" | "信任" => self.trust_anew(heard, rest, batch).await,
            "publish" | "发布" => self.publish_typed(heard, rest, batch).await,
            other => match self.house().await?.called(other).await? {
                Some(template) => self.start(heard, &template.id, rest, None, batch).await.map(drop),
                None => {
                    let typed = arguments.split_whitespace().next().unwrap_or(other);
                    self.refuse(heard, &Refusal::new("E107").with("no", typed), batch).await
                }
            },
        }
    }

    /// `[--force]` and a template: publishes it, for administrators of approvals.
    async fn publish_typed(
        &self,
        heard: &Heard,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let (force, text) = match arguments.split_at_checked(FORCE.len()) {
            Some((word, text)) if word.eq_ignore_ascii_case(FORCE) => (true, text.trim()),
            Some(_) | None => (false, arguments),
        };
        if let Some(template) = self.publish(heard, text, force, batch).await?
            && self.kit().has_place(LOCALPART, ADMINISTRATION).await?
        {
            self.put_template(batch, &template, "");
        }
        Ok(())
    }

    /// A command about a case: named, or the one that the message stands under, or the one that waits.
    pub(super) async fn on_case(
        &self,
        heard: &Heard,
        verb: &str,
        arguments: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        if verb == "verify" && Box::pin(self.verifies_for_partner(heard, arguments, batch)).await? {
            return Ok(());
        }
        if let Some(no) = request_number_of(arguments) {
            return Box::pin(self.on_request(heard, verb, &no, batch)).await;
        }
        if is_number_of_others(arguments) {
            return Ok(());
        }
        let (named, rest) = number_of(arguments);
        let case = match self.meant(heard, named.as_deref(), verb).await? {
            Ok(case) => case,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let action = match verb {
            "why" => return self.why(heard, &case, batch).await,
            "verify" => return self.verify(heard, &case, batch).await,
            "show" => return self.show(heard, &case, batch).await,
            "files" => return self.send_files(heard, &case, batch).await,
            "export" => return self.export(heard, &case, batch).await,
            "revert" => return Box::pin(self.revert(heard, case, rest, batch)).await,
            "submit" => return self.submit(heard, case, batch).await,
            "form" => return self.show_form(heard, &case, false, batch).await,
            "return" => {
                let scene = self.scene_of(&case.data, heard.received_ms).await?;
                Ok(return_of(rest, &scene.template, &case.data.passed))
            }
            _ => action_of(verb, rest, &self.house().await?.chart(), self.kit().rng().u64()),
        };
        match action {
            Ok(action) => self.act(heard, &case.id, &[action], batch).await.map(|_| ()),
            Err(refusal) => self.refuse(heard, &refusal, batch).await,
        }
    }

    /// The case that a command means, if whoever types it may know of it.
    async fn meant(
        &self,
        heard: &Heard,
        named: Option<&str>,
        verb: &str,
    ) -> Result<Result<Case<Instance>, Refusal>, OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let me = chart.by_account(&heard.sender);
        let under = self.under(heard).await?;
        if me.is_none() && READING.contains(&verb) {
            return Ok(Err(Refusal::new("E108").with("platform", "matrix")));
        }
        let id = match (named, under, me) {
            (Some(no), _, _) => house.cases.by_number(no).await?,
            (None, Some(id), _) => Some(id),
            (None, None, Some(me)) => match self.only_one(&me.id, verb).await? {
                Ok(id) => id,
                Err(refusal) => return Ok(Err(refusal)),
            },
            (None, None, None) => None,
        };
        let unknown = || Refusal::new("E107").with("no", named.unwrap_or("AP-…"));
        let Some(id) = id else { return Ok(Err(unknown())) };
        let case = house.cases.get::<Instance>(&id).await?;
        let delegations = house.delegations().await?;
        // Whose case it is not learns nothing of it; who is nobody here can try to act, and hears so then.
        let may_know = |case: &Case<Instance>| {
            me.is_none_or(|me| {
                let acts_for = case.data.tasks.iter().any(|task| {
                    delegations.iter().any(|order| order.from == task.owner && order.to == me.id)
                });
                acts_for || case.data.involves(&me.id) || chart.in_role(ADMINISTRATORS).contains(&me.id)
            })
        };
        Ok(case.filter(may_know).ok_or_else(unknown))
    }

    /// The case that is meant without a number: the newest of one's own to look at; to act on, the only one there is.
    async fn only_one(
        &self,
        me: &PersonId,
        verb: &str,
    ) -> Result<Result<Option<String>, Refusal>, OfficeError> {
        let cases = &self.house().await?.cases;
        let list = match verb {
            _ if READING.contains(&verb) => {
                return Ok(Ok(cases.listed(KIND, "mine", &me.0).await?.into_iter().next()));
            }
            "recall" | "urge" | "submit" | "form" | "revert" => "mine",
            _ => "todo",
        };
        let mut open = Vec::new();
        // All that are read at once: an older one may be meant as well as a newer one.
        for id in cases.listed(KIND, list, &me.0).await? {
            let Some(case) = cases.get::<Instance>(&id).await? else { continue };
            let is_open = matches!(case.state.as_str(), state::DRAFT | state::PENDING | state::RETURNED);
            if is_open || (verb == "revert" && case.state == state::APPROVED) {
                open.push(case);
            }
            if open.len() >= LIST_LINES_MAX {
                break;
            }
        }
        if open.len() > 1 {
            let mut numbers: Vec<&str> = open.iter().map(|case| case.no.as_str()).collect();
            numbers.sort_unstable();
            let refusal = Refusal::new("E110").with("field", "form.no").with("problem", "form.required");
            return Ok(Err(refusal.with("example", numbers.join(" "))));
        }
        Ok(Ok(open.pop().map(|case| case.id)))
    }

    /// The case that a message stands under.
    pub(crate) async fn under(&self, heard: &Heard) -> Result<Option<String>, OfficeError> {
        if let Some((case, _)) = heard.on.as_deref().and_then(Card::of_key) {
            return Ok(Some(case.to_owned()));
        }
        match &heard.thread {
            Some(root) => Ok(self.kit().store().get(&HOME, root).await?),
            None => Ok(None),
        }
    }

    /// The case, and the task, from which somebody's word is waited for.
    pub(crate) async fn awaited(&self, person: &PersonId) -> Result<Option<(String, String)>, OfficeError> {
        Ok(self.kit().store().get(&EXPECTED, &person.0).await?)
    }

    /// Answers with a refusal.
    pub(crate) async fn refuse(
        &self,
        heard: &Heard,
        refusal: &Refusal,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let lang = self.language_of_account(&heard.sender).await?;
        self.answer(batch, heard, &self.words_of(lang, refusal));
        Ok(())
    }
}
