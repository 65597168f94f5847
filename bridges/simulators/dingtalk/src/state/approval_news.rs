//! What apps are told of approvals: of instances and of tasks.

use serde_json::json;

use super::State;

impl State {
    /// Tells every app of an instance.
    pub(super) fn tell_of_instance(&mut self, id: &str, kind: &str) {
        let Some(instance) = self.instances.get(id) else { return };
        let mut data = json!({
            "processInstanceId": id, "processCode": instance.process, "businessId": instance.business_id,
            "bizCategoryId": "", "title": instance.title, "type": kind, "createTime": instance.created_ms,
            "staffId": instance.originator, "url": "",
        });
        if kind != "start" {
            data["finishTime"] = instance.finished_ms.into();
        }
        if kind == "finish" {
            data["result"] = instance.result.into();
        }
        self.emit_to_all("bpms_instance_change", &data);
    }

    /// Tells every app of a task.
    pub(super) fn tell_of_task(&mut self, id: &str, task: u64, kind: &str) {
        let Some(instance) = self.instances.get(id) else { return };
        let Some(task) = instance.tasks.iter().find(|known| known.id == task) else { return };
        let mut data = json!({
            "processInstanceId": id, "processCode": instance.process, "businessId": instance.business_id,
            "bizCategoryId": "", "title": instance.title, "type": kind, "taskId": task.id,
            "createTime": instance.created_ms, "staffId": task.user,
        });
        if kind == "finish" {
            data["result"] = task.result.into();
        }
        self.emit_to_all("bpms_task_change", &data);
    }
}
