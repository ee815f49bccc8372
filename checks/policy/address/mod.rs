//! Whether the API server is to listen where the policy expects it.

use gw_snapshot::fact::{Fact, Why};
use gw_snapshot::facts::address::Address;
use gw_snapshot::facts::settings::ApiServer;

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::intent::{Entry, Expected};

/// The worst that it can find.
pub(crate) const WORST: Verdict = Verdict::Failure;

/// Looks.
pub(crate) fn run(at: &Subject<'_>) -> Vec<Finding> {
    let expected: Vec<&Expected> = at
        .expected()
        .filter(|expected| expected.address.is_some() || expected.port.is_some())
        .collect();
    if expected.is_empty() {
        return vec![Finding::skipped("the policy expects no address")];
    }
    if let Some(why) = at.expects_nothing() {
        return vec![Finding::skipped(why)];
    }
    expected.into_iter().map(|expected| one(at, expected)).collect()
}

fn one(at: &Subject<'_>, expected: &Expected) -> Finding {
    let wanted = wanted(expected);
    let finding = match &at.gateway.api {
        Fact::Unknown(why) => {
            return Finding::unknown(
                &format!("whether the API server is to listen on {wanted}"),
                why,
            );
        }
        Fact::Known(api) if api.enabled.value => of_api(api, expected, &wanted),
        Fact::Known(_) | Fact::Absent => Finding::failure(format!(
            "no API server is configured, and the policy expects one on {wanted}"
        ))
        .help(
            "set API_SERVER_KEY, 16 characters or more, in the home's .env, or change the policy",
        ),
    };
    let places = [
        expected.address.as_ref().map(|entry| &entry.at),
        expected.port.as_ref().map(|entry| &entry.at),
    ];
    places
        .into_iter()
        .flatten()
        .fold(finding, |finding, place| finding.seen_at(place, "the policy expects it"))
}

fn of_api(api: &ApiServer, expected: &Expected, wanted: &str) -> Finding {
    let is_host = expected.address.as_ref().map(|entry| host(entry).is(&api.host.value));
    let is_port = expected.port.as_ref().map(|entry| api.port.value.is(&entry.value));
    let (is_host, is_port) = (is_host.unwrap_or(Some(true)), is_port.unwrap_or(Some(true)));
    if let (Some(true), Some(true)) = (is_host, is_port) {
        return Finding::pass(format!(
            "the API server is to listen on {}, as the policy expects",
            api.address()
        ));
    }
    if is_host != Some(false) && is_port != Some(false) {
        let two_ways =
            || Why::Failed("every address of one family need not be every address".into());
        let why = api.open().unwrap_or_else(two_ways);
        return Finding::unknown(&format!("whether the API server is to listen on {wanted}"), &why);
    }
    let claim = format!(
        "the API server is to listen on {}, and the policy expects {wanted}",
        api.address()
    );
    let wrong = [(is_host, &api.host.from), (is_port, &api.port.from)];
    wrong
        .into_iter()
        .filter(|(is_right, _)| *is_right == Some(false))
        .fold(Finding::failure(claim), |finding, (_, place)| match place {
            Some(place) => finding.seen_at(place, "it is set here"),
            None => finding.seen("Hermes's default", "nothing sets it"),
        })
        .help("set API_SERVER_HOST and API_SERVER_PORT in the home's .env, or change the policy")
}

fn wanted(expected: &Expected) -> String {
    match (&expected.address, &expected.port) {
        (Some(address), Some(port)) => host(address).with(port.value),
        (Some(address), None) => address.value.clone(),
        (None, Some(port)) => format!("port {}", port.value),
        (None, None) => "none".into(),
    }
}

fn host(entry: &Entry<String>) -> Address {
    Address::of(entry.value.clone())
}
