//! `launchctl print-disabled DOMAIN`: the overrides of a domain, which outlive every plist.

use std::collections::BTreeMap;

use crate::fact::{Fact, Why};

/// The overrides of a domain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Overrides {
    /// Each label that has one, and whether it disables.
    pub labels: BTreeMap<String, bool>,
    /// Whether these are all. Not so where somebody searched the list for a word.
    pub is_complete: bool,
}

impl Overrides {
    /// Whether a label is disabled. One without an override is not.
    pub fn is_disabled(&self, label: &str) -> Fact<bool> {
        match self.labels.get(label) {
            Some(is) => Fact::Known(*is),
            None if self.is_complete => Fact::Known(false),
            None => Fact::Unknown(Why::NotObserved),
        }
    }
}

/// Reads the list, or rows of it. None where the text is neither.
pub fn read(text: &str) -> Option<Overrides> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let head = lines.iter().position(|line| line.starts_with("disabled services ="));
    let Some(head) = head else {
        let rows: Option<BTreeMap<String, bool>> = lines.iter().map(|line| row(line)).collect();
        let labels = rows.filter(|rows| !rows.is_empty())?;
        return Some(Overrides { labels, is_complete: false });
    };
    // What follows the closing brace, the login items, says other things.
    let rows = lines.iter().skip(head + 1).take_while(|line| **line != "}");
    let labels: BTreeMap<String, bool> = rows.clone().filter_map(|line| row(line)).collect();
    let is_none = lines.get(head).is_some_and(|line| line.ends_with("(no disabled services)"));
    let is_closed = lines.iter().skip(head).any(|line| *line == "}");
    if is_none {
        return Some(Overrides { labels: BTreeMap::new(), is_complete: true });
    }
    Some(Overrides { labels, is_complete: is_closed })
}

/// `"ai.hermes.gateway" => disabled`; true and false up to 13, where true is disabled.
fn row(line: &str) -> Option<(String, bool)> {
    let (label, word) = line.rsplit_once(" => ")?;
    let is_disabled = match word.trim_end_matches([';', ',']) {
        "true" | "disabled" => true,
        "false" | "enabled" => false,
        _ => return None,
    };
    Some((label.trim().trim_matches('"').into(), is_disabled))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_eras_are_read_and_login_items_are_no_overrides() {
        let text = "\n\tdisabled services = {\n\t\t\"a.b\" => true\n\t\t\"c.d\" => disabled\n\t\t\"e\" => false\n\t\t\"f\" => enabled\n\t}\n\tlogin item associations = {\n\t\t\"g\" => true\n\t}\n";
        let read = read(text).expect("a list");
        assert_eq!(read.is_disabled("a.b"), Fact::Known(true));
        assert_eq!(read.is_disabled("c.d"), Fact::Known(true));
        assert_eq!(read.is_disabled("f"), Fact::Known(false));
        assert_eq!(read.is_disabled("g"), Fact::Known(false));
        assert_eq!(read.labels.len(), 4);
    }

    #[test]
    fn an_empty_list_is_one_and_rows_alone_say_nothing_of_the_rest() {
        let none = read("\tdisabled services = (no disabled services)\n").expect("a list");
        assert_eq!(none.is_disabled("a"), Fact::Known(false));
        let rows = read("\t\t\"a\" => disabled\n").expect("rows");
        assert_eq!(rows.is_disabled("a"), Fact::Known(true));
        assert!(rows.is_disabled("b").why().is_some());
        let cut = read("disabled services = {\n\t\"a\" => disabled\n").expect("a part");
        assert!(cut.is_disabled("b").why().is_some());
        assert_eq!(read("Could not print domain: 1"), None);
    }
}
