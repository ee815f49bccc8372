//! The only door to HTTP: one GET to a loopback address, without credentials, redirects or proxy.
//! The answer is read up to a limit of bytes and of time; a server that sends one byte a second does
//! not keep us.

use std::collections::BTreeMap;
use std::error::Error;
use std::io::{self, Read};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use gw_snapshot::observation::{HttpSeen, Trouble};
use gw_snapshot::redact::{Salt, shape};
use reqwest::blocking::Client;
use reqwest::header::HeaderMap;
use reqwest::{Url, header, redirect};

use super::read::{plain, trouble};
use super::redacted;
use super::run::milliseconds;

/// The longest that one answer may take. Hermes's own takes milliseconds; one that is wedged, for ever.
const LONGEST: Duration = Duration::from_secs(3);

/// Response headers that tell who answers, and nothing of anybody.
const HEADERS: [header::HeaderName; 6] = [
    header::ALLOW,
    header::CONTENT_LENGTH,
    header::CONTENT_TYPE,
    header::LOCATION,
    header::RETRY_AFTER,
    header::SERVER,
];

/// A client that is made when it is first used.
#[derive(Default)]
pub(super) struct Browser(OnceLock<Result<Client, String>>);

impl Browser {
    fn client(&self) -> Result<&Client, Trouble> {
        let client = self.0.get_or_init(|| {
            Client::builder()
                .no_proxy()
                .redirect(redirect::Policy::none())
                .referer(false)
                .retry(reqwest::retry::never())
                .user_agent(concat!("gw-doctor/", env!("CARGO_PKG_VERSION")))
                .connect_timeout(LONGEST)
                .pool_max_idle_per_host(0)
                .resolve_to_addrs(
                    "localhost",
                    &[(Ipv4Addr::LOCALHOST, 0).into(), (Ipv6Addr::LOCALHOST, 0).into()],
                )
                .build()
                .map_err(|error| innermost(&error))
        });
        client.as_ref().map_err(|words| Trouble::Other(words.clone()))
    }

    /// Asks, within three quarters of the time left, so that the answer is known before the deadline.
    pub(super) fn get(&self, url: &str, deadline: Instant, salt: &Salt) -> HttpSeen {
        let begun = Instant::now();
        let limit = (deadline.saturating_duration_since(begun) * 3 / 4).min(LONGEST);
        let mut seen = HttpSeen { url: url.into(), ..HttpSeen::default() };
        seen.error = self.fill(&mut seen, limit, salt).err();
        seen.ms = milliseconds(begun.elapsed());
        seen
    }

    fn fill(&self, seen: &mut HttpSeen, limit: Duration, salt: &Salt) -> Result<(), Trouble> {
        let url = loopback(&seen.url)?;
        // The limit of a request, unlike that of a client, covers the body to its end.
        let response =
            self.client()?.get(url).timeout(limit).send().map_err(|error| why(&error))?;
        seen.status = Some(response.status().as_u16());
        let headers = response.headers().clone();
        let mut body = Vec::new();
        let one_more = u64::try_from(HttpSeen::BODY_LIMIT).unwrap_or(u64::MAX).saturating_add(1);
        let read = response.take(one_more).read_to_end(&mut body);
        add_answer(seen, &headers, &body, salt);
        read.map(drop).map_err(|error| why(&error))
    }
}

/// What a server said, up to the limit and without its secrets.
pub(super) fn add_answer(seen: &mut HttpSeen, headers: &HeaderMap, body: &[u8], salt: &Salt) {
    seen.headers = clear_headers(headers, salt);
    seen.truncated = body.len() > HttpSeen::BODY_LIMIT;
    let body = body.get(..HttpSeen::BODY_LIMIT).unwrap_or(body);
    seen.body = Some(redacted::body(&String::from_utf8_lossy(body), salt));
}

/// The address, if it is on this host and asks for nothing but itself.
fn loopback(url: &str) -> Result<Url, Trouble> {
    let refused = |why: &str| Trouble::Other(why.into());
    let url = Url::parse(url).map_err(|_| refused("not an address"))?;
    if url.scheme() != "http" {
        return Err(refused("not a plain HTTP address"));
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err(refused("an address with credentials"));
    }
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        Ok(url)
    } else {
        Err(refused("not a loopback address"))
    }
}

fn clear_headers(headers: &HeaderMap, salt: &Salt) -> BTreeMap<String, String> {
    let named = |name: &header::HeaderName| {
        let value = headers.get(name)?;
        let value = String::from_utf8_lossy(value.as_bytes());
        let value = if *name == header::LOCATION { place(&value) } else { value.into_owned() };
        Some((name.to_string(), shape::text(&value, salt)))
    };
    HEADERS.iter().filter_map(named).collect()
}

/// Where a redirect leads, without what it carries there: no query, no fragment, no credentials.
fn place(location: &str) -> String {
    let path = location.split(['?', '#']).next().unwrap_or_default();
    let Some((scheme, rest)) = path.split_once("//") else { return path.into() };
    let (authority, path) = match rest.find('/') {
        Some(slash) => rest.split_at(slash),
        None => (rest, ""),
    };
    let host = authority.rsplit('@').next().unwrap_or_default();
    format!("{scheme}//{host}{path}")
}

/// Why there is no answer, by the type of the error that lies deepest.
fn why(error: &(dyn Error + 'static)) -> Trouble {
    let mut found = None;
    let mut next = Some(error);
    while let Some(error) = next {
        found = of_client(error).or_else(|| of_system(error)).or(found);
        // An error of I/O may hold another, which is not its source but the error itself.
        next = match error.downcast_ref::<io::Error>().and_then(io::Error::get_ref) {
            Some(inner) => Some(inner),
            None => error.source(),
        };
    }
    found.unwrap_or_else(|| Trouble::Other(innermost(error)))
}

fn of_client(error: &(dyn Error + 'static)) -> Option<Trouble> {
    if error.downcast_ref::<reqwest::Error>().is_some_and(reqwest::Error::is_timeout) {
        return Some(Trouble::TimedOut);
    }
    let error = error.downcast_ref::<hyper::Error>()?;
    match () {
        () if error.is_timeout() => Some(Trouble::TimedOut),
        () if error.is_parse() => Some(Trouble::NotHttp),
        () if error.is_incomplete_message() || error.is_closed() || error.is_canceled() => {
            Some(Trouble::Closed)
        }
        () => None,
    }
}

fn of_system(error: &(dyn Error + 'static)) -> Option<Trouble> {
    let error = error.downcast_ref::<io::Error>()?;
    match error.kind() {
        io::ErrorKind::ConnectionRefused => Some(Trouble::Refused),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => Some(Trouble::Closed),
        io::ErrorKind::TimedOut => Some(Trouble::TimedOut),
        _ if error.raw_os_error().is_some() => Some(trouble(error)),
        _ => None,
    }
}

/// The words of the error that lies deepest. Those above it repeat the address.
fn innermost(error: &(dyn Error + 'static)) -> String {
    let mut deepest = error;
    while let Some(source) = deepest.source() {
        deepest = source;
    }
    match deepest.downcast_ref::<io::Error>() {
        Some(error) => plain(error),
        None => deepest.to_string(),
    }
}

#[cfg(test)]
mod tests;
