//! Another profile's gateway sits on the port.

use super::foreign_port_owner::WITHOUT_ITS_PORT;
use super::{Case, Found};

pub(super) fn find(case: &Case<'_>) -> Option<Found> {
    let finding = case.found("port/sibling-profile")?;
    let summary = format!("{}, so this one cannot have its API server there", finding.claim);
    Found::certain(summary, &["port/sibling-profile"]).map(|found| found.also(WITHOUT_ITS_PORT))
}
