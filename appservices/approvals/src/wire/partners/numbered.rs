//! Requests of other servers by the numbers that they have here: people look at them so, and decide them on their cards.

use cases::{Case, Refusal, origin_of};
use kit::Heard;
use store::Batch;

use super::{asked::Requested, shown::text_of_request};
use crate::{
    OfficeError,
    wire::{Approvals, proofs::verdict_in_words},
};

impl Approvals {
    /// A command about a request of another server. None decides it: what proves a decision to the other side is an event on the
    /// card.
    pub(in crate::wire) async fn on_request(
        &self,
        heard: &Heard,
        verb: &str,
        no: &str,
        batch: &mut Batch,
    ) -> Result<(), OfficeError> {
        let case = match self.request_called(heard, no).await? {
            Ok(case) => case,
            Err(refusal) => return self.refuse(heard, &refusal, batch).await,
        };
        let pen = self.pen(self.language_of_account(&heard.sender).await?);
        match verb {
            "verify" => {
                let house = self.house().await?;
                let (_, origin) = origin_of(&case.data.request).map_err(cases::CasesError::from)?;
                let verdict = house.cases.verify(&case, &origin).await?;
                let records = house.cases.records(&case.id).await.unwrap_or_default();
                self.answer(batch, heard, &verdict_in_words(pen, no, &verdict, &records));
                Ok(())
            }
            "show" | "why" | "files" | "export" => {
                let actions = case.data.is_open().then(|| pen.say("partner.on_card", &[("no", no)]));
                let text = text_of_request(&case, actions, pen);
                self.answer_privately(batch, heard, None, &text).await
            }
            _ if case.data.is_open() => {
                let chart = self.house().await?.chart();
                let me = chart.by_account(&heard.sender);
                if me.is_some_and(|me| case.data.people.contains(&me.id)) {
                    self.answer(batch, heard, &pen.say("partner.on_card", &[("no", no)]));
                    return Ok(());
                }
                self.refuse(heard, &case.data.not_yours(&chart), batch).await
            }
            _ => self.is_decided_for_partner(heard, &case, batch).await,
        }
    }

    /// The request with a number, if whoever asks may know of it: they are asked, or may read its records.
    async fn request_called(
        &self,
        heard: &Heard,
        no: &str,
    ) -> Result<Result<Case<Requested>, Refusal>, OfficeError> {
        let house = self.house().await?;
        let chart = house.chart();
        let Some(me) = chart.by_account(&heard.sender) else {
            return Ok(Err(Refusal::new("E108").with("platform", "matrix")));
        };
        let unknown = Refusal::new("E107").with("no", no);
        let Some(id) = house.cases.by_number(no).await? else { return Ok(Err(unknown)) };
        let Some(case) = house.cases.get::<Requested>(&id).await? else { return Ok(Err(unknown)) };
        let may_know =
            case.data.people.contains(&me.id) || self.may_read_records(heard, &case.data.room).await?;
        Ok(if may_know { Ok(case) } else { Err(unknown) })
    }
}
