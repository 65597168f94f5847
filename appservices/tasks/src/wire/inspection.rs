//! Commands that look at a task and change nothing: its chain of records, its export, its checklist.

use cases::{Case, Exported, Refusal};
use kit::Heard;
use store::Batch;

use super::{LOCALPART, Tasks};
use crate::{OfficeError, desk::ORIGIN, task::Task};

impl Tasks {
    /// Looks at a task, for whoever may see it; whether the command asks for no more than that.
    pub(super) async fn inspect(
        &self,
        heard: &Heard,
        (verb, rest): (&str, &str),
        case: &Case<Task>,
        batch: &mut Batch,
    ) -> Result<bool, OfficeError> {
        if !matches!((verb, rest), ("verify" | "export", _) | ("check", "")) {
            return Ok(false);
        }
        if !self.may_see(heard, case).await? {
            self.refuse(batch, heard, &Refusal::new("E107").with("no", &case.no)).await?;
            return Ok(true);
        }
        match verb {
            "verify" => self.verify(heard, case, batch).await?,
            "export" => self.export(heard, case, batch).await?,
            _ => self.show_checklist(heard, case, batch).await?,
        }
        Ok(true)
    }

    /// Walks the chain of records.
    async fn verify(&self, heard: &Heard, case: &Case<Task>, batch: &mut Batch) -> Result<(), OfficeError> {
        let verdict = self.house().await?.cases.verify(case, &cases::hash_of(ORIGIN.as_bytes())).await?;
        let pen = self.pen_of_account(&heard.sender).await?;
        let text = match verdict {
            Ok(good) => {
                let (records, signers) = (good.records.to_string(), good.signers.len().to_string());
                pen.say("tk.verify.good", &[("no", &case.no), ("records", &records), ("signers", &signers)])
            }
            Err(broken) => {
                let (fault, what) = broken.fault.words();
                let (seq, fault) = (broken.seq.to_string(), pen.say(fault, &[("what", what)]));
                pen.say("tk.verify.broken", &[("no", &case.no), ("seq", &seq), ("fault", &fault)])
            }
        };
        self.answer(batch, heard, &text);
        Ok(())
    }

    /// The task with its records and texts as a file for `lianqiao verify`, into the direct chat of who asks.
    async fn export(&self, heard: &Heard, case: &Case<Task>, batch: &mut Batch) -> Result<(), OfficeError> {
        let cases = &self.house().await?.cases;
        let exported = Exported {
            no: case.no.clone(),
            origin: ORIGIN.to_owned(),
            records: cases.records(&case.id).await?,
            texts: case.data.texts.clone(),
        };
        let text = office::export_of(cases, &exported)?;
        let pen = self.pen_of_account(&heard.sender).await?;
        let key = format!("tkx/{}", heard.event_id);
        let letter = office::export_letter((LOCALPART, key), &heard.sender, (&case.no, text), pen);
        self.kit().outbox().put(batch, letter.secret(case.data.is_secret));
        Ok(())
    }

    async fn show_checklist(
        &self,
        heard: &Heard,
        case: &Case<Task>,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let pen = self.pen_of_account(&heard.sender).await?;
        if case.data.checklist.is_empty() {
            self.answer(batch, heard, &pen.say("tk.checklist.none", &[("no", &case.no)]));
            return Ok(());
        }
        let lines = case.data.checklist.iter().enumerate().map(|(place, item)| {
            let (n, mark) = ((place + 1).to_string(), if item.is_done { "☑" } else { "☐" });
            pen.say("tk.checklist.line", &[("n", &n), ("mark", mark), ("text", &item.text)])
        });
        self.answer_about(batch, heard, case, &lines.collect::<Vec<_>>().join("\n"), pen);
        Ok(())
    }
}
