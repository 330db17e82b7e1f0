//! NOPAR, the Node PAckage Registry & proxy.
//!
//! ARCHITECTURE.md is the map. In short: `proxy` is the door, `route` parses what comes through it,
//! `cache` keeps what upstreams said, `view` is what clients see of it, `npm` is the vocabulary.

pub mod access;
pub mod access_log;
pub mod admin;
pub mod allocator;
pub mod api;
pub mod app;
pub mod backup;
pub mod base_url;
pub mod cache;
pub mod cache_state;
pub mod catalogue;
pub mod certificate;
pub mod cli;
pub mod clock;
pub mod command;
pub mod config;
pub mod connection;
pub mod counters;
pub mod document;
pub mod handover;
pub mod history;
pub mod hosted;
pub mod inflight;
pub mod keeper;
pub mod limits;
pub mod listen;
pub mod lockfile;
pub mod metrics;
pub mod negotiate;
pub mod niceness;
pub mod notify;
pub mod npm;
pub mod pages;
pub mod proxy;
pub mod regular;
pub mod reload;
pub mod reply;
pub mod route;
pub mod search;
pub mod service;
pub mod settings;
pub mod signing;
pub mod stop;
pub mod store;
pub mod telemetry;
pub mod trail;
pub mod ui;
pub mod upstream;
pub mod verdaccio;
pub mod verify;
pub mod view;
pub mod web;
