//! The address of the API server: who listens there, and whose answer it is.

use gw_snapshot::fact::Why;
use gw_snapshot::facts::gateway::{Health, Listener};
use gw_snapshot::facts::health::Answer;
use gw_snapshot::facts::place::Place;
use gw_snapshot::facts::settings::{self, ApiServer};
use gw_snapshot::observation::Trouble;
use gw_snapshot::parse::cgroup;

use crate::Subject;
use crate::api;
use crate::finding::Finding;

impl<'a> Subject<'a> {
    /// The API server, where one is configured and is this gateway's own to open.
    pub(crate) fn api(&self) -> Option<&'a ApiServer> {
        let own = self.gateway.api.known().filter(|_| self.gateway.served_by.is_none());
        own.filter(|api| api.enabled.value)
    }

    /// The settings that ask for an API server in vain, and what is wrong with them, where the release starts none and says
    /// nothing of it.
    pub(crate) fn api_in_vain(&self) -> Option<(&'a ApiServer, InVain)> {
        let own = self.gateway.api.known().filter(|_| self.gateway.served_by.is_none());
        let api = own.filter(|api| !api.enabled.value)?;
        let fault = api::no_key(&api.key.value);
        let (said, at, is_meant) = match api.in_vain.as_ref()? {
            settings::InVain::Flag(at) => {
                let missing = api::no_key(&settings::Key::Missing)?;
                let said = format!("{missing}, and this release reads API_SERVER_ENABLED nowhere");
                (said, at, false)
            }
            settings::InVain::Key(at) => (fault?.into(), at, false),
            settings::InVain::InService(at) => (IN_SERVICE.into(), at, false),
            settings::InVain::Against { off, .. } => {
                ("`enabled: false` wins over the key".into(), off, true)
            }
        };
        Some((api, InVain { said, at: at.clone(), is_meant }))
    }

    /// Why there is no address to judge.
    pub(crate) fn no_api(&self) -> Vec<Finding> {
        if let Some(served) = &self.gateway.served_by {
            return vec![Finding::skipped(format!(
                "the gateway of profile {} serves this one on its own listener",
                served.profile
            ))];
        }
        match self.gateway.api.why() {
            Some(why) => vec![Finding::unknown("where the API server is to listen", why).minor()],
            None => vec![Finding::skipped("no API server is configured")],
        }
    }

    /// The listeners that shut the API server out, or would: those on its address, but for one on every
    /// address beside the gateway's own on this machine's.
    pub(crate) fn in_the_way(&self, api: &'a ApiServer) -> impl Iterator<Item = &'a Listener> {
        let on_address = || self.facts.on(api);
        let own = self.gateway.process().map(|process| process.pid);
        let is_own = |listener: &Listener| own.is_some_and(|pid| listener.is_held_by(pid));
        let has_own = on_address().any(|listener| listener.is_loopback() && is_own(listener));
        on_address().filter(move |listener| listener.is_loopback() || !has_own)
    }

    /// That nobody of this kind keeps the API server from its address, as far as one can see.
    pub(crate) fn nobody_in_the_way(&self, who: &str, api: &ApiServer) -> Finding {
        let address = api.address();
        let there: Vec<_> = self.facts.on(api).collect();
        let own = self.gateway.process().map(|process| process.pid);
        let is_own = |found: &Listener| own.is_some_and(|pid| found.is_held_by(pid));
        let has_own = there.iter().any(|found| is_own(found))
            || self.facts.api_listener(self.gateway).is_some();
        let is_open = self.facts.perhaps_on(api).any(|found| !is_own(found));
        let hidden =
            there.iter().find(|found| found.owners.iter().flatten().next().is_none()).copied();
        let by_hidden = |listener: &Listener| {
            Why::Failed(match self.maker_of(listener) {
                Some(maker) => format!("a process of {maker} holds it, which is not visible"),
                None => "its holder is not visible".into(),
            })
        };
        let why = match self.unseen_listeners() {
            _ if has_own => None,
            None if hidden.is_some() => hidden.map(by_hidden),
            None if is_open => api.open(),
            why => why,
        };
        match why {
            Some(why) => {
                Finding::unknown(&format!("whether any {who} sits on {address}"), &why).minor()
            }
            None => Finding::pass(format!("no {who} sits on {address}")),
        }
    }

    /// Why a listener may be there that is not listed.
    pub(crate) fn unseen_listeners(&self) -> Option<Why> {
        let seen = &self.facts.listeners;
        let why = || seen.trouble.clone().map_or(Why::NotObserved, Trouble::into_why);
        (!seen.complete).then(why)
    }

    /// Why the gateway's sockets are not among those that were seen, where they are elsewhere: a `NetworkNamespacePath=`, a
    /// `PrivateNetwork=`, a container. What listens on the same port here is no neighbour of theirs.
    pub(crate) fn listens_out_of_sight(&self) -> Option<Why> {
        let network = self.gateway.process()?.seen.network.as_ref()?;
        // Of that of another user only is seen that it is another.
        let name = Some(network).filter(|name| name.contains(|c: char| c.is_ascii_digit()));
        let name = name.map_or_else(String::new, |name| format!(", {name}"));
        Some(Why::Failed(if self.facts.has_hint("network-namespace") {
            "gw-doctor runs in a network namespace of its own: look from outside of it".into()
        } else {
            format!("it runs in a network namespace of its own{name}: look from within that")
        }))
    }

    /// The health endpoint, if its answer can be that of this gateway.
    pub(crate) fn own_health(&self) -> Option<&'a Health> {
        let health = self.gateway.health.as_ref()?;
        self.gateway.process()?;
        let is_own = self.answered_by_other(health).is_none() && self.is_the_api_servers(health);
        is_own.then_some(health)
    }

    /// Whether the API server was asked: its settings say so, or its answer. Another listener of the
    /// gateway, such as that of a webhook, knows nothing of this path; but where the settings are not
    /// known, silence is silence and a refusal a refusal on any path.
    pub(crate) fn is_the_api_servers(&self, health: &Health) -> bool {
        let is_its_listener =
            self.facts.api_listener(self.gateway).is_some_and(|own| is_at(own, health));
        let expected = is_its_listener
            || self.api().and_then(ApiServer::health_url).is_some_and(|url| url == health.url);
        match &health.answer {
            Answer::Hermes { .. } | Answer::Unauthorised { by_hermes: true, .. } => true,
            Answer::TimedOut | Answer::Closed | Answer::Refused | Answer::Unknown(_) => {
                expected || self.is_address_open()
            }
            _ => expected,
        }
    }

    /// True if the settings do not tell where the API server is to listen, or whether there is to be one.
    fn is_address_open(&self) -> bool {
        self.gateway.api.why().is_some() || self.api().is_some_and(|api| api.open().is_some())
    }

    /// Why there is no answer to judge.
    pub(crate) fn no_health(&self) -> Vec<Finding> {
        let Some(health) = &self.gateway.health else {
            return vec![Finding::skipped("there is no health endpoint to ask")];
        };
        if self.gateway.process().is_none() {
            return self.no_process();
        }
        match self.answered_by_other(health) {
            Some(listener) => {
                vec![Finding::skipped(format!(
                    "the answer is that of whoever holds {}",
                    listener.text()
                ))]
            }
            None => vec![Finding::skipped(format!(
                "no setting says that {} is the API server's",
                health.url
            ))],
        }
    }

    /// The listener that answers in the gateway's place, if it is another's for sure.
    fn answered_by_other(&self, health: &Health) -> Option<&'a Listener> {
        let process = self.gateway.process()?;
        let mut asked =
            self.facts.listeners.list.iter().filter(|listener| is_at(listener, health)).peekable();
        let first = asked.peek().copied()?;
        let ours = asked.any(|listener| {
            listener.is_held_by(process.pid)
                || (listener.owners.is_none() && !self.is_another_user_s(listener))
        });
        (!ours).then_some(first)
    }

    /// Returns the user who made a socket, where that user has the same number for us as for everybody.
    pub(crate) fn maker_of(&self, listener: &Listener) -> Option<String> {
        listener.maker().filter(|_| !self.facts.has_hint("user-namespace"))
    }

    /// Whether a socket was made by another user than the gateway's, whoever holds it: then it is not the gateway's. In a
    /// container users have other numbers.
    pub(crate) fn is_another_user_s(&self, listener: &Listener) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        let is_contained = process.seen.cgroup.as_deref().and_then(cgroup::container).is_some();
        let maker = listener.uid.zip(process.seen.uid);
        !is_contained && maker.is_some_and(|(maker, gateway)| maker != gateway)
    }

    /// Whether the gateway listens at the very address that was asked.
    pub(crate) fn listens_where_asked(&self, health: &Health) -> bool {
        let Some(process) = self.gateway.process() else { return false };
        self.facts.held_by(process.pid).any(|listener| is_at(listener, health))
    }

    /// Whether the gateway itself answers: its event loop comes round then, for the API server runs in it.
    pub(crate) fn answers_itself(&self) -> bool {
        self.own_health().is_some_and(|health| {
            matches!(health.answer, Answer::Hermes { .. }) && self.listens_where_asked(health)
        })
    }

    /// Whether somebody holds the address that was asked, and it cannot be seen who.
    pub(crate) fn is_answered_by_nobody_seen(&self, health: &Health) -> bool {
        let mut asked = self.facts.listeners.list.iter().filter(|listener| is_at(listener, health));
        !self.listens_where_asked(health)
            && asked.any(|listener| listener.owners.iter().flatten().next().is_none())
    }

    /// Whether the health endpoint gave such an answer.
    pub(crate) fn answered(&self, is: impl Fn(&Answer) -> bool) -> bool {
        self.gateway.health.as_ref().is_some_and(|health| is(&health.answer))
    }
}

/// Why a key counts for nothing that only the service sets.
const IN_SERVICE: &str = "API_SERVER_KEY is set for the service alone, and a gateway of several profiles takes it from the home's `.env` only";

/// What asks for an API server in vain.
pub(crate) struct InVain {
    /// Why there is none, for people.
    pub(crate) said: String,
    /// Where that is set.
    pub(crate) at: Place,
    /// Whether a setting says that there is to be none.
    pub(crate) is_meant: bool,
}

impl InVain {
    /// Returns why there is none, and where that is set.
    pub(crate) fn why(&self) -> String {
        format!("{} ({})", self.said, self.at)
    }
}

/// That a listener stands in nobody's way, for no gateway of this home is to run.
pub(crate) fn wanted_by_none(listener: &Listener) -> Finding {
    Finding::skipped(format!(
        "{} is taken, and no gateway of this home is installed or has ever run",
        listener.text()
    ))
}

/// An answer as evidence.
pub(crate) fn with_answer(finding: Finding, health: &Health) -> Finding {
    let said = match &health.answer {
        Answer::Hermes { status, .. } => format!("200, status {status}"),
        Answer::Refused => "connection refused".into(),
        Answer::TimedOut => "no answer".into(),
        Answer::Closed => "closed".into(),
        Answer::NotHttp => "not HTTP".into(),
        Answer::Redirect { to } => format!("redirect to {to}"),
        Answer::Unauthorised { status, by_hermes: true } => {
            format!("{status}, as a Hermes API server refuses a request without its key")
        }
        Answer::Unauthorised { status, .. } | Answer::Status(status) => status.to_string(),
        Answer::NotJson => "200, no JSON".into(),
        Answer::TooLong => "200, too long".into(),
        Answer::Foreign { what } => format!("200, {what}"),
        Answer::Unknown(why) => why.to_string(),
    };
    let time = health.ms.map_or_else(String::new, |ms| format!(" after {ms} ms"));
    finding.seen(format!("GET {}", health.url), format!("{said}{time}"))
}

/// Whether a listener is the one that a request to this URL reaches.
fn is_at(listener: &Listener, health: &Health) -> bool {
    settings::health_url(&listener.address, listener.port).as_deref() == Some(health.url.as_str())
}
