//! The releases of Hermes: how a version is written, and what each of them can do.
//!
//! Every difference in behaviour between releases is a [`Capability`] with the releases between which it came and
//! went. Checks ask [`Version::has`], and compare no numbers. `release.md` beside this file lists the capabilities by
//! release, and says how to add a release; a test holds it to this table.

use std::cmp::Ordering;

/// The version of an installed or running Hermes.
#[derive(Debug, Clone)]
pub struct Version {
    numbers: Vec<u32>,
    checkout: Option<Checkout>,
    /// True for a build of a commit before the release, which its name still bears: `0.22.2.dev3` (PEP 440).
    is_before: bool,
}

/// How far a checkout is ahead of the release that it is named after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checkout {
    /// The full or short hash of the commit.
    pub commit: Option<String>,
    /// The day of the commit or, where that is not known, of the newest file of the code: `2026-11-20`.
    pub date: Option<String>,
}

impl Version {
    /// Reads the numbers at the head of a version text; what follows them (`rc1`, `.post1`) does not count. A build of a
    /// commit (`.dev3`) is none of the release, but of a checkout.
    pub fn read(text: &str) -> Option<Self> {
        let number = |part: &str| {
            let digits: String = part.chars().take_while(char::is_ascii_digit).collect();
            digits.parse().ok()
        };
        let numbers: Vec<u32> =
            text.trim().split('.').map_while(number).take(MOST_NUMBERS).collect();
        let is_before = text.contains(".dev");
        let checkout = is_before.then_some(Checkout { commit: None, date: None });
        (!numbers.is_empty()).then_some(Self { numbers, checkout, is_before })
    }

    /// Returns the version of a checkout that holds commits after this release.
    #[must_use]
    pub fn with(self, checkout: Checkout) -> Self {
        Self { checkout: Some(checkout), ..self }
    }

    /// Returns the commits after the release, if it is a checkout that has some.
    pub fn checkout(&self) -> Option<&Checkout> {
        self.checkout.as_ref()
    }

    /// True if its release is this one or a later one. The code of a checkout may be later than its release.
    pub(crate) fn is_from(&self, release: &[u32]) -> bool {
        compare(&self.numbers, release) != Ordering::Less
    }

    /// True if its release is this one or an earlier one.
    pub(crate) fn is_until(&self, release: &[u32]) -> bool {
        compare(&self.numbers, release) != Ordering::Greater
    }

    /// True if both have the same release, whatever was committed after it.
    pub fn is_of_release(&self, other: &Self) -> bool {
        compare(&self.numbers, &other.numbers) == Ordering::Equal
    }

    /// True if this code can do it, false if it cannot. None where the releases that were looked at leave it open, and
    /// where a checkout may have it from a commit after its release.
    pub fn has(&self, capability: Capability) -> Option<bool> {
        let row = capability.row();
        let came = self.is_past(row.absent_in, row.present_in);
        match row.gone {
            None => came,
            Some((last_with, first_without)) => match self.is_past(last_with, first_without) {
                Some(true) => Some(false),
                Some(false) => came,
                None => came.filter(|came| !came),
            },
        }
    }

    /// True from the release `from` on, false up to the release `until`. None between them, and for a checkout that is
    /// ahead of `until`.
    fn is_past(&self, until: &[u32], from: &[u32]) -> Option<bool> {
        if self.is_from(from) {
            let may_lack_it = self.is_before && compare(&self.numbers, from) == Ordering::Equal;
            return (!may_lack_it).then_some(true);
        }
        let is_before = compare(&self.numbers, until) != Ordering::Greater;
        (is_before && self.checkout.is_none()).then_some(false)
    }
}

/// Compares two releases, however many numbers name them: 0.20 is 0.20.0.
fn compare(one: &[u32], other: &[u32]) -> Ordering {
    let number = |of: &[u32], at| of.get(at).copied().unwrap_or(0);
    let places = 0..one.len().max(other.len());
    places
        .map(|at| number(one, at).cmp(&number(other, at)))
        .find(|order| order.is_ne())
        .unwrap_or(Ordering::Equal)
}

impl PartialEq for Version {
    fn eq(&self, other: &Self) -> bool {
        self.is_of_release(other) && self.checkout == other.checkout
    }
}

impl Eq for Version {}

impl std::fmt::Display for Version {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let numbers: Vec<String> = self.numbers.iter().map(ToString::to_string).collect();
        f.write_str(&numbers.join("."))?;
        match &self.checkout {
            None => Ok(()),
            Some(Checkout { date: Some(date), .. }) => write!(f, " + a checkout of {date}"),
            Some(Checkout { commit: Some(commit), .. }) => {
                let short: String = commit.chars().take(SHORT_HASH).collect();
                write!(f, " + the checkout {short}")
            }
            Some(_) => f.write_str(" + a checkout"),
        }
    }
}

/// When a capability came and went.
struct Row {
    /// The last release that is known to be without it.
    absent_in: &'static [u32],
    /// The first release that is known to have it.
    present_in: &'static [u32],
    /// The last release that is known to have it and the first without it, if it went again.
    gone: Option<(&'static [u32], &'static [u32])>,
}

/// Declares the capabilities, each with the releases between which it came, and went if it did.
macro_rules! capabilities {
    (@gone) => { None };
    (@gone $last:expr, $without:expr) => { Some((&$last, &$without)) };
    ($($(#[doc = $meaning:literal])+ $name:ident: $absent:expr => $present:expr $(, until $last:expr => $without:expr)?;)+) => {
        /// What some releases of Hermes do and others do not.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Capability {
            $($(#[doc = $meaning])+ $name,)+
        }

        impl Capability {
            /// Returns every capability with its name, for the page that lists them.
            #[cfg(test)]
            const ALL: &[(Self, &'static str)] = &[$((Self::$name, stringify!($name)),)+];

            fn row(self) -> Row {
                match self {
                    $(Self::$name => Row {
                        absent_in: &$absent,
                        present_in: &$present,
                        gone: capabilities!(@gone $($last, $without)?),
                    },)+
                }
            }
        }
    };
}

/// Any patch release of the minor one before it.
const ANY: u32 = u32::MAX;

capabilities! {
    /// Has its version as a literal in `hermes_cli/__init__.py`.
    LiteralVersion: [0, 0] => [0, 1], until [0, 21, 5] => [0, 22, 2];
    /// Writes `--replace` into units (upstream #37388).
    ReplaceInUnits: [0, 0] => [0, 1], until [0, 16, ANY] => [0, 17];
    /// Writes `--replace` into plists (upstream #96427).
    ReplaceInPlists: [0, 0] => [0, 1], until [0, 20, 6] => [0, 21];
    /// Refuses a missing API key on loopback too.
    KeyOnLoopback: [0, 14, ANY] => [0, 15];
    /// Looks for its job in the domain `user/UID` of launchd, too.
    UserDomain: [0, 16, ANY] => [0, 17];
    /// Ends a planned restart with 75 always, so that `Restart=on-failure` is enough.
    PlannedRestartFails: [0, 17, ANY] => [0, 18];
    /// Waits for no turn under way when it stops, unless the settings say so; older ones wait for 180 s.
    NoDrainByDefault: [0, 17, ANY] => [0, 18];
    /// Refuses an API key of fewer than 16 characters.
    LongKey: [0, 17, ANY] => [0, 18];
    /// Leaves `cron/ticker_heartbeat` and `cron/ticker_last_success`.
    TickMarks: [0, 17, ANY] => [0, 18];
    /// Has `gateway.cgroup_cleanup`, which units run after a stop.
    CgroupCleanup: [0, 17, ANY] => [0, 18];
    /// Answers the watchdog of systemd where `gateway.systemd_watchdog_seconds` is set.
    SystemdWatchdog: [0, 18, ANY] => [0, 19];
    /// Keeps a list of its starts, `gateway-starts.log`.
    StartsLedger: [0, 18, ANY] => [0, 19];
    /// Writes `RestartPreventExitStatus=78` into units.
    ConfigExitInUnits: [0, 18, ANY] => [0, 19];
    /// Ticks the jobs of each profile that it serves.
    TicksServedProfiles: [0, 19, ANY] => [0, 20];
    /// Has the wrapper `hermes_cli.stderr_timestamp` for launchd (upstream #86893).
    LaunchdWrapper: [0, 20, 0] => [0, 20, 1];
    /// Lets that wrapper add `--external-supervisor` itself where launchd runs it, so that a plist without it starts.
    WrapperMarksItself: [0, 20, 0] => [0, 20, 5];
    /// Ends a start that has no event loop after 300 s, and neither computes nor says that it needs longer.
    StartWatchdog: [0, 21, 0] => [0, 21, 3];
    /// Stamps `updated_at` of its status file every 60 s, by a thread of its own.
    StatusMark: [0, 21, 3] => [0, 21, 5];
    /// Stamps the entry of its API server in the status file every 30 s, by its event loop.
    ApiServerMark: [0, 21, 5] => [0, 22, 2];
    /// Reads the platforms below `gateway.platforms` in config.yaml.
    BlockBelowGateway: [0, 15, ANY] => [0, 16];
    /// Starts an API server for a usable key alone or for `enabled: true`, reads `API_SERVER_ENABLED` nowhere, heeds
    /// `enabled: false` beside a key, and reads `port`, `host` and `key` of a block without `extra:` (run on 0.20.0).
    ApiServerByKey: [0, 19, ANY] => [0, 20];
    /// Takes every setting of the block `api_server:` at the top of config.yaml, before all others, and expands `${NAME}`.
    EveryApiSetting: [0, 21, 0] => [0, 21, 3];
    /// Heeds `multiplex_profiles: false` no more: it serves every profile all the same.
    IgnoresMultiplexOff: [0, 21, 3] => [0, 21, 4];
    /// Ticks the cron of every profile of its root that has no gateway of its own, whether it serves it or not.
    TicksEveryProfile: [0, 21, 3] => [0, 21, 5];
    /// Serves every profile of its user without being told to.
    ServesEveryProfile: [0, 21, 3] => [0, 21, 5];
    /// Refuses a key of the shape of a template: `your_…_here`, or a row of x.
    RefusesTemplateKeys: [0, 21, 3] => [0, 21, 4];
    /// Lets `platforms.api_server.extra` win over the block `api_server:` at the top of config.yaml.
    ExtraBeforeRootBlock: [0, 21, 5] => [0, 22, 2];
    /// Takes launchd's own job for another gateway, where a wrapper hides it (upstream #86893, #87046).
    GuardAgainstOwnJob: [0, 19, ANY] => [0, 20];
    /// Takes `gateway run --external-supervisor` (upstream #87005).
    ExternalSupervisor: [0, 20, 0] => [0, 20, 5];
    /// Sets the soft limit of open files in plists from `runtime.nofile_soft_limit`.
    FileLimitInPlists: [0, 20, 0] => [0, 20, 4];
    /// Rests while there is an `ESTOP`, and passes over a request to drain that is an hour old or of before the boot.
    Pause: [0, 20, 0] => [0, 20, 4];
    /// Drops what is no job from the store, and runs the others.
    RepairsStore: [0, 21, 5] => [0, 22, 2];
    /// Heeds the time at which a pause ends by itself. A commit after 0.22.2 brought it.
    PauseExpires: [0, 22, 2] => [0, 23, 5];
    /// Waits for jobs under way, too, when it stops: `agent.cron_drain_timeout`.
    CronDrain: [0, 20, 0] => [0, 20, 4];
    /// Reckons `TimeoutStopSec=` from that wait, too.
    CronDrainInStopLimit: [0, 20, 6] => [0, 21];
    /// Keeps a gateway of a service from the sticky profile: by `HERMES_SUPERVISED_CHILD`, which it writes into
    /// definitions, and under systemd by what systemd sets itself.
    ServicesIgnoreSticky: [0, 20, 6] => [0, 21];
    /// Names the service of a home that is no profile, and not the default one, by eight digits of a hash (upstream
    /// #106611); older ones give it the name of the default service.
    HashForOwnRoot: [0, 21, 1] => [0, 21, 2];
    /// Has `gateway.systemd_stop_mark`, which units run before a stop.
    StopMark: [0, 21, 3] => [0, 21, 4];
    /// Fits the wait of a stop by signal into launchd's limit, so that it ends before launchd kills it.
    DrainWithinLaunchdLimit: [0, 21, 4] => [0, 21, 5];
    /// Refuses `gateway install` and `start` of a named profile with 78: the gateway of the default profile serves it.
    /// `--force` makes a second gateway all the same.
    RefusesNamedProfiles: [0, 21, 4] => [0, 21, 5];
    /// Removes the drop-in `20-replace.conf` that an older Hermes wrote, at each start.
    RemovesReplaceDropIn: [0, 21, 4] => [0, 21, 5];
    /// Writes the plist anew before `gateway restart`, too.
    RestartWritesPlist: [0, 21, 5] => [0, 22, 2];
    /// Leaves a definition alone that is for another `HERMES_HOME`.
    LeavesOtherHomes: [0, 21, 5] => [0, 22, 2];
}

/// Numbers of a version that count.
const MOST_NUMBERS: usize = 8;
/// Characters by which people name a commit.
const SHORT_HASH: usize = 9;

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        Version::read(text).expect("a version")
    }

    fn ahead(text: &str) -> Version {
        version(text).with(Checkout { commit: Some("0123456789abcdef".into()), date: None })
    }

    #[test]
    fn versions_compare_by_their_numbers_however_many_there_are() {
        for (text, release, expected) in [
            ("0.19.0", &[0, 18][..], true),
            ("0.19.0", &[0, 19], true),
            ("0.9.2", &[0, 18], false),
            ("1.0", &[0, 19], true),
            ("0.20", &[0, 20, 0], true),
            ("0.22.2.post1", &[0, 22, 2], true),
            ("0.22.2rc1", &[0, 22, 3], false),
        ] {
            assert_eq!(version(text).is_from(release), expected, "{text} {release:?}");
        }
        assert_eq!(version("0.20"), version("0.20.0"));
        assert_eq!(version("0.20.1rc2").to_string(), "0.20.1");
        assert!(Version::read("dev").is_none() && Version::read("git.0a1b2c3").is_none());
    }

    #[test]
    fn a_checkout_says_how_far_it_is_and_is_not_its_release() {
        assert_eq!(ahead("0.22.1").to_string(), "0.22.1 + the checkout 012345678");
        let dated = Checkout { commit: None, date: Some("2026-11-20".into()) };
        assert_eq!(version("0.22.1").with(dated).to_string(), "0.22.1 + a checkout of 2026-11-20");
        assert_ne!(ahead("0.22.1"), version("0.22.1"));
        assert!(ahead("0.22.1").is_of_release(&version("0.22.1")));
    }

    #[test]
    fn a_build_of_a_commit_is_not_the_release_whose_name_it_bears() {
        let build = version("0.22.2.dev3+g0a1b2c3");
        assert_eq!(build.to_string(), "0.22.2 + a checkout");
        assert_ne!(build, version("0.22.2"));
        assert_eq!(build.has(Capability::LeavesOtherHomes), None);
        assert_eq!(build.has(Capability::ExternalSupervisor), Some(true));
        assert_eq!(version("0.22.3.dev1").has(Capability::LeavesOtherHomes), Some(true));
    }

    #[test]
    fn what_no_looked_at_release_decides_is_open() {
        for (text, expected) in [
            ("0.20.0", Some(false)),
            ("0.20.4", None),
            ("0.20.5", Some(true)),
            ("0.23.5", Some(true)),
        ] {
            assert_eq!(version(text).has(Capability::ExternalSupervisor), expected, "{text}");
        }
        for (text, expected) in
            [("0.16.0", Some(true)), ("0.17.0", Some(false)), ("0.22.2", Some(false))]
        {
            assert_eq!(version(text).has(Capability::ReplaceInUnits), expected, "{text}");
        }
    }

    #[test]
    fn a_checkout_may_have_what_came_after_its_release_and_has_what_came_before() {
        assert_eq!(ahead("0.20.0").has(Capability::LaunchdWrapper), None);
        assert_eq!(ahead("0.20.0").has(Capability::TickMarks), Some(true));
        assert_eq!(ahead("0.20.6").has(Capability::ReplaceInPlists), None);
        assert_eq!(ahead("0.19.0").has(Capability::ReplaceInPlists), None);
        assert_eq!(ahead("0.21.0").has(Capability::ReplaceInPlists), Some(false));
    }

    #[test]
    fn the_page_has_a_line_for_every_capability() {
        let page = include_str!("release.md");
        for (capability, name) in Capability::ALL {
            let row = capability.row();
            assert!(compare(row.absent_in, row.present_in).is_lt(), "{name}");
            let line = page.lines().find(|line| line.contains(&format!("`{name}`")));
            assert!(line.is_some(), "release.md does not speak of {name}");
        }
    }
}
