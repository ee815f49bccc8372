//! Whether the API server is to listen where the policy expects it.

use gw_snapshot::fact::Fact;
use gw_snapshot::facts::settings::{ApiServer, address};

use crate::Subject;
use crate::finding::{Finding, Verdict};
use crate::intent::Expected;

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
        .help("set API_SERVER_ENABLED and API_SERVER_KEY in the home's .env, or change the policy"),
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
    let host = |entry: &str| same(entry, &api.host.value);
    let is_host = expected.address.as_ref().is_none_or(|entry| host(&entry.value));
    let is_port = expected.port.as_ref().is_none_or(|entry| entry.value == api.port.value);
    if is_host && is_port {
        return Finding::pass(format!(
            "the API server is to listen on {}, as the policy expects",
            api.address()
        ));
    }
    let claim = format!(
        "the API server is to listen on {}, and the policy expects {wanted}",
        api.address()
    );
    let wrong = [(is_host, &api.host.from), (is_port, &api.port.from)];
    wrong
        .into_iter()
        .filter(|(is_right, _)| !is_right)
        .fold(Finding::failure(claim), |finding, (_, place)| match place {
            Some(place) => finding.seen_at(place, "it is set here"),
            None => finding.seen("Hermes's default", "nothing sets it"),
        })
        .help("set API_SERVER_HOST and API_SERVER_PORT in the home's .env, or change the policy")
}

fn wanted(expected: &Expected) -> String {
    match (&expected.address, &expected.port) {
        (Some(host), Some(port)) => address(&host.value, port.value),
        (Some(host), None) => host.value.clone(),
        (None, Some(port)) => format!("port {}", port.value),
        (None, None) => "none".into(),
    }
}

/// Whether two addresses are one to a server that binds to them.
fn same(one: &str, other: &str) -> bool {
    let plain = |address: &str| match address {
        "localhost" => "127.0.0.1".to_string(),
        "" | "*" => "0.0.0.0".into(),
        address => address.to_ascii_lowercase(),
    };
    plain(one) == plain(other)
}
