//! The phrases by which a log line is known, each with its class and the loggers that write it.
//!
//! The releases stand beside the phrases that not all of them write. Where two rows fit, the first decides, so what
//! is noise stands first: a healthy gateway writes such lines, and the words of another row may stand in them.

use super::Class;

/// A phrase and what it means.
pub(super) struct Phrase {
    /// A part of the message.
    pub(super) text: &'static str,
    /// The loggers that write it. Empty: it is printed, or any logger may write it.
    pub(super) by: &'static [&'static str],
    /// Its class. None: it is noise.
    pub(super) class: Option<Class>,
}

const fn noise(text: &'static str, by: &'static [&'static str]) -> Phrase {
    Phrase { text, by, class: None }
}

const fn known(text: &'static str, by: &'static [&'static str], class: Class) -> Phrase {
    Phrase { text, by, class: Some(class) }
}

const ANY: &[&str] = &[];
const API: &[&str] = &["gateway.platforms.api_server"];
/// The gateway itself. From 0.20 on all of its modules write as `gateway.run`, as its one module did before.
const GATEWAY: &[&str] = &["gateway"];
/// The adapters of platforms: of Hermes itself (to 0.17), of its bundled plugins (0.18+), of other plugins.
const ADAPTERS: &[&str] = &["gateway", "hermes_plugins", "plugins.platforms"];
/// Whatever speaks to a provider.
const PROVIDERS: &[&str] =
    &["agent", "cron", "gateway.run", "hermes_cli", "model_tools", "run_agent", "tools"];
const CRON: &[&str] = &["cron"];
/// Up to 0.16 the gateway ticked by itself.
const TICKER: &[&str] = &["cron", "gateway"];
const START: &[&str] = &["hermes_startup_watchdog"];
/// Whatever has the session database open. The Kanban board has one of its own.
const STATE: &[&str] = &[
    "agent",
    "gateway.lifecycle_ledger",
    "gateway.run",
    "gateway.session",
    "hermes_state",
    "hermes_state_health",
    "run_agent",
];

/// The table.
pub(super) const PHRASES: &[Phrase] = &[
    // 0.21.5+: once for each database and start, where SQLite is older than 3.51.3.
    noise("vulnerable to the WAL-reset corruption bug", ANY),
    noise("Auxiliary Nous client unavailable", &["agent"]),
    noise("Failed to fetch model metadata", &["agent"]),
    noise("Group Chat worker failed to start", GATEWAY),
    noise("Supervised task hosted_room_worker died", GATEWAY),
    known("Starting Hermes Gateway...", GATEWAY, Class::Start),
    known("API server listening on", API, Class::ApiListening),
    known("Refusing to start: API_SERVER_KEY", API, Class::ApiRefused),
    // 0.13 and 0.14. That of the webhook of MS Graph says the same of another setting.
    known("Refusing to start: binding to", API, Class::ApiRefused),
    // Not reached in 0.22, where such a gateway ends at its import.
    known("API Server: aiohttp not installed", GATEWAY, Class::MissingDependency),
    known("No adapter available for", GATEWAY, Class::NoAdapter),
    known("No adapter could be created for any of", GATEWAY, Class::NothingConnected),
    known("Gateway started with no connected platforms", GATEWAY, Class::NothingConnected),
    // The words of EADDRNOTAVAIL on Linux ("cannot …") and on macOS ("can't …").
    known("assign requested address", API, Class::AddressNotHere),
    known("Could not bind", API, Class::PortBind),
    known("Could not bind", ADAPTERS, Class::OtherPortBind),
    known("already in use. Set", &["gateway.platforms.api_server", "gateway.run"], Class::PortBind),
    known("already in use. Set", ADAPTERS, Class::OtherPortBind),
    known("api_server_port_in_use", ANY, Class::PortBind),
    // From 0.21.5 on by `hermes_cli.runtime_provider`, and so not in gateway.log.
    known("Primary provider rate-limited (429)", PROVIDERS, Class::ProviderQuota),
    known("quota exhausted (429)", PROVIDERS, Class::ProviderQuota),
    known("insufficient_quota", PROVIDERS, Class::ProviderQuota),
    known("Billing or credits exhausted", PROVIDERS, Class::ProviderQuota),
    known("Primary provider auth failed", PROVIDERS, Class::ProviderAuth),
    known("primary auth failed", PROVIDERS, Class::ProviderAuth),
    known("No inference provider configured", PROVIDERS, Class::ProviderAuth),
    known("token refresh failed", PROVIDERS, Class::ProviderAuth),
    known("refresh token was already consumed", PROVIDERS, Class::ProviderAuth),
    known("Incorrect API key", PROVIDERS, Class::ProviderAuth),
    known("invalid x-api-key", PROVIDERS, Class::ProviderAuth),
    known("AuthenticationError", PROVIDERS, Class::ProviderAuth),
    known("PermissionDeniedError", PROVIDERS, Class::ProviderAuth),
    known("APIConnectionError", PROVIDERS, Class::ProviderNetwork),
    known("APITimeoutError", PROVIDERS, Class::ProviderNetwork),
    known("Telegram network error (attempt", ADAPTERS, Class::Transport),
    // To 0.20.0.
    known("Primary api.telegram.org connection failed", ADAPTERS, Class::Transport),
    known("Telegram polling conflict", ADAPTERS, Class::Transport),
    known("terminated by other getUpdates", ADAPTERS, Class::Transport),
    // 0.21+, all three.
    known("getUpdates made no progress for", ADAPTERS, Class::Transport),
    known("getUpdates consumer appears wedged", ADAPTERS, Class::Transport),
    known("Replaced wedged getUpdates HTTP client", ADAPTERS, Class::Transport),
    known("CERTIFICATE_VERIFY_FAILED", ADAPTERS, Class::Transport),
    known("CERTIFICATE_VERIFY_FAILED", PROVIDERS, Class::ProviderNetwork),
    known("Discord Gateway WebSocket unhealthy", ADAPTERS, Class::Transport),
    known("Timeout waiting for connection to Discord", ADAPTERS, Class::Transport),
    known("bot token already in use (PID", ADAPTERS, Class::TokenTaken),
    // 0.20+, between the profiles of one gateway.
    known("with the same credential", GATEWAY, Class::TokenTaken),
    // 0.20+. Where one gateway ticks several stores, all failures of ticks are written so.
    known("Cron tick error for profile at", CRON, Class::ProfileTickError),
    known("Cron tick error:", TICKER, Class::TickError),
    // Later releases fail for the one job alone (0.22.2).
    known("not dispatched: execution creation failed", CRON, Class::TickError),
    known("Cron database corrupted", TICKER, Class::TickError),
    known("Timed out after 30s waiting for the cron jobs lock", ANY, Class::JobsLock),
    known("died without a stop request", CRON, Class::TickerDied),
    known("is unwritable (", CRON, Class::StoreUnwritable),
    known("is writable again;", CRON, Class::StoreWritable),
    known("to break a respawn storm", &["gateway", "hermes_cli"], Class::RespawnStorm),
    known("holds a progress lease for another", START, Class::StartLeased),
    known("but is consuming CPU", START, Class::StartComputes),
    known("did not reach a live event loop within", START, Class::StartTimedOut),
    known("consecutive liveness probes", GATEWAY, Class::LoopFrozen),
    known("Shutdown context:", GATEWAY, Class::Shutdown),
    // Printed: on macOS into the file that the handler of gateway.log writes, on Linux into the journal alone.
    known("The host gateway already serves profile", ANY, Class::Attached),
    known("Another gateway already owns this host", ANY, Class::SecondGateway),
    known("Refusing to start a second gateway on this host", GATEWAY, Class::SecondGateway),
    known("Another gateway instance is already running", GATEWAY, Class::SecondGateway),
    known("state.db was empty or damaged", STATE, Class::StateLost),
    known("state.db FAILED integrity check", STATE, Class::StateDamaged),
    known("state.db schema is malformed", STATE, Class::StateDamaged),
    known("schema repair could not recover", STATE, Class::StateDamaged),
    known("is structurally corrupt", STATE, Class::StateDamaged),
    known("reported structural corruption outside", STATE, Class::StateDamaged),
    known("database disk image is malformed", STATE, Class::StateDamaged),
    known("Broadcasting state.db failure warning", GATEWAY, Class::StateUnavailable),
    known("SessionStore SQLite handle unavailable", ANY, Class::StateUnavailable),
    known("Library not loaded:", ANY, Class::LibraryMissing),
    known("No module named 'hermes_cli", ANY, Class::HermesMissing),
    known("No module named hermes_cli", ANY, Class::HermesMissing),
    // The last line of a traceback, as Python prints it.
    known("ModuleNotFoundError:", ANY, Class::ImportFailed),
    known("ImportError:", ANY, Class::ImportFailed),
    known("SyntaxError:", ANY, Class::CodeBroken),
    known("IndentationError:", ANY, Class::CodeBroken),
    known("Fatal Python error: init", ANY, Class::PythonBroken),
    known("PermissionError: [Errno 13]", ANY, Class::AccessDenied),
    known("OSError: [Errno 28]", ANY, Class::NoRoom),
    known("OSError: [Errno 30]", ANY, Class::ReadOnly),
    known("already running under launchd", ANY, Class::OwnJobRefused),
];
