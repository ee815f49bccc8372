//! What can be wrong with a gateway.
//!
//! ```text
//! facts ──► story ──► checks ──► diagnosis ──► plan
//! ```
//!
//! A check is a folder: `FAMILY/NAME/` holds `mod.rs` (one pure function), `README.md` (its page, which
//! is also `gw-doctor explain`) and `scenarios.md` (which the tests execute). It is registered by its
//! line below, and by nothing else; a test holds folders, pages and lines together.

mod api;
pub mod chain;
pub mod compare;
pub mod diagnosis;
pub mod drift;
pub mod examine;
mod excuse;
pub mod finding;
pub mod intent;
pub mod limits;
pub mod plan;
mod spawn;
pub mod stop;
mod story;
pub use story::timeline;
mod subject;
pub mod transient;
pub mod unused;

use std::cell::OnceCell;

use gw_snapshot::facts::{Facts, Gateway, Lane};

use drift::{Comparison, Drift};
use finding::{Finding, Verdict};
use intent::Intent;
use story::lives::Lives;

/// What a check looks at: one gateway, the host around it, and what is meant to be.
pub struct Subject<'a> {
    /// The host.
    facts: &'a Facts,
    /// The gateway.
    gateway: &'a Gateway,
    /// What the operator says ought to be.
    intent: &'a Intent,
    /// The lives of the gateway, put together once.
    lives: OnceCell<Lives>,
    /// What several checks ask of each service, in the order of the gateway's lanes: compared once.
    comparisons: OnceCell<Vec<Option<Comparison>>>,
}

impl<'a> Subject<'a> {
    /// A gateway of this host.
    fn new(facts: &'a Facts, gateway: &'a Gateway, intent: &'a Intent) -> Self {
        Self { facts, gateway, intent, lives: OnceCell::new(), comparisons: OnceCell::new() }
    }

    /// The lives of the gateway.
    fn lives(&self) -> &Lives {
        self.lives.get_or_init(|| Lives::of(self.facts, self.gateway))
    }

    /// How far a service of the gateway is from what Hermes writes. None where there is nothing to compare.
    fn drift(&self, lane: &'a Lane) -> Option<Drift<'_>> {
        let lanes = &self.gateway.lanes;
        let at = lanes.iter().position(|known| std::ptr::eq(known, lane))?;
        let compare = || lanes.iter().map(|lane| Comparison::of(self, lane)).collect();
        Drift::new(lane, self.comparisons.get_or_init(compare).get(at)?.as_ref()?)
    }
}

/// One check.
pub struct Check {
    /// `family/name`: public API, never renamed.
    pub id: &'static str,
    /// Its family.
    pub family: &'static str,
    /// Its page.
    pub page: &'static str,
    /// The worst that it can find.
    pub worst: Verdict,
    /// Looks, and says at least one thing.
    pub run: fn(&Subject<'_>) -> Vec<Finding>,
}

/// Declares each check as a module, and lists it.
macro_rules! checks {
    ($($family:ident { $($name:ident $id:literal),* $(,)? })*) => {
        $(mod $family {
            $(
                #[doc = include_str!(concat!(stringify!($family), "/", stringify!($name), "/README.md"))]
                pub(super) mod $name;
            )*
        })*

        /// Every check, in the order in which reports list them.
        pub static CHECKS: &[Check] = &[$($(Check {
            id: $id,
            family: stringify!($family),
            page: include_str!(concat!(stringify!($family), "/", stringify!($name), "/README.md")),
            worst: $family::$name::WORST,
            run: $family::$name::run,
        }),*),*];
    };
}

checks! {
    definition {
        missing "definition/missing",
        invalid "definition/invalid",
        broken_path "definition/broken-path",
        loaded_differs "definition/loaded-differs",
        drop_in "definition/drop-in",
        api_server_env "definition/api-server-env",
        restart_policy "definition/restart-policy",
        replace_flag "definition/replace-flag",
        wrapper_unmarked "definition/wrapper-unmarked",
        duplicate "definition/duplicate",
        temp_home "definition/temp-home",
        other_home "definition/other-home",
        shell_home "definition/shell-home",
        sticky_profile "definition/sticky-profile",
        stop_timeout "definition/stop-timeout",
        service_path "definition/service-path",
        generation "definition/generation",
        will_be_overwritten "definition/will-be-overwritten",
        against_reference "definition/against-reference",
    }
    job {
        manager_unreachable "job/manager-unreachable",
        not_loaded "job/not-loaded",
        not_running "job/not-running",
        crash_loop "job/crash-loop",
        fatal_config "job/fatal-config",
        start_limit "job/start-limit",
        restarting "job/restarting",
        draining "job/draining",
        disabled "job/disabled",
        last_exit "job/last-exit",
        killed "job/killed",
        parked "job/parked",
        wrong_domain "job/wrong-domain",
        two_domains "job/two-domains",
        under_way "job/under-way",
    }
    owner {
        unsupervised "owner/unsupervised",
        duplicate_gateway "owner/duplicate-gateway",
        stopped_or_zombie "owner/stopped-or-zombie",
        stale_pid_file "owner/stale-pid-file",
        pid_reused "owner/pid-reused",
        ghost_lock "owner/ghost-lock",
        inside_gateway "owner/inside-gateway",
        other_user "owner/other-user",
        foreign_owned_file "owner/foreign-owned-file",
        stale_code "owner/stale-code",
        package_gone "owner/package-gone",
        stale_server "owner/stale-server",
        other_job "owner/other-job",
    }
    home {
        mount "home/mount",
        space "home/space",
    }
    port {
        expected_unknown "port/expected-unknown",
        no_listener "port/no-listener",
        foreign_listener "port/foreign-listener",
        sibling_profile "port/sibling-profile",
        owner_hidden "port/owner-hidden",
        exposed_address "port/exposed-address",
        collision "port/collision",
    }
    health {
        not_configured "health/not-configured",
        refused "health/refused",
        timeout "health/timeout",
        bad_status "health/bad-status",
        not_json "health/not-json",
        not_hermes "health/not-hermes",
        redirect "health/redirect",
        unauthorised "health/unauthorised",
        blocked "health/blocked",
        version_skew "health/version-skew",
        degraded "health/degraded",
    }
    runtime {
        missing "runtime/missing",
        invalid "runtime/invalid",
        left_by_another "runtime/left-by-another",
        startup_failed "runtime/startup-failed",
        draining "runtime/draining",
        paused "runtime/paused",
        platform_error "runtime/platform-error",
        no_platform "runtime/no-platform",
        same_credential "runtime/same-credential",
        unreadable "runtime/unreadable",
        loop_stalled "runtime/loop-stalled",
        connected_unverified "runtime/connected-unverified",
        restart_requested "runtime/restart-requested",
        session_store "runtime/session-store",
    }
    cron {
        no_ticker "cron/no-ticker",
        ticker_late "cron/ticker-late",
        ticks_failing "cron/ticks-failing",
        overdue "cron/overdue",
        store_invalid "cron/store-invalid",
        store_unreadable "cron/store-unreadable",
        clock "cron/clock",
        last_run_failed "cron/last-run-failed",
        delivery_failed "cron/delivery-failed",
        stuck_claim "cron/stuck-claim",
        external_provider "cron/external-provider",
        held "cron/held",
        script_missing "cron/script-missing",
        not_handed_over "cron/not-handed-over",
        incident "cron/incident",
        self_restart "cron/self-restart",
        never_fired "cron/never-fired",
        target_unresolvable "cron/target-unresolvable",
        missed_occurrence "cron/missed-occurrence",
        duplicate_job "cron/duplicate-job",
        store_shrunk "cron/store-shrunk",
    }
    survival {
        crash "survival/crash",
        logout "survival/logout",
        reboot "survival/reboot",
        rewrite "survival/rewrite",
    }
    policy {
        address "policy/address",
        setting "policy/setting",
        off "policy/off",
    }
    logs {
        api_server_refused "logs/api-server-refused",
        missing_dependency "logs/missing-dependency",
        port_bind "logs/port-bind",
        provider_auth "logs/provider-auth",
        provider_quota "logs/provider-quota",
        transport "logs/transport",
        restart_storm "logs/restart-storm",
        diagnostics_flood "logs/diagnostics-flood",
    }
}
