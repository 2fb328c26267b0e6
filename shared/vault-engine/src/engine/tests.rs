//! The engine against a Vault of a few lines, on virtual time.

mod harness;
mod leases;
mod logins;
mod outages;
mod random;
mod reads;
mod reports;
mod turns;
