//! 16xx: flags and environment variables of the injector itself.

diagnostics! {
    TLS = 1601:
        "`Failed to configure TLS`",
        "`-tls-min-version` or `-tls-cipher-suites` has a value that cannot be served",
        "[injector.md](injector.md) lists the versions and cipher suites";
}
