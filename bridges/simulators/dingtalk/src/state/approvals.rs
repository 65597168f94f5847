//! Approvals of the organisation: instances, their tasks, what happens to them, who is told.

use serde_json::{Value, json};

use super::State;
use super::copies::Copies;
use super::minutes::minute;
use super::process_centre::Centre;
use crate::limits::RECORDS_MAX;
use crate::refusal::Refusal;

/// Within which time of its start an instance cannot be ended.
const PROTECTED_MS: u64 = 15_000;

/// What somebody has to decide.
#[derive(Clone, Debug)]
pub(crate) struct Task {
    pub(crate) id: u64,
    pub(crate) user: String,
    pub(crate) status: &'static str,
    pub(crate) result: Option<&'static str>,
    /// Tasks of one step are open at once.
    pub(crate) step: usize,
    /// Whether one of the step is enough.
    pub(crate) one_is_enough: bool,
    /// What the API calls its step.
    pub(crate) activity: String,
    /// Where it is decided, when that is elsewhere.
    pub(crate) url: String,
}

impl Task {
    /// One that is not open yet.
    pub(super) fn new(id: u64, user: String, step: usize, one_is_enough: bool) -> Self {
        let (activity, url) = (format!("step-{step}"), String::new());
        Self { id, user, status: "NEW", result: None, step, one_is_enough, activity, url }
    }
}

/// An instance.
#[derive(Clone, Debug)]
pub(crate) struct Instance {
    pub(crate) id: String,
    pub(crate) process: String,
    pub(crate) business_id: String,
    pub(crate) title: String,
    pub(crate) originator: String,
    pub(crate) values: Value,
    pub(crate) status: &'static str,
    pub(crate) result: Option<&'static str>,
    pub(crate) created_ms: u64,
    pub(crate) finished_ms: Option<u64>,
    pub(crate) tasks: Vec<Task>,
    pub(crate) records: Vec<Value>,
    pub(crate) copies: Copies,
    /// Set where the flow runs in an app.
    pub(crate) centre: Option<Centre>,
}

impl State {
    /// Begins an instance; each step is a list of people and whether one of them is enough.
    pub(crate) fn begin_approval(
        &mut self,
        process: &str,
        originator: &str,
        title: String,
        values: Value,
        steps: Vec<(Vec<String>, bool)>,
        copies: Copies,
    ) -> Result<String, Refusal> {
        let mut tasks = Vec::new();
        for (step, (people, one_is_enough)) in steps.into_iter().enumerate() {
            for user in people {
                let id = 60_000_000_000 + self.stage.number();
                tasks.push(Task::new(id, user, step, one_is_enough));
            }
        }
        let id = self.add_instance(process, originator, title, values, tasks)?;
        self.copy_at_start(&id, copies);
        self.tell_of_instance(&id, "start");
        self.open_step(&id);
        Ok(id)
    }

    /// Writes an instance down, and tells nobody yet.
    pub(super) fn add_instance(
        &mut self,
        process: &str,
        originator: &str,
        title: String,
        values: Value,
        tasks: Vec<Task>,
    ) -> Result<String, Refusal> {
        if self.instances.len() >= RECORDS_MAX {
            return Err(Refusal::new(500, "systemError", "there are too many instances"));
        }
        let now = self.stage.now_ms();
        let (id, number) = (self.stage.chance.id("", 32), self.stage.number());
        let instance = Instance {
            id: id.clone(),
            process: process.to_owned(),
            business_id: format!("20270101{number:012}"),
            title,
            originator: originator.to_owned(),
            values,
            status: "RUNNING",
            result: None,
            created_ms: now,
            finished_ms: None,
            tasks,
            records: vec![record(originator, "START_PROCESS_INSTANCE", "NONE", "", now)],
            copies: Copies::default(),
            centre: None,
        };
        self.instances.insert(id.clone(), instance);
        Ok(id)
    }

    /// Opens the next step, or ends the instance with its agreement when there is none.
    fn open_step(&mut self, id: &str) {
        let Some(instance) = self.instances.get_mut(id) else { return };
        let next = instance.tasks.iter().filter(|task| task.status == "NEW").map(|task| task.step).min();
        let mut opened = Vec::new();
        for task in instance.tasks.iter_mut().filter(|task| Some(task.step) == next && task.status == "NEW") {
            task.status = "RUNNING";
            opened.push(task.id);
        }
        if opened.is_empty() {
            self.end_approval(id, "COMPLETED", Some("agree"));
        }
        for task in opened {
            self.tell_of_task(id, task, "start");
        }
    }

    /// Ends an instance with its open tasks.
    pub(crate) fn end_approval(&mut self, id: &str, status: &'static str, result: Option<&'static str>) {
        let now = self.stage.now_ms();
        let Some(instance) = self.instances.get_mut(id) else { return };
        (instance.status, instance.result, instance.finished_ms) = (status, result, Some(now));
        let mut cancelled = Vec::new();
        for task in instance.tasks.iter_mut().filter(|task| ["NEW", "RUNNING"].contains(&task.status)) {
            if task.status == "RUNNING" {
                cancelled.push(task.id);
            }
            task.status = "CANCELED";
        }
        for task in cancelled {
            self.tell_of_task(id, task, "cancel");
        }
        if status == "COMPLETED" {
            self.copy_at_finish(id);
        }
        self.tell_of_instance(id, if status == "TERMINATED" { "terminate" } else { "finish" });
    }

    /// The running task of this number that belongs to this person.
    fn running_task(&mut self, id: &str, task: u64, user: &str) -> Result<&mut Task, Refusal> {
        let instance = self.instances.get_mut(id).ok_or_else(|| Refusal::bad("processInstNotExist"))?;
        if instance.status != "RUNNING" {
            return Err(Refusal::bad("aflowProcessInstStatusException"));
        }
        let known = instance.tasks.iter_mut().find(|known| known.id == task && known.user == user);
        known
            .filter(|task| task.status == "RUNNING")
            .ok_or_else(|| Refusal::bad("aflowProcessInstCanNotBeExecuted"))
    }

    /// Somebody decides.
    pub(crate) fn decide(
        &mut self,
        id: &str,
        task: u64,
        user: &str,
        agrees: bool,
        remark: &str,
    ) -> Result<(), Refusal> {
        let result = if agrees { "agree" } else { "refuse" };
        let decided = self.running_task(id, task, user)?;
        (decided.status, decided.result) = ("COMPLETED", Some(result));
        let (step, one_is_enough) = (decided.step, decided.one_is_enough);
        let now = self.stage.now_ms();
        let mut cancelled = Vec::new();
        let Some(instance) = self.instances.get_mut(id) else { return Ok(()) };
        let word = if agrees { "AGREE" } else { "REFUSE" };
        instance.records.push(record(user, "EXECUTE_TASK_NORMAL", word, remark, now));
        if agrees && one_is_enough {
            for other in
                instance.tasks.iter_mut().filter(|task| task.step == step && task.status == "RUNNING")
            {
                other.status = "CANCELED";
                cancelled.push(other.id);
            }
        }
        let waits = instance.tasks.iter().any(|task| task.status == "RUNNING");
        self.tell_of_task(id, task, "finish");
        for other in cancelled {
            self.tell_of_task(id, other, "cancel");
        }
        if !agrees {
            self.end_approval(id, "COMPLETED", Some("refuse"));
        } else if !waits {
            self.open_step(id);
        }
        Ok(())
    }

    /// Somebody hands their task to somebody else.
    pub(crate) fn redirect(&mut self, task: u64, from: &str, to: &str, remark: &str) -> Result<(), Refusal> {
        self.people.get(to).ok_or_else(|| Refusal::bad("userNotExist"))?;
        let has = |instance: &&Instance| instance.tasks.iter().any(|known| known.id == task);
        let id = self.instances.values().find(has).map(|instance| instance.id.clone());
        let id = id.ok_or_else(|| Refusal::bad("invalidParameter"))?;
        let handed = self.running_task(&id, task, from)?;
        (handed.status, handed.result) = ("COMPLETED", Some("redirect"));
        let (step, one_is_enough) = (handed.step, handed.one_is_enough);
        let (now, number) = (self.stage.now_ms(), 60_000_000_000 + self.stage.number());
        if let Some(instance) = self.instances.get_mut(&id) {
            let task = Task::new(number, to.to_owned(), step, one_is_enough);
            instance.tasks.push(Task { status: "RUNNING", ..task });
            instance.records.push(record(from, "REDIRECT_TASK", "NONE", remark, now));
        }
        self.tell_of_task(&id, task, "finish");
        self.tell_of_task(&id, number, "start");
        Ok(())
    }

    /// Somebody writes below an instance.
    pub(crate) fn comment(&mut self, id: &str, user: &str, words: &str) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        let instance = self.instances.get_mut(id).ok_or_else(|| Refusal::bad("processInstNotExist"))?;
        instance.records.push(record(user, "ADD_REMARK", "NONE", words, now));
        Ok(())
    }

    /// Ends an instance before its decision.
    pub(crate) fn terminate(&mut self, id: &str, user: &str, remark: &str) -> Result<(), Refusal> {
        let now = self.stage.now_ms();
        let instance = self.instances.get_mut(id).ok_or_else(|| Refusal::bad("processInstNotExist"))?;
        if instance.status != "RUNNING" || now < instance.created_ms + PROTECTED_MS {
            return Err(Refusal::bad("aflowProcessInstStatusException"));
        }
        instance.records.push(record(user, "TERMINATE_PROCESS_INSTANCE", "NONE", remark, now));
        self.end_approval(id, "TERMINATED", None);
        Ok(())
    }
}

fn record(user: &str, kind: &str, result: &str, remark: &str, at_ms: u64) -> Value {
    json!({ "userId": user, "date": minute(at_ms), "type": kind, "result": result, "remark": remark })
}
