//! The directives that systemd knows of a service, and what it takes where one is not there: by its own list of release
//! 252 (`systemd --dump-configuration-items`), with what releases up to 258 say in their manual pages that they added.

/// Why a directive changes nothing of what a service does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Idle {
    /// systemd leaves names that begin with `X-` to others.
    Others,
    /// It is one of another section.
    Elsewhere,
    /// It is none, and nearly this one.
    Misspelt(&'static str),
    /// It says what systemd takes without it.
    Default,
}

impl Idle {
    /// Returns why a directive in this section has no effect with this value. None where it may have one: it may be one
    /// of a systemd that is newer than the list.
    pub(super) fn of(section: &str, key: &str, value: &str) -> Option<Self> {
        let known = |section: &str| sections().find(|(name, _)| *name == section);
        let has = |list: &str| list.split_ascii_whitespace().any(|name| name == key);
        let (_, own) = match known(section) {
            _ if section.starts_with("X-") || key.starts_with("X-") => return Some(Self::Others),
            own => own?,
        };
        if has(own) {
            let is_default =
                DEFAULTS.iter().any(|(name, default)| *name == key && is_same(default, value));
            return is_default.then_some(Self::Default);
        }
        if sections().any(|(_, list)| has(list)) {
            return Some(Self::Elsewhere);
        }
        let names = own.split_ascii_whitespace();
        let near = names.filter_map(|name| Some((distance(name, key)?, name)));
        near.min().map(|(_, name)| Self::Misspelt(name))
    }

    /// Returns the reason, in a few words.
    pub(super) const fn why(self) -> &'static str {
        match self {
            Self::Others => "systemd ignores it: it leaves such names to others",
            Self::Elsewhere => "systemd does not look for it in that section",
            Self::Misspelt(_) => "systemd ignores it: it knows no such directive",
            Self::Default => "systemd takes it so without it",
        }
    }
}

fn sections() -> impl Iterator<Item = (&'static str, &'static str)> {
    [("Unit", UNIT), ("Service", SERVICE), ("Install", INSTALL)].into_iter()
}

/// True if two values mean the same to systemd: of truth values each spelling.
fn is_same(default: &str, value: &str) -> bool {
    let truth = |value: &str| match value.to_ascii_lowercase().as_str() {
        "yes" | "true" | "on" | "1" | "y" | "t" => Some(true),
        "no" | "false" | "off" | "0" | "n" | "f" => Some(false),
        _ => None,
    };
    match truth(default) {
        Some(default) => truth(value) == Some(default),
        None => default == value,
    }
}

/// Returns by how many letters two names differ that are nearly the same: one letter too many, too few or another, and of
/// long names two. Capitals do not count.
fn distance(name: &str, key: &str) -> Option<usize> {
    let (name, key) = (name.to_ascii_lowercase(), key.to_ascii_lowercase());
    let most = if key.len() < LONG { 1 } else { 2 };
    if name.len().abs_diff(key.len()) > most {
        return None;
    }
    let mut row: Vec<usize> = (0..=key.len()).collect();
    for (at, letter) in name.bytes().enumerate() {
        let mut diagonal = at;
        let mut left = at.saturating_add(1);
        let mut next = vec![left];
        for (other, above) in key.bytes().zip(row.iter().skip(1)) {
            let changed = diagonal.saturating_add(usize::from(letter != other));
            left = changed.min(left.saturating_add(1)).min(above.saturating_add(1));
            diagonal = *above;
            next.push(left);
        }
        row = next;
    }
    row.last().copied().filter(|distance| *distance <= most)
}

/// In letters. Of shorter names no two may differ.
const LONG: usize = 8;

/// What systemd takes without the directive, whatever the machine.
const DEFAULTS: [(&str, &str); 39] = [
    ("AllowIsolate", "no"),
    ("DefaultDependencies", "yes"),
    ("DynamicUser", "no"),
    ("ExitType", "main"),
    ("GuessMainPID", "yes"),
    ("IgnoreOnIsolate", "no"),
    ("IgnoreSIGPIPE", "yes"),
    ("LockPersonality", "no"),
    ("MemoryDenyWriteExecute", "no"),
    ("MemoryHigh", "infinity"),
    ("MemoryMax", "infinity"),
    ("MemorySwapMax", "infinity"),
    ("NoNewPrivileges", "no"),
    ("NonBlocking", "no"),
    ("PrivateDevices", "no"),
    ("PrivateMounts", "no"),
    ("PrivateNetwork", "no"),
    ("PrivateTmp", "no"),
    ("PrivateUsers", "no"),
    ("ProtectClock", "no"),
    ("ProtectControlGroups", "no"),
    ("ProtectHome", "no"),
    ("ProtectHostname", "no"),
    ("ProtectKernelLogs", "no"),
    ("ProtectKernelModules", "no"),
    ("ProtectKernelTunables", "no"),
    ("ProtectSystem", "no"),
    ("RefuseManualStart", "no"),
    ("RefuseManualStop", "no"),
    ("RemainAfterExit", "no"),
    ("RemoveIPC", "no"),
    ("RestrictRealtime", "no"),
    ("RestrictSUIDSGID", "no"),
    ("RootDirectoryStartOnly", "no"),
    ("RuntimeMaxSec", "infinity"),
    ("SendSIGHUP", "no"),
    ("SendSIGKILL", "yes"),
    ("StopWhenUnneeded", "no"),
    ("SyslogLevelPrefix", "yes"),
];

/// The directives of `[Unit]`.
const UNIT: &str = "\
    After AllowIsolate AssertACPower AssertArchitecture AssertCPUFeature AssertCPUPressure \
    AssertCPUs AssertCapability AssertControlGroupController AssertCredential \
    AssertDirectoryNotEmpty AssertEnvironment AssertFileIsExecutable AssertFileNotEmpty \
    AssertFirstBoot AssertGroup AssertHost AssertIOPressure AssertKernelCommandLine \
    AssertKernelModuleLoaded AssertKernelVersion AssertMemory AssertMemoryPressure \
    AssertNeedsUpdate AssertOSRelease AssertPathExists AssertPathExistsGlob AssertPathIsDirectory \
    AssertPathIsEncrypted AssertPathIsMountPoint AssertPathIsReadWrite AssertPathIsSymbolicLink \
    AssertSecurity AssertUser AssertVersion AssertVirtualization Before BindTo BindsTo CollectMode \
    ConditionACPower ConditionArchitecture ConditionCPUFeature ConditionCPUPressure ConditionCPUs \
    ConditionCapability ConditionControlGroupController ConditionCredential \
    ConditionDirectoryNotEmpty ConditionEnvironment ConditionFileIsExecutable \
    ConditionFileNotEmpty ConditionFirmware ConditionFirstBoot ConditionGroup ConditionHost \
    ConditionIOPressure ConditionKernelCommandLine ConditionKernelModuleLoaded \
    ConditionKernelVersion ConditionMemory ConditionMemoryPressure ConditionNeedsUpdate \
    ConditionOSRelease ConditionPathExists ConditionPathExistsGlob ConditionPathIsDirectory \
    ConditionPathIsEncrypted ConditionPathIsMountPoint ConditionPathIsReadWrite \
    ConditionPathIsSymbolicLink ConditionSecurity ConditionUser ConditionVersion \
    ConditionVirtualization Conflicts DefaultDependencies Description Documentation FailureAction \
    FailureActionExitStatus IgnoreOnIsolate JobRunningTimeoutSec JobTimeoutAction \
    JobTimeoutRebootArgument JobTimeoutSec JoinsNamespaceOf OnFailure OnFailureIsolate \
    OnFailureJobMode OnSuccess OnSuccessJobMode PartOf PropagateReloadFrom PropagateReloadTo \
    PropagatesReloadTo PropagatesStopTo RebootArgument RefuseManualStart RefuseManualStop \
    ReloadPropagatedFrom Requires RequiresMountsFor RequiresOverridable Requisite \
    RequisiteOverridable SourcePath StartLimitAction StartLimitBurst StartLimitInterval \
    StartLimitIntervalSec StopPropagatedFrom StopWhenUnneeded SuccessAction \
    SuccessActionExitStatus SurviveFinalKillSignal Upholds Wants WantsMountsFor \
";

/// The directives of `[Service]`.
const SERVICE: &str = "\
    AllowedCPUs AllowedMemoryNodes AmbientCapabilities AppArmorProfile BPFDelegateAttachments \
    BPFDelegateCommands BPFDelegateMaps BPFDelegatePrograms BPFProgram BindPaths BindReadOnlyPaths \
    BlockIOAccounting BlockIODeviceWeight BlockIOReadBandwidth BlockIOWeight BlockIOWriteBandwidth \
    BusName CPUAccounting CPUAffinity CPUQuota CPUQuotaPeriodSec CPUSchedulingPolicy \
    CPUSchedulingPriority CPUSchedulingResetOnFork CPUShares CPUWeight CacheDirectory \
    CacheDirectoryAccounting CacheDirectoryMode CacheDirectoryQuota CapabilityBoundingSet \
    ConfigurationDirectory ConfigurationDirectoryMode CoredumpFilter CoredumpReceive \
    DefaultMemoryLow DefaultMemoryMin DefaultStartupMemoryLow Delegate DelegateNamespaces \
    DelegateSubgroup DeviceAllow DevicePolicy DisableControllers DynamicUser Environment \
    EnvironmentFile ExecCondition ExecPaths ExecReload ExecReloadPost ExecSearchPath ExecStart \
    ExecStartPost ExecStartPre ExecStop ExecStopPost ExitType ExtensionDirectories ExtensionImages \
    FailureAction FileDescriptorStoreMax FileDescriptorStorePreserve FinalKillSignal Group \
    GuessMainPID IOAccounting IODeviceLatencyTargetSec IODeviceWeight IOReadBandwidthMax \
    IOReadIOPSMax IOSchedulingClass IOSchedulingPriority IOWeight IOWriteBandwidthMax \
    IOWriteIOPSMax IPAccounting IPAddressAllow IPAddressDeny IPCNamespacePath IPEgressFilterPath \
    IPIngressFilterPath IgnoreSIGPIPE ImportCredential InaccessibleDirectories InaccessiblePaths \
    KeyringMode KillMode KillSignal LimitAS LimitCORE LimitCPU LimitDATA LimitFSIZE LimitLOCKS \
    LimitMEMLOCK LimitMSGQUEUE LimitNICE LimitNOFILE LimitNPROC LimitRSS LimitRTPRIO LimitRTTIME \
    LimitSIGPENDING LimitSTACK LoadCredential LoadCredentialEncrypted LockPersonality \
    LogExtraFields LogFilterPatterns LogLevelMax LogNamespace LogRateLimitBurst \
    LogRateLimitIntervalSec LogsDirectory LogsDirectoryAccounting LogsDirectoryMode \
    LogsDirectoryQuota ManagedOOMMemoryPressure ManagedOOMMemoryPressureDurationSec \
    ManagedOOMMemoryPressureLimit ManagedOOMPreference ManagedOOMSwap MemoryAccounting \
    MemoryDenyWriteExecute MemoryHigh MemoryKSM MemoryLimit MemoryLow MemoryMax MemoryMin \
    MemoryPressureThresholdSec MemoryPressureWatch MemorySwapMax MemoryZSwapMax \
    MemoryZSwapWriteback MountAPIVFS MountFlags MountImages NFTSet NUMAMask NUMAPolicy \
    NetworkNamespacePath Nice NoExecPaths NoNewPrivileges NonBlocking NotifyAccess OOMPolicy \
    OOMScoreAdjust OpenFile PAMName PIDFile PassEnvironment PermissionsStartOnly Personality \
    PrivateBPF PrivateDevices PrivateIPC PrivateMounts PrivateNetwork PrivatePIDs PrivateTmp \
    PrivateUsers ProcSubset ProtectClock ProtectControlGroups ProtectHome ProtectHostname \
    ProtectKernelLogs ProtectKernelModules ProtectKernelTunables ProtectProc ProtectSystem \
    ReadOnlyDirectories ReadOnlyPaths ReadWriteDirectories ReadWritePaths RebootArgument \
    RemainAfterExit RemoveIPC Restart RestartForceExitStatus RestartKillSignal RestartMaxDelaySec \
    RestartMode RestartPreventExitStatus RestartSec RestartSteps RestrictAddressFamilies \
    RestrictFileSystems RestrictNamespaces RestrictNetworkInterfaces RestrictRealtime \
    RestrictSUIDSGID RootDirectory RootDirectoryStartOnly RootEphemeral RootHash RootHashSignature \
    RootImage RootImageOptions RootVerity RuntimeDirectory RuntimeDirectoryMode \
    RuntimeDirectoryPreserve RuntimeMaxSec RuntimeRandomizedExtraSec SELinuxContext SecureBits \
    SendSIGHUP SendSIGKILL SetCredential SetCredentialEncrypted SetLoginEnvironment Slice \
    SmackProcessLabel SocketBindAllow SocketBindDeny Sockets StandardError StandardInput \
    StandardInputData StandardInputText StandardOutput StartLimitAction StartLimitBurst \
    StartLimitInterval StartLimitIntervalSec StartupAllowedCPUs StartupAllowedMemoryNodes \
    StartupBlockIOWeight StartupCPUShares StartupCPUWeight StartupIOWeight StartupMemoryHigh \
    StartupMemoryLow StartupMemoryMax StartupMemorySwapMax StartupMemoryZSwapMax StateDirectory \
    StateDirectoryAccounting StateDirectoryMode StateDirectoryQuota SuccessExitStatus \
    SupplementaryGroups SysVStartPriority SyslogFacility SyslogIdentifier SyslogLevel \
    SyslogLevelPrefix SystemCallArchitectures SystemCallErrorNumber SystemCallFilter SystemCallLog \
    TTYColumns TTYPath TTYReset TTYRows TTYVHangup TTYVTDisallocate TasksAccounting TasksMax \
    TemporaryFileSystem TimeoutAbortSec TimeoutCleanSec TimeoutSec TimeoutStartFailureMode \
    TimeoutStartSec TimeoutStopFailureMode TimeoutStopSec TimerSlackNSec Type UMask \
    USBFunctionDescriptors USBFunctionStrings UnsetEnvironment User UserNamespacePath \
    UtmpIdentifier UtmpMode WatchdogSec WatchdogSignal WorkingDirectory \
";

/// The directives of `[Install]`.
const INSTALL: &str = "\
    Alias Also DefaultInstance RequiredBy UpheldBy WantedBy \
";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_that_systemd_passes_over_is_told_from_one_that_it_may_know() {
        for (section, key, value, expected) in [
            ("Service", "X-Note", "mine", Some(Idle::Others)),
            ("Install", "X-Note", "mine", Some(Idle::Others)),
            ("X-Mine", "Restart", "no", Some(Idle::Others)),
            ("Service", "RestrtSec", "5", Some(Idle::Misspelt("RestartSec"))),
            ("Service", "restartsec", "5", Some(Idle::Misspelt("RestartSec"))),
            ("Service", "MemoryMaxx", "4G", Some(Idle::Misspelt("MemoryMax"))),
            ("Unit", "Afterr", "a", Some(Idle::Misspelt("After"))),
            ("Unit", "MemoryMax", "4G", Some(Idle::Elsewhere)),
            ("Install", "Restart", "always", Some(Idle::Elsewhere)),
            ("Service", "RemainAfterExit", "no", Some(Idle::Default)),
            ("Service", "RemainAfterExit", "0", Some(Idle::Default)),
            ("Service", "SendSIGKILL", "True", Some(Idle::Default)),
            ("Service", "MemoryMax", "infinity", Some(Idle::Default)),
            ("Service", "RemainAfterExit", "yes", None),
            ("Service", "SendSIGKILL", "no", None),
            ("Service", "MemoryMax", "4G", None),
            ("Service", "Nice", "5", None),
            ("Service", "OOMScoreAdjust", "-100", None),
            // A directive that no release up to now has may be one of the next.
            ("Service", "QuantumScheduling", "yes", None),
            ("Timer", "OnCalendar", "daily", None),
        ] {
            assert_eq!(Idle::of(section, key, value), expected, "{section} {key}={value}");
        }
    }

    #[test]
    fn no_directive_of_systemd_is_taken_for_another() {
        for (section, list) in sections() {
            for key in list.split_ascii_whitespace() {
                let found = Idle::of(section, key, "a value of its own");
                assert_eq!(found, None, "{section} {key}");
            }
        }
        for (name, _) in DEFAULTS {
            let mut all = sections().flat_map(|(_, list)| list.split_ascii_whitespace());
            assert!(all.any(|key| key == name), "{name}");
        }
    }

    /// One letter more, less or another makes a directive one that is misspelt, unless it makes it another one.
    #[test]
    fn one_wrong_letter_is_found() {
        for name in SERVICE.split_ascii_whitespace() {
            for at in 0..name.len() {
                let (before, from) = name.split_at_checked(at).expect("a place");
                let after = from.get(1..).unwrap_or_default();
                for key in [
                    format!("{before}q{from}"),
                    format!("{before}{after}"),
                    format!("{before}q{after}"),
                ] {
                    let found = Idle::of("Service", &key, "a value of its own");
                    let mut all = sections().flat_map(|(_, list)| list.split_ascii_whitespace());
                    let is_other = all.any(|known| known == key);
                    let is_misspelt = matches!(found, Some(Idle::Misspelt(_)));
                    assert!(is_other || is_misspelt, "{key}: {found:?}");
                }
            }
        }
    }
}
